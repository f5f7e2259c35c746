"""Which way facts come and orders go: the only place that tells tape, practice market and exchanges apart."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from cockpit.adapters.venues.sim import SimVenue, VenueMemory
from cockpit.app.market import MarketSource, RunSource
from cockpit.core.engine import Engine
from cockpit.core.errors import InvariantError
from cockpit.core.matching import Exchange
from cockpit.core.ports import Clock, Venue
from cockpit.workers.crew import Door
from cockpit.workers.feed import Lockstep, Paced
from cockpit.workers.inbox import Inbox

if TYPE_CHECKING:
    from cockpit.app.exchanges import Live as OtherLive
    from cockpit.app.okx import Live as OkxLive

MS = 1_000_000
BEHIND = 98
"""Percent of its usual speed at which time goes on while the machine's clock shows less."""
SPEEDS = {"1": 1.0, "10": 10.0, "max": 0.0}
Job = Callable[[], Awaitable[None]]


class WallClock:
    """UTC now, as far as it can be believed: it never goes back, and is never behind what the engine knows.

    The engine's time only grows, and what it waits for is due by it. So a machine whose clock is set back, or
    is behind the venue's, or was set back since the journal's last fact, would hold up every retry, time-out
    and question until its clock has caught up. Here time goes on meanwhile, a little slower, until it has.
    A clock that jumps ahead is followed at once: the machine may have been asleep.
    """

    def __init__(
        self,
        known: Callable[[], int] = lambda: 0,
        *,
        wall_ns: Callable[[], int] = time.time_ns,
        steady_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """``known``: the latest instant that the engine has heard of (UTC ms)."""
        self._known, self._wall, self._steady = known, wall_ns, steady_ns
        self._then, self._said = steady_ns(), wall_ns()

    def now_ms(self) -> int:
        steady = self._steady()
        spent, self._then = steady - self._then, steady
        self._said = max(self._wall(), self._known() * MS, self._said + spent * BEHIND // 100)
        return self._said // MS


class TapeClock:
    """A tape's own now: nothing that is stamped during a replay knows the wall clock."""

    def __init__(self, engine: Engine) -> None:
        self._state = engine.state

    def now_ms(self) -> int:
        return self._state.now


class Wiring(msgspec.Struct):
    """One run's way in, way out, clock and the tasks that keep them alive."""

    door: Door
    venue: Venue
    clock: Clock
    jobs: dict[str, Job]
    lockstep: Lockstep | None = None
    """Set for a tape: time stands still until our answers have been delivered."""
    memory: VenueMemory | None = None
    """What the simulated venue remembers on disk; closed with the run."""
    exchange: Exchange | None = None
    """The simulated venue itself, where there is one."""
    first: Callable[[], int] = lambda: 0
    """Earliest instant of the source; 0 = now."""
    links: bool | None = None
    """What is said of market and account at the start: True = there is no line that could fail, False = there
    are lines, and they are not up yet; None = nothing, a tape tells of the lines that it was recorded on."""
    close: Callable[[], Awaitable[None]] | None = None


def wire(mode: str, speed: str, folder: Path, source: RunSource, engine: Engine) -> Wiring:
    """Connect a source to an engine. Call on the machine's loop."""
    if isinstance(source, MarketSource):
        return _tape(speed, source, engine) if mode == "replay" else _practice(folder, source, engine)
    return _live(source, engine)


def _tape(speed: str, source: MarketSource, engine: Engine) -> Wiring:
    world = source.world
    lockstep = Lockstep(world, lambda: engine.deadline, SPEEDS[speed])
    venue = SimVenue(world, lambda: engine.state.now)
    return Wiring(
        lockstep,
        venue,
        TapeClock(engine),
        {},
        lockstep=lockstep,
        exchange=source.exchange,
        first=lambda: world.peek_ts() or 0,
    )


def _practice(folder: Path, source: MarketSource, engine: Engine) -> Wiring:
    world, inbox, clock = source.world, Inbox(), WallClock(lambda: engine.state.now)
    memory = VenueMemory(folder / "venue.db", source.exchange, world)
    if not memory.recall():
        memory.remember()
    paced = Paced(world, inbox, clock, lambda: engine.deadline, memory.remember)
    venue = SimVenue(world, lambda: max(world.now, clock.now_ms()))
    return Wiring(
        inbox,
        venue,
        clock,
        {"feed": paced.run},
        memory=memory,
        exchange=source.exchange,
        first=lambda: world.peek_ts() or 0,
        links=True,
    )


def _live(source: object, engine: Engine) -> Wiring:
    """A market on the wall clock. What reaches another exchange is imported only where one is used."""
    from cockpit.app.books import mend
    from cockpit.app.okx import OkxSession, ring

    inbox, clock = Inbox(), WallClock(lambda: engine.state.now)
    live: OkxLive | OtherLive
    if isinstance(source, OkxSession):
        live = source.connect(inbox.put, clock.now_ms, engine.state.orders.values())
    else:
        from cockpit.app.exchanges import ExchangeSession

        if not isinstance(source, ExchangeSession):
            raise InvariantError(f"no wiring for {source!r}")
        live = source.connect(inbox.put, clock.now_ms)

    async def timers() -> None:
        await ring(lambda: engine.deadline, inbox.put, clock.now_ms)

    async def books() -> None:
        await mend(engine.markets, live.feed.mend, inbox.put, clock.now_ms)

    return Wiring(
        inbox,
        live.venue,
        clock,
        {**live.jobs, "timers": timers, "books": books},
        exchange=live.exchange,
        first=clock.now_ms,
        links=False,
        close=source.close,
    )


async def closed(wiring: Wiring) -> None:
    """Let go of everything outside."""
    if wiring.memory is not None:
        wiring.memory.close()
    if wiring.close is not None:
        await asyncio.shield(wiring.close())
