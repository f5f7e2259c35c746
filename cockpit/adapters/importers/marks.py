"""Mark-price candles: the close becomes the mark at the instant the candle closes."""

from __future__ import annotations

from cockpit.adapters.importers.ohlcv import CANDLE, gaps, on_grid, ordered, spacing
from cockpit.adapters.importers.ohlcv import matches as is_candles
from cockpit.adapters.importers.sink import Sink
from cockpit.adapters.importers.source import Source
from cockpit.core.events import Mark
from cockpit.core.registry import importer


def matches(source: Source) -> bool:
    """Candles without volume in a file or folder that says ``mark``."""
    return source.columns >= CANDLE and not is_candles(source)


@importer("marks", matches=matches)
def load(source: Source, sink: Sink) -> int:
    """Mark prices, one per candle."""
    table = source.table
    for (native,), rows in table.groups("symbol"):
        symbol = sink.symbol(native or source.named())
        if not sink.wanted(symbol):
            continue
        candles = ordered(rows, symbol, sink)
        # The bars' length (sink.tf) may differ from that of the marks beside them.
        tf = spacing([row[0] for row in candles], source)
        good = on_grid(candles, symbol, tf, sink)
        gaps(good, symbol, tf, sink)
        for row in good:
            sink.once(Mark(row[0] + tf, symbol, row[4]))
    return len(table)
