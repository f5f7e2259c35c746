"""Commodity channel index."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.ring import Ring
from cockpit.indicators.window import Total


@indicator("cci", inputs=("high", "low", "close"), lines=("value",))
class Cci(msgspec.Struct):
    """How unusual the price is against its own recent mean; beyond +-100 is called a move.

    (TP - SMA(TP))/(0.015 * mean |TP - SMA(TP)|) over ``n`` bars, TP = (H+L+C)/3; first value at index n-1.
    A market that stood still has no scale: NaN (TA-Lib says 0). The mean deviation looks at all n bars
    anew, so the cost grows with n. Raises ValueError when n < 1. Source: Lambert 1980.
    """

    n: int = 20
    value: float = nan
    total: Total = msgspec.field(default_factory=lambda: Total(1))
    prices: Ring = msgspec.field(default_factory=lambda: Ring(1))

    def __post_init__(self) -> None:
        if self.total.n != self.n:
            self.total = Total(self.n)
            self.prices = Ring(self.n)

    def update(self, high: float, low: float, close: float) -> float:
        price = (high + low + close) / 3.0
        self.prices.push(price)
        total = self.total.add(price)
        if total == total:
            mean = total / self.n
            spread = 0.0
            k = 0
            while k < self.n:
                spread += abs(self.prices.values[k] - mean)
                k += 1
            spread /= self.n
            # A mean of equal prices may miss them by a rounding: that is not a spread.
            still = spread <= 4e-16 * abs(mean)
            self.value = nan if still else (price - mean) / (0.015 * spread)
        return self.value
