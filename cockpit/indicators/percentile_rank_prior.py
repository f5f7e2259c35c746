"""Percentile rank among the values before this one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from math import nan

import msgspec

from cockpit.core.registry import indicator


@indicator("percentile_rank_prior", inputs=("x",), lines=("value",))
class PercentileRankPrior(msgspec.Struct):
    """Where ``x`` stands among the PREVIOUS ``n`` values, 0..1: 0.9 = higher than nine tenths of them.

    (number below + half the number equal)/n; first value at index n. Raises ValueError when n < 1.
    """

    n: int = 100
    value: float = nan
    ring: list[float] = []
    at: int = 0
    ordered: list[float] = []

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"a rank among {self.n} values")

    def update(self, x: float) -> float:
        ordered = self.ordered
        if len(self.ring) < self.n:
            self.ring.append(x)
        else:
            below = bisect_left(ordered, x)
            self.value = (below + bisect_right(ordered, x)) / 2 / self.n
            del ordered[bisect_left(ordered, self.ring[self.at])]
            self.ring[self.at] = x
            self.at = (self.at + 1) % self.n
        insort(ordered, x)
        return self.value
