"""Latin hypercube (``scipy.stats.qmc``): each axis cut into a slice a point, each used once."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.core.registry import search
from cockpit.lab.search.method import Brief, Replayed, Scores, spread
from cockpit.lab.search.space import Point

LARGEST = 4_096
"""Points of one design."""


@search("lhs", goals="any", needs="scipy")
class Lhs(Replayed):
    """Looks everywhere evenly and learns nothing: the fair picture of a space, and the start of others."""

    batch = 64

    def __init__(self, brief: Brief) -> None:
        self.brief = brief
        self.designs = 0
        self.waiting: list[Point] = []

    @classmethod
    def begin(cls, brief: Brief) -> Lhs:
        """A fresh one."""
        return cls(brief)

    def ask(self, count: int) -> list[Point]:
        """The next points that the strategy's rules allow; a new design when one is used up."""
        found: list[Point] = []
        dry = 0
        while len(found) < count and dry < 8:
            if not self.waiting:
                self.waiting = self._design()
                dry = 0 if self.waiting else dry + 1
            missing = count - len(found)
            found += self.waiting[:missing]
            self.waiting = self.waiting[missing:]
        return found

    def tell(self, points: Sequence[Point], scores: Sequence[Scores]) -> None:
        """It does not learn."""

    def _design(self) -> list[Point]:
        from scipy.stats import qmc

        self.designs += 1
        source = spread(self.brief.seed, 2, self.designs)
        count = min(LARGEST, max(2, self.brief.budget))
        rows = qmc.LatinHypercube(self.brief.space.dim, rng=source).random(count).tolist()
        return [point for row in rows if self.brief.allowed(point := tuple(row))]
