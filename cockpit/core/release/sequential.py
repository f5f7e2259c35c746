"""Evidence that may be looked at all the time: a bet against a hypothesis, whose wealth is an e-value.

The hypothesis is that the mean of bounded observations is at most 0. Whoever bets a fraction of its wealth on
each of them cannot grow rich if it is true: the chance of ever reaching 1/alpha is at most alpha, at whatever
instant one stops looking (Ville). Waudby-Smith and Ramdas, "Estimating means of bounded random variables by
betting" (2023); a mixture over fixed fractions, so nothing is estimated on the way. Observations beyond the
bound are cut to it: then the hypothesis is about the mean of what is cut.
"""

from __future__ import annotations

from math import exp, log, log1p

import msgspec

FRACTIONS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.5)
"""Of the most that may be staked."""
LEAST_BOUND = 1e-9


class Bet(msgspec.Struct):
    """The bettor. ``bound``: the largest size of an observation, in its unit."""

    bound: float = 1.0
    logs: list[float] = msgspec.field(default_factory=lambda: [0.0] * len(FRACTIONS))
    n: int = 0
    best: float = 0.0
    """Largest log of the wealth so far: evidence once given is not taken back by later looks."""

    def hear(self, value: float) -> None:
        """One more observation."""
        scaled = max(-1.0, min(1.0, value / max(self.bound, LEAST_BOUND)))
        for at, fraction in enumerate(FRACTIONS):
            self.logs[at] += log1p(fraction * scaled)
        self.n += 1
        self.best = max(self.best, self.log)

    @property
    def log(self) -> float:
        """Natural logarithm of the wealth now."""
        top = max(self.logs)
        return top + log(sum(exp(row - top) for row in self.logs) / len(self.logs))

    @property
    def value(self) -> float:
        """The e-value: the wealth at its best. At 1/alpha the hypothesis is refuted."""
        return exp(min(self.best, 700.0))

    def refutes(self, alpha: float) -> bool:
        """Has the hypothesis been refuted at ``alpha``, at any look so far?"""
        return self.best >= -log(alpha)
