"""TPE: two densities, of good trials and of the others; the next points are where they differ most.

The densities (``parzen``, scikit-learn's kernels) are made once for a batch. Each point of it is the best of
some that were drawn from the density of good trials, so a batch spreads by itself. Optuna's sampler does
that for one point at a time: 1.3 ms of its own and as much around it, more than a compiled backtest takes.
Sources: Bergstra, Bardenet, Bengio & Kegl 2011; Falkner, Klein & Hutter 2018 (one density over all axes);
Fonseca & Fleming 1993 (several goals: a trial counts as good as few beat it).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

from cockpit.core.registry import search
from cockpit.lab.search.method import Brief, Scores, spread
from cockpit.lab.search.methods.lhs import Lhs
from cockpit.lab.search.parzen import Layout, Parzen
from cockpit.lab.search.space import Point

GOOD, MOST_GOOD = 0.1, 25
"""Share of the trials that count as good, and the most of them."""
OTHERS = 256
"""Of the other trials, drawn by chance for each batch: as good as all, and the cost does not grow."""
DRAWN = 24
"""Points from the good density of which each point of a batch is the best."""
SMALL, LARGE, GROWN = 8, 16, 128
"""Points of a batch until so many trials are known, and from then on."""


@search("tpe", goals="any", needs="sklearn scipy numpy")
class Tpe:
    """For a middling number of parameters: learns which values go with good results."""

    def __init__(self, brief: Brief) -> None:
        import numpy as np

        self.brief = brief
        self.layout = Layout(brief.space)
        self.points = np.empty((0, brief.space.dim))
        self.scores = np.empty((0, brief.goals))
        self.beaten = np.empty(0)
        """By how many others each is beaten in every goal."""
        self.asked = self.own = 0
        """Batches, and trials of this study itself."""
        self.first = Lhs(brief)
        self.begin_with = min(max(10, 2 * brief.space.dim), max(2, brief.budget // 4))

    @classmethod
    def begin(cls, brief: Brief) -> Tpe:
        """A fresh one."""
        return cls(brief)

    @property
    def batch(self) -> int:
        """Small while each result changes the picture."""
        return SMALL if self.own < GROWN else LARGE

    def ask(self, count: int) -> list[Point]:
        """A hypercube first, then where good trials are dense and others are not."""
        self.asked += 1
        count = min(count, self.batch)
        return self.first.ask(count) if self.own < self.begin_with else self._promising(count)

    def tell(self, points: Sequence[Point], scores: Sequence[Scores]) -> None:
        """Remember."""
        self.own += len(points)
        self.hear(points, scores)

    def hear(self, points: Sequence[Point], scores: Sequence[Scores]) -> None:
        """What other machines have tried is as good to know."""
        import numpy as np

        if not points:
            return
        new = np.array(scores, dtype=float)
        before, self.scores = self.scores, np.vstack((self.scores, new))
        self.points = np.vstack((self.points, np.array(points)))
        if self.brief.goals == 1:
            return
        self.beaten = np.append(self.beaten + _beats(new, before).sum(axis=0), np.zeros(len(new)))
        self.beaten[len(before) :] = _beats(self.scores, new).sum(axis=0)

    def skip(self, points: Sequence[Point]) -> None:
        """These were asked for once."""
        self.asked += 1
        if self.own < self.begin_with:
            self.first.skip(points)

    def _promising(self, count: int) -> list[Point]:
        import numpy as np

        source = spread(self.brief.seed, 4, self.asked)
        order = self._order()
        good = min(ceil(GOOD * len(order)), MOST_GOOD)
        rest = order[good:]
        if len(rest) > OTHERS:
            rest = source.choice(rest, OTHERS, replace=False)
        dense = Parzen(self.layout, self.points[order[:good]])
        rows = dense.draw(source, DRAWN * count)
        gain = dense.kernels(rows) / Parzen(self.layout, self.points[rest]).kernels(rows)
        best = np.argsort(-gain.reshape(count, DRAWN), axis=1, kind="stable")
        return [self._allowed(rows[at * DRAWN + best[at]]) for at in range(count)]

    def _order(self) -> Any:
        """Which trial is the best, the second best …"""
        import numpy as np

        return np.argsort(-self.scores[:, 0] if self.brief.goals == 1 else self.beaten, kind="stable")

    def _allowed(self, rows: Any) -> Point:
        """The first point that the strategy's rules allow."""
        points = [tuple(row) for row in rows.tolist()]
        return next(filter(self.brief.allowed, points), points[0])


def _beats(these: Any, those: Any) -> Any:
    """Which of these (rows) is nowhere worse than which of those (columns) and somewhere better."""
    a, b = these[:, None, :], those[None, :, :]
    return (a >= b).all(axis=2) & (a > b).any(axis=2)
