"""A strategy that sends too fast is broken, and a venue that is asked too often bans the account."""

from __future__ import annotations

from bisect import bisect_right

import msgspec

from cockpit.core.closing import Closing
from cockpit.core.config import RiskConfig
from cockpit.core.gate import RETRY_MS, GateContext, shrink
from cockpit.core.intents import Intent, Quote
from cockpit.core.orders import OrderKind
from cockpit.core.registry import rule
from cockpit.core.types import ZERO, Side


@rule("order_rate", RiskConfig, order=50)
def check(intent: Intent, context: GateContext, params: RiskConfig) -> Intent:
    """Block entries above the orders, or the cancels and amends, a second or a minute; exits always go.

    What stands already as it is wished is no new order and stays: calling it back would send one command
    more now and another one a second later, for ever.
    """
    placed = context.state.placed
    second = len(placed) - bisect_right(placed, context.now - 1_000)
    minute = len(placed) - bisect_right(placed, context.now - 60_000)
    if second >= params.max_orders_per_second:
        return _held(intent, context, f"{second} orders in the last second")
    if minute >= params.max_orders_per_minute:
        # When as many as may be are left: exits are not held back, so there may be more than that.
        again = placed[-params.max_orders_per_minute] + 60_000 - context.now
        return _held(intent, context, f"{minute} orders in the last minute", again)
    return _changes(intent, context, params)


def _changes(intent: Intent, context: GateContext, params: RiskConfig) -> Intent:
    changed = context.state.changed
    second = len(changed) - bisect_right(changed, context.now - 1_000)
    minute = len(changed) - bisect_right(changed, context.now - 60_000)
    if second >= params.max_changes_per_second:
        return _held(intent, context, f"{second} cancels and amends in the last second")
    if minute >= params.max_changes_per_minute:
        again = changed[-params.max_changes_per_minute] + 60_000 - context.now
        return _held(intent, context, f"{minute} cancels and amends in the last minute", again)
    return intent


def _held(intent: Intent, context: GateContext, reason: str, again_ms: int = RETRY_MS) -> Intent:
    """The wish without what would be a new entry order; the same object when there is none in it."""
    after = _standing(intent, context)
    if after is intent:
        return intent
    context.later(again_ms)
    return context.block("order_rate", intent, reason, after)


def _standing(intent: Intent, context: GateContext) -> Intent:
    """What reduces, and what needs no command: quotes that rest as they are wished, entries on their way."""
    after = shrink(intent, context.have)
    target = intent.target
    if target is not None and after.target != target:
        side = Side.BUY if target > 0 else Side.SELL
        have = max(ZERO, context.have * side.sign)
        reach = min(abs(target), have + context.entering(side)) * side.sign
        after = msgspec.structs.replace(after, target=reach or after.target)
    standing = {q.side: q for q in (_resting(quote, context) for quote in intent.quotes) if q is not None}
    closing = {} if context.closing is Closing.COUNTED else {quote.side: quote for quote in after.quotes}
    after = msgspec.structs.replace(after, quotes=tuple({**closing, **standing}.values()))
    return intent if after == intent else after


def _resting(quote: Quote, context: GateContext) -> Quote | None:
    """What of a quote rests at its price, or is being moved there; None = nothing does."""
    for order in context.state.orders_of(context.sleeve.id):
        if order.kind is not OrderKind.POST_ONLY or order.side is not quote.side or order.cancelling:
            continue
        moved = order.amending
        price, left = (
            (order.price, order.remaining) if moved is None else (moved.price, moved.qty - order.filled)
        )
        if price == quote.price and ZERO < left <= quote.qty:
            return quote if left == quote.qty else Quote(quote.side, quote.price, left, quote.tag)
    return None
