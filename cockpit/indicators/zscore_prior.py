"""z-score against the values before this one."""

from __future__ import annotations

from math import nan, sqrt

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.window import Moments


@indicator("zscore_prior", inputs=("x",), lines=("value",))
class ZscorePrior(msgspec.Struct):
    """How unusual ``x`` is, in standard deviations (ddof 1) of the PREVIOUS ``n`` values.

    First value at index n; NaN while the previous n are all equal. Raises ValueError when n < 2.
    """

    n: int
    value: float = nan
    window: Moments = msgspec.field(default_factory=lambda: Moments(1))

    def __post_init__(self) -> None:
        if self.n < 2:
            raise ValueError(f"a standard deviation of {self.n} values")
        if self.window.n != self.n:
            self.window = Moments(self.n)

    def update(self, x: float) -> float:
        window = self.window
        spread = sqrt(window.squares / (self.n - 1))
        self.value = (x - window.mean) / spread if spread else nan
        window.add(x)
        return self.value
