"""Every combination, in an order that covers the space evenly after any number of trials."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from cockpit.core.registry import search
from cockpit.lab.search.method import Brief, Replayed, Scores, spread
from cockpit.lab.search.space import Axis, Point

FINEST = 9
"""Points of an axis that has no cells."""
MOST = 200_000


@search("grid", goals="any")
class Grid(Replayed):
    """Tries every combination in an order without a pattern: half of a grid says something already."""

    batch = 64

    def __init__(self, points: list[Point]) -> None:
        self.points = points
        self.at = 0

    @classmethod
    def begin(cls, brief: Brief) -> Grid:
        """All allowed combinations; axes that are too fine are cut down to what the budget can look at."""
        rows = [_marks(axis, brief.budget, brief.space.dim) for axis in brief.space.axes]
        points = [point for point in product(*rows) if brief.allowed(point)]
        order = spread(brief.seed, 1).permutation(len(points))
        return cls([points[i] for i in order.tolist()])

    def ask(self, count: int) -> list[Point]:
        """The next ones; none when all have been tried."""
        found = self.points[self.at : self.at + count]
        self.at += len(found)
        return found

    def tell(self, points: Sequence[Point], scores: Sequence[Scores]) -> None:
        """A grid does not learn."""


def _marks(axis: Axis, budget: int, dim: int) -> list[float]:
    fair = max(2, int(max(budget, 2) ** (1.0 / dim) + 1e-9))
    count = axis.cells or min(FINEST, fair)
    if dim > 1 and count**dim > MOST:
        count = max(2, int(MOST ** (1.0 / dim)))
    if axis.cells and count >= axis.cells:
        return [(k + 0.5) / axis.cells for k in range(axis.cells)]
    return [(k + 0.5) / count if axis.cells else k / (count - 1) for k in range(count)]
