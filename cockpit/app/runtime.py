"""One run of the machine: journal, engine, world, workers, door, put together and taken apart in order."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

import cockpit
from cockpit.adapters.store.journal_raw import money
from cockpit.adapters.store.sqlite import SqliteStore
from cockpit.app import awake, compose, memory_use, priority, receipts, recovery, releasing, trades
from cockpit.app.capital import Allocator
from cockpit.app.consent import Consent
from cockpit.app.jobs.desk import Desk
from cockpit.app.jobs.watching import Observe, Watching
from cockpit.app.journal_watch import JournalWatch
from cockpit.app.logbook import Logbook
from cockpit.app.market import MarketSource, RunSource
from cockpit.app.scanning import Scanning
from cockpit.app.steward import Steward
from cockpit.app.summary import summary
from cockpit.app.wiring import SPEEDS, WallClock, Wiring, closed, wire
from cockpit.core import events as ev
from cockpit.core import memory
from cockpit.core.config import Config
from cockpit.core.engine import Engine
from cockpit.core.frames import PAPER, EventRow, Frame, Health
from cockpit.core.planning import Plan as Planned
from cockpit.core.project import Projector
from cockpit.workers.crew import Crew

FRAME_S = 0.1


class Home(msgspec.Struct, frozen=True):
    """What the cockpit's own commands are told when this run starts them."""

    data_dir: Path
    config: Path | None = None
    """The settings file that was named; None = they find it as this run did."""


class Plan(msgspec.Struct, frozen=True):
    """What to run and where."""

    config: Config
    mode: str
    """practice | replay | paper | demo | live"""
    folder: Path
    """Holds the journal, the venue's memory, the socket."""
    speed: str = "1"
    config_digest: str = ""
    snapshot_every: int = 50_000
    beside: tuple[Plan, Callable[[], Awaitable[RunSource]]] | None = None
    """The paper sleeves of a demo or live run, and how their market is opened."""
    consent: Consent | None = None
    """Who said yes to real money, and how."""
    home: Home | None = None
    """None = this run starts no jobs."""


