"""Gaussian process (``scipy``): a smooth guess of the hill and how sure it is; asks where most is to gain.

Matern 5/2 with a length for each axis, noise learnt, fitted by maximum likelihood anew for each batch;
expected improvement on many candidates. The points of a batch are believed to be worth what was forecast,
so that they do not crowd. Optuna has one too, on torch (600 MB of it). Sources: Rasmussen & Williams 2006,
chapters 2, 4 and 5; Jones, Schonlau & Welch 1998 (expected improvement); Ginsbourger, Le Riche & Carraro
2010 (believer).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log, pi
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
        from scipy.optimize import minimize

        self.x, self.y = x, y
        dim = x.shape[1]
        start = np.concatenate((np.full(dim, log(0.3)), [log(0.01)]))
        bounds = [(log(0.03), log(5.0))] * dim + [(log(1e-5), log(1.0))]
        found = minimize(
            self._cost, start, method="L-BFGS-B", jac=True, bounds=bounds, options={"maxiter": 30}
        )  # fmt: skip
        self.theta = found.x
        self._ready(found.x)

    def _factor(self, theta: Any) -> None:
        import numpy as np
        from scipy.linalg import cho_factor, cho_solve

        self.noise = float(np.exp(theta[-1]))
        self.scales = np.exp(theta[:-1])
        matrix = _matern(_distances(self.x, self.x, self.scales)) + self.noise * np.eye(len(self.x))
        self.chol = cho_factor(matrix, lower=True)
        self.alpha = cho_solve(self.chol, self.y)

    def _ready(self, theta: Any) -> None:
        import numpy as np
        from scipy.linalg import solve_triangular

        self._factor(theta)
        self.inverse = solve_triangular(self.chol[0], np.eye(len(self.x)), lower=True)

    def _cost(self, theta: Any) -> tuple[float, Any]:
        """Negative log marginal likelihood and its gradient (R & W, 5.8 and 5.9)."""
        import numpy as np
        from scipy.linalg import cho_solve

        self._factor(theta)
        n = len(self.x)
        value = (
            0.5 * float(self.y @ self.alpha)
            + float(np.log(np.diag(self.chol[0])).sum())
            + n / 2 * log(2 * pi)
        )
        weights = np.outer(self.alpha, self.alpha) - cho_solve(self.chol, np.eye(n))
        r = _distances(self.x, self.x, self.scales)
        shape = 5.0 / 3.0 * (1.0 + np.sqrt(5.0) * r) * np.exp(-np.sqrt(5.0) * r)
        slopes = []
        for axis, scale in enumerate(self.scales):
            apart = (self.x[:, axis, None] - self.x[None, :, axis]) ** 2 / scale**2
            slopes.append(-0.5 * float((weights * shape * apart).sum()))
        slopes.append(-0.5 * self.noise * float(np.trace(weights)))
        return value, np.array(slopes)

    def forecast(self, points: Any) -> tuple[Any, Any]:
        """Mean and standard deviation at points."""
        import numpy as np

        cross = _matern(_distances(points, self.x, self.scales))
        mean = cross @ self.alpha
        spare = 1.0 - ((cross @ self.inverse.T) ** 2).sum(axis=1)
        return mean, np.sqrt(np.maximum(spare, 1e-12))

    def believe(self, point: Any, score: float) -> None:
        """Go on as if that point had been worth this."""
        import numpy as np

        self.x, self.y = np.vstack((self.x, point)), np.append(self.y, score)
        self._ready(self.theta)


def _distances(a: Any, b: Any, scales: Any) -> Any:
    import numpy as np

    a, b = a / scales, b / scales
    square = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :] - 2.0 * a @ b.T
    return np.sqrt(np.maximum(square, 0.0))


def _matern(r: Any) -> Any:
    import numpy as np

    root = np.sqrt(5.0) * r
    return (1.0 + root + root**2 / 3.0) * np.exp(-root)


def improvement(mean: Any, sigma: Any, best: float, xi: float = XI) -> Any:
    """Expected improvement over ``best`` (as ``proof.fronts.expected_improvement``, for many points)."""
    import numpy as np
    from scipy.special import ndtr

    gain = mean - best - xi
    z = gain / sigma
    return gain * ndtr(z) + sigma * np.exp(-0.5 * z * z) / np.sqrt(2 * pi)


@search("gp", goals="one", needs="scipy numpy")
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
