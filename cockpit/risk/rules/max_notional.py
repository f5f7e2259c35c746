"""No sleeve may hold more than a fixed amount of money's worth (RISK_MAX_NOTIONAL)."""

from __future__ import annotations

from cockpit.core.config import RiskConfig
from cockpit.core.gate import GateContext, scaled
from cockpit.core.intents import Intent
from cockpit.core.registry import rule
from cockpit.core.room import fits
from cockpit.core.types import ZERO


@rule("max_notional", RiskConfig, order=30)
def check(intent: Intent, context: GateContext, params: RiskConfig) -> Intent:
    """Trim to ``max_notional`` and to ``max_position`` x account equity, whichever is smaller."""
    room = min(params.max_notional, params.max_position * max(0.0, context.equity))
    unit = context.unit
    if unit <= 0 or unit != unit:
        context.later()
        return context.block("max_notional", intent, "no price to value the position with")
    if fits(intent, room / unit, context):
        return intent
    limit = context.instrument.qty(room / unit)
    after = scaled(intent, limit, context)
    if after is intent:
        return intent
    sizes = [abs(context.have + q.side.sign * q.qty) for q in intent.quotes]
    wanted = max([abs(intent.target or ZERO), *sizes])
    reason = f"{context.notional(wanted):,.0f} > {room:,.0f} {context.instrument.quote}"
    return context.trim("max_notional", intent, after, reason)
