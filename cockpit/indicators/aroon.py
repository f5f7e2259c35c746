"""Aroon."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.peak import Peak


@indicator("aroon", inputs=("high", "low"), lines=("up", "down", "oscillator"))
class Aroon(msgspec.Struct):
    """How fresh the last high and the last low are, 0..100: 100 = this bar, 0 = ``n`` bars ago.

    up = 100*(n - bars since the highest of n+1 bars)/n, down for the lowest, oscillator = up - down; of
    equal extremes the newest counts. First value at index n; ``update`` returns ``oscillator``. Raises
    ValueError when n < 1. Source: Chande 1995; as TA-Lib.
    """

    n: int = 14
    up: float = nan
    down: float = nan
    oscillator: float = nan
    highs: Peak = msgspec.field(default_factory=lambda: Peak(1))
    lows: Peak = msgspec.field(default_factory=lambda: Peak(1))

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"an Aroon of {self.n} bars")
        if self.highs.n != self.n + 1:
            self.highs = Peak(self.n + 1)
            self.lows = Peak(self.n + 1)

    def update(self, high: float, low: float) -> float:
        self.lows.add(-low)
        if self.highs.add(high):
            n = self.n
            self.up = 100.0 * ((n - self.highs.age) / n)
            self.down = 100.0 * ((n - self.lows.age) / n)
            self.oscillator = self.up - self.down
        return self.oscillator
