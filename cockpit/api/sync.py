"""A client of the door without an event loop: for ``cockpit status``, ``kill``, ``stop``, ``explain``."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from types import TracebackType

import msgspec

from cockpit.api import place, wire
from cockpit.api.client import WAIT_S, new_command_id, refusal
from cockpit.core.errors import DoorError, NotRunning
from cockpit.core.frames import Answer, Frame


class SyncDoor:
    """One connection, blocking, with a time limit on everything. Use as a context manager.

    Raises NotRunning (exit 7) when no cockpit runs there, DoorError (exit 8) when it refuses or is mute.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str = "cli",
        wants_drive: bool = False,
        rate: float = 0.0,
        timeout: float = WAIT_S,
    ) -> None:
        self._timeout = timeout
        self._buffer = bytearray()
        self._socket = self._connect(path)
        try:
            self._send(wire.Hello(wire.PROTOCOL, name, wants_drive, rate))
            first = self._read(time.monotonic() + timeout)
            if isinstance(first, wire.Refused):
                raise refusal(first)
            if not isinstance(first, wire.Welcome):
                raise DoorError("what answers there is no cockpit of this version")
        except BaseException:
            self._socket.close()
            raise
        self.welcome = first
        self.driver = first.yours

    def _connect(self, path: Path) -> socket.socket:
        where = place.socket_to_ask(path)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(self._timeout)
        try:
            made.connect(str(where))
        except (FileNotFoundError, ConnectionRefusedError) as error:
            made.close()
            raise NotRunning(f"no cockpit is running here: {path.parent}") from error
        except OSError as error:
            made.close()
            raise DoorError(f"the cockpit at {where} cannot be reached: {error}") from error
        return made

    def ask(
        self,
        verb: str,
        args: dict[str, str] | None = None,
        *,
        timeout: float | None = None,
        command_id: str = "",
    ) -> Answer:
        """One command or question, and its answer. Raises DoorError when none comes in time."""
        command_id = command_id or new_command_id()
        started = time.monotonic()
        limit = started + (self._timeout if timeout is None else timeout)
        self._send(wire.Ask(command_id, verb, dict(args or {})))
        while True:
            message = self._read(limit)
            if isinstance(message, Answer) and message.command_id == command_id:
                return msgspec.structs.replace(message, ms=(time.monotonic() - started) * 1000)
            self._notice(message)

    def frame(self, *, timeout: float | None = None) -> Frame:
        """The next frame (needs ``rate`` > 0). Raises DoorError when none comes in time."""
        limit = time.monotonic() + (self._timeout if timeout is None else timeout)
        while True:
            message = self._read(limit)
            if isinstance(message, Frame):
                self._send(wire.Seen())
                return message
            self._notice(message)

    def _notice(self, message: wire.FromServer) -> None:
        if isinstance(message, wire.Refused):
            raise refusal(message)
        if isinstance(message, wire.LeaseNews):
            self.driver = message.yours
        elif isinstance(message, Frame):
            self._send(wire.Seen())

    def _send(self, message: msgspec.Struct) -> None:
        try:
            self._socket.settimeout(self._timeout)
            self._socket.sendall(wire.packed(message))
        except OSError as error:
            raise DoorError("the cockpit hung up") from error

    def _read(self, limit: float) -> wire.FromServer:
        try:
            size = wire.size_of(self._exactly(wire.HEADER.size, limit))
            return wire.from_server(self._exactly(size, limit))
        except wire.Garbage as error:
            raise DoorError("what answers there is no cockpit of this version") from error

    def _exactly(self, size: int, limit: float) -> bytes:
        while len(self._buffer) < size:
            left = limit - time.monotonic()
            if left <= 0:
                raise DoorError("the cockpit does not answer in time")
            self._socket.settimeout(min(left, wire.BEAT_S))
            try:
                more = self._socket.recv(1 << 16)
            except TimeoutError:
                self._send(wire.Beat())
                continue
            except OSError as error:
                raise DoorError("the cockpit hung up") from error
            if not more:
                raise DoorError("the cockpit hung up")
            self._buffer += more
        found = bytes(self._buffer[:size])
        del self._buffer[:size]
        return found

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> SyncDoor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
