"""Raw recordings of OKX's public WebSocket: every message as it was received, with the receive time."""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.adapters.importers.sink import NS, Sink
from cockpit.adapters.importers.source import Line, Source
from cockpit.adapters.okx import frames as okx_frames
from cockpit.adapters.okx.checksum import StringBook
from cockpit.core.errors import TapeError
from cockpit.core.events import Bar, BookDelta, BookSnapshot, DataFault
from cockpit.core.registry import importer
from cockpit.core.unreadable import UNREADABLE

DEPTH = ("books", "bbo-tbt")


class RawBook(msgspec.Struct):
    """A book push with the exchange's own spelling, as its checksum needs it."""

    bids: list[list[str]]
    asks: list[list[str]]
    checksum: int = 0


_RAW = msgspec.json.Decoder(list[RawBook])


def matches(source: Source) -> bool:
    """Messages with OKX's ``arg``/``channel`` envelope."""
    return any(
        isinstance(message, dict) and isinstance(message.get("arg"), dict) and "channel" in message["arg"]
        for _, message in source.head
    )


@importer("okx_stream", matches=matches)
def load(source: Source, sink: Sink) -> int:
    """Books (checksums verified where there are any), trades, tickers, marks, funding, closed candles.

    Options are passed over. A ticker's bid and ask are used only where no book was recorded: beside one
    they would be older news.
    """
    reader = _Reader(source, sink)
    count = 0
    for number, line in source.lines():
        count += 1
        if line.dir in ("", "recv"):
            reader.read(number, line)
    return count


class _Reader:
    def __init__(self, source: Source, sink: Sink) -> None:
        self._path = source.path
        self._sink = sink
        self._texts: dict[str, StringBook] = {}
        self._deep = {
            str(message["arg"].get("instId"))
            for _, message in source.head
            if isinstance(message, dict)
            and isinstance(message.get("arg"), dict)
            and str(message["arg"].get("channel")).startswith(DEPTH)
        }

    def read(self, number: int, line: Line) -> None:
        try:
            frame = okx_frames.decode(bytes(line.msg))
        except UNREADABLE as error:
            raise TapeError(f"{self._path}: line {number}: {error}") from error
        inst = frame.arg.inst_id
        channel = frame.arg.channel
        if frame.event or not inst or inst.endswith(("-C", "-P")):
            return
        symbol = self._sink.symbol(inst, okx_frames.VENUE)
        if not self._sink.wanted(symbol) or (channel == "tickers" and inst in self._deep):
            return
        ts = line.recv_ns // NS
        try:
            events = okx_frames.market(frame, ts)
        except UNREADABLE as error:
            self._sink.fault(symbol, "garbage", line.recv_ns, f"line {number}: {error}")
            return
        if channel.startswith("books") and events and not self._proved(inst, frame):
            self._sink.fault(symbol, "checksum", line.recv_ns, f"line {number}")
        for event in events:
            self._put(event, symbol, line.recv_ns)

    def _put(self, event: Any, symbol: str, recv_ns: int) -> None:
        if event.symbol != symbol:
            event = msgspec.structs.replace(event, symbol=symbol)
        if isinstance(event, BookSnapshot | BookDelta):
            self._sink.book(event, recv_ns)
        elif isinstance(event, Bar):
            self._sink.once(event)
        elif not isinstance(event, DataFault):
            self._sink.put(event, recv_ns)

    def _proved(self, inst: str, frame: okx_frames.Frame) -> bool:
        """The exchange's own checksum, where it sent one (it is 0 since June 2026)."""
        texts = self._texts.setdefault(inst, StringBook())
        for row in _RAW.decode(frame.data):
            if frame.action == "update":
                texts.update(row.bids, row.asks)
            else:
                texts.snapshot(row.bids, row.asks)
            if row.checksum and texts.checksum() != row.checksum:
                return False
        return True
