"""Exponential moving average."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator


@indicator("ema", inputs=("x",), lines=("value",))
class Ema(msgspec.Struct):
    """Average that forgets smoothly, alpha = 2/(n+1): reacts about twice as fast as an SMA of n.

    Seeded with the mean of the first ``n`` values; first value at index n-1 (pandas' ``ewm`` seeds with the
    first value and differs for some 3n bars). Raises ValueError when n < 1.
    """

    n: int
    value: float = nan
    left: int = -1
    """Values still to come before the first answer."""
    total: float = 0.0
    alpha: float = nan

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"an average of {self.n} bars")
        self.alpha = 2.0 / (self.n + 1)
        if self.left < 0:
            self.left = self.n

    def update(self, x: float) -> float:
        if not self.left:
            value = self.value
            self.value = value = value + self.alpha * (x - value)
            return value
        self.total += x
        self.left -= 1
        if not self.left:
            self.value = self.total / self.n
        return self.value
