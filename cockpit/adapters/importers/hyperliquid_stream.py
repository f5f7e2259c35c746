"""Raw recordings of Hyperliquid's public socket: whole books (20 levels a side) and trades."""

from __future__ import annotations

import msgspec

from cockpit.adapters.importers.messages import Price, Size
from cockpit.adapters.importers.sink import NS, Sink
from cockpit.adapters.importers.source import Source
from cockpit.core.errors import TapeError
from cockpit.core.events import BookSnapshot, Levels, Trade
from cockpit.core.registry import importer
from cockpit.core.types import Side
from cockpit.core.unreadable import UNREADABLE

VENUE = "hyperliquid"
SIDES = {"B": Side.BUY, "A": Side.SELL}
"""The taker's side: bid or ask in Hyperliquid's words."""


class Level(msgspec.Struct, gc=False, frozen=True):
    px: Price
    sz: Size


class Book(msgspec.Struct, gc=False, frozen=True):
    coin: str
    time: int
    levels: tuple[list[Level], list[Level]]


class Deal(msgspec.Struct, gc=False, frozen=True):
    coin: str
    side: str
    px: Price
    sz: Size
    time: int
    tid: int


class Message(msgspec.Struct, gc=False, frozen=True):
    channel: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")


_MESSAGE = msgspec.json.Decoder(Message)
_BOOK = msgspec.json.Decoder(Book, strict=False)
_DEALS = msgspec.json.Decoder(list[Deal], strict=False)


def matches(source: Source) -> bool:
    """Messages of the channel ``l2Book``, or trades with Hyperliquid's ``tid``."""
    return any(isinstance(m, dict) and m.get("channel") in ("l2Book", "trades") for _, m in source.head)


@importer("hyperliquid_stream", matches=matches)
def load(source: Source, sink: Sink) -> int:
    """Books and trades of perpetuals; every book message is a snapshot."""
    count = 0
    for number, line in source.lines():
        count += 1
        try:
            message = _MESSAGE.decode(line.msg)
            if message.channel == "l2Book":
                _book(_BOOK.decode(message.data), line.recv_ns, sink)
            elif message.channel == "trades":
                for deal in _DEALS.decode(message.data):
                    _deal(deal, line.recv_ns, sink)
        except (KeyError, *UNREADABLE) as error:
            raise TapeError(f"{source.path}: line {number}: {error!r}") from error
    return count


def _levels(raw: list[Level]) -> Levels:
    return tuple([(level.px, level.sz) for level in raw])


def _book(row: Book, recv_ns: int, sink: Sink) -> None:
    symbol = sink.symbol(row.coin, VENUE)
    if sink.wanted(symbol):
        bids, asks = row.levels
        event = BookSnapshot(recv_ns // NS, symbol, row.time, _levels(bids), _levels(asks))
        sink.book(event, recv_ns)


def _deal(row: Deal, recv_ns: int, sink: Sink) -> None:
    symbol = sink.symbol(row.coin, VENUE)
    if sink.wanted(symbol):
        side = SIDES[row.side]
        sink.put(Trade(recv_ns // NS, symbol, row.time, row.px, row.sz, side, str(row.tid)), recv_ns)
