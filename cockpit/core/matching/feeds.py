"""Public market data enters the venue: the book is kept, and what rests or waits is told."""

from __future__ import annotations

from cockpit.core.events import BookDelta, BookSnapshot, Levels, Touch, Trade
from cockpit.core.matching import algos, liquidation, maker
from cockpit.core.matching.books import Market, Phase, Source
from cockpit.core.matching.desk import Desk
from cockpit.core.matching.taker import execute, ready
from cockpit.core.types import Instrument


def delta(desk: Desk, market: Market, event: BookDelta, ts: int) -> None:
    """Changed levels of a deep book."""
    best = market.best_bid
    bids, asks = market.bids, market.asks
    per_tick, per_lot = market.ticks_per_unit, market.lots_per_unit
    for price, size in event.bids:
        ticks = int(price * per_tick + 0.5)
        lots = int(size * per_lot + 0.5)
        if lots:
            bids[ticks] = lots
            if best and ticks > best:
                best = ticks
        else:
            bids.pop(ticks, None)
            if ticks == best:
                best = 0
    market.best_bid = best
    best = market.best_ask
    for price, size in event.asks:
        ticks = int(price * per_tick + 0.5)
        lots = int(size * per_lot + 0.5)
        if lots:
            asks[ticks] = lots
            if ticks < best:
                best = ticks
        else:
            asks.pop(ticks, None)
            if ticks == best:
                best = 0
    market.best_ask = best
    if market.busy or market.eaten_bids or market.eaten_asks:
        changed_bids = {int(price * per_tick + 0.5) for price, _ in event.bids}
        changed_asks = {int(price * per_tick + 0.5) for price, _ in event.asks}
        for ticks in changed_bids & market.eaten_bids.keys():
            del market.eaten_bids[ticks]
        for ticks in changed_asks & market.eaten_asks.keys():
            del market.eaten_asks[ticks]
        if market.busy:
            moved(desk, market, changed_bids, changed_asks, ts)


def snapshot(desk: Desk, market: Market, event: BookSnapshot, ts: int) -> None:
    """The whole visible book. What we ate stays eaten where the level has not changed."""
    bids, asks = _levels(market, event.bids), _levels(market, event.asks)
    _show(market, bids, asks)
    if market.busy:
        moved(desk, market, None, None, ts)


def touch(desk: Desk, market: Market, event: Touch, ts: int) -> None:
    """Best bid and ask alone: a book of one level, of which nothing deeper is known."""
    bids = _levels(market, ((event.bid, event.bid_qty),))
    _show(market, bids, _levels(market, ((event.ask, event.ask_qty),)))
    if not market.busy:
        return
    moved(desk, market, *proven(market), ts)


def proven(market: Market) -> tuple[set[int], set[int]]:
    """Prices of our orders about which a touch says something: better than the new best a level is empty
    now, behind it it is only hidden.
    """
    bid, ask = market.bid(), market.ask()
    return (
        {p for p in _own(market, 1) if bid and p >= bid},
        {p for p in _own(market, -1) if ask and p <= ask},
    )


def trade(desk: Desk, market: Market, event: Trade, ts: int) -> None:
    """Somebody traded."""
    ticks = market.ticks(event.price)
    market.last = ticks
    if not market.busy:
        return
    _arrivals(desk, market, ts)
    lots = round(event.qty * market.lots_per_unit)
    maker.on_trade(desk, market, ticks, lots, event.side, ts)
    algos.check(desk, market, ticks, ticks, ts, algos.LAST)
    if not market.mark:
        liquidation.check(desk, market, ts)


def mark(desk: Desk, market: Market, ts: int) -> None:
    """The mark moved: it triggers (not on bars, whose range knows more) and liquidates."""
    if market.source is not Source.BARS:
        ticks = market.ticks(market.mark)
        algos.check(desk, market, ticks, ticks, ts, algos.MARK)
        if market.index:
            ticks = market.ticks(market.index)
            algos.check(desk, market, ticks, ticks, ts, algos.INDEX)
    liquidation.check(desk, market, ts)


def moved(desk: Desk, market: Market, bids: set[int] | None, asks: set[int] | None, ts: int) -> None:
    """The book has changed at these levels (None = everywhere)."""
    _arrivals(desk, market, ts)
    maker.on_levels(desk, market, bids, asks, ts)
    if not (market.mark and market.last):
        algos.check(desk, market, market.bid(), market.ask(), ts, algos.TOUCH)
    if not (market.mark or market.last):
        liquidation.check(desk, market, ts)


def regrid(market: Market, fresh: Instrument) -> None:
    """Tick or lot changed: what is known in old ticks is forgotten until it is shown again."""
    market.ticks_per_unit = fresh.ticks_per_unit
    market.lots_per_unit = fresh.lots_per_unit
    _show(market, {}, {})
    market.last = 0


def _arrivals(desk: Desk, market: Market, ts: int) -> None:
    """Orders that came before the first price meet it now."""
    for order in market.in_phase(Phase.ARRIVED):
        if order.phase is Phase.ARRIVED and ready(market):
            execute(desk, market, order, ts)


def _levels(market: Market, levels: Levels) -> dict[int, int]:
    per_tick, per_lot = market.ticks_per_unit, market.lots_per_unit
    rows = {int(price * per_tick + 0.5): int(size * per_lot + 0.5) for price, size in levels}
    return {ticks: lots for ticks, lots in rows.items() if lots and ticks > 0}


def _show(market: Market, bids: dict[int, int], asks: dict[int, int]) -> None:
    for eaten, old, new in (
        (market.eaten_bids, market.bids, bids),
        (market.eaten_asks, market.asks, asks),
    ):
        for ticks in [t for t in eaten if old.get(t) != new.get(t)]:
            del eaten[ticks]
    market.bids, market.asks = bids, asks
    market.best_bid = market.best_ask = 0


def _own(market: Market, sign: int) -> set[int]:
    return {o.price for o in market.orders.values() if o.phase is Phase.RESTING and o.sign == sign}
