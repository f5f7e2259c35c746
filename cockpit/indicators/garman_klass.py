"""Garman-Klass variance."""

from __future__ import annotations

from math import log, nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.window import Total

BODY = 2.0 * log(2.0) - 1.0


@indicator("garman_klass", inputs=("open", "high", "low", "close"), lines=("value",))
class GarmanKlass(msgspec.Struct):
    """Variance per bar from range and body; seven times as efficient as closes alone, assumes no drift.

    Mean over ``n`` bars of ln(H/L)^2/2 - (2 ln 2 - 1)*ln(C/O)^2. First value at index n-1; a bar without
    range is 0. Bad ticks dominate it: let ``candle_quality`` keep them out. Raises ValueError when n < 1 or
    a price is not positive. Source: Garman and Klass 1980.
    """

    n: int = 20
    value: float = nan
    window: Total = msgspec.field(default_factory=lambda: Total(1))

    def __post_init__(self) -> None:
        if self.window.n != self.n:
            self.window = Total(self.n)

    def update(self, open: float, high: float, low: float, close: float) -> float:
        span = log(high / low)
        body = log(close / open)
        one = 0.5 * span * span - BODY * body * body
        self.value = self.window.add(one) / self.n
        return self.value
