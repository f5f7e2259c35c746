"""Orders that wait: what public trades and book changes mean for ours in the queue.

A resting buy is filled whole when the best ask comes to its price or a trade happens below it, and by its
place in the queue when a seller trades exactly there (hftbacktest's conditions). Trades at our price are
shared among our own orders there in their order, so that no trade is counted twice.
"""

from __future__ import annotations

from cockpit.core.matching.books import Market, Phase, Source, Working
from cockpit.core.matching.desk import Desk
from cockpit.core.matching.queues import resized, traded
from cockpit.core.matching.taker import seen
from cockpit.core.types import Side

Levels = set[int]


def on_trade(desk: Desk, market: Market, ticks: int, lots: int, side: Side, ts: int) -> None:
    """A public trade; ``side`` is the taker's, so it meets our orders of the other side."""
    given = 0
    for order in market.in_phase(Phase.RESTING):
        if order.side is side or order.phase is Phase.GONE:
            continue
        beyond = (order.price - ticks) * order.sign
        if beyond > 0:
            desk.fill(market, order, order.price, order.left, maker=True, ts=ts, note="traded through")
        elif beyond == 0:
            passed = traded(order, lots)
            order.front = max(order.front, 0.0)
            ours = min(passed - given, order.left)
            if ours > 0:
                given += desk.fill(market, order, ticks, ours, maker=True, ts=ts, note="queue")


def on_levels(desk: Desk, market: Market, bids: Levels | None, asks: Levels | None, ts: int) -> None:
    """The book has changed at these levels (None = it was shown whole)."""
    resting = market.in_phase(Phase.RESTING)
    if not resting:
        return
    for order in resting:
        buy = order.side is Side.BUY
        changed = bids if buy else asks
        shown = market.bids if buy else market.asks
        if (changed is None or order.price in changed) and _visible(market, order):
            resized(order, shown.get(order.price, 0), desk.rules)
    bid, ask = market.bid(), market.ask()
    if bid and ask and bid >= ask:
        return  # a crossed book is a defect of the data, not a trade
    for order in resting:
        buy = order.side is Side.BUY
        near = ask and order.price >= ask if buy else bid and order.price <= bid
        if near and order.phase is not Phase.GONE and _met(market, order):
            desk.fill(market, order, order.price, order.left, maker=True, ts=ts, note="book came to it")


def _visible(market: Market, order: Working) -> bool:
    shown = market.bids if order.side is Side.BUY else market.asks
    return order.price in shown or seen(market, order)


def _met(market: Market, order: Working) -> bool:
    """The other side stands at the order's price or beyond: with something we have not taken?"""
    buy = order.side is Side.BUY
    best = market.ask() if buy else market.bid()
    eaten = market.eaten_asks if buy else market.eaten_bids
    if not eaten or market.source is Source.TOUCH:
        return market.available(order.side, best) > 0
    levels = market.asks if buy else market.bids
    return any((order.price - t) * order.sign >= 0 and market.available(order.side, t) > 0 for t in levels)
