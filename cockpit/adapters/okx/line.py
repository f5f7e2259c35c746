"""The wire end of one WebSocket: whole text frames out of it, when it last spoke, why it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

TEXT = WSMsgType.TEXT
"""Looked up once: naming an enum's member costs a fifth of a microsecond."""
OURS = (TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION)
CLOSE = WSMsgType.CLOSE


def close_words(payload: bytes) -> str:
    """``4004 No data received``: the code (two bytes, big endian) and the text of a close frame."""
    if len(payload) < 2:
        return ""
    return f"{int.from_bytes(payload[:2])} {payload[2:].decode(errors='replace')}".strip()


def _nobody(_raw: bytes, _at: float) -> None:
    """Gets what comes after the end."""


class Line(WSListener):
    """One connection's callbacks. ``closed`` is done when it is over, ``reason`` says why."""

    def __init__(self, take: Callable[[bytes, float], None]) -> None:
        """``take`` gets each whole text frame and when it came (loop time)."""
        loop = asyncio.get_running_loop()
        self._clock = loop.time
        self._deliver = take
        self._parts: list[bytes] = []
        self.transport: WSTransport | None = None
        self.closed: asyncio.Future[None] = loop.create_future()
        self.reason = ""
        self.heard = loop.time()
        self.pinged = 0.0

    def send(self, raw: bytes) -> None:
        if self.transport is not None and not self.closed.done():
            self.transport.send(WSMsgType.TEXT, raw)

    def give_up(self) -> None:
        """It is over for us at once, whether or not the transport gets as far as saying so: one that was cut
        while it was being made may never do it, and its owner would wait for ever."""
        if self.transport is not None:
            self.transport.disconnect(graceful=False)
        self._deliver = _nobody
        if not self.closed.done():
            self.closed.set_result(None)

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self.heard = now = self._clock()
        kind = frame.msg_type
        if kind == TEXT and frame.fin and not self._parts:
            self._deliver(frame.get_payload_as_bytes(), now)
        elif kind in OURS:
            if frame.fin and not self._parts:
                self._deliver(frame.get_payload_as_bytes(), now)
                return
            self._parts.append(frame.get_payload_as_bytes())
            if frame.fin:
                whole, self._parts = b"".join(self._parts), []
                self._deliver(whole, now)
        elif kind == CLOSE:
            self.reason = f"closed by the venue: {close_words(frame.get_payload_as_bytes())}".rstrip(": ")
            transport.send_close(WSCloseCode.OK)
            transport.disconnect(graceful=False)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if not self.closed.done():
            self.closed.set_result(None)
