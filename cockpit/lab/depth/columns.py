"""A recorded market as arrays: every event one row, every book level one row, prices by their rank.

What the machine does not follow (listings, bars, funding rates) stays an event, which the kernel is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import msgspec

from cockpit.core.events import (
    AnyEvent,
    BookDelta,
    BookSnapshot,
    Listing,
    Mark,
    OpenInterest,
    Touch,
    Trade,
)
from cockpit.core.types import Instrument
from cockpit.lab.compiled import rows as flat
from cockpit.lab.compiled.reasons import Unsupported
from cockpit.lab.depth.records import (
    DELTA,
    MARK,
    RARE,
    SKIP,
    SNAPSHOT,
    TOUCH,
    TRADE,
    Event,
    Level,
    Market,
    Price,
)

MOST_LOTS = float(1 << 52)


class Columns(msgspec.Struct, frozen=True):
    """A market's tape, ready for many runs. Nothing in it is changed by a run but ``prices`` and ``markets``,
    of which each run takes a copy.
    """

    symbols: tuple[str, ...]
    events: Any
    levels: Any
    prices: Any
    markets: Any
    rare: Mapping[int, AnyEvent]
    """Events for the kernel, by their number."""

    def __len__(self) -> int:
        return len(self.events)


class _Reader:
    """Collects rows."""

    def __init__(self) -> None:
        self.symbols: dict[str, int] = {}
        self.rows: list[tuple[Any, ...]] = []
        self.prices: list[float] = []
        self.sizes: list[float] = []
        self.owners: list[int] = []
        self.rare: dict[int, AnyEvent] = {}

    def market(self, symbol: str) -> int:
        return self.symbols.setdefault(symbol, len(self.symbols))

    def book(self, kind: int, event: Any, seq: int, prev: int, bids: Any, asks: Any) -> None:
        market = self.market(event.symbol)
        low = len(self.prices)
        for price, size in bids:
            self.prices.append(price)
            self.sizes.append(size)
        middle = len(self.prices)
        for price, size in asks:
            self.prices.append(price)
            self.sizes.append(size)
        high = len(self.prices)
        self.owners += [market] * (high - low)
        self.rows.append((event.ts, seq, prev, low, middle, high, 0.0, 0.0, kind, market, 0))

    def read(self, event: AnyEvent) -> None:
        kind, e = type(event), cast(Any, event)
        if kind is BookDelta:
            self.book(DELTA, e, e.seq, e.prev_seq, e.bids, e.asks)
        elif kind is Trade:
            self._plain(TRADE, e, e.price, e.qty, e.side.sign)
        elif kind is Touch:
            self.book(TOUCH, e, 0, 0, ((e.bid, e.bid_qty),), ((e.ask, e.ask_qty),))
        elif kind is Mark:
            self._plain(MARK, e, e.mark, e.index, 0)
        elif kind is BookSnapshot:
            self.book(SNAPSHOT, e, e.seq, -1, e.bids, e.asks)
        elif kind is OpenInterest:
            self.rows.append((e.ts, 0, 0, 0, 0, 0, 0.0, 0.0, SKIP, -1, 0))
        else:
            self.rare[len(self.rows)] = event
            self.rows.append((e.ts, 0, 0, 0, 0, 0, 0.0, 0.0, RARE, -1, 0))

    def _plain(self, kind: int, event: Any, x: float, qty: float, sign: int) -> None:
        self.rows.append((event.ts, 0, 0, 0, 0, 0, x, qty, kind, self.market(event.symbol), sign))


def from_events(events: Iterable[AnyEvent], instruments: Mapping[str, Instrument]) -> Columns:
    """Read a stream. Raises Unsupported for what the arrays cannot hold exactly as the kernel would."""
    import numpy as np

    reader = _Reader()
    for event in events:
        reader.read(event)
    names = ("ts", "seq", "prev", "lo", "mid", "hi", "x", "qty", "kind", "market", "sign")
    parts = (
        dict(zip(names, map(np.array, zip(*reader.rows, strict=True)), strict=True)) if reader.rows else {}
    )
    owners = np.array(reader.owners, np.int64)
    prices, sizes = np.array(reader.prices, np.float64), np.array(reader.sizes, np.float64)
    return build(tuple(reader.symbols), parts, owners, prices, sizes, reader.rare, instruments)


def build(
    symbols: tuple[str, ...], parts: Mapping[str, Any], owners: Any, prices: Any, sizes: Any,
    rare: Mapping[int, AnyEvent], instruments: Mapping[str, Instrument],
) -> Columns:  # fmt: skip
    """Rows from columns of events and of levels: the ranks, ticks and lots of everything."""
    import numpy as np

    strangers = [symbol for symbol in symbols if symbol not in instruments]
    if strangers:
        raise Unsupported(f"market data of {strangers[0]}, which is not listed")
    _same_grid(rare, instruments)
    events = np.zeros(len(parts["ts"]) if parts else 0, np.dtype(flat.dtype(Event)))
    for name, column in parts.items():
        events[name] = column
    if len(events) and np.any(np.diff(events["ts"]) < 0):
        raise Unsupported("a tape that goes back in time")
    per_tick = np.array([instruments[s].ticks_per_unit for s in symbols] or [1.0])
    per_lot = np.array([instruments[s].lots_per_unit for s in symbols] or [1.0])
    _whole(events, per_tick, per_lot)
    levels = np.zeros(len(prices), np.dtype(flat.dtype(Level)))
    levels["qty"] = sizes
    lots = sizes * per_lot[owners] + 0.5
    if len(sizes) and not (np.all(np.isfinite(sizes)) and sizes.min() >= 0 and lots.max() < MOST_LOTS):
        raise Unsupported("a size that is none")
    levels["lots"] = lots.astype(np.int64)
    shelves = _ranked(levels, owners, prices, per_tick, len(symbols), _touches(events, len(prices)))
    markets = np.zeros(len(symbols) + 1, np.dtype(flat.dtype(Market)))
    markets["first"] = shelves[0]
    for k in range(len(symbols)):
        row = markets[k]
        row["best_bid"] = row["best_ask"] = -1
        row["best_bid_depth"], row["low"] = shelves[0][k] - 1, shelves[0][k + 1]
        row["best_ask_depth"], row["high"] = shelves[0][k + 1], shelves[0][k] - 1
        row["bid_qty"] = row["ask_qty"] = np.nan
        row["seq"] = -1
    return Columns(symbols, events, levels, shelves[1], markets, dict(rare))


def _same_grid(rare: Mapping[int, AnyEvent], instruments: Mapping[str, Instrument]) -> None:
    """Ranks are of one grid: a market that gets another tick or lot is the kernel's."""
    for event in rare.values():
        if isinstance(event, Listing):
            fresh = event.instrument
            known = instruments.get(fresh.symbol, fresh)
            if (fresh.tick, fresh.lot) != (known.tick, known.lot):
                raise Unsupported(f"{fresh.symbol} gets another tick or lot")


