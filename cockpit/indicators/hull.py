"""Hull moving average."""

from __future__ import annotations

from math import isqrt, nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.wma import Wma


@indicator("hull", inputs=("x",), lines=("value",))
class Hull(msgspec.Struct):
    """A smooth average with little lag; it overshoots at turns.

    WMA(2*WMA(x, n/2) - WMA(x, n), sqrt(n)), lengths rounded down; first value at index
    n-1 + floor(sqrt(n))-1. Raises ValueError when n < 2. Source: Hull 2005; as TA-Lib HMA.
    """

    n: int = 20
    value: float = nan
    half: Wma = msgspec.field(default_factory=lambda: Wma(1))
    full: Wma = msgspec.field(default_factory=lambda: Wma(1))
    line: Wma = msgspec.field(default_factory=lambda: Wma(1))

    def __post_init__(self) -> None:
        if self.n < 2:
            raise ValueError(f"a Hull average of {self.n} bars")
        if self.full.n != self.n:
            self.half = Wma(self.n // 2)
            self.full = Wma(self.n)
            self.line = Wma(isqrt(self.n))

    def update(self, x: float) -> float:
        quick = self.half.update(x)
        slow = self.full.update(x)
        if slow == slow:
            self.value = self.line.update(2.0 * quick - slow)
        return self.value
