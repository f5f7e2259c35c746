"""Percentile rank among the values before this one."""

from __future__ import annotations

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
        ring, ordered, n = self.ring, self.ordered, self.n
        if len(ring) < n:
            ring.append(x)
            ordered.append(x)
            self._settle(len(ordered) - 1, x)
            return self.value
        below = self._below(x)
        above = below
        while above < n and ordered[above] == x:
            above += 1
        self.value = (below + above) / 2 / n
        at = self.at
        gap = self._below(ring[at])
        ring[at] = x
        self.at = (at + 1) % n
        while gap + 1 < n and ordered[gap + 1] < x:
            ordered[gap] = ordered[gap + 1]
            gap += 1
        self._settle(gap, x)
        return self.value

    def _below(self, x: float) -> int:
        """How many of the ordered values are smaller."""
        ordered = self.ordered
        low, high = 0, len(ordered)
        while low < high:
            middle = (low + high) // 2
            if ordered[middle] < x:
                low = middle + 1
            else:
                high = middle
        return low

    def _settle(self, gap: int, x: float) -> None:
        """Move the gap down past everything larger and put ``x`` there."""
        ordered = self.ordered
        while gap > 0 and ordered[gap - 1] > x:
            ordered[gap] = ordered[gap - 1]
            gap -= 1
        ordered[gap] = x
