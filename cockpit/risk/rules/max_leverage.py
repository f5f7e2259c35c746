"""The account's gross exposure stays under a multiple of its equity (RISK_MAX_LEVERAGE)."""

from __future__ import annotations

from cockpit.core.config import RiskConfig
from cockpit.core.gate import GateContext, scaled
from cockpit.core.intents import Intent
from cockpit.core.registry import rule
from cockpit.core.room import fits


@rule("max_leverage", RiskConfig, order=40)
def check(intent: Intent, context: GateContext, params: RiskConfig) -> Intent:
    """Trim so that all sleeves together, every open entry filled, stay within the leverage."""
    allowed = params.max_leverage * max(0.0, context.equity)
    room = max(0.0, allowed - context.gross(without=context.sleeve.id))
    unit = context.unit
    if unit <= 0 or unit != unit:
        context.later()
        return context.block("max_leverage", intent, "no price to value the position with")
    if fits(intent, room / unit, context):
        return intent
    limit = context.instrument.qty(room / unit)
    after = scaled(intent, limit, context)
    if after is intent:
        return intent
    reason = f"account limit {params.max_leverage:g}x equity: {room:,.0f} {context.instrument.quote} left"
    return context.trim("max_leverage", intent, after, reason)
