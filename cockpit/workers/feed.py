"""Where facts come from. Two ways for time to pass:

- ``Lockstep``: a tape is pulled one fact at a time and waits until our answers have been delivered, so a
  run at any speed gives the same decisions, bit for bit.
- ``Paced``: a market that does not wait (practice, and later a live feed) is pushed into the inbox as its
  moments come.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from cockpit.core import events as ev
from cockpit.core.ports import Clock
from cockpit.workers.inbox import Inbox

TICK_S = 0.004
"""How often a paced market is looked at."""
BURST = 100
"""Most events put in before other tasks get a turn: some 2 ms of work where the market has run ahead."""


class Merged(Protocol):
    """The simulated world: tape, our requests in flight and the venue's reports, in time order."""

    now: int

    def next(self, deadline: int = 0) -> ev.AnyEvent | None: ...

    def peek_ts(self) -> int | None: ...


class Lockstep:
    """A tape that waits for us. ``speed`` 0 = as fast as possible, else tape seconds per second."""

    lockstep = True

    def __init__(self, world: Merged, deadline: Callable[[], int], speed: float = 0.0) -> None:
        self._world = world
        self._deadline = deadline
        self._extra: deque[ev.AnyEvent] = deque()
        self._ended = False
        self._origin: tuple[float, int] | None = None
        self.speed = speed
        self.received = 0
        self.conflated = 0

    @property
    def queued(self) -> int:
        return len(self._extra)

    def put(self, event: ev.AnyEvent) -> None:
        """A command or local refusal joins the stream at the tape's own now."""
        self._extra.append(msgspec.structs.replace(event, ts=max(event.ts, self._world.now)))

    def set_speed(self, speed: float) -> None:
        """Change the pace from here on."""
        self.speed = speed
        self._origin = None

    async def take(self) -> Sequence[ev.AnyEvent]:
        """One fact; empty when the tape is over."""
        if self._extra:
            return (self._extra.popleft(),)
        if self._ended:
            return ()
        if self.speed:
            await self._pace()
            if self._extra:
                return (self._extra.popleft(),)
        event = self._world.next(self._deadline())
        if event is None:
            return ()
        self.received += 1
        return (event,)

    def end(self) -> None:
        """Stop before the tape's end."""
        self._ended = True

    async def _pace(self) -> None:
        ts = self._world.peek_ts()
        if ts is None:
            return
        loop = asyncio.get_running_loop()
        while not (self._ended or self._extra) and self.speed:
            start, first = self._anchor(loop.time(), ts)
            wait = start + (ts - first) / 1_000 / self.speed - loop.time()
            if wait <= 0:
                return
            await asyncio.sleep(min(wait, 0.05))

    def _anchor(self, now: float, ts: int) -> tuple[float, int]:
        """The pair of instants (loop seconds, tape ms) from which the pace is counted."""
        if self._origin is None:
            self._origin = (now, ts)
        return self._origin

    async def close(self) -> None:
        self.end()


class Paced:
    """Pushes a world that runs on wall time into the inbox."""

    def __init__(
        self,
        world: Merged,
        inbox: Inbox,
        clock: Clock,
        deadline: Callable[[], int],
        remember: Callable[[], None],
    ) -> None:
        self._world = world
        self._inbox = inbox
        self._clock = clock
        self._deadline = deadline
        self._remember = remember
        self._rung = 0

    async def run(self) -> None:
        """Until the world ends (a practice market never does)."""
        held: ev.AnyEvent | None = None
        while True:
            now = self._clock.now_ms()
            count = 0
            while count < BURST:
                if held is None:
                    ts = self._world.peek_ts()
                    if ts is None:
                        self._inbox.end()
                        return
                    if ts > now:
                        break
                    held = self._world.next()
                    # The venue remembers what it did before anybody hears of it.
                    self._remember()
                if held is None:
                    break
                if held.ts > now:
                    break
                self._inbox.put(held)
                held = None
                count += 1
            self._ring(now)
            await asyncio.sleep(0 if count == BURST else TICK_S)

    def _ring(self, now: int) -> None:
        due = self._deadline()
        if due and due <= now and due != self._rung:
            self._rung = due
            self._inbox.put(ev.Timer(now))
