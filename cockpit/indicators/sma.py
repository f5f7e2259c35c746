"""Simple moving average."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.window import Total


@indicator("sma", inputs=("x",), lines=("value",))
class Sma(msgspec.Struct):
    """Mean of the last ``n`` values: where the market was on average; lags by n/2 bars.

    First value at index n-1. Raises ValueError when n < 1.
    """

    n: int
    value: float = nan
    window: Total = msgspec.field(default_factory=lambda: Total(1))

    def __post_init__(self) -> None:
        if self.window.n != self.n:
            self.window = Total(self.n)

    def update(self, x: float) -> float:
        self.value = self.window.add(x) / self.n
        return self.value
