"""Straight line through the last bars."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.line_fit import LineFit


@indicator("linreg", inputs=("x",), lines=("value", "slope"))
class Linreg(msgspec.Struct):
    """Where the least-squares line through the last ``n`` values ends (``value``) and how steep it is.

    ``slope`` = units of ``x`` per bar. First value at index n-1. Right also for slopes of a cent at prices of
    1e8. Raises ValueError when n < 2. As TA-Lib LINEARREG and LINEARREG_SLOPE.
    """

    n: int = 14
    value: float = nan
    slope: float = nan
    fit: LineFit = msgspec.field(default_factory=lambda: LineFit(1))

    def __post_init__(self) -> None:
        if self.n < 2:
            raise ValueError(f"a line through {self.n} values")
        if self.fit.n != self.n:
            self.fit = LineFit(self.n)

    def update(self, x: float) -> float:
        fit, n = self.fit, self.n
        if fit.add(x):
            self.slope = 12.0 * fit.lean / (n * (n * n - 1.0))
            self.value = fit.mean + self.slope * (n - 1) / 2.0
        return self.value
