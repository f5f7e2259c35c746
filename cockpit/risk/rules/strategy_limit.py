"""A strategy is held to the ``max_position`` and ``max_leverage`` of its own parameters, whatever it asks."""

from __future__ import annotations

from cockpit.core.config import RiskConfig
from cockpit.core.gate import GateContext, scaled
from cockpit.core.intents import Intent
from cockpit.core.registry import rule
from cockpit.core.room import fits

DRIFT = 0.02
"""A wish is sized once, at the decision: a price that moves before it is done is no reason to trim it."""


@rule("strategy_limit", RiskConfig, order=35)
def check(intent: Intent, context: GateContext, params: RiskConfig) -> Intent:
    """Trim to what the strategy's own parameters allow: alone, with its other legs, and with its pool.

    Alone ``max_position`` x its share of equity; all legs of one strategy together ``max_leverage`` x that;
    all sleeves of one ``pool`` together no more than one of them may hold, every open entry filled. What a
    version that gave its place up still holds is counted as its own.
    """
    sleeve, state = context.sleeve, context.state
    if not sleeve.limit:
        return intent
    capital = max(0.0, context.equity) * sleeve.share
    room, whose = sleeve.limit * capital, f"{sleeve.limit:g}x of its capital"
    others = [s for s in state.sleeves.values() if s.id != sleeve.id]
    before = [s for s in others if s.leaving and (s.strategy, s.symbol) == (sleeve.strategy, sleeve.symbol)]
    if before:
        room -= context.worst(before)
        whose += " less what a version before it still holds"
    if sleeve.pool:
        left = room - context.worst(s for s in others if s.pool == sleeve.pool)
        if left < room:
            room, whose = left, f"{sleeve.limit:g}x of the capital of pool {sleeve.pool}"
    if sleeve.group and sleeve.gearing:
        left = sleeve.gearing * capital
        left -= context.worst(s for s in others if s.group == sleeve.group)
        if left < room:
            room, whose = left, f"{sleeve.gearing:g}x of its capital in all legs"
    room = max(0.0, room)
    unit = context.unit
    if unit <= 0 or unit != unit:
        context.later()
        return context.block("strategy_limit", intent, "no price to value the position with")
    if fits(intent, room * (1 + DRIFT) / unit, context):
        return intent
    limit = context.instrument.qty(room * (1 + DRIFT) / unit)
    after = scaled(intent, limit, context)
    if after is intent:
        return intent
    reason = f"its own limit, {whose}: {room:,.0f} {context.instrument.quote} left"
    return context.trim("strategy_limit", intent, after, reason)
