"""A strategy that sends too fast is broken, and a venue that is asked too often bans the account."""

from __future__ import annotations

from bisect import bisect_right

from cockpit.core.config import RiskConfig
from cockpit.core.gate import GateContext
from cockpit.core.intents import Intent
from cockpit.core.registry import rule


@rule("order_rate", RiskConfig, order=50)
def check(intent: Intent, context: GateContext, params: RiskConfig) -> Intent:
    """Block entries above the orders, or the cancels and amends, a second or a minute; exits always go."""
    placed = context.state.placed
    second = len(placed) - bisect_right(placed, context.now - 1_000)
    minute = len(placed) - bisect_right(placed, context.now - 60_000)
    if second >= params.max_orders_per_second:
        context.later()
        return context.block("order_rate", intent, f"{second} orders in the last second")
    if minute >= params.max_orders_per_minute:
        # When as many as may be are left: exits are not held back, so there may be more than that.
        context.later(placed[-params.max_orders_per_minute] + 60_000 - context.now)
        return context.block("order_rate", intent, f"{minute} orders in the last minute")
    return _changes(intent, context, params)


def _changes(intent: Intent, context: GateContext, params: RiskConfig) -> Intent:
    changed = context.state.changed
    second = len(changed) - bisect_right(changed, context.now - 1_000)
    minute = len(changed) - bisect_right(changed, context.now - 60_000)
    if second >= params.max_changes_per_second:
        context.later()
        return context.block("order_rate", intent, f"{second} cancels and amends in the last second")
    if minute >= params.max_changes_per_minute:
        context.later(changed[-params.max_changes_per_minute] + 60_000 - context.now)
        return context.block("order_rate", intent, f"{minute} cancels and amends in the last minute")
    return intent
