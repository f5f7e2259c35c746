"""Kaufman's adaptive moving average."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.efficiency_ratio import EfficiencyRatio


@indicator("kama", inputs=("close",), lines=("value",))
class Kama(msgspec.Struct):
    """An average that runs with a straight market and stands still in a choppy one. Price units.

    v += (e*(2/(fast+1) - 2/(slow+1)) + 2/(slow+1))^2 * (C - v), e the efficiency ratio of ``n`` bars. Begins
    at index n from the close before. Raises ValueError unless n >= 1 and 1 <= fast < slow. Source: Kaufman,
    Smarter Trading; start as TA-Lib KAMA.
    """

    n: int = 10
    fast: int = 2
    slow: int = 30
    value: float = nan
    last: float = nan
    ratio: EfficiencyRatio = msgspec.field(default_factory=lambda: EfficiencyRatio(1))

    def __post_init__(self) -> None:
        if not 1 <= self.fast < self.slow:
            raise ValueError(f"an adaptive average between {self.fast} and {self.slow} bars")
        if self.ratio.n != self.n:
            self.ratio = EfficiencyRatio(self.n)

    def update(self, close: float) -> float:
        ratio = self.ratio.update(close)
        if ratio == ratio:
            if self.value != self.value:
                self.value = self.last
            least = 2.0 / (self.slow + 1)
            pace = ratio * (2.0 / (self.fast + 1) - least) + least
            self.value += pace * pace * (close - self.value)
        self.last = close
        return self.value
