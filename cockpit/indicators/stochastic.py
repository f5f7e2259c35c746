"""Stochastic oscillator."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.sma import Sma
from cockpit.indicators.window import Extremes


@indicator("stochastic", inputs=("high", "low", "close"), lines=("k", "d"))
class Stochastic(msgspec.Struct):
    """Where the close stands in the range of the last ``n`` bars, 0..100, smoothed twice.

    raw = 100*(C - lowest)/(highest - lowest); ``k`` = SMA(raw, smooth), ``d`` = SMA(k, signal). Both
    begin at index n+smooth+signal-3; ``update`` returns ``k``. A market without any range has no place
    in it: NaN (TA-Lib says 0, which would read as oversold). smooth 1 = the fast form. Raises ValueError
    when a length is < 1. Source: Lane; as TA-Lib STOCH with simple averages.
    """

    n: int = 14
    smooth: int = 3
    signal: int = 3
    k: float = nan
    d: float = nan
    window: Extremes = msgspec.field(default_factory=lambda: Extremes(1))
    slow: Sma = msgspec.field(default_factory=lambda: Sma(1))
    line: Sma = msgspec.field(default_factory=lambda: Sma(1))
    left: int = -1
    """Raw values still to come before both averages are full."""

    def __post_init__(self) -> None:
        if self.window.n != self.n:
            self.window = Extremes(self.n)
        if self.slow.n != self.smooth:
            self.slow = Sma(self.smooth)
        if self.line.n != self.signal:
            self.line = Sma(self.signal)
        if self.left < 0:
            self.left = self.smooth + self.signal - 2

    def update(self, high: float, low: float, close: float) -> float:
        window = self.window
        if not window.add(high, low):
            return nan
        width = window.high - window.low
        k = self.slow.update(100.0 * ((close - window.low) / width) if width else nan)
        if self.left >= self.signal:
            self.left -= 1
            return nan
        d = self.line.update(k)
        if self.left:
            self.left -= 1
            return nan
        self.k, self.d = k, d
        return k
