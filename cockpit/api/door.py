"""The door to an engine: many viewers, one driver, and nobody who can make the engine wait.

Every client costs at most one frame in flight: the next is sent only when the last was read. A client that
is slow sees fewer frames, one that is stopped sees none, and the server notices neither.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path

import msgspec

from cockpit.api import place, wire
from cockpit.api.guest import Guest
from cockpit.api.lease import Lease
from cockpit.core.errors import CockpitError, DoorError
from cockpit.core.frames import FRAME_ENCODER, Answer, Frame

FREE_VERBS = frozenset(
    ("halt", "status", "health", "clients", "plan", "hold", "shares", "people")
) | frozenset(("explain", "audit", "journal", "why", "trades", "versions", "version"))
"""Obeyed from anybody who may open the door: looking, and stopping new risk."""

MOST_GUESTS = 32
MOST_ANSWERS = 256
MOST_RUNNING = 16
"""Commands of one client that may be under way at once."""
HELLO_S = 5.0
SILENCE_S = 30.0
"""A client that has said nothing for so long is hung up on."""
PARTING_S = 1.0
ROUND_S = 1.0

Handler = Callable[[str, dict[str, str], str, str], Awaitable[Answer]]
"""``handle(verb, args, actor, command_id)``, awaited once per command id."""


class HelloInfo(msgspec.Struct, frozen=True):
    """What every client is told about the engine."""

    pid: int
    mode: str
    version: str


class ClientInfo(msgspec.Struct, frozen=True):
    """One client, for the status line."""

    name: str
    pid: int
    driver: bool
    frames: int
    silent_s: float


class Door:
    """Serves one engine on a unix socket that only its user may open."""

    def __init__(
        self,
        path: Path,
        hello: HelloInfo,
        latest: Callable[[], Frame | None],
        handle: Handler,
        *,
        free: frozenset[str] = FREE_VERBS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self._hello = hello
        self._latest = latest
        self._handle = handle
        self._free = free
        self._clock = clock
        self._lease = Lease()
        self._guests: dict[int, Guest] = {}
        self._number = 0
        self._answers: OrderedDict[str, tuple[str, asyncio.Future[Answer]]] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._encoded: tuple[Frame, bytes] | None = None
        self._server: asyncio.Server | None = None
        self._bound: tuple[Path, int] | None = None
        self._last_round = 0.0

    # --- life -------------------------------------------------------------------------------------

    async def serve(self) -> None:
        """Listen; returns at once. Raises DoorError when another cockpit answers at this path."""
        where = place.socket_to_make(self.path)
        made = place.listening(where)
        self._bound = (where, where.lstat().st_ino)
        self._server = await asyncio.start_unix_server(self._connection, sock=made)
        self._last_round = self._clock()
        self._spawn(self._housekeeping(), "door")

    async def close(self) -> None:
        """Let commands under way finish for a moment, part from every client, remove the socket."""
        if self._server is None:
            return
        self._server.close()
        running = [future for _, future in self._answers.values() if not future.done()]
        if running:
            await asyncio.wait(running, timeout=PARTING_S)
        for guest in list(self._guests.values()):
            guest.part("door.refused.closing")
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=PARTING_S)
        for guest in list(self._guests.values()):
            guest.cut()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._server.wait_closed(), PARTING_S)
        self._server = None
        self._remove_socket()

    def _remove_socket(self) -> None:
        if self._bound is None:
            return
        where, inode = self._bound
        with contextlib.suppress(FileNotFoundError):
            if where.lstat().st_ino == inode:
                where.unlink()

    def clients(self) -> list[ClientInfo]:
        """Who is connected."""
        now = self._clock()
        return [
            ClientInfo(
                guest.name, guest.pid, self._lease.holder == guest.number, guest.frames, now - guest.heard
            )
            for guest in self._guests.values()
        ]

    @property
    def driver(self) -> str:
        """Name of the client that drives; empty when nobody does."""
        guest = self._guests.get(self._lease.holder or 0)
        return "" if guest is None else guest.name

    def _spawn(self, work: Coroutine[object, object, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            context = {"message": f"door: {task.get_name()} failed", "exception": error}
            task.get_loop().call_exception_handler(context)

    # --- a client's connection --------------------------------------------------------------------

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        guest = Guest(reader, writer, self._clock())
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            if await self._welcome(guest):
                while True:
                    self._obey(guest, wire.from_client(await wire.body_from(reader)))
                    # Who floods us waits for everybody else's turn.
                    await asyncio.sleep(0)
        except wire.Garbage as garbage:
            guest.part(str(garbage.args[0]))
        except (asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            guest.cut()
        finally:
            self._forget(guest)
            guest.leave()

    async def _welcome(self, guest: Guest) -> bool:
        async with asyncio.timeout(HELLO_S):
            hello = wire.from_client(await wire.body_from(guest.reader))
        if not isinstance(hello, wire.Hello):
            raise wire.Garbage("door.refused.hello")
        if hello.protocol != wire.PROTOCOL:
            guest.part("door.refused.protocol", theirs=str(hello.protocol), ours=str(wire.PROTOCOL))
            return False
        if guest.uid not in (os.getuid(), 0):
            guest.part("door.refused.user")
            return False
        if len(self._guests) >= MOST_GUESTS:
            guest.part("door.refused.full", most=str(MOST_GUESTS))
            return False
        self._number += 1
        guest.admit(self._number, hello, self._clock())
        self._guests[guest.number] = guest
        drives = hello.wants_drive and self._lease.take(guest.number, self._clock())
        about = self._hello
        guest.send(wire.Welcome(wire.PROTOCOL, about.pid, about.mode, about.version, self.driver, drives))
        if drives:
            self._tell("door.lease.taken", besides=guest)
        if guest.rate > 0:
            self._spawn(self._push_frames(guest), f"frames to {guest.name}")
        return True

    def _forget(self, guest: Guest) -> None:
        if self._guests.pop(guest.number, None) is not None and self._lease.drop(guest.number):
            self._tell("door.lease.free")

    async def _push_frames(self, guest: Guest) -> None:
        sent: Frame | None = None
        while not guest.gone:
            frame = self._latest()
            if frame is not None and frame is not sent and guest.ready:
                with contextlib.suppress(DoorError):  # larger than the wire allows: the next may fit
                    guest.send_frame(self._bytes_of(frame))
                sent = frame
            await asyncio.sleep(1 / guest.rate)

    def _bytes_of(self, frame: Frame) -> bytes:
        if self._encoded is None or self._encoded[0] is not frame:
            self._encoded = (frame, wire.framed(FRAME_ENCODER.encode(frame)))
        return self._encoded[1]

    # --- what clients say -------------------------------------------------------------------------

    def _obey(self, guest: Guest, message: wire.FromClient) -> None:
        now = self._clock()
        guest.heard = now
        self._lease.renew(guest.number, now)
        if isinstance(message, wire.Seen):
            guest.seen()
        elif isinstance(message, wire.Beat):
            guest.send(wire.Beat())
        elif isinstance(message, wire.Ask):
            self._asked(guest, message)
        else:
            raise wire.Garbage("door.refused.hello")

    def _asked(self, guest: Guest, ask: wire.Ask) -> None:
        if ask.verb == "drive":
            self._drive(guest, ask)
        elif ask.verb == "release":
            self._release(guest, ask)
        elif (known := self._answers.get(ask.command_id)) is not None:
            verb, future = known
            if verb == ask.verb:
                self._spawn(self._reply(guest, future), "answer again")
            else:
                guest.send(Answer(ask.command_id, False, "door.id_reused", {"verb": verb}))
        elif ask.verb not in self._free and self._lease.holder != guest.number:
            args = {"verb": ask.verb, "driver": self.driver}
            guest.send(Answer(ask.command_id, False, "door.not_driver", args))
        elif guest.running >= MOST_RUNNING:
            guest.send(Answer(ask.command_id, False, "door.busy", {"verb": ask.verb}))
        else:
            self._run(guest, ask)

    def _drive(self, guest: Guest, ask: wire.Ask) -> None:
        before = self.driver
        was = self._lease.holder
        force = ask.args.get("force", "") in ("1", "true", "yes")
        if not self._lease.take(guest.number, self._clock(), force=force):
            guest.send(Answer(ask.command_id, False, "door.drive.held", {"driver": before}))
            return
        if was != guest.number:
            self._tell("door.lease.taken")
        guest.send(Answer(ask.command_id, True, "door.drive.granted", {"before": before}))

    def _release(self, guest: Guest, ask: wire.Ask) -> None:
        if self._lease.drop(guest.number):
            self._tell("door.lease.free")
            guest.send(Answer(ask.command_id, True, "door.drive.released"))
        else:
            args = {"verb": ask.verb, "driver": self.driver}
            guest.send(Answer(ask.command_id, False, "door.not_driver", args))

    def _run(self, guest: Guest, ask: wire.Ask) -> None:
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answers[ask.command_id] = (ask.verb, future)
        while len(self._answers) > MOST_ANSWERS:
            self._answers.popitem(last=False)
        guest.running += 1
        self._spawn(self._handled(guest, ask, future), f"command {ask.verb}")

    async def _handled(self, guest: Guest, ask: wire.Ask, future: asyncio.Future[Answer]) -> None:
        started = time.perf_counter()
        try:
            answer = await self._handle(ask.verb, ask.args, guest.actor, ask.command_id)
        except asyncio.CancelledError:
            future.cancel()
            raise
        except CockpitError as error:
            answer = Answer(ask.command_id, False, "door.failed", {"verb": ask.verb, "reason": str(error)})
        except Exception as error:  # noqa: BLE001  one command's bug must not close the door for all
            reason = f"{type(error).__name__}: {error}"
            answer = Answer(ask.command_id, False, "door.failed", {"verb": ask.verb, "reason": reason})
        finally:
            guest.running -= 1
        ms = (time.perf_counter() - started) * 1000
        answer = msgspec.structs.replace(answer, command_id=ask.command_id, ms=ms)
        if not future.done():
            future.set_result(answer)
        self._send_answer(guest, answer)

    async def _reply(self, guest: Guest, future: asyncio.Future[Answer]) -> None:
        self._send_answer(guest, await asyncio.shield(future))

    def _send_answer(self, guest: Guest, answer: Answer) -> None:
        try:
            guest.send(answer)
        except DoorError:
            guest.send(Answer(answer.command_id, False, "door.too_large"))

    def _tell(self, reason: str, besides: Guest | None = None) -> None:
        for guest in self._guests.values():
            if guest is not besides:
                guest.send(wire.LeaseNews(self.driver, self._lease.holder == guest.number, reason))

    async def _housekeeping(self) -> None:
        while True:
            await asyncio.sleep(ROUND_S)
            self._round()

    def _round(self) -> None:
        now = self._clock()
        away = now - self._last_round - ROUND_S
        self._last_round = now
        if away > ROUND_S:
            # It was this process that stood still; nobody could have been heard.
            self._lease.forgive(away)
            for guest in self._guests.values():
                guest.heard += away
            return
        if self._lease.lapse(now) is not None:
            self._tell("door.lease.lapsed")
        for guest in list(self._guests.values()):
            if now - guest.heard > SILENCE_S:
                guest.cut()
