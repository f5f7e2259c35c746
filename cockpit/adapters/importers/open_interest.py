"""Open-interest history in contracts or base units: symbol, time, quantity."""

from __future__ import annotations

from math import isfinite

from cockpit.adapters.importers.sink import NS, Sink
from cockpit.adapters.importers.source import Source
from cockpit.core.errors import TapeError
from cockpit.core.events import OpenInterest
from cockpit.core.registry import importer


def matches(source: Source) -> bool:
    """A table with an open-interest column. One in dollars is recognised too, to be refused by name."""
    return "ts" in source.columns and ("interest" in source.columns or "oi_usd" in source.header)


@importer("open_interest", matches=matches)
def load(source: Source, sink: Sink) -> int:
    """Open interest. Raises TapeError when it is given in dollars: that needs a price of the instant."""
    if "interest" not in source.columns:
        raise TapeError(f"{source.path}: open interest in dollars cannot be turned into contracts")
    table = source.table
    for (native,), rows in table.groups("symbol"):
        symbol = sink.symbol(native or source.named())
        if not sink.wanted(symbol):
            continue
        pairs = zip(rows.times(), rows.floats("interest"), strict=True)
        for ts_ns, quantity in sorted(pairs, key=lambda row: row[0]):
            if isfinite(quantity) and quantity >= 0.0:
                sink.once(OpenInterest(ts_ns // NS, symbol, quantity))
            else:
                sink.fault(symbol, "garbage", ts_ns, f"an open interest of {quantity}")
    return len(table)
