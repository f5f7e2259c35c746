"""True range."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator


@indicator("true_range", inputs=("high", "low", "close"), lines=("value",))
class TrueRange(msgspec.Struct):
    """How far the market travelled in this bar, the gap from the last close included. Price units.

    max(H-L, |H-C1|, |L-C1|), C1 the previous close; first value at index 1. Source: Wilder 1978.
    """

    value: float = nan
    last: float = nan

    def update(self, high: float, low: float, close: float) -> float:
        last = self.last
        self.last = close
        if last == last:
            self.value = max(high - low, high - last, last - low)
        return self.value
