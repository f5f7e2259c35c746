"""The jobs of one running cockpit: their turns by the clock, their events, one process at a time."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from cockpit.app.jobs.allowed import change, check, readers
from cockpit.app.jobs.process import perform
from cockpit.app.jobs.records import Record, Records
from cockpit.app.jobs.watching import Watching
from cockpit.core.config import JobConfig
from cockpit.core.desk_frames import JobRow
from cockpit.core.errors import CockpitError, StoreError
from cockpit.core.ports import Clock
from cockpit.core.triggers import Facts
from cockpit.workers.scheduler import next_after

LOOK_S = 1.0
MINUTE = 60_000
SAVE_LOOKS = 10
"""Curves are written every so many looks: what is lost at a crash is minutes of one day."""
Say = Callable[[str, str, Mapping[str, str]], None]


class Turn(NamedTuple):
    """A run that waits for its place."""

    job: JobConfig
    cause: str


class Desk:
    """Runs as a worker. It decides nothing about trading: it starts processes and remembers them."""

    def __init__(
        self,
        jobs: Sequence[JobConfig],
        data_dir: Path,
        clock: Clock,
        *,
        watching: Watching | None = None,
        config: Path | None = None,
        say: Say = lambda _level, _message, _args: None,
    ) -> None:
        """``say`` is told what a person should read: level, message id, words. Raises ConfigError."""
        for job in jobs:
            check(job)
        self.records = Records(data_dir)
        self.idle = ""
        """Why no job runs here; empty = they do."""
        self._data_dir = data_dir
        self._config = config
        self._clock = clock
        self._say = say
        self._watching = watching
        self._jobs = {job.name: job for job in jobs}
        self._readers = {job.name: readers(job) for job in jobs}
        self._due: dict[str, int] = {}
        self._lines: dict[str, str] = {}
        self._holding: set[tuple[str, str, str]] = set()
        self._last_event: dict[str, int] = {}
        self._waiting: deque[Turn] = deque()
        self._running: tuple[str, asyncio.Task[Record]] | None = None
        self._last: dict[str, Record] = {}
        self._seen: dict[str, int] = {}
        """When each job's folder had changed as it was last read."""
        self._looked = -1
        self._looks = 0

    async def run(self) -> None:
        """Until cancelled; a process that runs is then ended, and its record says so."""
        with contextlib.ExitStack() as held:
            if not self._alone(held):
                self.idle = "another cockpit runs them"
            self._begin()
            try:
                while True:
                    if not self.idle:
                        await self.look()
                    await asyncio.sleep(LOOK_S)
            finally:
                if self._watching is not None:
                    self._watching.keep()
                if self._running is not None:
                    self._running[1].cancel()
                    await asyncio.gather(self._running[1], return_exceptions=True)

    def _alone(self, held: contextlib.ExitStack) -> bool:
        """Two cockpits of one data directory must not run the same job twice."""
        from cockpit.app.settings import private

        private(self.records.folder)
        file = held.enter_context(
            os.fdopen(os.open(self.records.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600), "wb")
        )
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _begin(self) -> None:
        for name in self._jobs:
            last = next(self.records.of(name), None)
            if last is not None:
                if last.outcome == "running" and not self.idle:
                    last = msgspec.structs.replace(last, outcome="interrupted")
                    self.records.keep(last)
                self._last[name] = last
            self._last_event[name] = next(
                (r.began for r in self.records.of(name) if r.cause.startswith("event")), 0
            )

    async def look(self) -> None:
        """One round: what has ended, what is due, what has happened, who is next."""
        now = self._clock.now_ms()
        try:
            self._ended()
            self._by_others()
            self._by_clock(now)
            if self._watching is not None and now // MINUTE != self._looked:
                self._looked = now // MINUTE
                self._by_event(self._watching.look(now), now)
                self._looks += 1
                if self._looks % SAVE_LOOKS == 0:
                    self._watching.keep()
            self.idle = ""
        except StoreError as error:  # a full disk stops jobs, never trading
            if self.idle != str(error):
                self._say("alarm", "job.stopped", {"reason": str(error)})
            self.idle = str(error)
        self._next()

    def held(self, name: str) -> JobConfig:
        """A job as it holds now, edits in. Raises KeyError, StoreError."""
        return self.records.edited(self._jobs[name])

    def _by_others(self) -> None:
        """Runs that ``cockpit jobs run`` began in a process of its own are shown too."""
        for name in self._jobs:
            last, mine = self._last.get(name), self._running is not None and self._running[0] == name
            under_way = last is not None and last.outcome == "running"
            if not mine and (self._changed(name) or under_way):
                self._last.update((name, newest) for newest in islice(self.records.of(name), 1))

    def _changed(self, name: str) -> bool:
        """Is there another run in its folder than when this was last asked?"""
        with contextlib.suppress(OSError):
            before, self._seen[name] = (
                self._seen.get(name), (self.records.folder / name).stat().st_mtime_ns,
            )  # fmt: skip
            return before != self._seen[name]
        return False

    def _by_clock(self, now: int) -> None:
        marks: dict[str, int] | None = None
        for name in self._jobs:
            job = self.held(name)
            if not job.cron:
                self._due.pop(name, None)
                continue
            if self._lines.get(name) != job.cron:  # the first sight of it, or it was edited
                marks = self.records.marks() if marks is None else marks
                first = name not in self._lines
                self._lines[name] = job.cron
                since = marks.get(name, now) if first and job.catch_up else now
                if name not in marks:
                    self.records.mark(name, now)
                self._due[name] = next_after(job.cron, min(since, now))
            due = self._due[name]
            if now < due:
                if due - now > next_after(job.cron, now) - now:
                    self._due[name] = next_after(job.cron, now)  # the clock was set back
                continue
            self._due[name] = next_after(job.cron, now)
            self.records.mark(name, now)
            late = now - due > 2 * MINUTE
            if job.enabled and (job.catch_up or not late):
                self.start(name, "catch-up" if late else "cron")

    def _by_event(self, facts: Facts, now: int) -> None:
        holding = {
            (name, trigger, fired.about): fired.words
            for name, rows in self._readers.items()
            for trigger, read in rows
            for fired in read(facts)
        }
        for key, words in holding.items():
            name, trigger, _ = key
            job = self.held(name)
            rested = now - self._last_event.get(name, 0) >= job.rest_min * MINUTE
            if key not in self._holding and job.enabled and rested:
                self._last_event[name] = now
                self.start(name, f"event: {trigger}: {words}")
        self._holding = set(holding)

    def start(self, name: str, cause: str) -> bool:
        """Put a run into the queue. False when that job already runs or waits: it is not doubled."""
        busy = {turn.job.name for turn in self._waiting}
        if self._running is not None:
            busy.add(self._running[0])
        if name in busy:
            self._say("warn", "job.busy", {"job": name, "cause": cause})
            return False
        self._waiting.append(Turn(self.held(name), cause))
        return True

    def _next(self) -> None:
        if self._running is None and self._waiting and not self.idle:
            turn = self._waiting.popleft()
            self._say("info", "job.began", {"job": turn.job.name, "cause": turn.cause})
            run = perform(self.records, turn.job, turn.cause, self._data_dir, self._config)
            self._running = (turn.job.name, asyncio.ensure_future(run))

    def _ended(self) -> None:
        if self._running is None or not self._running[1].done():
            return
        name, task = self._running
        self._running = None
        record = task.result()
        self._last[name] = record
        self._changed(name)
        code = "" if record.code is None else str(record.code)
        level, word = ("good", "job.done") if record.outcome == "done" else ("alarm", "job.failed")
        self._say(level, word, {"job": name, "outcome": record.outcome, "code": code})

    def command(self, args: Mapping[str, str], actor: str) -> tuple[str, dict[str, str]]:
        """A person's word on a job: ``to`` = run, on, off, cron (``line``) or reset. Returns the message id
        of the answer ("" = taken) and its words.
        """
        name, to = args.get("job", ""), args.get("to", "")
        if name not in self._jobs:
            return "job.unknown", {"job": name}
        try:
            if to == "run":
                if self.idle:
                    return "job.idle", {"reason": self.idle}
                return (
                    ("", {})
                    if self.start(name, f"hand: {actor}")
                    else ("job.busy", {"job": name, "cause": actor})
                )
            change(self.records, name, to, args.get("line", ""))
        except CockpitError as error:
            return "job.refused", {"job": name, "reason": str(error)}
        return "", {}

    def rows(self) -> tuple[JobRow, ...]:
        """What the screen shows of each job."""
        found = []
        waiting = {turn.job.name for turn in self._waiting}
        for name in self._jobs:
            try:
                job = self.held(name)
            except StoreError:
                job = msgspec.structs.replace(self._jobs[name], enabled=False)
            last = self._last.get(name)
            state = "off" if not job.enabled else "idle" if self.idle else "ready"
            if self._running is not None and self._running[0] == name:
                state = "running"
            elif name in waiting:
                state = "waiting"
            triggers = ",".join(trigger for trigger, _ in self._readers[name])
            due = self._due.get(name, 0) if job.enabled and not self.idle else 0
            found.append(
                JobRow(
                    name,
                    " ".join(job.run),
                    job.cron,
                    triggers,
                    state,
                    due,
                    0 if last is None else last.began,
                    "" if last is None else last.outcome,
                    "" if last is None else last.cause,
                )
            )
        return tuple(found)
