"""A strategy that is not sure does not enter (RISK_MIN_CONFIDENCE, ST-15)."""

from __future__ import annotations

from cockpit.core.config import RiskConfig
from cockpit.core.gate import GateContext
from cockpit.core.intents import Intent
from cockpit.core.registry import rule


@rule("min_confidence", RiskConfig, order=5)
def check(intent: Intent, context: GateContext, params: RiskConfig) -> Intent:
    """Block wishes whose confidence is below ``min_confidence``."""
    if intent.confidence >= params.min_confidence:
        return intent
    reason = f"confidence {intent.confidence:.2f} < {params.min_confidence:.2f}"
    return context.block("min_confidence", intent, reason)
