"""What a study says of its space: which parameters matter, where good trials lie, how two act together.

Scores are those of the first goal, of trials that count; a twin is no second witness.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

import msgspec

from cockpit.lab.search.space import Axis, Space
from cockpit.lab.search.trial import Trial

BINS = 10
TOP = 0.1
"""Share of the trials that are good ones."""


class Cell(msgspec.Struct, frozen=True):
    """Trials that fell into one stretch of an axis, or one field of two."""

    count: int
    mean: float | None
    best: float | None


class Strip(msgspec.Struct, frozen=True):
    """One axis, cut into stretches."""

    name: str
    unit: str
    labels: tuple[str, ...]
    """The first value of each stretch."""
    cells: tuple[Cell, ...]
    influence: float | None
    """Share of the scores' variance that the stretches explain (eta squared); None with too few trials."""
    good: tuple[object, object] | None
    """Lowest and highest value among the best tenth; words and switches: the two ends of their list."""


class Heat(msgspec.Struct, frozen=True):
    """Two axes: ``cells[row of y][column of x]``."""

    x: str
    y: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    cells: tuple[tuple[Cell, ...], ...]


def witnesses(trials: Sequence[Trial]) -> list[Trial]:
    """Trials with a score of their own."""
    return [trial for trial in trials if trial.counts and trial.twin < 0]


def strips(trials: Sequence[Trial], space: Space, bins: int = BINS) -> tuple[Strip, ...]:
    """Every axis of a study, the one that matters most first."""
    rows = witnesses(trials)
    found = [_strip(rows, at, axis, bins) for at, axis in enumerate(space.axes)]
    return tuple(sorted(found, key=lambda strip: -(strip.influence or 0.0)))


def heat(trials: Sequence[Trial], space: Space, x: str, y: str, bins: int = BINS) -> Heat:
    """Two axes against each other. Raises KeyError for an axis that there is not."""
    places = {axis.name: at for at, axis in enumerate(space.axes)}
    across, down = places[x], places[y]
    wide, tall = (_bins(space.axes[at], bins) for at in (across, down))
    fields: list[list[list[float]]] = [[[] for _ in range(wide)] for _ in range(tall)]
    for trial in witnesses(trials):
        row, column = _bin(trial.point[down], tall), _bin(trial.point[across], wide)
        fields[row][column].append(trial.scores[0] or 0.0)
    cells = tuple(tuple(_cell(scores) for scores in row) for row in fields)
    return Heat(x, y, _labels(space.axes[across], wide), _labels(space.axes[down], tall), cells)


def _strip(rows: Sequence[Trial], at: int, axis: Axis, bins: int) -> Strip:
    count = _bins(axis, bins)
    parts: list[list[float]] = [[] for _ in range(count)]
    for trial in rows:
        parts[_bin(trial.point[at], count)].append(trial.scores[0] or 0.0)
    top = sorted(rows, key=lambda trial: -(trial.scores[0] or 0.0))[: max(1, round(len(rows) * TOP))]
    places = sorted(trial.point[at] for trial in top)
    good = (axis.value(places[0]), axis.value(places[-1])) if rows else None
    cells = tuple(_cell(part) for part in parts)
    return Strip(axis.name, axis.unit, _labels(axis, count), cells, _influence(parts), good)


def _influence(parts: Sequence[Sequence[float]]) -> float | None:
    every = [score for part in parts for score in part]
    if len(every) < 3 * len(parts):
        return None
    mean = fsum(every) / len(every)
    total = fsum((score - mean) ** 2 for score in every)
    between = fsum(len(part) * (fsum(part) / len(part) - mean) ** 2 for part in parts if part)
    return between / total if total > 0 else 0.0


def _cell(scores: Sequence[float]) -> Cell:
    if not scores:
        return Cell(0, None, None)
    return Cell(len(scores), fsum(scores) / len(scores), max(scores))


def _bins(axis: Axis, bins: int) -> int:
    return min(axis.cells, bins) if axis.cells else bins


def _bin(u: float, count: int) -> int:
    return min(int(u * count), count - 1)


def _labels(axis: Axis, count: int) -> tuple[str, ...]:
    values = [axis.value(k / count + 1e-9) for k in range(count)]
    return tuple(f"{value:.3g}" if isinstance(value, float) else str(value) for value in values)
