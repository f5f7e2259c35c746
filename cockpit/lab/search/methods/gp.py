"""Gaussian process (``scikit-learn``): a smooth guess of the hill, and how sure it is of it.

Asks where most is to be gained: expected improvement on many candidates. Matern 5/2 with a length for each
axis, noise learnt, by maximum likelihood each time that the trials are two fifths more. One fit serves a
batch: its points are believed to be worth what was forecast, so that they do not crowd, and believing that
changes only the doubt about the other candidates (a step of a Cholesky factor each).
Sources: Jones, Schonlau & Welch 1998 (expected improvement); Ginsbourger, Le Riche & Carraro 2010 (believer).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from math import ceil, pi
from typing import Any

from cockpit.core.registry import search
from cockpit.lab.search.method import Brief, Scores, spread
from cockpit.lab.search.methods.lhs import Lhs
from cockpit.lab.search.space import Point
from cockpit.lab.search.trial import BAD

MEMORY = 160
"""Trials that the guess rests on, the best and the newest: its cost grows with their cube."""
CANDIDATES = 512
NEAR = 192
"""Candidates around the best so far."""
REACH = (0.1, 0.06, 0.02)
"""How far around."""
XI = 0.01
"""Improvement, in standard deviations of the scores, that is not worth asking for."""
STEPS = 40
"""Most steps uphill of a likelihood."""
GROWTH = 1.4
"""The kernel is learnt anew when there are so many times as many trials; when twice, beyond the memory."""
SMALL, LARGE, GROWN = 8, 16, 64
"""Points of a batch until so many trials are known, and from then on."""


def fitted(kernel: Any, x: Any, y: Any, *, learn: bool) -> Any:
    """scikit-learn's process over points (n x d) and standardised scores; ``learn`` its kernel too."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a length at its bound: that axis says nothing
        return GaussianProcessRegressor(kernel, optimizer=_uphill if learn else None).fit(x, y)


def blank(dim: int) -> Any:
    """The kernel before anything is known: a hill and the noise of a trial."""
    import numpy as np
    from sklearn.gaussian_process.kernels import Matern, WhiteKernel

    return Matern(np.full(dim, 0.3), [(0.03, 5.0)] * dim, nu=2.5) + WhiteKernel(0.01, (1e-5, 1.0))


def _uphill(likelihood: Any, theta: Any, bounds: Any) -> tuple[Any, float]:
    from scipy.optimize import minimize

    options = {"maxiter": STEPS, "ftol": 1e-5}
    found = minimize(likelihood, theta, method="L-BFGS-B", jac=True, bounds=bounds, options=options)
    return found.x, found.fun


class Guess:
    """Mean and doubt of a fitted process at candidates (m x d), without the noise of a trial.

    ``believed``: how many it will be told to believe, at most.
    """

    def __init__(self, process: Any, rows: Any, believed: int) -> None:
        import numpy as np
        from scipy.linalg import solve_triangular

        self.hill, self.rows = process.kernel_.k1, rows
        self.noise = process.kernel_.k2.noise_level
        across = self.hill(process.X_train_, rows)
        self.mean = process.alpha_ @ across
        # Rows of a factor: covariance of candidates = hill - factor.T @ factor.
        known = solve_triangular(process.L_, across, lower=True, check_finite=False, overwrite_b=True)
        self.variance = 1.0 - np.einsum("ij,ij->j", known, known)
        self._factor, self._used = np.vstack((known, np.empty((believed, len(rows))))), len(known)

    @property
    def sigma(self) -> Any:
        import numpy as np

        return np.sqrt(np.maximum(self.variance, 1e-12))

    def believe(self, at: int) -> None:
        """Go on as if that candidate had been tried and had been worth its mean."""
        import numpy as np

        factor = self._factor[: self._used]
        column = self.hill(self.rows[at : at + 1], self.rows)[0] - factor[:, at] @ factor
        row = column / np.sqrt(max(column[at], 0.0) + self.noise)
        self._factor[self._used] = row
        self._used += 1
        self.variance -= row * row


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

    def __init__(self, brief: Brief) -> None:
        self.brief = brief
        self.known: list[tuple[Point, float]] = []
        self.asked = 0
        self.first = Lhs(brief)
        self.begin_with = min(max(8, 3 * brief.space.dim), max(2, brief.budget // 2))
        self._learnt: tuple[int, Any] = (0, None)
        """From how many trials the kernel was learnt, and it."""

    @classmethod
    def begin(cls, brief: Brief) -> Gp:
        """A fresh one."""
        return cls(brief)

    @property
    def batch(self) -> int:
        """Small while each result changes the picture."""
        return SMALL if len(self.known) < GROWN else LARGE

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

        points, scores = remembered(self.known)
        source = spread(self.brief.seed, 5, self.asked)
        dim, top, best = self.brief.space.dim, points[int(scores.argmax())], float(scores.max())
        reach = source.choice(REACH, (NEAR, 1))
        near = np.clip(top + reach * source.standard_normal((NEAR, dim)), 0.0, 1.0 - 1e-12)
        rows = np.vstack((source.random((CANDIDATES, dim)), near))
        guess = Guess(fitted(self._kernel(), points, scores, learn=False), rows, count)
        candidates = [tuple(row) for row in rows.tolist()]
        tried, found = {point for point, _ in self.known}, []
        for _ in range(count):
            gain = improvement(guess.mean, guess.sigma, best)
            at = first = int(gain.argmax())
            while candidates[at] in tried or not self.brief.allowed(candidates[at]):
                gain[at] = -np.inf
                at = int(gain.argmax())
                if gain[at] == -np.inf:
                    at = first
                    break
            found.append(candidates[at])
            tried.add(candidates[at])
            best = max(best, float(guess.mean[at]))
            guess.believe(at)
        return found

    def _kernel(self) -> Any:
        """Learnt from so many of the first trials: a study that is taken up again learns the same."""
        count = self.begin_with
        while (more := ceil((GROWTH if count < MEMORY else 2.0) * count)) <= len(self.known):
            count = more
        if self._learnt[0] != count:
            points, scores = remembered(self.known[:count])
            self._learnt = count, fitted(blank(self.brief.space.dim), points, scores, learn=True).kernel_
        return self._learnt[1]


def remembered(known: Sequence[tuple[Point, float]]) -> tuple[Any, Any]:
    """Points and standardised scores; what does not count is a little worse than the worst that does."""
    import numpy as np

    rows = list(known)
    if len(rows) > MEMORY:
        newest = len(rows) - MEMORY // 2
        order = sorted(range(newest), key=lambda i: -rows[i][1])[: MEMORY // 2]
        rows = [rows[i] for i in sorted(order)] + rows[newest:]
    points, scores = np.array([point for point, _ in rows]), np.array([score for _, score in rows])
    good = scores[scores > BAD / 2]
    if not len(good):
        return points, np.zeros(len(rows))
    spread_ = float(good.std()) or 1.0
    low = max(float(good.min()), float(np.median(good)) - 4 * spread_)
    scores = np.maximum(scores, low - spread_)
    return points, (scores - scores.mean()) / (float(scores.std()) or 1.0)
