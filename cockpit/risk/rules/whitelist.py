"""Only instruments that somebody has approved are entered."""

from __future__ import annotations

from cockpit.core.config import RiskConfig
from cockpit.core.gate import GateContext
from cockpit.core.intents import Intent
from cockpit.core.registry import rule


@rule("whitelist", RiskConfig, order=1, asleep=lambda risk: not risk.whitelist)
def check(intent: Intent, context: GateContext, params: RiskConfig) -> Intent:
    """Block entries on instruments that ``whitelist`` does not name; an empty list names all."""
    if not params.whitelist or intent.symbol in params.whitelist:
        return intent
    return context.block(
        "whitelist", intent, f"{intent.symbol} is not among the {len(params.whitelist)} allowed"
    )
