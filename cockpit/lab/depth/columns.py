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
from cockpit.lab.depth.pages import Pages
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
MOST_LEVELS = (1 << 31) - 1
CHUNK = 1 << 18
"""Rows that are worked on in one go."""


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
    pages: Pages
    """What events and levels lie in."""

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
    count = len(reader.rows)
    filling = Filling(count, len(reader.prices), reader.symbols, instruments)
    if reader.rows:
        parts = dict(zip(names, map(np.array, zip(*reader.rows, strict=True)), strict=True))
        owners = np.array(reader.owners, np.int64)
        prices, sizes = np.array(reader.prices, np.float64), np.array(reader.sizes, np.float64)
        filling.add(np.arange(count), parts, owners, prices, sizes)
    return filling.done(reader.rare)


class Filling:
    """Columns while they are filled: blocks of events, each at its places, with their levels."""

    def __init__(
        self, count: int, levels: int, symbols: Mapping[str, int], instruments: Mapping[str, Instrument]
    ) -> None:
        """``levels``: at least as many as will come. ``symbols``: by number; may grow before each block."""
        self._symbols, self._instruments = symbols, instruments
        self._pages, self._spare = Pages(), Pages()
        self._events = self._pages.zeros(count, flat.dtype(Event))
        self._levels = self._pages.zeros(levels, flat.dtype(Level))
        self._prices = self._spare.zeros(levels, "f8")
        self._owners = self._spare.zeros(levels, "i4")
        self._height = 0
        self._known: dict[int, Any] = {}
        """Prices of each market so far, rising."""

    def add(self, places: Any, parts: Mapping[str, Any], owners: Any, prices: Any, sizes: Any) -> None:
        """A block: where its events stand, their columns, and its levels, which follow those of the last one.

        Raises Unsupported.
        """
        import numpy as np

        strangers = [symbol for symbol in self._symbols if symbol not in self._instruments]
        if strangers:
            raise Unsupported(f"market data of {strangers[0]}, which is not listed")
        mine = [self._instruments[s] for s in self._symbols]
        per_tick = np.array([i.ticks_per_unit for i in mine] or [1.0])
        per_lot = np.array([i.lots_per_unit for i in mine] or [1.0])
        events = np.zeros(len(places), self._events.dtype)
        for name, column in parts.items():
            events[name] = column
        _whole(events, per_tick, per_lot)
        first, last = self._height, self._height + len(prices)
        if last > MOST_LEVELS:
            raise Unsupported("more levels than there are numbers for")
        free = _touches(events, first, len(prices))
        self._events[places] = events
        levels = np.zeros(len(prices), self._levels.dtype)
        levels["qty"] = sizes
        lots = sizes * per_lot[owners] + 0.5
        if len(sizes) and not (np.all(np.isfinite(sizes)) and sizes.min() >= 0 and lots.max() < MOST_LOTS):
            raise Unsupported("a size that is none")
        levels["lots"] = lots.astype(np.int64)
        self._levels[first:last] = levels
        self._priced(first, owners, prices, free, per_tick)
        self._height = last
        self._pages.release()
        self._spare.release()

    def _priced(self, first: int, owners: Any, prices: Any, free: Any, per_tick: Any) -> None:
        """Which prices there are; those of touches may be none."""
        import numpy as np

        exists = np.ones(len(prices), bool)
        exists[free] = prices[free] > 0.0
        ticks = prices * per_tick[owners] + 0.5
        if not (np.all(np.isfinite(prices)) and np.all(ticks[exists] >= 1.0) and np.all(ticks < MOST_LOTS)):
            raise Unsupported("a level without a price")
        last = first + len(prices)
        self._prices[first:last], self._owners[first:last] = prices, np.where(exists, owners, -1)
        for k in np.unique(owners[exists]).tolist():
            fresh = np.unique(prices[exists & (owners == k)])
            self._known[k] = np.union1d(self._known[k], fresh) if k in self._known else fresh

    def done(self, rare: Mapping[int, AnyEvent]) -> Columns:
        """All of it, once every block is there. Raises Unsupported."""
        import numpy as np

        _same_grid(rare, self._instruments)
        for at in range(0, len(self._events), CHUNK):
            if np.any(np.diff(self._events["ts"][at : at + CHUNK + 1]) < 0):
                raise Unsupported("a tape that goes back in time")
            self._pages.release()
        first, prices = self._shelves()
        for at in range(0, self._height, CHUNK):
            self._ranked(at, min(at + CHUNK, self._height), first)
        return Columns(
            tuple(self._symbols), self._events, self._levels[: self._height], prices,
            _markets(first, len(self._symbols)), dict(rare), self._pages,
        )  # fmt: skip

    def _shelves(self) -> tuple[list[int], Any]:
        """The first rank of each market, and the rows of all prices."""
        import numpy as np

        first, found = [0], [np.zeros(0, np.dtype(flat.dtype(Price)))]
        for k, symbol in enumerate(self._symbols):
            values = self._known.get(k, np.zeros(0))
            rows = np.zeros(len(values), np.dtype(flat.dtype(Price)))
            rows["price"] = values
            rows["tick"] = (values * self._instruments[symbol].ticks_per_unit + 0.5).astype(np.int64)
            if len(values) and np.any(np.diff(rows["tick"]) <= 0):
                raise Unsupported("prices finer than the tick")
            first.append(first[-1] + len(values))
            found.append(rows)
        return first, np.concatenate(found)

    def _ranked(self, low: int, high: int, first: list[int]) -> None:
        """Give levels the rank of their price."""
        import numpy as np

        owners, prices = self._owners[low:high], self._prices[low:high]
        ranks = np.full(high - low, -1, np.int64)
        for k, values in self._known.items():
            mine = owners == k
            ranks[mine] = np.searchsorted(values, prices[mine]) + first[k]
        self._levels["rank"][low:high] = ranks
        self._pages.release()
        self._spare.release()


def _markets(first: list[int], count: int) -> Any:
    """Books of which nothing is known yet."""
    import numpy as np

    markets = np.zeros(count + 1, np.dtype(flat.dtype(Market)))
    markets["first"] = first
    for k in range(count):
        row = markets[k]
        row["best_bid"] = row["best_ask"] = -1
        row["best_bid_depth"], row["low"] = first[k] - 1, first[k + 1]
        row["best_ask_depth"], row["high"] = first[k + 1], first[k] - 1
        row["bid_qty"] = row["ask_qty"] = np.nan
        row["seq"] = -1
    return markets


def _same_grid(rare: Mapping[int, AnyEvent], instruments: Mapping[str, Instrument]) -> None:
    """Ranks are of one grid: a market that gets another tick or lot is the kernel's."""
    for event in rare.values():
        if isinstance(event, Listing):
            fresh = event.instrument
            known = instruments.get(fresh.symbol, fresh)
            if (fresh.tick, fresh.lot) != (known.tick, known.lot):
                raise Unsupported(f"{fresh.symbol} gets another tick or lot")


def _touches(events: Any, first: int, count: int) -> Any:
    """Which levels of a block belong to touches: those may be none."""
    import numpy as np

    found = np.zeros(count, bool)
    low = events["lo"][events["kind"] == TOUCH] - first
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
