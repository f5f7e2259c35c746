"""Gaussian process (``scikit-learn``): a smooth guess of the hill, and how sure it is of it.

Asks where most is to be gained: expected improvement on many candidates. Matern 5/2 with a length for each
axis, noise learnt, fitted by maximum likelihood anew for each batch. The points of a batch are believed to be
worth what was forecast, so that they do not crowd. Sources: Jones, Schonlau & Welch 1998 (expected
improvement); Ginsbourger, Le Riche & Carraro 2010 (believer).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from math import pi
from typing import Any

from cockpit.core.registry import search
from cockpit.lab.search.method import Brief, Scores, spread
from cockpit.lab.search.methods.lhs import Lhs
from cockpit.lab.search.space import Point
from cockpit.lab.search.trial import BAD

MEMORY = 160
"""Trials that the guess rests on, the best and the newest: its cost grows with their cube."""
CANDIDATES = 384
NEAR = 128
"""Candidates around the best so far."""
XI = 0.01
"""Improvement, in standard deviations of the scores, that is not worth asking for."""


class Guess:
    """A fitted process over points (n x d) and standardised scores."""

    def __init__(self, x: Any, y: Any) -> None:
        import numpy as np
        from sklearn.gaussian_process.kernels import Matern, WhiteKernel

        dim = x.shape[1]
        hill = Matern(np.full(dim, 0.3), [(0.03, 5.0)] * dim, nu=2.5)
        self.x, self.y = x, y
        self._fit(hill + WhiteKernel(0.01, (1e-5, 1.0)), "fmin_l_bfgs_b")

    def _fit(self, kernel: Any, optimizer: str | None) -> None:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor

        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", ConvergenceWarning
            )  # a length at its bound: that axis says nothing
            self.process = GaussianProcessRegressor(kernel, optimizer=optimizer).fit(self.x, self.y)

    def forecast(self, points: Any) -> tuple[Any, Any]:
        """Mean and standard deviation of the hill at points, without the noise of a trial."""
        import numpy as np

        mean, sigma = self.process.predict(points, return_std=True)
        noise = self.process.kernel_.k2.noise_level
        return mean, np.sqrt(np.maximum(sigma**2 - noise, 1e-12))

    def believe(self, point: Any, score: float) -> None:
        """Go on as if that point had been worth this."""
        import numpy as np

        self.x, self.y = np.vstack((self.x, point)), np.append(self.y, score)
        self._fit(self.process.kernel_, None)


def improvement(mean: Any, sigma: Any, best: float, xi: float = XI) -> Any:
    """Expected improvement over ``best`` (as ``proof.fronts.expected_improvement``, for many points)."""
    import numpy as np
    from scipy.special import ndtr

    gain = mean - best - xi
    z = gain / sigma
    return gain * ndtr(z) + sigma * np.exp(-0.5 * z * z) / np.sqrt(2 * pi)


@search("gp", goals="one", needs="sklearn scipy numpy")
class Gp:
    """For a middling number of parameters and slow trials: the fewest trials to the top of a smooth hill."""

    batch = 8

    def __init__(self, brief: Brief) -> None:
        self.brief = brief
        self.known: list[tuple[Point, float]] = []
        self.asked = 0
        self.first = Lhs(brief)
        self.begin_with = min(max(8, 3 * brief.space.dim), max(2, brief.budget // 2))

    @classmethod
    def begin(cls, brief: Brief) -> Gp:
        """A fresh one."""
        return cls(brief)

    def ask(self, count: int) -> list[Point]:
        """A hypercube first, then where most is to be gained."""
        self.asked += 1
        count = min(count, self.batch)
        if len(self.known) < self.begin_with:
            return self.first.ask(count)
        return self._promising(count)

    def tell(self, points: Sequence[Point], scores: Sequence[Scores]) -> None:
        """Remember."""
        self.known += [(point, score[0]) for point, score in zip(points, scores, strict=True)]

    def skip(self, points: Sequence[Point]) -> None:
        """These were asked for once."""
        self.asked += 1
        if len(self.known) < self.begin_with:
            self.first.skip(points)

    def _promising(self, count: int) -> list[Point]:
        import numpy as np

        points, scores = self._remembered()
        guess = Guess(np.array(points), scores)
        source = spread(self.brief.seed, 5, self.asked)
        found: list[Point] = []
        top = np.array(points[int(scores.argmax())])
        for _ in range(count):
            dim = self.brief.space.dim
            near = np.clip(top + source.normal(0, 0.06, (NEAR, dim)), 0.0, 1.0 - 1e-12)
            rows = np.vstack((source.random((CANDIDATES, dim)), near))
            mean, sigma = guess.forecast(rows)
            gain = improvement(mean, sigma, float(guess.y.max()))
            at = self._allowed(rows, np.argsort(-gain, kind="stable"))
            found.append(tuple(float(u) for u in rows[at]))
            guess.believe(rows[at], float(mean[at]))
        return found

    def _allowed(self, rows: Any, order: Any) -> int:
        """The most promising candidate that the strategy's rules allow."""
        for at in order.tolist():
            if self.brief.allowed(tuple(rows[at].tolist())):
                return int(at)
        return int(order[0])

    def _remembered(self) -> tuple[list[Point], Any]:
        """Points and standardised scores; what does not count is a little worse than the worst that does."""
        import numpy as np

        rows = self.known
        if len(rows) > MEMORY:
            newest = len(rows) - MEMORY // 2
            order = sorted(range(newest), key=lambda i: -rows[i][1])[: MEMORY // 2]
            rows = [rows[i] for i in sorted(order)] + rows[newest:]
        scores = np.array([score for _, score in rows])
        good = scores[scores > BAD / 2]
        if not len(good):
            return [point for point, _ in rows], np.zeros(len(rows))
        spread_ = float(good.std()) or 1.0
        low = max(float(good.min()), float(np.median(good)) - 4 * spread_)
        scores = np.maximum(scores, low - spread_)
        return [point for point, _ in rows], (scores - scores.mean()) / (float(scores.std()) or 1.0)
