"""A market too thin to get out of is not entered (HF-11)."""

from __future__ import annotations

from cockpit.core.config import RiskConfig
from cockpit.core.gate import GateContext
from cockpit.core.intents import Intent
from cockpit.core.registry import rule
from cockpit.core.types import ZERO, Side


@rule("min_depth", RiskConfig, order=22, asleep=lambda risk: not risk.min_depth)
def check(intent: Intent, context: GateContext, params: RiskConfig) -> Intent:
    """Block entries larger than 1/``min_depth`` of the visible book within ``price_band``, on either side.

    One side takes the entry, the other the way out. Markets that send no book are not asked.
    """
    book = context.book
    if not params.min_depth or book is None or not book.ts or not book.ok:
        return intent
    adds = [abs(intent.target) - abs(context.have)] if intent.target is not None else []
    adds += [quote.qty for quote in intent.quotes]
    need = params.min_depth * float(max(adds, default=ZERO))
    band = params.price_band
    bids = book.depth_to(Side.BUY, book.best_bid * (1 - band), need)
    asks = book.depth_to(Side.SELL, book.best_ask * (1 + band), need)
    if min(bids, asks) >= need:
        return intent
    context.later()
    reason = f"{min(bids, asks):g} within {band:.1%} of the market, needed {need:g} ({params.min_depth:g}x)"
    return context.block("min_depth", intent, reason)
