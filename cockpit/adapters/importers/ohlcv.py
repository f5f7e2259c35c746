"""Candle tables (Parquet, CSV): symbol, open time, open, high, low, close, volume in base units."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import isfinite

from cockpit.adapters.importers.sink import NS, Sink
from cockpit.adapters.importers.source import Source, Table
from cockpit.core.errors import TapeError
from cockpit.core.registry import importer

Row = tuple[int, float, float, float, float, float]
"""Open time (ms), open, high, low, close, volume."""

CANDLE = frozenset(("ts", "open", "high", "low", "close"))


def matches(source: Source) -> bool:
    """A candle table; one without volume counts unless its name says that it holds mark prices."""
    named_mark = "mark" in source.path.name.lower() or "mark" in source.path.parent.name.lower()
    return source.columns >= CANDLE and ("volume" in source.columns or not named_mark)


@importer("ohlcv", matches=matches)
def load(source: Source, sink: Sink) -> int:
    """Candles. A bar becomes known at its close; rows that cannot be a candle are dropped and counted."""
    table = source.table
    for (native, _), rows in table.groups("symbol", "market"):
        symbol = sink.symbol(native or source.named())
        if not sink.wanted(symbol):
            continue
        candles = ordered(rows, symbol, sink)
        tf = sink.tf or spacing([row[0] for row in candles], source)
        good = on_grid(candles, symbol, tf, sink)
        gaps(good, symbol, tf, sink)
        columns = [list(column) for column in zip(*good, strict=True)] or [[]] * 6
        times = [int(ts) + tf for ts in columns[0]]
        sink.bars(symbol, tf, times, columns[1:])
    return len(table)


def ordered(table: Table, symbol: str, sink: Sink) -> list[Row]:
    """Rows by time, the first of each instant kept; late and double ones counted."""
    times = [ns // NS for ns in table.times()]
    columns = [table.floats(name) for name in ("open", "high", "low", "close")]
    columns.append(table.floats("volume") if "volume" in table else [0.0] * len(times))
    late, newest = 0, -(1 << 62)
    for ts in times:
        late += ts < newest
        newest = max(newest, ts)
    rows = list(zip(times, *columns, strict=True))
    if late:
        rows.sort(key=lambda row: row[0])
    first: dict[int, Row] = {}
    for row in rows:
        first.setdefault(row[0], row)
    sink.count(symbol, "late", late)
    sink.count(symbol, "duplicate", len(rows) - len(first))
    return list(first.values())


def spacing(times: list[int], source: Source) -> int:
    """The usual distance between two rows, which is the length of a bar.

    Raises TapeError when there are too few rows to tell.
    """
    steps = Counter(b - a for a, b in pairwise(times))
    if not steps:
        raise TapeError(f"{source.path}: one row does not show how long a bar is; say so (tf)")
    return steps.most_common(1)[0][0]


def on_grid(rows: list[Row], symbol: str, tf: int, sink: Sink) -> list[Row]:
    """What can be a candle: finite positive prices, high and low at the ends, on the grid of the others."""
    good: list[Row] = []
    phase = Counter(row[0] % tf for row in rows).most_common(1)
    for row in rows:
        problem = _wrong(row)
        if not problem and row[0] % tf != phase[0][0]:
            problem = "off the time grid"
        if problem:
            sink.fault(symbol, "garbage", (row[0] + tf) * NS, problem)
        else:
            good.append(row)
    return good


def _wrong(row: Row) -> str:
    _, start, high, low, close, volume = row
    if not all(map(isfinite, row)):
        return "a number is missing"
    if min(start, high, low, close) <= 0.0:
        return "a price is not positive"
    if high < low:
        return f"high {high} < low {low}"
    if not low <= min(start, close) <= max(start, close) <= high:
        return f"open {start} or close {close} outside {low} … {high}"
    return "volume is negative" if volume < 0.0 else ""


def gaps(rows: list[Row], symbol: str, tf: int, sink: Sink) -> None:
    """Missing bars become a fact when the next bar closes: nobody could know earlier."""
    for before, row in pairwise(rows):
        missing = (row[0] - before[0]) // tf - 1
        if missing:
            sink.fault(symbol, "gap", (row[0] + tf) * NS, f"{missing} bars missing")
