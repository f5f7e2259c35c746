"""A quote or protective price far from the market is a mistake, not an order (fat finger, bad tick)."""

from __future__ import annotations

import msgspec

from cockpit.core.config import RiskConfig
from cockpit.core.gate import GateContext
from cockpit.core.intents import Intent
from cockpit.core.registry import rule

MARK_MS = 600_000
"""A mark that has not been told for so long is no reference: feeds ask for it anew after some seconds."""
RECORDED = "replay"
"""Mode of a run on recorded data: how often its marks were written down says nothing about the venue."""


@rule("price_band", RiskConfig, order=20)
def check(intent: Intent, context: GateContext, params: RiskConfig) -> Intent:
    """Drop quotes further than ``price_band`` from the reference price on the side that would overpay.

    Nothing is entered while last price and mark are more than ``max_deviation`` apart: one tick can be
    absurd (F19), two sources rarely are at once. Nor on a mark from before the start, or one that its venue
    has stopped to tell: the reference would stay as it was for ever.
    """
    reference = context.price
    old = "no reference price" if not reference > 0 else _too_old(intent.symbol, context)
    if old:
        context.later()
        return context.block("price_band", intent, old)
    last = context.state.last.get(intent.symbol, reference)
    apart = abs(last / reference - 1.0)
    if not apart <= params.max_deviation:
        context.later()
        reason = f"last {last:g} and mark {reference:g} are {apart:.1%} apart"
        return context.block("price_band", intent, reason)
    kept = []
    worst = 0.0
    for quote in intent.quotes:
        over = (float(quote.price) - reference) * quote.side.sign
        if over > params.price_band * reference:
            worst = max(worst, over / reference)
        else:
            kept.append(quote)
    if len(kept) == len(intent.quotes):
        return intent
    after = msgspec.structs.replace(intent, quotes=tuple(kept))
    reason = f"{worst:.2%} beyond the market, allowed {params.price_band:.2%}"
    return context.trim("price_band", intent, after, reason)


def _too_old(symbol: str, context: GateContext) -> str:
    """What is wrong with the mark's age, in words. Some markets have none; recorded ones have no start."""
    state = context.state
    if symbol not in state.marks or not state.boot or state.mode == RECORDED:
        return ""
    marked = state.marked.get(symbol, 0)
    if not marked:
        return "no mark since the start"
    age = context.now - marked
    return f"the mark is {age / 60_000:.0f} min old" if age > MARK_MS else ""
