"""Bollinger bands."""

from __future__ import annotations

from math import nan, sqrt

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.window import Moments


@indicator("bollinger", inputs=("close",), lines=("mid", "upper", "lower", "pct_b", "bandwidth"))
class Bollinger(msgspec.Struct):
    """A channel ``k`` standard deviations around the mean: wide when volatile, narrow when quiet.

    ``mid`` = SMA(n), sigma with ddof 0, ``pct_b`` = (close-lower)/(upper-lower), NaN when the bands meet;
    ``bandwidth`` = (upper-lower)/mid. First value at index n-1; ``update`` returns ``mid``. Price units.
    Right also for prices near 1e8 that move by 0.01. Raises ValueError when n < 1. Source: Bollinger.
    """

    n: int = 20
    k: float = 2.0
    mid: float = nan
    upper: float = nan
    lower: float = nan
    pct_b: float = nan
    bandwidth: float = nan
    window: Moments = msgspec.field(default_factory=lambda: Moments(1))

    def __post_init__(self) -> None:
        if self.window.n != self.n:
            self.window = Moments(self.n)

    def update(self, close: float) -> float:
        window = self.window
        if not window.add(close):
            return nan
        mid = window.mean
        reach = self.k * sqrt(window.squares / self.n)
        upper = mid + reach
        lower = mid - reach
        width = upper - lower
        self.mid = mid
        self.upper = upper
        self.lower = lower
        self.pct_b = (close - lower) / width if width else nan
        self.bandwidth = width / mid if mid else nan
        return mid
