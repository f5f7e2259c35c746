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
MOST = 1e300
"""Of a detector's wealth: beyond it nothing new is said, and a float ends."""


def _cut(value: float, bound: float) -> float:
    """The observation over its bound, from -1 to 1."""
    return max(-1.0, min(1.0, value / max(bound, LEAST_BOUND)))


class Bet(msgspec.Struct):
    """The bettor. ``bound``: the largest size of an observation, in its unit."""

    bound: float = 1.0
    logs: list[float] = msgspec.field(default_factory=lambda: [0.0] * len(FRACTIONS))
    n: int = 0
    best: float = 0.0
    """Largest log of the wealth so far: evidence once given is not taken back by later looks."""

    def hear(self, value: float) -> None:
        """One more observation."""
        scaled = _cut(value, self.bound)
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


class Detector(msgspec.Struct):
    """Has the mean risen above 0 since some instant that nobody knows?

    Before each observation a new bettor comes in with a stake of 1; what is looked at is the wealth of all of
    them together. While the hypothesis is true it grows by at most 1 an observation on average, so the mean
    number of observations until it first reaches ``run`` is at least ``run``, however they hang together.
    """

    bound: float = 1.0
    wealth: list[float] = msgspec.field(default_factory=lambda: [0.0] * len(FRACTIONS))
    """Of all bettors together, one number a fraction."""
    n: int = 0
    best: float = 0.0
    """The largest mean over the fractions so far."""

    def hear(self, value: float) -> None:
        """One more observation."""
        scaled = _cut(value, self.bound)
        for at, fraction in enumerate(FRACTIONS):
            self.wealth[at] = min(MOST, (self.wealth[at] + 1.0) * (1.0 + fraction * scaled))
        self.n += 1
        self.best = max(self.best, sum(self.wealth) / len(FRACTIONS))

    def alarms(self, run: float) -> bool:
        """Has it ever reached ``run``, the mean number of observations to a false alarm at least?"""
        return self.best >= run
