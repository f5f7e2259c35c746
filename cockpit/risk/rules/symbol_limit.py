"""One instrument may not carry everything, however many sleeves trade it (RK-11)."""

from __future__ import annotations

from cockpit.core.config import RiskConfig
from cockpit.core.gate import GateContext, scaled
from cockpit.core.intents import Intent
from cockpit.core.registry import rule


@rule("symbol_limit", RiskConfig, order=33, asleep=lambda risk: not risk.symbols)
def check(intent: Intent, context: GateContext, params: RiskConfig) -> Intent:
    """Trim to the instrument's row of ``risk.symbols``: all sleeves together, every open entry filled."""
    limits = params.symbols.get(intent.symbol)
    if limits is None:
        return intent
    bounds = [limits.max_position_value] if limits.max_position_value else []
    bounds += [limits.max_leverage * max(0.0, context.equity)] if limits.max_leverage else []
    if not bounds:
        return intent
    unit = context.unit
    if unit <= 0 or unit != unit:
        context.later()
        return context.block("symbol_limit", intent, "no price to value the position with")
    # Opposite sleeves cancel each other at the venue, but only while both are there: neither is a credit.
    same = [other for other in context.others if other.sleeve.symbol == intent.symbol]
    long = sum(float(other.long) for other in same) * unit
    short = sum(float(other.short) for other in same) * unit
    limit, below = (context.instrument.qty(max(0.0, min(bounds) - taken) / unit) for taken in (long, short))
    after = scaled(intent, limit, context, below)
    if after is intent:
        return intent
    whole = f"limit of {intent.symbol}: {min(bounds):,.0f} {context.instrument.quote}"
    reason = f"{whole}, the others may reach {max(long, short):,.0f}"
    return context.trim("symbol_limit", intent, after, reason)
