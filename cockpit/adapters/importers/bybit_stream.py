"""Raw recordings of Bybit's v5 public sockets, linear and spot, with the instruments answers around them.

The messages do not say which of the two markets they are of, the connections do: tickers of a linear
market carry a mark price. A book's update id grows by one; a snapshot with the id 1 is a restart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from cockpit.adapters.importers.instruments import from_bybit
from cockpit.adapters.importers.messages import Level, Price, Size, levels
from cockpit.adapters.importers.sink import NS, Sink
from cockpit.adapters.importers.source import Line, Source
from cockpit.core.errors import TapeError
from cockpit.core.events import Bar, BookDelta, BookSnapshot, FundingRate, Mark, OpenInterest, Trade
from cockpit.core.registry import importer
from cockpit.core.types import Side
from cockpit.core.unreadable import UNREADABLE

TOPICS = ("orderbook.", "publicTrade.", "tickers.", "kline.")


class Depth(msgspec.Struct, gc=False, frozen=True):
    b: list[Level]
    a: list[Level]
    u: int


class Deal(msgspec.Struct, gc=False, frozen=True):
    T: int
    S: str
    v: Size
    p: Price
    i: str


class Kline(msgspec.Struct, gc=False, frozen=True):
    start: int
    end: int
    open: Price
    close: Price
    high: Price
    low: Price
    volume: Size
    confirm: bool


class Message(msgspec.Struct, gc=False, frozen=True):
    topic: str = ""
    type: str = ""
    ts: int = 0
    data: msgspec.Raw = msgspec.Raw(b"null")


_MESSAGE = msgspec.json.Decoder(Message, strict=False)
_DEPTH = msgspec.json.Decoder(Depth, strict=False)
_DEALS = msgspec.json.Decoder(list[Deal], strict=False)
_KLINES = msgspec.json.Decoder(list[Kline], strict=False)
_TICKER = msgspec.json.Decoder(dict[str, Any])


def matches(source: Source) -> bool:
    """Messages with a Bybit topic, or Bybit's instruments answer."""
    return any(
        isinstance(message, dict)
        and (str(message.get("topic", "")).startswith(TOPICS) or "retCode" in message)
        for _, message in source.head
    )


@importer("bybit_stream", matches=matches)
def load(source: Source, sink: Sink) -> int:
    """Books, trades, closed candles, and from the tickers mark, index, funding and open interest."""
    reader = _Reader(sink, _linear(source))
    count = 0
    for number, line in source.lines():
        count += 1
        try:
            reader.read(line)
        except (KeyError, ValueError, *UNREADABLE) as error:
            raise TapeError(f"{source.path}: line {number}: {error!r}") from error
    return count


def _linear(source: Source) -> set[str]:
    """Connections of linear markets. Read through the file: one may begin late."""
    found: set[str] = set()
    for _, line in source.lines():
        if line.conn not in found and b'"markPrice"' in bytes(line.msg):
            found.add(line.conn)
    return found


class _Reader:
    def __init__(self, sink: Sink, linear: set[str]) -> None:
        self._sink = sink
        self._linear = linear
        self._tickers: dict[str, tuple[float, float, float, tuple[float, int]]] = {}
        self._fields: dict[str, dict[str, Any]] = {}
        self._topics: dict[str, Callable[[str, Message, int], None]] = {
            "orderbook": self._book,
            "publicTrade": self._deals,
            "kline": self._klines,
            "tickers": self._ticker,
        }

    def read(self, line: Line) -> None:
        if line.dir == "http":
            self._define(msgspec.json.decode(line.msg))
            return
        message = _MESSAGE.decode(line.msg) if line.dir in ("", "recv") else Message()
        parts = message.topic.split(".")
        take = self._topics.get(parts[0])
        if take is None:
            return
        venue = "bybit" if line.conn in self._linear else "bybit-spot"
        symbol = self._sink.symbol(parts[-1], venue)
        if self._sink.wanted(symbol):
            take(symbol, message, line.recv_ns)

    def _define(self, answer: dict[str, Any]) -> None:
        result = answer.get("result") or {}
        for row in result.get("list") or ():
            instrument = from_bybit(row, str(result.get("category")))
            if instrument is not None:
                self._sink.define(instrument)

    def _book(self, symbol: str, message: Message, recv_ns: int) -> None:
        row = _DEPTH.decode(message.data)
        ts = recv_ns // NS
        bids, asks = levels(row.b), levels(row.a)
        if message.type == "snapshot":
            self._sink.book(BookSnapshot(ts, symbol, message.ts, bids, asks, row.u), recv_ns)
        else:
            self._sink.book(BookDelta(ts, symbol, message.ts, bids, asks, row.u, row.u - 1), recv_ns)

    def _deals(self, symbol: str, message: Message, recv_ns: int) -> None:
        for row in _DEALS.decode(message.data):
            side = Side(row.S.lower())
            self._sink.put(Trade(recv_ns // NS, symbol, row.T, row.p, row.v, side, row.i), recv_ns)

    def _klines(self, symbol: str, message: Message, recv_ns: int) -> None:
        for row in _KLINES.decode(message.data):
            if row.confirm:
                length = row.end + 1 - row.start
                prices = (row.open, row.high, row.low, row.close)
                self._sink.once(Bar(row.end + 1, symbol, length, *prices, row.volume))

    def _ticker(self, symbol: str, message: Message, recv_ns: int) -> None:
        """Deltas carry changed fields only: the whole is kept here, and a fact made of what changed."""
        if symbol.startswith("bybit-spot:"):
            return
        fields = self._fields.setdefault(symbol, {})
        fields.update(_TICKER.decode(message.data))
        now = (
            float(fields.get("markPrice") or 0.0),
            float(fields.get("indexPrice") or 0.0),
            float(fields.get("openInterest") or 0.0),
            (float(fields.get("fundingRate") or 0.0), int(fields.get("nextFundingTime") or 0)),
        )
        before = self._tickers.get(symbol)
        self._tickers[symbol] = now
        ts = recv_ns // NS
        if now[0] > 0.0 and (before is None or before[:2] != now[:2]):
            self._sink.put(Mark(ts, symbol, now[0], now[1]), recv_ns)
        if now[2] > 0.0 and (before is None or before[2] != now[2]):
            self._sink.put(OpenInterest(ts, symbol, now[2]), recv_ns)
        if now[3][1] and (before is None or before[3] != now[3]):
            self._sink.put(FundingRate(ts, symbol, *now[3]), recv_ns)