def _touches(events: Any, count: int) -> Any:
    """Which levels belong to touches: those may be none."""
    import numpy as np

    found = np.zeros(count, bool)
    low = events["lo"][events["kind"] == TOUCH]
    found[low] = found[low + 1] = True
    return found


def _whole(events: Any, per_tick: Any, per_lot: Any) -> None:
    """Ticks and lots of trades and marks, rounded half to even as the venue does it."""
    import numpy as np

    priced = (events["kind"] == TRADE) | (events["kind"] == MARK)
    x, qty, market = events["x"][priced], events["qty"][priced], events["market"][priced]
    marks = events["kind"][priced] == MARK
    per_qty = np.where(marks, per_tick[market], per_lot[market])
    ticks, lots = np.rint(x * per_tick[market]), np.rint(qty * per_qty)
    if not (np.all(np.abs(ticks) < MOST_LOTS) and np.all(np.abs(lots) < MOST_LOTS)):
        raise Unsupported("a trade or a mark without a price")
    events["ticks"][priced], events["lots"][priced] = ticks.astype(np.int64), lots.astype(np.int64)


def _ranked(
    levels: Any, owners: Any, prices: Any, per_tick: Any, markets: int, free: Any
) -> tuple[list[int], Any]:
    """Give each level the rank of its price. Returns the first rank of each market and the prices' rows."""
    import numpy as np

    exists = np.ones(len(prices), bool)
    exists[free] = prices[free] > 0.0
    ticks = prices * per_tick[owners] + 0.5
    if not (np.all(np.isfinite(prices)) and np.all(ticks[exists] >= 1.0) and np.all(ticks < MOST_LOTS)):
        raise Unsupported("a level without a price")
    levels["rank"] = -1
    first, found = [0], []
    for k in range(markets):
        mine = exists & (owners == k)
        values, places = np.unique(prices[mine], return_inverse=True)
        rows = np.zeros(len(values), np.dtype(flat.dtype(Price)))
        rows["price"] = values
        rows["tick"] = (values * per_tick[k] + 0.5).astype(np.int64)
        if len(values) and np.any(np.diff(rows["tick"]) <= 0):
            raise Unsupported("prices finer than the tick")
        levels["rank"][mine] = places + first[-1]
        first.append(first[-1] + len(values))
        found.append(rows)
    blank = np.zeros(0, np.dtype(flat.dtype(Price)))
    return first, np.concatenate(found) if found else blank
