"""A canary is a small bird: all canaries together hold a tenth of the capital at most."""

from __future__ import annotations

from cockpit.core.config import ReleaseConfig
from cockpit.core.gate import GateContext, scaled
from cockpit.core.intents import Intent
from cockpit.core.registry import rule
from cockpit.core.room import fits


@rule("stage_limit", ReleaseConfig, order=34, section="release")
def check(intent: Intent, context: GateContext, params: ReleaseConfig) -> Intent:
    """Trim to what is left of ``release.canary_share`` x equity, every open entry of every canary filled.

    Nothing but canaries is asked; a version that is no longer live enters nothing at all (``core.release``).
    """
    sleeve, state = context.sleeve, context.state
    if not sleeve.capital:
        return intent
    others = [s for s in state.sleeves.values() if s.capital and s.id != sleeve.id]
    bound = min(sleeve.capital, params.canary_share) * max(0.0, context.equity)
    room = max(0.0, bound - context.beside - context.worst(others))
    unit = context.unit
    if unit <= 0 or unit != unit:
        context.later()
        return context.block("stage_limit", intent, "no price to value the position with")
    if fits(intent, room / unit, context):
        return intent
    after = scaled(intent, context.instrument.qty(room / unit), context)
    if after is intent:
        return intent
    reason = f"canary: {params.canary_share:.0%} of equity, {room:,.0f} {context.instrument.quote} left"
    return context.trim("stage_limit", intent, after, reason)
