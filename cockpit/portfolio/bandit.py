"""Who gets the capital next.

UCB, its sliding window, and Thompson's posterior. Quant reference, section 15.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, inf, log, sqrt

import msgspec

from cockpit.core.returns import alone
from cockpit.portfolio import normal


def ucb1(means: Sequence[float], counts: Sequence[int], c: float = sqrt(2.0)) -> list[float]:
    """mean + c sqrt(ln T / n), T all plays together; an arm never played comes first (inf)."""
    total = sum(counts)
    return [inf if n == 0 else mean + c * sqrt(log(total) / n) for mean, n in zip(means, counts, strict=True)]


def sliding_ucb(
    plays: Sequence[tuple[int, float]], n_arms: int, window: int, c: float = sqrt(2.0)
) -> list[float]:
    """UCB over the last ``window`` plays (arm, reward), oldest first; ln of min(t, window)."""
    if window < 1:
        raise ValueError(f"a window of {window}")
    recent = plays[-window:]
    rewards: list[list[float]] = [[] for _ in range(n_arms)]
    for arm, reward in recent:
        rewards[arm].append(reward)
    bonus = log(len(recent)) if recent else 0.0
    return [inf if not own else fsum(own) / len(own) + c * sqrt(bonus / len(own)) for own in rewards]


class Nig(msgspec.Struct, frozen=True):
    """Normal-inverse-gamma: what is believed of a mean (m, worth k observations) and a variance (a, b)."""

    m: float
    k: float
    a: float
    b: float

    def updated(self, x: Sequence[float]) -> Nig:
        """After seeing ``x``. Raises ValueError for a prior that is not proper."""
        if self.k <= 0 or self.a <= 0 or self.b <= 0:
            raise ValueError(f"not a proper prior: {self}")
        n = len(x)
        if not n:
            return self
        mean = fsum(x) / n
        k = self.k + n
        inside = fsum((v - mean) ** 2 for v in x)
        return Nig(
            (self.k * self.m + n * mean) / k,
            k,
            self.a + n / 2,
            self.b + inside / 2 + self.k * n * (mean - self.m) ** 2 / (2 * k),
        )

    @property
    def df(self) -> float:
        """Degrees of freedom of the mean's Student distribution."""
        return 2.0 * self.a

    @property
    def scale(self) -> float:
        """Its scale."""
        return sqrt(self.b / (self.a * self.k))

    def below(self, level: float) -> float:
        """P(mean < level)."""
        return normal.student_cdf((level - self.m) / self.scale, self.df)

    def greater(self, other: Nig) -> float:
        """P(this mean > the other's), independent."""
        return normal.student_exceeds(self.m, self.scale, self.df, other.m, other.scale, other.df)


def corr_trigger(
    weights: Sequence[float], corr: Sequence[Sequence[float]], rho_star: float = 0.7
) -> list[float]:
    """PF-06.

    W / (1 + sum of what correlation exceeds rho*): two identical ones end with the weight of one.
    """
    others = [[corr[i][j] for j in range(len(weights)) if j != i] for i in range(len(weights))]
    return [weight * alone(row, rho_star) for weight, row in zip(weights, others, strict=True)]
