"""Weighted moving average."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.line_fit import LineFit


@indicator("wma", inputs=("x",), lines=("value",))
class Wma(msgspec.Struct):
    """Mean of the last ``n`` values with weights 1..n, the newest the heaviest: lags by n/3 bars.

    First value at index n-1. Raises ValueError when n < 1. As TA-Lib WMA.
    """

    n: int = 20
    value: float = nan
    fit: LineFit = msgspec.field(default_factory=lambda: LineFit(1))

    def __post_init__(self) -> None:
        if self.fit.n != self.n:
            self.fit = LineFit(self.n)

    def update(self, x: float) -> float:
        fit, n = self.fit, self.n
        if fit.add(x):
            self.value = fit.mean + fit.lean * 2.0 / (n * (n + 1.0))
        return self.value
