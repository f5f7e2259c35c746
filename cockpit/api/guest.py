"""One client of the door, as the server sees it."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import msgspec

from cockpit.api import wire
from cockpit.core.errors import DoorError
from cockpit.text import safe_text

MOST_UNREAD = 2 * wire.LIMIT
"""Bytes of answers that may wait in the server for a client that does not read; then it is cut off."""
FASTEST = 60.0
SLOWEST = 0.1
"""Frames per second."""
LONGEST_NAME = 40


class Guest:
    """A connection: who it is, what it has been sent, whether it still reads. Its times are the door's."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, now: float) -> None:
        self.reader = reader
        self._writer = writer
        connection: socket.socket = writer.get_extra_info("socket")
        self.pid, self.uid = wire.peer(connection)
        self.number = 0
        self.name = ""
        self.rate = 0.0
        self.heard = now
        self.frames = 0
        self.running = 0
        """Commands under way."""
        self._unseen = False

    def admit(self, number: int, hello: wire.Hello, now: float) -> None:
        """It has said who it is. Names come from outside: they are made fit for a terminal."""
        self.number = number
        self.name = safe_text(hello.name, LONGEST_NAME) or "?"
        # Not a number is not greater than 0 either: no frames.
        self.rate = min(max(hello.rate, SLOWEST), FASTEST) if hello.rate > 0 else 0.0
        self.heard = now

    @property
    def actor(self) -> str:
        """How the audit names it."""
        return f"{self.name}:{self.pid}"

    @property
    def gone(self) -> bool:
        return self._writer.is_closing()

    @property
    def ready(self) -> bool:
        """The last frame has been read and nothing else waits to be."""
        return not self._unseen and self._writer.transport.get_write_buffer_size() == 0

    def seen(self) -> None:
        self._unseen = False

    def send_frame(self, raw: bytes) -> None:
        self._unseen = True
        self.frames += 1
        self._write(raw)

    def send(self, message: msgspec.Struct) -> None:
        """Raises DoorError when the message is larger than the wire allows."""
        self._write(wire.packed(message))

    def _write(self, raw: bytes) -> None:
        if self.gone:
            return
        self._writer.write(raw)
        if self._writer.transport.get_write_buffer_size() > MOST_UNREAD:
            self.cut()

    def part(self, reason: str, **args: str) -> None:
        """Say why, and hang up once that has been read."""
        with contextlib.suppress(DoorError):
            self.send(wire.Refused(reason, args))
        self.leave()

    def leave(self) -> None:
        self._writer.close()

    def cut(self) -> None:
        """Hang up at once, whatever is still unread."""
        self._writer.transport.abort()
