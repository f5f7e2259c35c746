"""Public trades as a table (Parquet, CSV): time, price, size, taker side, id; perhaps a receive time."""

from __future__ import annotations

from itertools import pairwise
from math import isfinite

from cockpit.adapters.importers.sink import NS, Sink
from cockpit.adapters.importers.source import Source, Table
from cockpit.core.errors import TapeError
from cockpit.core.events import Trade
from cockpit.core.registry import importer
from cockpit.core.types import Side

SIDES = {"buy": Side.BUY, "b": Side.BUY, "bid": Side.BUY, "sell": Side.SELL, "s": Side.SELL, "ask": Side.SELL}
MAKERS = {"true": Side.SELL, "1": Side.SELL, "false": Side.BUY, "0": Side.BUY}
"""``is_buyer_maker``: the buyer rested, so the seller took."""
SPOT = "spot"


def matches(source: Source) -> bool:
    """Prices and sizes in time, and no book columns."""
    columns = source.columns
    return columns >= {"ts", "price", "size"} and bool(columns & {"side", "maker"}) and "type" not in columns


@importer("trades", matches=matches)
def load(source: Source, sink: Sink) -> int:
    """Trades, at the time the recorder received them where the file says so."""
    table = source.table
    for (native, market), rows in table.groups("symbol", "market"):
        venue = "binance-spot" if market.lower() == SPOT and native.isalnum() else ""
        symbol = sink.symbol(native or source.named(), venue)
        if sink.wanted(symbol):
            _load(rows, symbol, sink)
    return len(table)


def _load(table: Table, symbol: str, sink: Sink) -> None:
    happened = table.times()
    heard = table.times("recv") if "recv" in table else happened
    if "recv" not in table:
        sink.count(symbol, "late", sum(b < a for a, b in pairwise(happened)))
    ids = table.texts("id") if "id" in table else [""] * len(table)
    rows = zip(heard, happened, table.floats("price"), table.floats("size"), sides(table), ids, strict=True)
    for ts_ns, venue_ns, price, size, side, trade_id in sorted(rows, key=lambda row: row[0]):
        if not (isfinite(price) and isfinite(size) and price > 0.0 and size > 0.0):
            sink.fault(symbol, "garbage", ts_ns, f"a trade of {size} at {price}")
            continue
        sink.put(Trade(ts_ns // NS, symbol, venue_ns // NS, price, size, side, trade_id), ts_ns)


def sides(table: Table) -> list[Side]:
    """The taker's side of every row. Raises TapeError naming the row of an unknown word."""
    name, words = ("side", SIDES) if "side" in table else ("maker", MAKERS)
    texts = [text.lower() for text in table.texts(name)]
    try:
        return [words[text] for text in texts]
    except KeyError as error:
        row = table.row(texts.index(error.args[0]))
        raise TapeError(f"{table.path}: row {row}: {name} is {error.args[0]!r}") from None
