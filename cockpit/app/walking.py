"""Walk forward over a tape: a search in each window, as ``cockpit optimize`` would run it there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from cockpit.app import ledgers, priority
from cockpit.app.proving import Bench
from cockpit.core.errors import ConfigError, PluginError
from cockpit.lab.proof import walkforward
from cockpit.lab.proof.walkforward import Choice, Step, Walk
from cockpit.lab.proof.windows import Span, Window
from cockpit.lab.search import pools
from cockpit.lab.search.goal import Goal, goal_of
from cockpit.lab.search.measure import Path, measure
from cockpit.lab.search.method import Brief, choose, made
from cockpit.lab.search.method import discover as discover_searches
from cockpit.lab.search.space import Point
from cockpit.lab.search.store import Unkept
from cockpit.lab.search.study import Search
from cockpit.lab.search.trial import Outcome, Trial

TRIALS = 50
TOP = 10
"""Best ones in training that are looked at on the validation rows."""
SHORT = (0.4, 0.1, 0.1)
"""Shares for train, validate and test where the data is too short for the usual days."""


class Course(msgspec.Struct, frozen=True):
    """How to walk, in days.

    0 = as usual: 180, 45, 30, 30, or shares of short data. Purge -1 = the longest trip, validate -1 = none.
    """

    trials: int = TRIALS
    """Configurations a window."""
    method: str = "auto"
    objective: str = "sharpe"
    limits: tuple[str, ...] = ()
    train: int = 0
    validate: int = 0
    test: int = 0
    step: int = 0
    purge: int = -1
    embargo: int = 1
    anchored: bool = False


def windows_of(bench: Bench, course: Course) -> tuple[list[Window], int]:
    """(windows of rows, rows purged). Raises ConfigError where not one fits."""
    n, day = bench.run.rows, bench.rows_a_day
    purge = bench.held_rows() if course.purge < 0 else round(course.purge * day)
    embargo = round(course.embargo * day) if day >= 1 else course.embargo
    usual = (walkforward.TRAIN, walkforward.VALIDATE, walkforward.TEST)
    if n < (sum(usual) + 2 * walkforward.STEP) * day + 2 * purge + embargo:
        usual_rows = [max(2, int(n * share)) for share in SHORT]
    else:
        usual_rows = [round(days * day) for days in usual]
    said = (course.train, course.validate, course.test)
    train, validate, test = (
        max(0, round(days * day)) if days else rows for days, rows in zip(said, usual_rows, strict=True)
    )
    step = round(course.step * day) if course.step else test
    try:
        found = walkforward.spans(n, train, validate, test, step, purge, embargo, course.anchored)
    except ValueError as error:
        raise ConfigError(f"walk forward: {error}") from error
    if not found:
        raise ConfigError(
            f"walk forward: {n} rows hold no window of {train} + {validate} + {test} with {purge} purged; "
            "a longer tape, or shorter windows"
        )
    return found, purge


class Walker:
    """The searches of all windows; a configuration is run once, over everything, and cut into windows."""

    def __init__(self, bench: Bench, course: Course) -> None:
        discover_searches()
        self.bench, self.course = bench, course
        self.goal: Goal = goal_of(course.objective, course.limits)
        self.space = bench.space
        if not self.space.axes:
            raise ConfigError(
                f"walk forward: {bench.sleeve.strategy} has nothing to search; --param NAME=LOW..HIGH"
            )
        self.runs: dict[bytes, Path | None] = {}
        self._counted: set[bytes] = set()
        self._write = ledgers.Counting(
            bench.data_dir, f"{bench.terms.study} walk".strip(), bench.task(bench.terms.sleeve),
            bench.stage.period, "walkforward",
        )  # fmt: skip

    def count(self, batch: Sequence[Trial]) -> None:
        """Each configuration once: another window of the same run is no other trial."""
        fresh = [trial for trial in batch if _params_key(trial.params) not in self._counted]
        self._write(fresh)
        self._counted.update(_params_key(trial.params) for trial in fresh)

    def run(self, params: dict[str, Any]) -> Path | None:
        """The whole run of a configuration; None when its rules forbid it or it breaks."""
        key = _params_key(params)
        if key not in self.runs:
            self.runs[key] = self._fresh(params)
        return self.runs[key]

    def _fresh(self, params: dict[str, Any]) -> Path | None:
        try:
            return self.bench.stage.path(params)
        except (PluginError, ArithmeticError):
            return None

    def _evaluate(self, orders: Sequence[tuple[int, int, Point]], train: Span) -> list[Trial]:
        """A batch: what was never run is run side by side where that pays (machine code leaves the lock)."""
        wanted = {_params_key(p): p for p in (self.space.params(point) for _, _, point in orders)}
        new = {key: params for key, params in wanted.items() if key not in self.runs}
        if self.bench.stage.ready is not None and len(new) > 1:
            with pools.threads(priority.cores()) as pool:
                self.runs.update(zip(new, pool.map(self._fresh, new.values()), strict=True))
        return [self._tried(order, train) for order in orders]

    def search(self, train: Span, validate: Span | None) -> Choice | None:
        """What a search takes that sees the training rows, judged on the validation rows."""
        names, budget = len(self.goal.names), self.course.trials
        method = self.course.method
        if method == "auto":
            method = choose(self.space, names, budget)
        build = self.bench.stage.build
        brief = Brief(
            self.space, self.bench.terms.seed, budget, names, lambda point: build(point) is not None
        )
        loop = Search(
            self.space, made(method, brief), Unkept(),
            lambda orders: self._evaluate(orders, train), names,
            lambda point: _key(build(point)), self.count,
        )  # fmt: skip
        loop.run(budget)
        best = sorted(
            (t for t in loop.trials if t.counts and t.twin < 0), key=lambda t: -(t.scores[0] or 0.0)
        )
        found = [(self._score(trial, validate), trial) for trial in best[:TOP]]
        if not found:
            return None
        top = max(found, key=lambda pair: pair[0]) if validate else found[0]
        score = top[0] if validate and top[0] > float("-inf") else None
        return Choice(top[1].params, top[1].scores[0], score, len(loop.trials))

    def _tried(self, order: tuple[int, int, Point], train: Span) -> Trial:
        number, batch, point = order
        params = self.space.params(point)
        run = self.run(params)
        none = (None,) * len(self.goal.names)
        if run is None:
            return Trial(number, batch, point, params, Outcome.FAILED, none)
        measured = measure(run, self.bench.lam, *train)
        outcome, scores, why = self.goal.judge(measured)
        kept = self.bench.returns_of(run).astype("<f4").tobytes()
        return Trial(number, batch, point, params, outcome, scores, measured, None, kept, why)

    def _score(self, trial: Trial, validate: Span | None) -> float:
        run = self.run(trial.params) if validate else None
        if run is None or validate is None:
            return float("-inf")
        score = self.goal.objective.target(measure(run, self.bench.lam, *validate), self.goal.params)[0]
        return float("-inf") if score is None else float(score)

    def evaluate(self, params: dict[str, Any], rows: Span) -> Any:
        """Net returns of these rows."""
        run = self.run(params)
        assert run is not None  # it was chosen
        return self.bench.returns_of(run)[rows[0] : rows[1]]


def walked(bench: Bench, course: Course, told: Callable[[int, int, Step], None] | None = None) -> Walk:
    """The whole walk; ``told`` hears (number, how many, step). Raises ConfigError."""
    windows, purge = windows_of(bench, course)
    walker = Walker(bench, course)
    total = len(windows)

    def heard(number: int, step: Step) -> None:
        if told is not None:
            told(number, total, step)

    return walkforward.walk(
        windows, walker.search, walker.evaluate, bench.ppy, purge, course.embargo, bench.terms.seed, heard
    )


def _params_key(params: dict[str, Any]) -> bytes:
    return msgspec.json.encode(params, order="deterministic")


def _key(params: Any) -> Any:
    return None if params is None else msgspec.json.encode(params)


def dates(bench: Bench, spans: Sequence[Span]) -> list[tuple[int, int]]:
    """UTC ms of spans of rows."""
    first = bench.run.start - bench.run.start % bench.stage.period
    return [(first + a * bench.stage.period, first + b * bench.stage.period) for a, b in spans]
