"""The loop of a search: ask for a batch, run it, keep it, tell it.

A batch has a size of its own that no number of workers changes, and results are told in the order of
asking. A batch is kept while the next one runs, and nobody is told of it before it is durable. What has
been tried with the same parameters is not run again: its result stands, and it is no second trial in
anybody's count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from cockpit.lab.search.halving import told
from cockpit.lab.search.keeper import Keeper, Record
from cockpit.lab.search.method import Method
from cockpit.lab.search.shared import Exchange
from cockpit.lab.search.space import Point, Space
from cockpit.lab.search.store import Store
from cockpit.lab.search.trial import Outcome, Trial

Evaluate = Callable[[Sequence[tuple[int, int, Point]]], list[Trial]]
"""Trials from (number, batch, point), in the same order."""
Watch = Callable[["Search"], None]
MOST_BATCH = 4_096


class Search:
    """A study under way."""

    def __init__(
        self, space: Space, method: Method, store: Store, evaluate: Evaluate, goals: int,
        key: Callable[[Point], Any], record: Record, exchange: Exchange | None = None,
    ) -> None:  # fmt: skip
        self.space = space
        self.method = method
        self.store = store
        self.evaluate = evaluate
        self.goals = goals
        self.key = key
        """What makes two points one try; None = the strategy forbids it."""
        self.record = record
        self.exchange = exchange
        """Where other machines tell what they have tried."""
        self.trials: list[Trial] = []
        self.keeper: Keeper | None = None
        self.batches = 0
        self.idle = 0
        """Batches in a row without anything new: a small space is used up."""
        self._known: dict[Any, Trial] = {}

    def resume(self) -> int:
        """Take up what is kept, and bring the method to where it was; how many trials that was."""
        batch: list[Trial] = []
        for trial in self.store.trials():
            if batch and trial.batch != batch[0].batch:
                self._took(batch)
                batch = []
            batch.append(trial)
        if batch:
            self._took(batch)
        if self.exchange is not None:
            self.exchange.give(list(self.store.trials()))
        return len(self.trials)

    @property
    def kept(self) -> int:
        """How many trials are durable: only these are told to anybody."""
        return len(self.trials) if self.keeper is None else self.keeper.kept

    def run(self, total: int, watch: Watch | None = None, stop: Callable[[], bool] = bool) -> str:
        """Until ``total`` trials, nothing left to try, or ``stop`` says so; which of the three."""
        for _ in self.steps(total):
            if watch is not None:
                watch(self)
            if stop():
                return "stopped"
        return "done" if len(self.trials) >= total else "exhausted"

    def steps(self, total: int) -> Iterator[list[Trial]]:
        """One batch at a time; all of them are durable at the end."""
        keeper = self.keeper = Keeper(self.store, self.record, len(self.trials), self.exchange)
        try:
            while len(self.trials) < total and self.idle < 20:
                self._hear()
                points = self.method.ask(min(self.method.batch, total - len(self.trials), MOST_BATCH))
                if not points:
                    break
                batch = self._tried(points)
                keeper.put(batch)
                self._learnt(batch)
                yield batch
        finally:
            keeper.close()

    def _hear(self) -> None:
        """What others have tried counts here too, and is not tried again; methods that can, learn from it."""
        rows = self.exchange.take() if self.exchange is not None else []
        if not rows:
            return
        self.record(rows)
        for trial in rows:
            self._known.setdefault(self.key(trial.point), msgspec.structs.replace(trial, returns=b""))
        hear = getattr(self.method, "hear", None)
        if hear is not None:
            hear([trial.point for trial in rows], told(rows, self.goals))

    def _tried(self, points: Sequence[Point]) -> list[Trial]:
        """Run what is new; twins take what is known."""
        number, batch = len(self.trials), self.batches
        fresh: dict[Any, int] = {}
        orders: list[tuple[int, int, Point]] = []
        for at, point in enumerate(points):
            key = self.key(point)
            if key is not None and key not in self._known and key not in fresh:
                fresh[key] = len(orders)
                orders.append((number + at, batch, point))
        done = self.evaluate(orders) if orders else []
        found = []
        for at, point in enumerate(points):
            key = self.key(point)
            if key is None:
                found.append(self._barred(number + at, point))
            elif key in self._known:
                found.append(_twin(self._known[key], number + at, batch, point))
            else:
                first = done[fresh[key]]
                mine = first.number == number + at
                found.append(first if mine else _twin(first, number + at, batch, point))
        return found

    def _barred(self, number: int, point: Point) -> Trial:
        params = self.space.params(point)
        none = (None,) * self.goals
        return Trial(number, self.batches, point, params, Outcome.BARRED, none, why="its own rules forbid it")

    def _took(self, batch: list[Trial]) -> None:
        self.method.skip([trial.point for trial in batch])
        self._learnt(batch)

    def _learnt(self, batch: list[Trial]) -> None:
        self.method.tell([trial.point for trial in batch], told(batch, self.goals))
        new = 0
        for trial in batch:
            key = self.key(trial.point)
            if key is not None and key not in self._known:
                self._known[key] = trial
                new += 1
        self.idle = 0 if new else self.idle + 1
        # What is kept of returns stays on disk: a thousand trials of four years are six megabytes.
        self.trials += [msgspec.structs.replace(trial, returns=b"") for trial in batch]
        self.batches += 1


def _twin(first: Trial, number: int, batch: int, point: Point) -> Trial:
    twin = first.number if first.twin < 0 else first.twin
    return msgspec.structs.replace(first, number=number, batch=batch, point=point, returns=b"", twin=twin)


def best(trials: Sequence[Trial]) -> Trial | None:
    """The first best trial by its first goal."""
    able = [trial for trial in trials if trial.counts]
    return max(able, key=lambda trial: (trial.scores[0] or 0.0, -trial.number)) if able else None


def front(trials: Sequence[Trial]) -> list[Trial]:
    """Trials that no other beats in every goal, by the first goal, twins left out."""
    from cockpit.lab.proof.fronts import pareto_front

    able = [trial for trial in trials if trial.counts and trial.twin < 0]
    points = [[-(score or 0.0) for score in trial.scores] for trial in able]
    return sorted((able[i] for i in pareto_front(points)), key=lambda trial: -(trial.scores[0] or 0.0))
