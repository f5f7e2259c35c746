"""Only instruments that the venue trades now, only where we are heard and hear of our own fills."""

from __future__ import annotations

import msgspec

from cockpit.core.config import RiskConfig
from cockpit.core.gate import GateContext
from cockpit.core.intents import Intent, Quote
from cockpit.core.registry import rule
from cockpit.core.types import ZERO, InstrumentState, Side

# Looked up once: naming a member of an enum is dear.
TRADED = InstrumentState.LIVE
ACCOUNT = ("private", "orders")
"""Channels without which we would not hear of our own fills, or not be heard."""


@rule("tradable", RiskConfig, order=0)
def check(intent: Intent, context: GateContext, params: RiskConfig) -> Intent:
    """Block entries on instruments that are not live, and without a link to the account whose news of the
    time without it has been read back (I12).

    On spot, trim what would be sold without being held.
    """
    if context.instrument.state is not TRADED:
        return context.block("tradable", intent, f"instrument is {context.instrument.state}")
    down = [name for name in ACCOUNT if context.state.links.get(name) is False]
    if down:
        context.later()
        return context.block("tradable", intent, f"no link to the account: {', '.join(down)}")
    if context.state.unread:
        return context.block("tradable", intent, "the account has not been read since its stream came up")
    if not context.instrument.derivative:
        return _held_only(intent, context)
    return intent


def _held_only(intent: Intent, context: GateContext) -> Intent:
    """On spot nothing can be sold that is not held; the venue would refuse it, or lend it."""
    held = max(ZERO, context.have)
    target = intent.target
    if target is not None and target < 0:
        target = ZERO
    quotes: list[Quote] = []
    for quote in intent.quotes:
        qty = quote.qty if quote.side is Side.BUY else context.instrument.qty(min(quote.qty, held))
        if qty > 0:
            quotes.append(Quote(quote.side, quote.price, qty, quote.tag))
    after = msgspec.structs.replace(intent, target=target, quotes=tuple(quotes))
    if after == intent:
        return intent
    return context.trim("tradable", intent, after, "spot cannot be sold short")
