"""A screen's link to an engine in another process: its own thread, its own loop, reconnecting by itself."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine
from pathlib import Path

from cockpit.api import wire
from cockpit.api.client import DoorClient, new_command_id
from cockpit.core.errors import DoorError
from cockpit.core.frames import Answer, Frame

QUIET_S = 1.5
"""Silence that is still normal: three beats."""
ANSWER_S = 10.0
LONGEST_PAUSE_S = 1.0
KEPT = frozenset(("halt",))
"""Verbs that are sent again, with the same id, until somebody answers. Others are never: by then the market
is another one, and a person must decide again."""


class AttachLink:
    """Frames in, commands out; safe from any thread, never blocks but in ``__init__`` and ``close``."""

    closing_stops_engine = False
    hurried = False

    def __init__(
        self,
        path: Path,
        *,
        name: str = "tui",
        wants_drive: bool = True,
        may_drive: bool = True,
        rate: float = 10.0,
        timeout: float = 5.0,
    ) -> None:
        """Connects before it returns. Raises NotRunning when no cockpit is there, DoorError if it refuses.

        ``may_drive`` False: the wheel is never asked for, whatever is typed.
        """
        self._path = path
        self._name = name
        self._wants = wants_drive and may_drive
        self._may_drive = may_drive
        self._rate = rate
        self._timeout = timeout
        self._frame: Frame | None = None
        self._answers: deque[Answer] = deque()
        self._client: DoorClient | None = None
        self._heard = time.monotonic()
        self._kept: dict[str, tuple[str, dict[str, str]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._error: BaseException | None = None
        self._started = threading.Event()
        self._stop: asyncio.Event
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=self._run, name="attach", daemon=True)
        self._thread.start()
        self._started.wait()
        self._raise_failed_start()

    def _raise_failed_start(self) -> None:
        if self._error is not None:
            self._thread.join()
            raise self._error

    # --- the screen's side ------------------------------------------------------------------------

    def on_order(self, knock: Callable[[], None]) -> None:
        """Another process trades."""

    def latest(self) -> Frame | None:
        """The newest frame, at once; None before the first."""
        return self._frame

    @property
    def driver(self) -> bool:
        """Do we drive, or only watch?"""
        client = self._client
        return client is not None and client.driver

    @property
    def driver_name(self) -> str:
        """Who drives; empty when nobody does or nobody knows."""
        client = self._client
        return "" if client is None else client.driver_name

    @property
    def lost(self) -> float:
        """Seconds since the engine last spoke; 0 while all is well."""
        client = self._client
        silent = time.monotonic() - (self._heard if client is None else client.heard)
        return silent if client is None or silent > QUIET_S else 0.0

    def send(self, verb: str, args: dict[str, str]) -> str:
        """Hand over a command and return its id; the answer comes with ``answers``."""
        command_id = new_command_id()
        if verb == "drive" and not self._may_drive:
            self._answers.append(Answer(command_id, False, "door.locked"))
            return command_id
        try:
            self._loop.call_soon_threadsafe(self._post, command_id, verb, dict(args))
        except RuntimeError:
            self._answers.append(Answer(command_id, False, "door.lost", {"verb": verb}))
        return command_id

    def answers(self) -> list[Answer]:
        """Answers that arrived since the last call."""
        taken = []
        while self._answers:
            taken.append(self._answers.popleft())
        return taken

    def close(self) -> None:
        """Detach. The engine goes on."""
        if self._thread.is_alive():
            try:
                self._loop.call_soon_threadsafe(self._stop.set)
            except RuntimeError:
                pass  # the loop has just ended by itself
            self._thread.join()

    # --- the link's own thread --------------------------------------------------------------------

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except BaseException as error:  # noqa: BLE001  raised again in the thread that waits for the start
            self._error = error
        finally:
            self._started.set()

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        client: DoorClient | None = await self._connect()
        self._started.set()
        pause = 0.1
        while not self._stop.is_set():
            if client is not None:
                pause = 0.1
                await self._use(client)
            else:
                await self._rest(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)
            if self._stop.is_set():
                return
            try:
                client = await self._connect()
            except DoorError:
                client = None

    async def _connect(self) -> DoorClient:
        client = await DoorClient.connect(
            self._path, name=self._name, wants_drive=self._wants, rate=self._rate, timeout=self._timeout
        )
        client.on_frame = self._keep_frame
        client.on_lease = self._lease_news
        return client

    async def _use(self, client: DoorClient) -> None:
        self._client = client
        for command_id, (verb, args) in list(self._kept.items()):
            self._spawn(self._ask(client, command_id, verb, args))
        ended = asyncio.ensure_future(client.closed.wait())
        stopped = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait((ended, stopped), return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        stopped.cancel()
        self._heard = client.heard
        self._client = None
        await client.close()
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            pass  # rested, not stopped

    def _keep_frame(self, frame: Frame) -> None:
        self._frame = frame

    def _lease_news(self, news: wire.LeaseNews) -> None:
        if news.reason == "door.lease.taken":
            # Ours now, or somebody took it on purpose: then we do not fight for it.
            self._wants = news.yours
        elif not news.driver and self._wants:
            self._post(new_command_id(), "drive", {})

    def _post(self, command_id: str, verb: str, args: dict[str, str]) -> None:
        if verb == "release":
            self._wants = False
        if verb in KEPT:
            self._kept[command_id] = (verb, args)
        client = self._client
        if client is not None:
            self._spawn(self._ask(client, command_id, verb, args))
        elif verb not in KEPT:
            self._answers.append(Answer(command_id, False, "door.lost", {"verb": verb}))

    async def _ask(self, client: DoorClient, command_id: str, verb: str, args: dict[str, str]) -> None:
        try:
            answer = await client.ask(verb, args, timeout=ANSWER_S, command_id=command_id)
        except DoorError:
            if verb in KEPT and not self._stop.is_set():
                if not client.closed.is_set():
                    self._spawn(self._ask(client, command_id, verb, args))
                return
            answer = Answer(command_id, False, "door.no_answer", {"verb": verb})
        self._kept.pop(command_id, None)
        self._answers.append(answer)

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