class Runtime:
    """Everything alive in one run. Create with :func:`open_runtime`, then ``run``, then ``close``."""

    def __init__(
        self, plan: Plan, source: RunSource, store: SqliteStore, engine: Engine, fold: recovery.Fold
    ) -> None:
        self.plan = plan
        self.source = source
        self.store = store
        self.engine = engine
        self.fold = fold
        self.wall = WallClock()
        self.started = time.monotonic()
        replay = plan.mode == "replay"
        self.wiring = wire(plan.mode, plan.speed, plan.folder, source, engine)
        self.clock = self.wiring.clock
        self.projector = Projector(
            engine, mode=plan.mode.upper(), venue=source.venue, limits=plan.config.risk
        )
        self.projector.speed = plan.speed if replay else ""
        # A replay can be run again at will; only a run on the clock leaves a log.
        self.log = None if replay else Logbook(plan.folder, plan.config.run.log_level)
        observe = self.projector.observe if self.log is None else self.log.watched(self.projector.observe)
        jobs = {"frames": self._publish, **self.wiring.jobs}
        self.scanning = None if replay else scanning_of(plan, source, self.wiring)
        if self.scanning is not None:
            observe = self.scanning.watched(observe)
            jobs["scan"] = self.scanning.run
        self.memory = memory_use.Watch(plan.config.run.max_memory_usage, self.tell)
        self.journal = JournalWatch(store, self.tell)
        self.desk: Desk | None = None
        self.steward: Steward | None = None
        self.allocator: Allocator | None = None
        if not replay:
            observe = self._surround(observe, jobs)
        self.heartbeat = plan.folder / "heartbeat" if plan.mode in {"demo", "live"} else None
        self.crew = Crew(
            engine,
            store,
            self.wiring.venue,
            self.wiring.door,
            self.clock,
            observe=observe,
            freeze=lambda: memory.freeze(engine),
            halt_file=None if replay else plan.folder / "halt",
            heartbeat=self.heartbeat,
            others=jobs,
            reads=not replay,
            snapshot_every=plan.snapshot_every,
            folded=fold.events,
        )
        self.latest: Frame | None = None
        self.plans: dict[str, Planned] = {}
        """Plans that were shown here and may still be applied, by id."""
        self.beside: Runtime | None = None
        """The paper sleeves' machine, where this run has some beside its account."""
        self.watched: Callable[[], bool] = lambda: True
        self._rate = (time.monotonic(), 0, 0.0)
        self._resident_mb = memory_use.resident_mb()

    def _surround(self, observe: Observe, jobs: dict[str, Callable[[], Awaitable[None]]]) -> Observe:
        """What works beside the trading: jobs, capital, the past, receipts. Raises ConfigError."""
        plan = self.plan
        watching, observe = self._watching(observe)
        self.desk = self._jobs(watching)
        if self.desk is not None:
            jobs["jobs"] = self.desk.run
        if plan.config.release.automatic and plan.home is not None:
            self.steward = Steward(self, plan.home.data_dir)
            jobs["steward"] = self.steward.run
        self.allocator = self._capital(watching)
        jobs["capital"] = self.allocator.run
        jobs["memory"] = self.memory.run
        if plan.config.run.keep_awake:
            jobs["awake"] = lambda: awake.kept(self.tell)
        jobs["journal"] = self.journal.run
        trades.recall(self.projector.past, plan.folder)
        jobs["past"] = lambda: trades.keeping(self.projector.past, plan.folder)
        return receipts.kept(self.engine.state, plan.folder, observe)

    def _watching(self, observe: Observe) -> tuple[Watching | None, Observe]:
        """What jobs and the allocator are shown of the market, where one of them asks for it."""
        config = self.plan.config
        asked = config.capital.method or any(job.on for job in config.jobs)
        if not asked:
            return None, observe
        watching = Watching(self.engine.state, self.plan.folder / "curves.bin", self.source.warm)
        return watching, watching.watched(observe)

    def _jobs(self, watching: Watching | None) -> Desk | None:
        """The desk of the jobs that the settings name. Raises ConfigError."""
        jobs, home = self.plan.config.jobs, self.plan.home
        if home is None or not jobs:
            return None
        return Desk(jobs, home.data_dir, self.wall, watching=watching, config=home.config, say=self.tell)

    def _capital(self, watching: Watching | None) -> Allocator:
        """The allocator: its word reaches the engine as a command. Raises ConfigError."""
        return Allocator(
            self.engine.state,
            self.plan.config.capital,
            lambda verb, args, actor: self.crew.command(verb, args, actor),
            self.wall,
            watching=watching,
            kept=self.plan.folder / "capital.bin",
        )

    def tell(self, level: str, message: str, args: Mapping[str, str]) -> None:
        """News of the machine's surroundings, for the event list and the log: nothing of it is decided on."""
        row = EventRow(self.wall.now_ms(), level, message, dict(args))
        self.projector.tell(row)
        if self.log is not None:
            self.log.line(row)

    async def run(self) -> None:
        """Boot, then work until the source ends or ``stop``."""
        state = self.engine.state
        for bar in self.source.warm:
            self.projector.observe(bar, recovery.NOTHING)
        first = self.wiring.first()
        self.crew.boot(
            state.boot + 1,
            self.plan.mode,
            cockpit.__version__,
            self.plan.config_digest,
            max(first, state.now),
        )
        if self.plan.mode != "replay":
            for instrument in compose.relisted(state, self.source.instruments, self.fold.fresh):
                self.crew.source.put(ev.Listing(max(first, state.now), instrument))
            releasing.opening(self)
        if self.plan.consent is not None:
            agreed = self.plan.consent
            self.crew.command("live", {"account": agreed.uid, "how": agreed.how}, "person")
        if (links := self.wiring.links) is not None:
            for channel in ("market", "private"):
                reason = "" if links else "connecting"
                self.crew.source.put(ev.Link(self.wall.now_ms(), channel, links, reason))
        try:
            await self.crew.run()
        finally:
            self.projector.ended = True
            self.latest = self.draw()

    def stop(self) -> None:
        """End the run after what is already in hand. Orders at the venue stay as they are."""
        self.crew.source.end()

    async def close(self) -> None:
        """Snapshot and close the journal, let the venue remember."""
        with contextlib.suppress(Exception):
            await self.crew.kernel.snapshot()
        if self.heartbeat is not None:
            self.heartbeat.unlink(missing_ok=True)
        if self.plan.mode != "replay":
            trades.keep(self.projector.past, self.plan.folder)
        await self.store.close()
        await closed(self.wiring)
        if self.log is not None:
            self.log.close()

    def set_speed(self, speed: str) -> bool:
        """Change the pace of a tape; False when this run has no pace."""
        if self.wiring.lockstep is None or speed not in SPEEDS:
            return False
        self.wiring.lockstep.set_speed(SPEEDS[speed])
        self.projector.speed = speed
        return True

    async def _publish(self) -> None:
        while True:
            if self.watched():
                await self.crew.unhurried()
                self.latest = self.draw()
            await asyncio.sleep(FRAME_S)

    def draw(self) -> Frame:
        """The newest picture. Call on the engine's thread."""
        now = self.clock.now_ms()
        frame = self.projector.frame(max(now, self.engine.state.now), self.wall.now_ms(), self.health())
        if self.journal.failure:
            colour, reason = self.journal.light(frame.light, frame.light_why)
            frame = msgspec.structs.replace(frame, light=colour, light_why=reason)
        if self.desk is not None:
            frame = msgspec.structs.replace(frame, jobs=self.desk.rows())
        if self.allocator is not None:
            frame = msgspec.structs.replace(frame, capital=self.allocator.frame())
        if self.beside is None:
            return frame
        other = self.beside.draw()
        paper = (
            msgspec.structs.replace(s, sleeve=f"{PAPER}{s.sleeve}", stage="paper") for s in other.sleeves
        )
        makers = (msgspec.structs.replace(m, sleeve=f"{PAPER}{m.sleeve}") for m in other.makers)
        return msgspec.structs.replace(
            frame, sleeves=(*frame.sleeves, *paper), makers=(*frame.makers, *makers)
        )

    def health(self) -> Health:
        kernel, source = self.crew.kernel, self.crew.source
        then, count, _ = self._rate
        elapsed = time.monotonic() - then
        received = int(getattr(source, "received", 0))
        if elapsed >= 1.0:
            # Once a second: each call of the system lets another thread have the interpreter.
            self._resident_mb = memory_use.resident_mb()
            self._rate = (time.monotonic(), received, (received - count) / elapsed)
        stats = self.store.stats
        return Health(
            loop_ms=self.crew.watchdog.lag_ms,
            step_us=kernel.step_ns / 1_000,
            rate=self._rate[2],
            queue=int(getattr(source, "queued", 0)),
            conflated=int(getattr(source, "conflated", 0)),
            journal_rows=stats.rows,
            journal_ms=stats.last_ms,
            rss_mb=self._resident_mb,
            machine=self.memory.percent,
            uptime_ms=int((time.monotonic() - self.started) * 1_000),
        )

    def summary(self) -> dict[str, Any]:
        """What the run did, in numbers; exact money as strings."""
        kernel = self.crew.kernel
        seconds = time.monotonic() - self.started
        venue = self.wiring.exchange
        found = summary(
            self.engine,
            self.source,
            self.plan.mode,
            kernel.events,
            kernel.outcomes,
            seconds,
            None if venue is None else len(venue.fills),
        )
        if self.beside is not None:
            found["paper"] = self.beside.summary()
        return found


