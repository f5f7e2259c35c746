"""Wilder's moving average."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator


@indicator("rma", inputs=("x",), lines=("value",))
class Rma(msgspec.Struct):
    """Wilder's slow average, alpha = 1/n: the smoothing inside RSI, ATR and ADX.

    Seeded with the mean of the first ``n``; first value at index n-1. Raises ValueError when n < 1.
    Source: Wilder 1978.
    """

    n: int
    value: float = nan
    left: int = -1
    total: float = 0.0

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"an average of {self.n} bars")
        if self.left < 0:
            self.left = self.n

    def update(self, x: float) -> float:
        n = self.n
        if not self.left:
            self.value = value = (self.value * (n - 1) + x) / n
            return value
        self.total += x
        self.left -= 1
        if not self.left:
            self.value = self.total / n
        return self.value
