"""Moving average convergence/divergence."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.ema import Ema


@indicator("macd", inputs=("close",), lines=("macd", "signal", "hist"))
class Macd(msgspec.Struct):
    """Distance of a fast from a slow EMA, its own average (``signal``) and the gap between them (``hist``).

    Both EMAs start at bar slow-1, the fast one seeded with the mean of the ``fast`` closes that end there;
    all three lines are NaN before index slow+smooth-2. ``update`` returns ``macd``. Price units. Raises
    ValueError unless 1 <= fast < slow and smooth >= 1. Source: Appel; seeding as TA-Lib.
    """

    fast: int = 12
    slow: int = 26
    smooth: int = 9
    macd: float = nan
    signal: float = nan
    hist: float = nan
    skip: int = -1
    """Closes the fast average does not see, so that both begin together."""
    short: Ema = msgspec.field(default_factory=lambda: Ema(1))
    long: Ema = msgspec.field(default_factory=lambda: Ema(1))
    line: Ema = msgspec.field(default_factory=lambda: Ema(1))

    def __post_init__(self) -> None:
        if self.fast >= self.slow:
            raise ValueError(f"MACD fast {self.fast} is not below slow {self.slow}")
        if self.skip < 0:
            self.skip = self.slow - self.fast
        if self.short.n != self.fast:
            self.short = Ema(self.fast)
        if self.long.n != self.slow:
            self.long = Ema(self.slow)
        if self.line.n != self.smooth:
            self.line = Ema(self.smooth)

    def update(self, close: float) -> float:
        short, long, line = self.short, self.long, self.line
        slow = long.update(close)
        if self.skip:
            self.skip -= 1
            return nan
        gap = short.update(close) - slow
        if long.left:
            return nan
        signal = line.update(gap)
        if line.left:
            return nan
        self.macd = gap
        self.signal = signal
        self.hist = gap - signal
        return gap
