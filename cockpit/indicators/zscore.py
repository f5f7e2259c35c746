"""z-score within the window."""

from __future__ import annotations

from math import nan, sqrt

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.window import Moments


@indicator("zscore", inputs=("x",), lines=("value",))
class Zscore(msgspec.Struct):
    """How far ``x`` is from the mean of the last ``n`` values, itself included, in standard deviations.

    Bounded by (n-1)/sqrt(n) because an outlier widens its own yardstick; ``zscore_prior`` is not. First value
    at index n-1; NaN while all are equal. Raises ValueError unless n > ddof >= 0 and n >= 2.
    """

    n: int = 20
    ddof: int = 1
    value: float = nan
    window: Moments = msgspec.field(default_factory=lambda: Moments(1))

    def __post_init__(self) -> None:
        if self.n < 2 or not 0 <= self.ddof < self.n:
            raise ValueError(f"a z-score among {self.n} values, ddof {self.ddof}")
        if self.window.n != self.n:
            self.window = Moments(self.n)

    def update(self, x: float) -> float:
        window = self.window
        if window.add(x):
            spread = sqrt(window.squares / (self.n - self.ddof))
            self.value = (x - window.mean) / spread if spread else nan
        return self.value
