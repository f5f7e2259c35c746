"""Every study that was run here, and how far those are that run now.

    DATA/studies/NAME/study.json   what is searched, how far it is, what was best: for screens and scripts
    DATA/studies/NAME/study.db     every trial (``lab.search.store``)
    DATA/studies/NAME/task.json    the task, to take it up again or replay it
    DATA/studies/NAME/lock         held (flock) by the process that runs it

``study.json`` is a ``Status``, written whole and moved into place, at most four times a second: whoever
reads it sees one moment. ``state`` is ``running``, ``done`` (all trials), ``exhausted`` (nothing left to
try), ``stopped`` (interrupted; ``cockpit optimize --study NAME --resume`` goes on) or ``failed`` (``why``).
A study that says ``running`` while nobody holds its lock was killed: ``read`` gives it as ``stopped``.
``curve`` is (trials done, best score so far), thinned to at most 200 points; ``eta_s`` is from the rate of
the last trials.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from cockpit.app.searching import Task
from cockpit.core.errors import ConfigError
from cockpit.core.unreadable import UNREADABLE
from cockpit.lab.search.measure import Measured
from cockpit.lab.search.store import SqliteStore
from cockpit.lab.search.study import Search, best, front
from cockpit.lab.search.trial import Trial

STATUS, TASK, TRIALS, LOCK = "study.json", "task.json", "study.db", "lock"
EVERY_S = 0.25
POINTS = 200
FRONT = 50
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


class Winner(msgspec.Struct, frozen=True):
    """One trial as a list shows it."""

    number: int
    scores: tuple[float | None, ...]
    params: dict[str, Any]
    train: Measured | None
    validate: Measured | None


class Plan(msgspec.Struct, frozen=True):
    """A study's task and how it is searched: all that ``--resume`` needs."""

    task: Task
    method: str
    seed: int
    budget: int
    """Trials that were planned at first: methods are laid out for them."""
    goals: tuple[str, ...]
    code_hash: str
    impact: float = 1.0


class Status(msgspec.Struct, frozen=True):
    """How far a study is."""

    name: str
    state: str
    strategy: str
    symbols: tuple[str, ...]
    timeframe: str
    tape: str
    method: str
    objective: str
    goals: tuple[str, ...]
    limits: tuple[str, ...]
    axes: tuple[str, ...]
    created: int
    """UTC ms."""
    updated: int
    trials: int
    total: int
    outcomes: dict[str, int] = {}
    rate: float = 0.0
    """Trials a second, lately."""
    eta_s: float | None = None
    elapsed_s: float = 0.0
    """Of this sitting."""
    workers: int = 1
    where: str = "threads"
    executor: str = ""
    """compiled | interpreted, and why."""
    best: Winner | None = None
    front: tuple[Winner, ...] = ()
    """Several goals: trials that no other beats."""
    curve: tuple[tuple[int, float], ...] = ()
    why: str = ""


def folder(data_dir: Path, name: str) -> Path:
    """Where a study is kept."""
    return data_dir / "studies" / name


def read(data_dir: Path, name: str) -> Status:
    """A study as it stands. Raises ConfigError when there is none of that name."""
    place = folder(data_dir, name)
    try:
        found = msgspec.json.decode((place / STATUS).read_bytes(), type=Status)
    except (OSError, *UNREADABLE):
        known = ", ".join(status.name for status in listed(data_dir)) or "none"
        raise ConfigError(f"no study {name!r}; there are: {known}") from None
    if found.state == "running" and not alive(place):
        return msgspec.structs.replace(found, state="stopped", rate=0.0, eta_s=None)
    return found


def listed(data_dir: Path) -> Iterator[Status]:
    """All studies, the latest change first; a folder that is none is passed over."""
    found = []
    for file in (data_dir / "studies").glob(f"*/{STATUS}"):
        try:
            status = msgspec.json.decode(file.read_bytes(), type=Status)
        except (OSError, *UNREADABLE):
            continue
        if status.state == "running" and not alive(file.parent):
            status = msgspec.structs.replace(status, state="stopped", rate=0.0, eta_s=None)
        found.append(status)
    yield from sorted(found, key=lambda status: -status.updated)


