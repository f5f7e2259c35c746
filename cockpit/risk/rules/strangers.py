"""Where somebody else trades on our account, nobody of ours enters (``risk.strangers``)."""

from __future__ import annotations

from cockpit.core.config import RiskConfig
from cockpit.core.gate import GateContext
from cockpit.core.intents import Intent
from cockpit.core.registry import rule
from cockpit.core.strangers import presence


@rule("strangers", RiskConfig, order=15)
def check(intent: Intent, context: GateContext, params: RiskConfig) -> Intent:
    """Block entries on a market where the account has orders or positions that the cockpit did not make."""
    if params.strangers == "share":
        return intent
    found = presence(context.state, context.sleeve.symbol)
    if not found:
        return intent
    context.later()
    return context.block("strangers", intent, f"not made here: {found}")
