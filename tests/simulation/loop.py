"""The cockpit itself on a clock of its own: its runtime, jobs, steward and door; a market that waits.

Time is the market's. It stands still while a job runs (a real process), while the steward or a person is
at work (the real command line, through the real door), and goes on with the next candle. Nothing else is made
up: journal, engine, twins, gates, audit are those of ``cockpit --daemon`` on the practice market.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec

from cockpit.adapters.venues.sim import SimVenue
from cockpit.app import rig, settings
from cockpit.app import runtime as running
from cockpit.app import steward as stewards
from cockpit.app.discover import discover
from cockpit.app.jobs import desk as desks
from cockpit.app.market import MarketSource
from cockpit.app.runtime import Home, Plan, Runtime, open_runtime
from cockpit.app.simulated import cash_of, latency_of, rules_of
from cockpit.app.wiring import Wiring
from cockpit.core import events as ev
from cockpit.core.frames import EventRow
from cockpit.core.intents import Outcome
from cockpit.core.matching import Exchange, World
from cockpit.core.types import Stage
from cockpit.workers.feed import Lockstep
from tests.simulation.quarter import INSTRUMENT, SYMBOL, TF, write

PEOPLE = {"bob": "admin", "cat": "approver"}


class Clock:
    """The market's now."""

    def __init__(self, now: int) -> None:
        self.now = now

    def now_ms(self) -> int:
        return self.now


class Waiting(Lockstep):
    """A market that also waits for whoever else is at work: before each new candle there is a round."""

    def __init__(
        self, world: World, deadline: Callable[[], int], clock: Clock, step: int,
        round_: Callable[[int], Coroutine[Any, Any, None]],
    ) -> None:  # fmt: skip
        super().__init__(world, deadline)
        self._clock, self._step, self._round = clock, step, round_
        self._looked = -1
        self._at_work: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    def put(self, event: ev.AnyEvent) -> None:
        super().put(event)
        self._news.set()

    def end(self) -> None:
        super().end()
        self._news.set()

    async def take(self) -> Sequence[ev.AnyEvent]:
        while True:
            if self._extra:
                return (self._extra.popleft(),)
            if self._at_work is not None:
                if not self._at_work.done():
                    self._news.clear()
                    await self._news.wait()
                    continue
                self._at_work, done = None, self._at_work
                done.result()
            ts = self._world.peek_ts()
            if ts is None or self._ended or ts // self._step == self._looked:
                break
            self._clock.now = max(self._clock.now, ts)
            self._looked = ts // self._step
            self._at_work = asyncio.ensure_future(self._round(ts))
            self._at_work.add_done_callback(lambda _done: self._news.set())
        return await super().take()


