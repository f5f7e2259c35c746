"""Place in the range of the values before this one."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.window import Extremes


@indicator("minmax_prior", inputs=("x",), lines=("value",))
class MinmaxPrior(msgspec.Struct):
    """Where ``x`` stands in the range of the PREVIOUS ``n`` values: 0 their lowest, 1 their highest.

    Below 0 or above 1 it is a new extreme. A normaliser that knows nothing of the future. First value at
    index n; NaN while the previous n are all equal. Raises ValueError when n < 1.
    """

    n: int = 100
    value: float = nan
    window: Extremes = msgspec.field(default_factory=lambda: Extremes(1))

    def __post_init__(self) -> None:
        if self.window.n != self.n:
            self.window = Extremes(self.n)

    def update(self, x: float) -> float:
        window = self.window
        width = window.high - window.low
        self.value = (x - window.low) / width if width else nan
        window.add(x, x)
        return self.value
