"""A client of the door, for programs with an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from cockpit.api import place, wire
from cockpit.core.errors import DoorError, NotRunning
from cockpit.core.frames import Answer, Frame

WAIT_S = 5.0


def new_command_id() -> str:
    """An id that nobody else uses; the same id is obeyed once."""
    return secrets.token_hex(8)


def refusal(refused: wire.Refused) -> DoorError:
    """What the server said before it hung up."""
    details = ", ".join(f"{name} {value}" for name, value in refused.args.items())
    return DoorError(f"the cockpit hung up: {refused.reason}" + (f" ({details})" if details else ""))


async def open_socket(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Raises NotRunning when nobody listens there, DoorError when we may not."""
    where = place.socket_to_ask(path)
    try:
        return await asyncio.open_unix_connection(str(where))
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise NotRunning(f"no cockpit is running here: {path.parent}") from error
    except OSError as error:
        raise DoorError(f"the cockpit at {where} cannot be reached: {error.strerror}") from error


class DoorClient:
    """One connection. ``await DoorClient.connect(path, name="tui", wants_drive=True)``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.welcome: wire.Welcome
        self.frame: Frame | None = None
        """The newest frame."""
        self.driver = False
        """Do we drive?"""
        self.driver_name = ""
        self.heard = time.monotonic()
        """When the server last said anything (``time.monotonic``)."""
        self.closed = asyncio.Event()
        self.why = ""
        """Why the connection ended."""
        self.on_frame: Callable[[Frame], None] | None = None
        self.on_lease: Callable[[wire.LeaseNews], None] | None = None

    @classmethod
    async def connect(
        cls, path: Path, *, name: str, wants_drive: bool = False, rate: float = 10.0, timeout: float = WAIT_S
    ) -> DoorClient:
        """Say hello. Raises NotRunning when no cockpit runs there, DoorError when it refuses or is mute."""
        try:
            async with asyncio.timeout(timeout):
                client = cls(*await open_socket(path))
                try:
                    await client._introduce(wire.Hello(wire.PROTOCOL, name, wants_drive, rate))
                except BaseException:
                    client._writer.transport.abort()
                    raise
        except TimeoutError as error:
            raise DoorError(f"the cockpit at {path} does not answer") from error
        loop = asyncio.get_running_loop()
        client._tasks = [loop.create_task(client._listen()), loop.create_task(client._beat())]
        return client

    async def _introduce(self, hello: wire.Hello) -> None:
        try:
            self._writer.write(wire.packed(hello))
            first = wire.from_server(await wire.body_from(self._reader))
        except (OSError, asyncio.IncompleteReadError) as error:
            raise DoorError("the cockpit hung up without a word") from error
        except wire.Garbage as error:
            raise DoorError("what answers there is no cockpit of this version") from error
        if isinstance(first, wire.Refused):
            raise refusal(first)
        if not isinstance(first, wire.Welcome):
            raise DoorError("what answers there is no cockpit of this version")
        self.welcome = first
        self.driver, self.driver_name = first.yours, first.driver

    async def ask(
        self, verb: str, args: dict[str, str] | None = None, *, timeout: float = WAIT_S, command_id: str = ""
    ) -> Answer:
        """One command or question, and its answer. Raises DoorError when none comes: then nobody knows yet
        whether it was obeyed; asking again with the same ``command_id`` is safe and tells."""
        command_id = command_id or new_command_id()
        if self.closed.is_set():
            raise DoorError(f"the connection to the cockpit is lost: {self.why}")
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[command_id] = answer
        started = time.perf_counter()
        try:
            self._writer.write(wire.packed(wire.Ask(command_id, verb, dict(args or {}))))
            async with asyncio.timeout(timeout):
                found = await answer
        except TimeoutError as error:
            raise DoorError(f"the cockpit has not answered {verb!r} within {timeout:g} s") from error
        finally:
            self._waiting.pop(command_id, None)
        return msgspec.structs.replace(found, ms=(time.perf_counter() - started) * 1000)

    async def _listen(self) -> None:
        try:
            while True:
                self._take(wire.from_server(await wire.body_from(self._reader)))
        except (OSError, asyncio.IncompleteReadError):
            self._end("the cockpit is gone")
        except wire.Garbage:
            self._end("the cockpit speaks another language")
        except DoorError as refused:
            self._end(str(refused))
        except asyncio.CancelledError:
            self._end("closed")
            raise

    def _take(self, message: wire.FromServer) -> None:
        self.heard = time.monotonic()
        if isinstance(message, Frame):
            self._writer.write(wire.packed(wire.Seen()))
            self.frame = message
            if self.on_frame is not None:
                self.on_frame(message)
        elif isinstance(message, Answer):
            waiting = self._waiting.get(message.command_id)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
        elif isinstance(message, wire.LeaseNews):
            self.driver, self.driver_name = message.yours, message.driver
            if self.on_lease is not None:
                self.on_lease(message)
        elif isinstance(message, wire.Refused):
            raise refusal(message)

    def _end(self, why: str) -> None:
        if self.closed.is_set():
            return
        self.why = why
        self.driver = False
        self.closed.set()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(DoorError(f"the connection to the cockpit is lost: {why}"))
        self._writer.transport.abort()

    async def _beat(self) -> None:
        while not self.closed.is_set():
            self._writer.write(wire.packed(wire.Beat()))
            await asyncio.sleep(wire.BEAT_S)

    async def close(self) -> None:
        """Hang up; what the engine does is not touched."""
        self._end("closed")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
