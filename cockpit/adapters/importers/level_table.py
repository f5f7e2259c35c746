"""An L2 book as a table (Coinbase style): snapshot rows, then absolute new sizes of single levels."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from math import isfinite

from cockpit.adapters.importers.sink import NS, Sink
from cockpit.adapters.importers.source import Source, Table
from cockpit.core.errors import TapeError
from cockpit.core.events import BookDelta, BookSnapshot, Levels
from cockpit.core.registry import importer

SIDES = {"bid": 0, "buy": 0, "b": 0, "ask": 1, "sell": 1, "a": 1, "offer": 1}
WHOLE = frozenset(("snapshot", "partial"))

Row = tuple[int, bool, int, float, float]
"""Time (ns), part of a snapshot, side (0 bid, 1 ask), price, size."""


def matches(source: Source) -> bool:
    """Levels with a row type."""
    return source.columns >= {"type", "ts", "side", "price", "size"}


@importer("level_table", matches=matches)
def load(source: Source, sink: Sink) -> int:
    """Rows of one instant are one message, as the exchange sent them. The source has no sequence."""
    table = source.table
    for (native,), rows in table.groups("symbol"):
        symbol = sink.symbol(native or _named(source))
        if not sink.wanted(symbol):
            continue
        for (ts_ns, whole), group in groupby(_rows(rows, symbol, sink), key=lambda row: row[:2]):
            bids, asks = _split(list(group))
            ts = ts_ns // NS
            if whole:
                sink.book(BookSnapshot(ts, symbol, ts, bids, asks), ts_ns)
            else:
                sink.book(BookDelta(ts, symbol, ts, bids, asks), ts_ns)
    return len(table)


def _rows(table: Table, symbol: str, sink: Sink) -> Iterator[Row]:
    """Rows by time (late ones sorted in), without those that cannot be a level."""
    times = table.times()
    late, newest = 0, -(1 << 62)
    for ts in times:
        late += ts < newest
        newest = max(newest, ts)
    sink.count(symbol, "late", late)
    whole = [text.lower() in WHOLE for text in table.texts("type")]
    texts = [text.lower() for text in table.texts("side")]
    strange = next((at for at, text in enumerate(texts) if text not in SIDES), None)
    if strange is not None:
        raise TapeError(f"{table.path}: row {table.row(strange)}: side is {texts[strange]!r}")
    sides = [SIDES[text] for text in texts]
    rows = list(zip(times, whole, sides, table.floats("price"), table.floats("size"), strict=True))
    if late:
        rows.sort(key=lambda row: row[0])
    for row in rows:
        if isfinite(row[3]) and isfinite(row[4]) and row[3] > 0.0 and row[4] >= 0.0:
            yield row
        else:
            sink.fault(symbol, "garbage", row[0], f"a level of {row[4]} at {row[3]}")


def _split(rows: list[Row]) -> tuple[Levels, Levels]:
    sides: tuple[list[tuple[float, float]], list[tuple[float, float]]] = ([], [])
    for _, _, side, price, size in rows:
        sides[side].append((price, size))
    if rows[0][1]:
        sides[0].sort(reverse=True)
        sides[1].sort()
    return tuple(sides[0]), tuple(sides[1])


def _named(source: Source) -> str:
    """``coinbase_btcusd_l2.parquet`` → ``coinbase:BTC-USD``."""
    words = source.path.name.lower().split("_")
    if words[0] == "coinbase" and len(words) > 1 and words[1].endswith("usd"):
        return f"coinbase:{words[1][:-3].upper()}-USD"
    return source.named()
