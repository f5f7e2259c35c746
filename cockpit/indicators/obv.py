"""On-balance volume."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator


@indicator("obv", inputs=("close", "volume"), lines=("value",))
class Obv(msgspec.Struct):
    """Volume of rising bars less volume of falling ones, since the start: does volume agree with price?

    Only its direction says something, its level depends on where it began. Begins with the volume of bar 0
    at index 0; an unchanged close adds nothing. Units of volume. Source: Granville 1963, start as TA-Lib.
    """

    value: float = nan
    last: float = nan

    def update(self, close: float, volume: float) -> float:
        last = self.last
        self.last = close
        if last != last:
            self.value = volume
        elif close > last:
            self.value += volume
        elif close < last:
            self.value -= volume
        return self.value
