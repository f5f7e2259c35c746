"""The columns of a tape: one Parquet part per kind of fact, and both ways between rows and events.

``ts_ns`` is when the recorder learned the fact (for a bar: its close), in UTC nanoseconds, so that two
messages of one millisecond keep their order. Book levels are four list columns, best first.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

from cockpit.core.events import (
    AnyEvent,
    Bar,
    BookDelta,
    BookSnapshot,
    DataFault,
    FundingRate,
    Mark,
    OpenInterest,
    Touch,
    Trade,
)
from cockpit.core.types import Side

NS = 1_000_000
"""Nanoseconds per millisecond."""

Row = tuple[Any, ...]

COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    "faults": (("what", "text"), ("detail", "text")),
    "funding": (("rate", "float"), ("settle_ts", "int"), ("settled", "bool")),
    "marks": (("mark", "float"), ("index", "float")),
    "oi": (("qty", "float"),),
    "books": (
        ("venue_ts", "int"),
        ("snapshot", "bool"),
        ("seq", "int"),
        ("prev_seq", "int"),
        ("bid_px", "floats"),
        ("bid_sz", "floats"),
        ("ask_px", "floats"),
        ("ask_sz", "floats"),
    ),
    "touch": (
        ("venue_ts", "int"),
        ("bid", "float"),
        ("bid_qty", "float"),
        ("ask", "float"),
        ("ask_qty", "float"),
    ),
    "trades": (
        ("venue_ts", "int"),
        ("price", "float"),
        ("qty", "float"),
        ("buy", "bool"),
        ("trade_id", "text"),
    ),
    "bars": (
        ("tf", "int"),
        ("open", "float"),
        ("high", "float"),
        ("low", "float"),
        ("close", "float"),
        ("volume", "float"),
    ),
}
"""Columns after ``ts_ns`` and ``symbol``. The order of the parts decides between facts of one instant."""

KINDS = tuple(COLUMNS)
ROW_GROUP = {"books": 8_192}
ROWS = 65_536
"""Rows of a group, the unit in which a reader holds a part in memory (books: fewer, they are long)."""


def file_of(kind: str) -> str:
    """File name of a part."""
    return f"{kind}.parquet"


def schema(kind: str) -> Any:
    """The Arrow schema of a part."""
    import pyarrow as pa

    types = {
        "int": pa.int64(),
        "float": pa.float64(),
        "bool": pa.bool_(),
        "text": pa.string(),
        "floats": pa.list_(pa.float64()),
    }
    fields = [("ts_ns", pa.int64()), ("symbol", pa.string())]
    fields += [(name, types[what]) for name, what in COLUMNS[kind]]
    return pa.schema([pa.field(name, type_, nullable=False) for name, type_ in fields])


def _levels(levels: tuple[tuple[float, float], ...]) -> tuple[list[float], list[float]]:
    return [level[0] for level in levels], [level[1] for level in levels]


def _book_row(event: BookSnapshot | BookDelta, ts_ns: int) -> Row:
    whole = isinstance(event, BookSnapshot)
    prev = -1 if isinstance(event, BookSnapshot) else event.prev_seq
    head = (ts_ns, event.symbol, event.venue_ts, whole, event.seq, prev)
    return head + _levels(event.bids) + _levels(event.asks)


ENCODERS: dict[type, tuple[str, Callable[[Any, int], Row]]] = {
    Bar: (
        "bars",
        lambda e, t: (t, e.symbol, e.tf, e.open, e.high, e.low, e.close, e.volume),
    ),
    Trade: (
        "trades",
        lambda e, t: (t, e.symbol, e.venue_ts, e.price, e.qty, e.side is Side.BUY, e.trade_id),
    ),
    BookSnapshot: ("books", _book_row),
    BookDelta: ("books", _book_row),
    Touch: (
        "touch",
        lambda e, t: (t, e.symbol, e.venue_ts, e.bid, e.bid_qty, e.ask, e.ask_qty),
    ),
    Mark: ("marks", lambda e, t: (t, e.symbol, e.mark, e.index)),
    FundingRate: ("funding", lambda e, t: (t, e.symbol, e.rate, e.settle_ts, e.settled)),
    OpenInterest: ("oi", lambda e, t: (t, e.symbol, e.qty)),
    DataFault: ("faults", lambda e, t: (t, e.symbol, e.what, e.detail)),
}
"""Event type → (part, row)."""


class Chunk(NamedTuple):
    """A run of one part in time order: the keys it is merged by, and the events."""

    ts_ns: list[int]
    events: list[AnyEvent]


def decode(kind: str, table: Any) -> Chunk:
    """The events of a slice of a part."""
    table = table.combine_chunks()
    ts_ns: list[int] = table.column("ts_ns").to_pylist()
    ts = [value // NS for value in ts_ns]
    return Chunk(ts_ns, DECODERS[kind](ts, symbols_of(table.column("symbol")), table))


def symbols_of(column: Any) -> list[str]:
    """One shared string per symbol, not one per row."""
    found: list[str] = []
    for chunk in column.chunks:
        names = chunk.dictionary.to_pylist()
        found += [names[index] for index in chunk.indices.to_pylist()]
    return found


def _list(table: Any, name: str) -> list[Any]:
    values: list[Any] = table.column(name).to_pylist()
    return values


def _fields(kind: str, table: Any) -> list[list[Any]]:
    return [_list(table, name) for name, _ in COLUMNS[kind]]


def _plain(kind: str, make: Callable[..., AnyEvent]) -> Callable[[list[int], list[str], Any], list[AnyEvent]]:
    def read(ts: list[int], symbols: list[str], table: Any) -> list[AnyEvent]:
        return list(map(make, ts, symbols, *_fields(kind, table)))

    return read


def _bars(ts: list[int], symbols: list[str], table: Any) -> list[AnyEvent]:
    return list(map(Bar, ts, symbols, *_fields("bars", table)))


def _trades(ts: list[int], symbols: list[str], table: Any) -> list[AnyEvent]:
    venue_ts, price, qty, buys, ids = _fields("trades", table)
    sides = [Side.BUY if buy else Side.SELL for buy in buys]
    return list(map(Trade, ts, symbols, venue_ts, price, qty, sides, ids))


def _pairs(table: Any, side: str) -> list[tuple[tuple[float, float], ...]]:
    """Flattened once and cut by offsets: a tuple of pairs per row without a list per row in between."""
    prices = table.column(f"{side}_px").combine_chunks()
    sizes = table.column(f"{side}_sz").combine_chunks()
    offsets = prices.offsets.to_pylist()
    first = offsets[0]
    pairs = list(zip(prices.flatten().to_pylist(), sizes.flatten().to_pylist(), strict=True))
    return [tuple(pairs[a - first : b - first]) for a, b in pairwise(offsets)]


def _books(ts: list[int], symbols: list[str], table: Any) -> list[AnyEvent]:
    rows = zip(
        ts,
        symbols,
        _list(table, "venue_ts"),
        _list(table, "snapshot"),
        _list(table, "seq"),
        _list(table, "prev_seq"),
        _pairs(table, "bid"),
        _pairs(table, "ask"),
        strict=True,
    )
    return [
        BookSnapshot(t, symbol, venue_ts, bids, asks, seq)
        if whole
        else BookDelta(t, symbol, venue_ts, bids, asks, seq, prev)
        for t, symbol, venue_ts, whole, seq, prev, bids, asks in rows
    ]


DECODERS: dict[str, Callable[[list[int], list[str], Any], list[AnyEvent]]] = {
    "faults": _plain("faults", DataFault),
    "funding": _plain("funding", FundingRate),
    "marks": _plain("marks", Mark),
    "oi": _plain("oi", OpenInterest),
    "books": _books,
    "touch": _plain("touch", Touch),
    "trades": _trades,
    "bars": _bars,
}
