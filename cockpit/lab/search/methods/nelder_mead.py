"""Latin hypercube, then Nelder-Mead (``scipy.optimize``) uphill from its three best points, side by side.

scipy calls the function that it minimises; each climb therefore runs in a thread of its own that waits for
its answer. All climbs that are still under way are asked together, so the order of trials never depends on
a clock.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from queue import SimpleQueue
from typing import Any

from cockpit.core.registry import search
from cockpit.lab.search.method import Brief, Replayed, Scores
from cockpit.lab.search.methods.lhs import Lhs
from cockpit.lab.search.space import Point

CLIMBS = 3
SHARE = 0.5
"""Of the budget that looks around first."""
SIZE = 0.1
"""Edge of the first simplex, of the whole range."""


class Climb:
    """One climb: ``wish`` is the point that it waits for, None when it has arrived."""

    def __init__(self, start: Point, most: int) -> None:
        self.start = start
        self.most = most
        self.wish: Point | None = None
        self._asked: SimpleQueue[Point | None] = SimpleQueue()
        self._answers: SimpleQueue[float | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.wish = self._asked.get()

    def answer(self, score: float) -> None:
        """What the wish was worth; the next wish is there afterwards."""
        self._answers.put(-score)
        self.wish = self._asked.get()

    def _run(self) -> None:
        import numpy as np
        from scipy.optimize import minimize

        dim = len(self.start)
        corners = [list(self.start) for _ in range(dim + 1)]
        for axis in range(dim):
            here = corners[axis + 1][axis]
            corners[axis + 1][axis] = here + SIZE if here + SIZE < 1.0 else here - SIZE
        options = {"initial_simplex": np.array(corners), "maxfev": self.most, "xatol": 1e-3, "fatol": 1e-9}
        minimize(self._ask, self.start, method="Nelder-Mead", bounds=[(0.0, 1.0)] * dim, options=options)
        self._asked.put(None)

    def _ask(self, x: Any) -> float:
        self._asked.put(tuple(float(u) for u in x))
        answer = self._answers.get()
        return 0.0 if answer is None else answer


@search("nelder-mead", goals="one", needs="scipy numpy")
class NelderMead(Replayed):
    """For few parameters: look evenly, then climb from the best. Ends when all climbs have arrived."""

    batch = 64

    def __init__(self, brief: Brief) -> None:
        self.brief = brief
        self.around = Lhs(brief)
        self.left = max(2, int(brief.budget * SHARE))
        self.seen: list[tuple[float, Point]] = []
        self.climbs: list[Climb] = []
        self.climbing: list[Climb] = []

    @classmethod
    def begin(cls, brief: Brief) -> NelderMead:
        """A fresh one."""
        return cls(brief)

    def ask(self, count: int) -> list[Point]:
        """Points of the hypercube first; then one of every climb."""
        if self.left > 0:
            found = self.around.ask(min(count, self.left))
            self.left = self.left - len(found) if found else 0
            if found:
                return found
        if not self.climbs:
            most = max(8, self.brief.budget)
            best = sorted(self.seen, key=lambda row: -row[0])[:CLIMBS]
            self.climbs = [Climb(point, most) for _, point in best]
        self.climbing = [climb for climb in self.climbs if climb.wish is not None][:count]
        return [climb.wish for climb in self.climbing if climb.wish is not None]

    def tell(self, points: Sequence[Point], scores: Sequence[Scores]) -> None:
        """Remember the hypercube, answer the climbs."""
        if not self.climbs:
            self.seen += [(score[0], point) for point, score in zip(points, scores, strict=True)]
            return
        for climb, score in zip(self.climbing, scores, strict=True):
            climb.answer(score[0])
