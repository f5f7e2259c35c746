"""An asyncio event loop whose clock is a number: simulated hours pass in seconds, and every run is the same.

Nothing sleeps and nothing waits for the outside. When no callback is ready, the clock jumps to the next
timer. FIFO order of ready callbacks is asyncio's own promise; ``shuffle`` breaks it on purpose (failures
found that way are leads, not proofs). Whatever would need a thread, a socket, real time or real randomness
is an ``Escape``: the run would not be reproducible, so it ends there.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import threading
import time
import uuid
from asyncio import base_events
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from contextvars import Context
from functools import partial
from heapq import heapify, heappop, heappush
from types import coroutine
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")

STEPS_PER_INSTANT = 200_000
"""More callbacks than this without the clock moving is a busy loop, not work."""

MANY, LONGEST = 100, 24 * 3600
"""asyncio's own: timers above which dead ones are swept out, and the longest sleep (seconds)."""


class Escape(BaseException):
    """Something reached for the real world. A BaseException, so that no worker can swallow it."""


class Deadlock(Exception):
    """Nothing is ready, nothing is scheduled, and the main coroutine is not done."""


class Livelock(Exception):
    """Callbacks keep running although virtual time stands still."""


class _Never:
    """The selector of a loop without I/O: waiting means moving the clock."""

    def __init__(self, loop: VLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        loop = self._loop
        if timeout is None:
            raise Deadlock(f"nothing left to do at {loop.time():.6f} s")
        if timeout > 0:
            loop.advance(timeout)
        else:
            loop.breathe()
        return []


class Soon:
    """``asyncio.Handle`` without debugging. Without a context it runs in the loop's own."""

    __slots__ = ("_args", "_callback", "_cancelled", "_context", "_loop")

    def __init__(
        self, loop: VLoop, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None
    ) -> None:
        self._loop = loop
        self._callback: Callable[..., object] | None = callback
        self._args = args
        self._context = context
        self._cancelled = False

    def cancel(self) -> None:
        self._cancelled = True
        self._callback = None
        self._args = ()

    def cancelled(self) -> bool:
        return self._cancelled


class Timer(float):
    """``asyncio.TimerHandle`` that is the number by which it is sorted. ``VLoop.call_at`` fills it in."""

    __slots__ = ("_args", "_callback", "_cancelled", "_context", "_loop", "_scheduled")
    _args: tuple[Any, ...]
    _callback: Callable[..., object] | None
    _cancelled: bool
    _context: Context | None
    _loop: VLoop
    _scheduled: bool

    def when(self) -> float:
        """Virtual seconds."""
        return float(self)

    def cancelled(self) -> bool:
        return self._cancelled

    def cancel(self) -> None:
        if not self._cancelled:
            self._cancelled = True
            if self._scheduled:
                self._loop._timer_cancelled_count += 1
            self._callback = None
            self._args = ()


class VLoop(base_events.BaseEventLoop):
    """The virtual-time loop. ``time()`` starts at 0 and moves only when nothing is ready."""

    def __init__(self, seed: int = 0, *, shuffle: bool = False) -> None:
        super().__init__()
        self._now = 0.0
        self._turns = 0
        self.steps = 0
        """Turns of the loop so far."""
        self._selector = _Never(self)
        self._clock_resolution = 1e-9
        self.create_future = partial(asyncio.Future, loop=self)  # type: ignore[method-assign]
        self._shuffle = random.Random(f"{seed}/loop") if shuffle else None
        self.escapes: list[str] = []
        self.set_exception_handler(self._unhandled)
        self.unhandled: list[str] = []
        """What asyncio would have logged: an exception nobody retrieved, a task destroyed while pending."""

    get_debug = staticmethod(bool)  # never; each future and task asks

    def time(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        """Jump to the next timer. Rounding to nanoseconds keeps sums of sleeps from drifting apart."""
        self._now = round(self._now + seconds, 9)
        self._turns = 0

    def breathe(self) -> None:
        """Count turns taken without the clock moving."""
        self._turns += 1
        if self._turns > STEPS_PER_INSTANT:
            raise Livelock(f"{STEPS_PER_INSTANT} turns at {self._now:.6f} s")

    def _run_once(self) -> None:
        """asyncio's own turns without selector and debugging, until somebody stops the loop: timers in the
        same order, to the last tie."""
        ready, resolution = self._ready, self._clock_resolution  # type: ignore[has-type]
        while True:
            self.steps += 1
            if self._shuffle is not None and len(ready) > 1:
                self._mix(ready)
            timers = self._scheduled
            if len(timers) > MANY and self._timer_cancelled_count * 2 > len(timers):
                self._scheduled = timers = self._sweep_timers()
            else:
                while timers and timers[0]._cancelled:
                    self._timer_cancelled_count -= 1
                    heappop(timers)._scheduled = False
            if ready or self._stopping:  # type: ignore[attr-defined]
                self.breathe()
            elif timers:
                wait = timers[0] - self._now
                if wait > 0:
                    self.advance(min(wait, LONGEST))
                else:
                    self.breathe()
            else:
                self._selector.select(None)
            end = self._now + resolution
            while timers and timers[0] < end:
                timer = heappop(timers)
                timer._scheduled = False
                ready.append(timer)
            for _ in range(len(ready)):
                handle = ready.popleft()
                if handle._cancelled:
                    continue
                try:
                    if handle._context is None:
                        handle._callback(*handle._args)
                    else:
                        handle._context.run(handle._callback, *handle._args)
                except (SystemExit, KeyboardInterrupt):
                    raise
                except BaseException as error:  # noqa: BLE001 - as asyncio does
                    said = {"message": f"Exception in callback {handle._callback}", "exception": error}
                    self.call_exception_handler(said)
            if self._stopping:  # type: ignore[attr-defined]
                return

    def _mix(self, ready: deque[Any]) -> None:
        """Break the promise of first in, first out."""
        assert self._shuffle is not None
        mixed = list(ready)
        self._shuffle.shuffle(mixed)
        ready.clear()
        ready.extend(mixed)

    def _sweep_timers(self) -> list[Timer]:
        """Dead timers are most of them: take them all out."""
        living = [timer for timer in self._scheduled if not timer._cancelled]
        for timer in self._scheduled:
            timer._scheduled = not timer._cancelled
        heapify(living)
        self._timer_cancelled_count = 0
        return living

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Soon:
        """As asyncio's."""
        if self._closed:
            self._check_closed()
        handle = Soon(self, callback, args, context)
        self._ready.append(handle)
        return handle

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Timer:
        """As asyncio's, with a handle that compares as a number."""
        if self._closed:
            self._check_closed()
        timer = Timer(when)
        timer._loop = self
        timer._callback = callback
        timer._args = args
        timer._context = context
        timer._cancelled = False
        timer._scheduled = True
        heappush(self._scheduled, timer)
        return timer

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Timer:
        """As asyncio's: ``call_at``, once more without the call."""
        if self._closed:
            self._check_closed()
        timer = Timer(self._now + delay)
        timer._loop = self
        timer._callback = callback
        timer._args = args
        timer._context = context
        timer._cancelled = False
        timer._scheduled = True
        heappush(self._scheduled, timer)
        return timer

    def _process_events(self, events: list[Any]) -> None:
        assert not events

    def _write_to_self(self) -> None:
        """No other thread can be waiting for this loop."""

    def _unhandled(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.unhandled.append(f"{context.get('message')}: {context.get('exception')!r}")

    def _escape(self, what: str) -> NoReturn:
        self.escapes.append(what)
        raise Escape(what)

    def run_in_executor(self, *_: Any, **__: Any) -> NoReturn:
        self._escape("run_in_executor")

    def call_soon_threadsafe(self, *_: Any, **__: Any) -> NoReturn:
        self._escape("call_soon_threadsafe")

    def add_signal_handler(self, *_: Any, **__: Any) -> NoReturn:
        self._escape("add_signal_handler")

    def add_reader(self, *_: Any) -> NoReturn:
        self._escape("add_reader")

    def add_writer(self, *_: Any) -> NoReturn:
        self._escape("add_writer")

    async def getaddrinfo(self, *_: Any, **__: Any) -> NoReturn:
        self._escape("getaddrinfo")

    async def create_connection(self, *_: Any, **__: Any) -> NoReturn:
        self._escape("create_connection")

    async def create_server(self, *_: Any, **__: Any) -> NoReturn:
        self._escape("create_server")

    async def create_unix_server(self, *_: Any, **__: Any) -> NoReturn:
        self._escape("create_unix_server")

    async def subprocess_exec(self, *_: Any, **__: Any) -> NoReturn:
        self._escape("subprocess_exec")

    async def subprocess_shell(self, *_: Any, **__: Any) -> NoReturn:
        self._escape("subprocess_shell")

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run ``main`` to its end, cancel what it left behind, and close."""
        with sealed(self):
            try:
                return self.run_until_complete(main)
            finally:
                try:
                    self._sweep()
                finally:
                    self.close()

    def _sweep(self) -> None:
        self._turns = 0
        left = sorted(asyncio.all_tasks(self), key=lambda task: task.get_name())
        for task in left:
            task.cancel()
        if left:
            self.run_until_complete(asyncio.wait(left))
        self.run_until_complete(self.shutdown_asyncgens())


SEALED: tuple[tuple[Any, str], ...] = (
    (time, "time"),
    (time, "time_ns"),
    (time, "monotonic"),
    (time, "monotonic_ns"),
    (time, "sleep"),
    (threading.Thread, "start"),
    (socket, "socket"),
    (os, "urandom"),
    (uuid, "uuid1"),
    (uuid, "uuid4"),
    (random, "random"),
    (random, "randint"),
    (random, "choice"),
    (random, "uniform"),
)
"""Doors to the real world that stay shut during a run. ``perf_counter`` may measure; it must not decide."""
LOOKUPS = ((asyncio, "get_running_loop"), (asyncio.events, "get_running_loop"))
"""asyncio asks the system for its process number at each of these (a fork is no worry here)."""


def lean(loop: VLoop) -> dict[tuple[Any, str], Callable[..., Any]]:
    """asyncio's own look-ups and sleep, word for word but for what real time and forks need."""

    def running() -> VLoop | None:
        return loop if loop._thread_id is not None else None  # type: ignore[attr-defined]

    def the_loop() -> VLoop:
        if loop._thread_id is None:  # type: ignore[attr-defined]
            raise RuntimeError("no running event loop")
        return loop

    def wake(future: asyncio.Future[Any], result: Any) -> None:
        if not future.done():
            future.set_result(result)

    async def sleep(delay: float, result: Any = None) -> Any:
        if delay <= 0:
            await turn()
            return result
        future = loop.create_future()
        timer = loop.call_later(delay, wake, future, result)
        try:
            return await future
        finally:
            if timer._scheduled:
                timer.cancel()

    found: dict[tuple[Any, str], Callable[..., Any]] = dict.fromkeys(LOOKUPS, the_loop)
    found[asyncio.events, "_get_running_loop"] = running
    found[asyncio, "sleep"] = found[asyncio.tasks, "sleep"] = sleep
    return found


@coroutine
def turn() -> Generator[None, None, None]:
    """One turn of the loop."""
    yield


@contextmanager
def sealed(loop: VLoop) -> Iterator[None]:
    """Shut the doors of ``SEALED``; each use is recorded in ``loop.escapes`` and raises Escape."""

    def door(name: str) -> Callable[..., NoReturn]:
        def shut(*_: Any, **__: Any) -> NoReturn:
            loop._escape(name)

        return shut

    doors = {(o, name): door(f"{getattr(o, '__name__', o)}.{name}") for o, name in SEALED} | lean(loop)
    before = [(owner, name, getattr(owner, name)) for owner, name in doors]
    for (owner, name), made in doors.items():
        setattr(owner, name, made)
    try:
        yield
    finally:
        for owner, name, original in before:
            setattr(owner, name, original)
