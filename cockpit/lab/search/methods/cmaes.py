"""CMA-ES (the ``cmaes`` library, Hansen's strategy): a cloud of points that learns the shape of a rough hill.

The cloud begins in the middle of the space with a spread of a quarter of it; when it has shrunk to nothing
it begins anew elsewhere with twice the points (IPOP), until the budget is used up.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import Any

from cockpit.core.registry import search
from cockpit.lab.search.method import Brief, Replayed, Scores, spread
from cockpit.lab.search.space import Point

TRIES = 60
"""Draws until a point that the strategy's rules allow."""
SPREAD = 0.25


@search("cmaes", goals="one", needs="cmaes numpy")
class Cmaes(Replayed):
    """Climbs a rough or wide space by rank alone: bad trials only have to be worse, not measured."""

    def __init__(self, brief: Brief) -> None:
        self.brief = brief
        self.starts = 0
        usual = 4 + int(3 * log(max(brief.space.dim, 2)))
        self.batch = max(usual, min(48, brief.budget // 25))
        self.cloud: Any = None

    @classmethod
    def begin(cls, brief: Brief) -> Cmaes:
        """A fresh one."""
        return cls(brief)

    def ask(self, count: int) -> list[Point]:
        """One generation, or its beginning when the budget ends there."""
        if self.cloud is None or self.cloud.should_stop():
            self._start()
        return [self._draw() for _ in range(min(count, self.batch))]

    def tell(self, points: Sequence[Point], scores: Sequence[Scores]) -> None:
        """The generation by rank; a last, incomplete one teaches nothing."""
        if len(points) != self.cloud.population_size:
            return
        import numpy as np

        self.cloud.tell([(np.array(p), -s[0]) for p, s in zip(points, scores, strict=True)])

    def _start(self) -> None:
        import numpy as np
        from cmaes import CMA

        dim = self.brief.space.dim
        source = spread(self.brief.seed, 3, self.starts)
        mean = np.full(dim, 0.5) if not self.starts else source.uniform(0.1, 0.9, dim)
        if self.starts:
            self.batch = min(2 * self.batch, max(self.batch, self.brief.budget // 4))
        self.cloud = CMA(
            mean=mean, sigma=SPREAD, bounds=np.tile([0.0, 1.0], (dim, 1)), seed=int(source.integers(1 << 31)),
            population_size=self.batch,
        )  # fmt: skip
        self.starts += 1

    def _draw(self) -> Point:
        point: Point = ()
        for _ in range(TRIES):
            point = tuple(float(u) for u in self.cloud.ask())
            if self.brief.allowed(point):
                break
        return point
