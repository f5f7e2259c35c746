"""Searches over functions that anybody can see through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cockpit.lab.search.keeper import Record
from cockpit.lab.search.method import Brief, discover, made
from cockpit.lab.search.space import Axis, Point, Space
from cockpit.lab.search.store import Store
from cockpit.lab.search.study import Search
from cockpit.lab.search.trial import Outcome, Trial

discover()
PEAK = (0.3, 0.7, 0.55, 0.2, 0.8, 0.45)
Judge = Callable[[Point], tuple[float, ...]]


def plane(dim: int, cells: int = 0) -> Space:
    """``dim`` axes from 0 to 1, endless or of so many cells."""
    step = 1.0 / (cells - 1) if cells else 0.0
    return Space(tuple(Axis(f"x{i}", 0.0, 1.0, step) for i in range(dim)))


def hill(point: Point) -> tuple[float, ...]:
    """One peak, where ``PEAK`` says."""
    return (1.0 - sum((u - p) ** 2 for u, p in zip(point, PEAK, strict=False)),)


class Shelf:
    """A store in memory, which can refuse."""

    def __init__(self) -> None:
        self.kept: list[Trial] = []
        self.begun: dict[str, Any] | None = None
        self.batches = 0

    def head(self) -> dict[str, Any] | None:
        return self.begun

    def begin(self, head: dict[str, Any]) -> None:
        self.begun = head

    def append(self, trials: Sequence[Trial]) -> None:
        self.kept += trials
        self.batches += 1

    def trials(self) -> Any:
        return iter(list(self.kept))

    def close(self) -> None:
        pass


def searching(
    name: str, space: Space, store: Store, budget: int, *, judge: Judge = hill, goals: int = 1, seed: int = 7,
    allowed: Callable[[Sequence[float]], bool] = lambda _point: True, record: Record = lambda _batch: None,
    spread: Any = None,
) -> Search:  # fmt: skip
    """A study of a hill."""

    def one(order: tuple[int, int, Point]) -> Trial:
        number, batch, point = order
        values = space.params(point)
        scores = judge(tuple(values.values()))
        return Trial(number, batch, point, values, Outcome.DONE, scores, returns=b"abcd")

    def evaluate(orders: Sequence[tuple[int, int, Point]]) -> list[Trial]:
        return spread(one, orders) if spread is not None else [one(order) for order in orders]

    def key(point: Point) -> Any:
        return tuple(space.params(point).values()) if allowed(point) else None

    method = made(name, Brief(space, seed, budget, goals, allowed))
    return Search(space, method, store, evaluate, goals, key, record)
