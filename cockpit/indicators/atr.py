"""Average true range."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator


@indicator("atr", inputs=("high", "low", "close"), lines=("value",))
class Atr(msgspec.Struct):
    """How far the market usually travels in one bar, in price units; the yardstick of stops.

    Wilder average of the true range max(H-L, |H-C1|, |L-C1|), C1 the previous close; bar 0 has none. Seed =
    mean of the first ``n`` true ranges, first value at index n (StockCharts seeds with H-L of bar 0 and
    starts one earlier). Raises ValueError when n < 1. Source: Wilder 1978.
    """

    n: int
    value: float = nan
    left: int = -1
    last: float = nan
    total: float = 0.0

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"an ATR of {self.n} bars")
        if self.left < 0:
            self.left = self.n + 1

    def update(self, high: float, low: float, close: float) -> float:
        last = self.last
        self.last = close
        # The two absolute values need no abs: the signed forms that drop out are never the largest.
        span = high - low
        if high - last > span:
            span = high - last
        if last - low > span:
            span = last - low
        n = self.n
        if not self.left:
            self.value = value = (self.value * (n - 1) + span) / n
            return value
        if self.left <= n:
            self.total += span
        self.left -= 1
        if not self.left:
            self.value = self.total / n
        return self.value
