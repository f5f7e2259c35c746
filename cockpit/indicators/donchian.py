"""Donchian channel."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.window import Extremes


@indicator("donchian", inputs=("high", "low"), lines=("mid", "upper", "lower"))
class Donchian(msgspec.Struct):
    """Highest high and lowest low of the last ``n`` bars, THIS one included, and their middle.

    For drawing and for trailing stops. No close can break out of it: to enter on a breakout take
    ``donchian_prior``. First value at index n-1; ``update`` returns ``mid``. Price units. Raises ValueError
    when n < 1.
    """

    n: int = 20
    mid: float = nan
    upper: float = nan
    lower: float = nan
    window: Extremes = msgspec.field(default_factory=lambda: Extremes(1))

    def __post_init__(self) -> None:
        if self.window.n != self.n:
            self.window = Extremes(self.n)

    def update(self, high: float, low: float) -> float:
        window = self.window
        if window.add(high, low):
            self.upper = window.high
            self.lower = window.low
            self.mid = (window.high + window.low) / 2.0
        return self.mid
