"""Raw recordings of Binance's combined streams, spot and USD-M, with the REST book snapshot between them.

The book follows Binance's own recipe ("How to manage a local order book correctly"): updates received
before the REST snapshot are kept; those that end before it are dropped; the first one applied must span
it; from then on each must begin where the last one ended (``pu`` on USD-M, ``U`` = ``u`` + 1 on spot).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from cockpit.adapters.importers.messages import Level, Price, Size, levels
from cockpit.adapters.importers.sink import NS, Sink
from cockpit.adapters.importers.source import Source
from cockpit.core.errors import TapeError
from cockpit.core.events import BookDelta, BookSnapshot, FundingRate, Mark, Touch, Trade
from cockpit.core.registry import importer
from cockpit.core.types import Side
from cockpit.core.unreadable import UNREADABLE


class Depth(msgspec.Struct, gc=False, frozen=True):
    """``depthUpdate``: changed levels and the update ids they cover."""

    s: str
    E: int
    U: int
    u: int
    b: list[Level]
    a: list[Level]
    T: int = 0
    pu: int = -1


class Deal(msgspec.Struct, gc=False, frozen=True):
    """``trade`` (id ``t``) or ``aggTrade`` (id ``a``); ``m``: the buyer rested, so the seller took."""

    s: str
    T: int
    p: Size
    q: Size
    m: bool
    t: int = 0
    a: int = 0


class Ticker(msgspec.Struct, gc=False, frozen=True):
    """``bookTicker``; spot sends no time."""

    s: str
    b: Size
    B: Size
    a: Size
    A: Size
    T: int = 0
    E: int = 0


class MarkPrice(msgspec.Struct, gc=False, frozen=True):
    """``markPriceUpdate``: mark, index, running funding rate and when it settles."""

    s: str
    p: Price
    i: Size = 0.0
    r: str = ""
    T: int = 0


class Message(msgspec.Struct, gc=False, frozen=True, rename={"last_update_id": "lastUpdateId"}):
    """A combined-stream frame, or the REST answer (``lastUpdateId`` set)."""

    stream: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")
    last_update_id: int = 0
    E: int = 0
    bids: list[Level] = []
    asks: list[Level] = []


T = TypeVar("T")


def _reader(row: type[T]) -> Callable[[msgspec.Raw], T]:
    return msgspec.json.Decoder(row, strict=False).decode


_message = _reader(Message)
_depth = _reader(Depth)
_deal = _reader(Deal)
_ticker = _reader(Ticker)
_mark = _reader(MarkPrice)


def matches(source: Source) -> bool:
    """Messages named by stream, ``btcusdt@…``."""
    return any(
        isinstance(message, dict) and "@" in str(message.get("stream", "")) for _, message in source.head
    )


@importer("binance_stream", matches=matches)
def load(source: Source, sink: Sink) -> int:
    """Books, trades, best bid and ask, mark price with its index and running funding rate."""
    futures = any(
        isinstance(message.get("data"), dict) and ("pu" in message["data"] or "X" in message["data"])
        for _, message in source.head
        if isinstance(message, dict)
    )
    reader = _Reader(source, sink, "binance" if futures else "binance-spot")
    count = 0
    for number, line in source.lines():
        count += 1
        try:
            reader.read(_message(line.msg), line.recv_ns)
        except UNREADABLE as error:
            raise TapeError(f"{source.path}: line {number}: {error}") from error
    reader.finish()
    return count


class _Reader:
    """State of the book recipe, per market of the file (the REST answer does not name its own)."""

    def __init__(self, source: Source, sink: Sink, venue: str) -> None:
        self._path = source.path
        self._sink = sink
        self._venue = venue
        self._waiting: dict[str, list[Depth]] = {}
        self._last: dict[str, int] = {}
        self._begun: set[str] = set()
        self._natives: set[str] = set()
        self._streams: dict[str, Callable[[msgspec.Raw, int], None]] = {
            "depth": self._update,
            "trade": self._trade,
            "aggTrade": self._trade,
            "bookTicker": self._touch,
            "markPrice": self._price,
        }

    def read(self, message: Message, recv_ns: int) -> None:
        if message.last_update_id:
            self._snapshot(message, recv_ns)
            return
        native, _, stream = message.stream.partition("@")
        take = self._streams.get(stream.partition("@")[0])
        if take is None:
            return
        self._natives.add(native.upper())
        if self._sink.wanted(self._symbol(native.upper())):
            take(message.data, recv_ns)

    def finish(self) -> None:
        """Updates that never met a snapshot cannot be applied: they are counted as one gap."""
        for symbol, waiting in self._waiting.items():
            if symbol not in self._begun:
                what = f"{len(waiting)} book updates and no snapshot"
                self._sink.fault(symbol, "gap", waiting[0].E * NS, what)

    def _symbol(self, native: str) -> str:
        return self._sink.symbol(native, self._venue)

    def _snapshot(self, message: Message, recv_ns: int) -> None:
        if len(self._natives) != 1:
            raise TapeError(f"{self._path}: a book snapshot does not say which market it is of")
        symbol = self._symbol(next(iter(self._natives)))
        if not self._sink.wanted(symbol):
            return
        last = self._last[symbol] = message.last_update_id
        bids, asks = levels(message.bids), levels(message.asks)
        self._sink.book(BookSnapshot(recv_ns // NS, symbol, message.E, bids, asks, last), recv_ns)
        self._begun.add(symbol)
        # What was received before the snapshot counts from now on: only now can it be applied.
        for depth in self._waiting.pop(symbol, ()):
            if depth.u > last:
                self._apply(symbol, depth, recv_ns)

    def _update(self, raw: msgspec.Raw, recv_ns: int) -> None:
        depth = _depth(raw)
        symbol = self._symbol(depth.s)
        if depth.u <= self._last.get(symbol, -1):
            self._sink.count(symbol, "duplicate")
        else:
            self._apply(symbol, depth, recv_ns)

    def _apply(self, symbol: str, depth: Depth, recv_ns: int) -> None:
        last = self._last.get(symbol)
        if last is None:
            self._waiting.setdefault(symbol, []).append(depth)
            return
        chained = depth.pu == last if depth.pu >= 0 else last + 1 == depth.U
        if chained or last + 1 >= depth.U:
            prev = last
            self._last[symbol] = depth.u
        else:
            # It goes on the tape unlinked, so that every reader sees the break; the rest must wait for
            # the next snapshot.
            prev = depth.pu if depth.pu >= 0 else depth.U - 1
            del self._last[symbol]
        ts = recv_ns // NS
        bids, asks = levels(depth.b), levels(depth.a)
        self._sink.book(BookDelta(ts, symbol, depth.T or depth.E, bids, asks, depth.u, prev), recv_ns)

    def _trade(self, raw: msgspec.Raw, recv_ns: int) -> None:
        deal = _deal(raw)
        symbol = self._symbol(deal.s)
        if deal.p <= 0.0 or deal.q <= 0.0:
            self._sink.fault(symbol, "garbage", recv_ns, f"a trade of {deal.q} at {deal.p}")
            return
        side = Side.SELL if deal.m else Side.BUY
        number = str(deal.t or deal.a)
        self._sink.put(Trade(recv_ns // NS, symbol, deal.T, deal.p, deal.q, side, number), recv_ns)

    def _touch(self, raw: msgspec.Raw, recv_ns: int) -> None:
        row = _ticker(raw)
        symbol = self._symbol(row.s)
        self._sink.put(Touch(recv_ns // NS, symbol, row.T or row.E, row.b, row.B, row.a, row.A), recv_ns)

    def _price(self, raw: msgspec.Raw, recv_ns: int) -> None:
        row = _mark(raw)
        symbol = self._symbol(row.s)
        ts = recv_ns // NS
        self._sink.put(Mark(ts, symbol, row.p, row.i), recv_ns)
        if row.r:
            self._sink.put(FundingRate(ts, symbol, float(row.r), row.T), recv_ns)
