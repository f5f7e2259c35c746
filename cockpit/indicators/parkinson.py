"""Parkinson's range variance."""

from __future__ import annotations

from math import log, nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.window import Total

SCALE = 1.0 / (4.0 * log(2.0))


@indicator("parkinson", inputs=("high", "low"), lines=("value",))
class Parkinson(msgspec.Struct):
    """Variance per bar from the range alone, mean of ln(H/L)^2/(4 ln 2) over ``n`` bars.

    About five times as efficient as close-to-close; assumes no drift and continuous trading, reads low
    when a bar has few trades. First value at index n-1. Raises ValueError when n < 1 or a price is not
    positive. Source: Parkinson 1980.
    """

    n: int = 1
    value: float = nan
    window: Total = msgspec.field(default_factory=lambda: Total(1))

    def __post_init__(self) -> None:
        if self.window.n != self.n:
            self.window = Total(self.n)

    def update(self, high: float, low: float) -> float:
        window = self.window
        span = log(high / low)
        self.value = SCALE * window.add(span * span) / self.n
        return self.value