class Loop:
    """One cockpit over ``bars``. ``run`` lives through them; ``steps``, ``notes`` are what there was."""

    def __init__(
        self, folder: Path, settings_text: str, past: Sequence[ev.Bar], bars: Sequence[ev.Bar]
    ) -> None:
        discover()
        self.home = folder / "data"
        self.file = folder / "cockpit.toml"
        self.file.write_text(settings_text, "utf-8")
        self.loaded = settings.load(self.file, {}, (), self.home)
        self.past, self.bars = past, bars
        self.recorded = folder / "heard.tape"
        self.folder = folder
        self.clock = Clock(bars[0].ts)
        self.notes: list[tuple[int, str, dict[str, str]]] = []
        self.said: list[tuple[str, int, str]] = []
        """Commands of people: what, exit code, what it answered."""
        self.runtime: Runtime | None = None
        self.outcomes: list[Outcome] = []
        self._written = 0

    def run(self) -> None:
        asyncio.run(self._main())

    # --- the machine --------------------------------------------------------------------------------------

    def _source(self) -> MarketSource:
        config = self.loaded.config
        markets = {SYMBOL: INSTRUMENT}
        exchange = Exchange(markets, cash_of(config), rules_of(config))
        stream = iter([ev.Listing(self.bars[0].ts - TF, INSTRUMENT), *self.bars])
        world = World(stream, exchange, latency_of(config), 1)
        warm = list(self.past[-300:])
        return MarketSource(
            "practice quarter", "practice", world, exchange, markets, {SYMBOL: (TF,)}, (), warm
        )

    def _wire(self, _mode: str, _speed: str, _folder: Path, source: Any, engine: Any) -> Wiring:
        door = Waiting(source.world, lambda: engine.deadline, self.clock, TF, self._round)
        venue = SimVenue(source.world, lambda: engine.state.now)
        return Wiring(door, venue, self.clock, {}, exchange=source.exchange, first=lambda: self.clock.now)

    async def _main(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.record(self.bars[0].ts)
        plan = Plan(
            self.loaded.config, "practice", self.home / "practice", config_digest=self.loaded.digest,
            home=Home(self.home, self.file),
        )  # fmt: skip
        with (
            patch.object(running, "wire", self._wire),
            patch.object(running, "WallClock", lambda: self.clock),
            patch.object(desks, "LOOK_S", 1e9),  # they look when the market's clock says so, not ours
            patch.object(stewards, "LOOK_S", 1e9),
        ):
            runtime = self.runtime = await open_runtime(plan, self._source())
            tell = runtime.projector.tell
            runtime.projector.tell = lambda row: (self._heard(row), tell(row))[1]  # type: ignore[method-assign,func-returns-value]
            observe = runtime.crew.kernel.observe

            def both(event: ev.AnyEvent, outcome: Outcome) -> None:
                self._seen(event, outcome)
                if observe is not None:
                    observe(event, outcome)

            runtime.crew.kernel.observe = both
            door = rig.door(runtime)
            runtime.watched = lambda: False
            await door.serve()
            try:
                await runtime.run()
            finally:
                await door.close()
                await runtime.close()

    def _heard(self, row: EventRow) -> None:
        self.notes.append((self.clock.now, row.message, dict(row.args)))

    def _seen(self, _event: ev.AnyEvent, outcome: Outcome) -> None:
        for note in outcome.notes:
            if note.message.startswith("release."):
                self.notes.append((outcome.ts, note.message, dict(note.args)))

    # --- what happens between two candles -------------------------------------------------------------------

    async def _round(self, now: int) -> None:
        runtime = self.runtime
        assert runtime is not None
        assert runtime.desk is not None
        assert runtime.steward is not None
        if not self.said:
            await self._people()
        if now // 86_400_000 * 86_400_000 > self._written:
            self._written = now // 86_400_000 * 86_400_000
            self.record(now)
        await runtime.desk.look()
        while any(row.state in {"running", "waiting"} for row in runtime.desk.rows()):
            await asyncio.sleep(0.02)
            await runtime.desk.look()
        await runtime.steward.look()
        await self.person(runtime)

    def record(self, now: int) -> None:
        """What an exchange would have on file by now, for ``cockpit data import``."""
        known = [bar for bar in (*self.past, *self.bars) if bar.ts <= now]
        if self.recorded.exists():
            import shutil

            shutil.rmtree(self.recorded)
        write(self.recorded, known)

    async def _people(self) -> None:
        for name, role in PEOPLE.items():
            args = ["people", "add", name, "--role", role, "--to", str(self.folder / f"{name}.token")]
            await self.say(*args, "--as", "bob", who="bob" if name != "bob" else "")
        await self.say("people")

    async def person(self, runtime: Runtime) -> None:
        """Whoever is asked says yes, as people do: one for a canary, two for production."""
        for version in list(runtime.engine.state.release.versions.values()):
            for who in ("bob", "cat"):
                ask = version.ask
                if ask is None or who in ask.approvals or (ask.to is Stage.CANARY and ask.approvals):
                    continue
                await self.say("approve", version.id, "--as", who, "--reason", "looked at it", who=who)

    async def say(self, *words: str, who: str = "") -> None:
        """The real command in a process of its own, with that person's token."""
        env = dict(os.environ)
        if who:
            env["COCKPIT_TOKEN_FILE"] = str(self.folder / f"{who}.token")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cockpit", *words, "--json", "--data-dir", str(self.home), "--config",
            str(self.file), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=env,
        )  # fmt: skip
        out, err = await process.communicate()
        self.said.append((words[0], process.returncode or 0, (out + err).decode()))

    # --- afterwards ----------------------------------------------------------------------------------------

    def words(self) -> list[tuple[float, str, str, str, str]]:
        """(day, word, before, after, who) of every version's history, in time."""
        assert self.runtime is not None
        rows = []
        for version in self.runtime.engine.state.release.versions.values():
            rows += [
                (
                    (line.ts - self.bars[0].ts) / 86_400_000,
                    line.word,
                    str(line.before),
                    str(line.after),
                    line.who,
                )
                for line in version.history
            ]
        return sorted(rows, key=lambda row: row[0])

    def job(self, name: str) -> list[dict[str, Any]]:
        """Runs of a job, oldest first, as they were kept."""
        files = sorted((self.home / "jobs" / name).glob("*/job.json"))
        return [json.loads(file.read_bytes()) for file in files]

    def printed(self, name: str, number: int = 0) -> str:
        """What a run of a job said."""
        place = sorted((self.home / "jobs" / name).glob("*/"))[number]
        return (place / "out.txt").read_text() + (place / "err.txt").read_text()


def plain(value: Any) -> Any:
    """For a message."""
    return msgspec.to_builtins(value)