def scanning_of(plan: Plan, source: RunSource, wiring: Wiring) -> Scanning | None:
    """The scan for hot markets, if the settings want one. Raises ConfigError."""
    if not plan.config.hotlist.schedule:
        return None
    practice = plan.mode == "practice"
    return Scanning(
        plan.config.hotlist,
        source.instruments.values(),
        wiring.door.put,
        wiring.clock,
        warm=source.warm,
        past=source.past if isinstance(source, MarketSource) else None,
        kept=None if practice else plan.folder / "hotlist.bin",
    )


async def open_runtime(plan: Plan, source: RunSource) -> Runtime:
    """Open the journal (refused when another cockpit holds it), recover or begin, and build the crew.

    Where that fails, what ``source`` has opened outside is let go.
    """
    try:
        return await _opened(plan, source)
    except BaseException:
        close = getattr(source, "close", None)
        if close is not None:
            await close()
        raise


async def _opened(plan: Plan, source: RunSource) -> Runtime:
    plan.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # A replay can be run again; its journal need not survive a power cut.
    synchronous = "OFF" if plan.mode == "replay" else "FULL"
    store = await SqliteStore.open(plan.folder / "cockpit.db", mode=plan.mode, synchronous=synchronous)
    try:
        if plan.mode != "replay":
            await priority.go_first(store)
        engine, fold = await recovery.recover(store, plan.config, plan.mode, source)
        runtime = Runtime(plan, source, store, engine, fold)
        if plan.mode != "replay":
            # The day's result and the fall from the best count across a restart, as the samples have them.
            now = max(runtime.wall.now_ms(), engine.state.now)
            runtime.projector.recall(now, **await store.ask(money, now))
        return runtime
    except BaseException:
        await store.close()
        raise
