"""Standard deviation."""

from __future__ import annotations

from math import nan, sqrt

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.window import Moments


@indicator("stddev", inputs=("x",), lines=("value",))
class Stddev(msgspec.Struct):
    """How far ``x`` usually strays from its mean over ``n`` values, in the units of ``x``.

    sqrt(sum (x - mean)^2/(n - ddof)); ddof 0 for bands (as TA-Lib), 1 for an estimate from a sample. First
    value at index n-1. Right also at prices near 1e8 that move by 0.01. Raises ValueError unless
    n > ddof >= 0.
    """

    n: int = 20
    ddof: int = 0
    value: float = nan
    window: Moments = msgspec.field(default_factory=lambda: Moments(1))

    def __post_init__(self) -> None:
        if not 0 <= self.ddof < self.n:
            raise ValueError(f"a standard deviation of {self.n} values, ddof {self.ddof}")
        if self.window.n != self.n:
            self.window = Moments(self.n)

    def update(self, x: float) -> float:
        if self.window.add(x):
            self.value = sqrt(self.window.squares / (self.n - self.ddof))
        return self.value
