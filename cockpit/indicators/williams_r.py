"""Williams %R."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.window import Extremes


@indicator("williams_r", inputs=("high", "low", "close"), lines=("value",))
class WilliamsR(msgspec.Struct):
    """How far the close is below the highest high of ``n`` bars, -100..0; above -20 is called overbought.

    -100*(highest - C)/(highest - lowest); first value at index n-1. No range -> NaN (TA-Lib says 0). Raises
    ValueError when n < 1. Source: Williams.
    """

    n: int = 14
    value: float = nan
    window: Extremes = msgspec.field(default_factory=lambda: Extremes(1))

    def __post_init__(self) -> None:
        if self.window.n != self.n:
            self.window = Extremes(self.n)

    def update(self, high: float, low: float, close: float) -> float:
        window = self.window
        if window.add(high, low):
            width = window.high - window.low
            self.value = -100.0 * ((window.high - close) / width) if width else nan
        return self.value
