"""SuperTrend."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.atr import Atr


@indicator("supertrend", inputs=("high", "low", "close"), lines=("value", "direction"))
class Supertrend(msgspec.Struct):
    """A stop ``k`` ATR from the bar's middle that only follows the trend, and turns when a close passes it.

    Bands (H+L)/2 +- k*ATR(n); the lower one never falls (the upper never rises) unless the close before was
    beyond it. ``direction`` +1 while the lower band is the stop, -1 while the upper is; a close beyond the
    stop turns it. Begins upward at index n. ``update`` returns ``value``, the stop. Price units. Raises
    ValueError when n < 1. Source: Seban; as TA-Lib SUPERTREND.
    """

    n: int = 10
    k: float = 3.0
    value: float = nan
    direction: float = nan
    upper: float = nan
    lower: float = nan
    last: float = nan
    atr: Atr = msgspec.field(default_factory=lambda: Atr(1))

    def __post_init__(self) -> None:
        if self.atr.n != self.n:
            self.atr = Atr(self.n)

    def update(self, high: float, low: float, close: float) -> float:
        atr = self.atr.update(high, low, close)
        last = self.last
        self.last = close
        if atr != atr:
            return nan
        middle = (high + low) / 2.0
        upper = middle + self.k * atr
        lower = middle - self.k * atr
        if self.direction != self.direction:
            self.direction = 1.0
        else:
            if upper >= self.upper and last <= self.upper:
                upper = self.upper
            if lower <= self.lower and last >= self.lower:
                lower = self.lower
        self.upper, self.lower = upper, lower
        if self.direction > 0.0:
            if close < lower:
                self.direction = -1.0
        elif close > upper:
            self.direction = 1.0
        self.value = lower if self.direction > 0.0 else upper
        return self.value