def plan(data_dir: Path, name: str) -> Plan:
    """How a study was begun. Raises ConfigError."""
    try:
        return msgspec.json.decode((folder(data_dir, name) / TASK).read_bytes(), type=Plan)
    except (OSError, *UNREADABLE) as error:
        raise ConfigError(f"the study {name!r} cannot be taken up again: {error}") from error


def trials(data_dir: Path, name: str) -> list[Trial]:
    """Every trial of a study that is durable, also while it runs. Raises StoreError, ConfigError."""
    file = folder(data_dir, name) / TRIALS
    if not file.exists():
        raise ConfigError(f"the study {name!r} keeps its trials elsewhere, or has none")
    store = SqliteStore(file, write=False)
    try:
        return list(store.trials())
    finally:
        store.close()


def alive(place: Path) -> bool:
    """Does a process run the study there?"""
    try:
        with (place / LOCK).open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def write(file: Path, body: Any) -> None:
    """Whole, or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = file.with_suffix(".half")
    half.write_bytes(msgspec.json.format(msgspec.json.encode(body), indent=2) + b"\n")
    half.replace(file)


class Progress:
    """Watches a search and writes its status file; ``told`` is called with each status that was written."""

    def __init__(self, place: Path, status: Status, told: Callable[[Status], None] | None = None) -> None:
        self.place = place
        self.status = status
        self.told = told
        self.began = self.last = time.monotonic()
        self.marks: list[tuple[float, int]] = [(self.began, status.trials)]
        self.curve: list[tuple[int, float]] = []
        self.counts: dict[str, int] = {}
        self.seen = 0
        self.best: Trial | None = None

    def __call__(self, search: Search) -> None:
        """After each batch."""
        self._take(search.trials[: search.kept])
        now = time.monotonic()
        self.marks = [*self.marks[-40:], (now, self.seen)]
        if now - self.last >= EVERY_S:
            self.last = now
            self.write("running", search)

    def write(self, state: str, search: Search, why: str = "") -> Status:
        """Now, whatever the time."""
        self._take(search.trials[: search.kept])
        (t0, n0), (t1, n1) = self.marks[0], self.marks[-1]
        rate = (n1 - n0) / (t1 - t0) if t1 > t0 else 0.0
        left = self.status.total - self.seen
        several = len(self.status.goals) > 1
        self.status = msgspec.structs.replace(
            self.status,
            state=state,
            updated=time.time_ns() // 1_000_000,
            trials=self.seen,
            outcomes=dict(sorted(self.counts.items())),
            rate=round(rate, 3),
            eta_s=round(left / rate, 1) if rate and state == "running" else None,
            elapsed_s=round(time.monotonic() - self.began, 3),
            best=None if self.best is None else winner(self.best),
            front=tuple(winner(trial) for trial in front(search.trials[: search.kept])[:FRONT])
            if several
            else (),
            curve=thinned(self.curve),
            why=why,
        )
        write(self.place / STATUS, self.status)
        if self.told is not None:
            self.told(self.status)
        return self.status

    def _take(self, trials: Sequence[Trial]) -> None:
        for trial in trials[self.seen :]:
            self.counts[str(trial.outcome)] = self.counts.get(str(trial.outcome), 0) + 1
            if trial.counts:
                top = best([trial] if self.best is None else [self.best, trial])
                if top is not self.best and top is not None:
                    self.best = top
                    self.curve.append((trial.number + 1, float(top.scores[0] or 0.0)))
        self.seen = len(trials)


def winner(trial: Trial) -> Winner:
    """What a list shows of a trial."""
    return Winner(trial.number, trial.scores, trial.params, trial.train, trial.validate)


def thinned(curve: Sequence[tuple[int, float]]) -> tuple[tuple[int, float], ...]:
    """At most ``POINTS`` points, the last one always."""
    step = -(-len(curve) // POINTS) or 1
    kept = list(curve[::step])
    if curve and kept[-1] != curve[-1]:
        kept.append(curve[-1])
    return tuple(kept)
