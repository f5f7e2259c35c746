"""Kaufman's efficiency ratio."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.window import Total


@indicator("efficiency_ratio", inputs=("close",), lines=("value",))
class EfficiencyRatio(msgspec.Struct):
    """How straight the way was, 0..1: distance made good over distance travelled in ``n`` bars.

    |C - C(n bars ago)| / sum |change|; a flat market is 0. First value at index n. Raises ValueError when
    n < 1. Source: Kaufman, Smarter Trading.
    """

    n: int
    value: float = nan
    closes: list[float] = []
    """The last n closes, in a ring."""
    at: int = 0
    path: Total = msgspec.field(default_factory=lambda: Total(1))

    def __post_init__(self) -> None:
        if self.path.n != self.n:
            self.path = Total(self.n)

    def update(self, close: float) -> float:
        path, closes, at = self.path, self.closes, self.at
        if not closes:
            closes.append(close)
            return nan
        travelled = path.add(abs(close - closes[at - 1]))
        if len(closes) < self.n:
            closes.append(close)
            return nan
        made_good = abs(close - closes[at])
        closes[at] = close
        self.at = (at + 1) % self.n
        self.value = min(made_good / travelled, 1.0) if travelled else 0.0
        return self.value
