"""Is this candle possible?"""

from __future__ import annotations

from math import inf, nan

import msgspec

from cockpit.core.registry import indicator

FAULTS = ("", "number", "price", "volume", "order", "range")
"""What ``value`` means: fine, a value that is no finite number, a price that is not positive, a negative
volume, high or low that open or close exceed, a range no market has in one bar."""


@indicator("candle_quality", inputs=("open", "high", "low", "close", "volume"), lines=("value",))
class CandleQuality(msgspec.Struct):
    """0 for a candle that can be, else the number of the first fault: see ``FAULTS``.

    1 not a finite number, 2 a price <= 0, 3 volume < 0, 4 high below open or close or low above them, 5
    H/L > ``most``. One bad tick makes a range estimator useless for its whole window, so these bars are kept
    out and reported, never mended. ``seen`` and ``bad`` count. First value at index 0. Raises ValueError
    unless most > 1. Source: quant reference section 5.
    """

    most: float = 1.5
    value: float = nan
    seen: int = 0
    bad: int = 0

    def __post_init__(self) -> None:
        if not self.most > 1.0:
            raise ValueError(f"a range of {self.most}")

    def update(self, open: float, high: float, low: float, close: float, volume: float) -> float:
        fault = 0.0
        total = open + high + low + close + volume
        if not -inf < total < inf:
            fault = 1.0
        elif open <= 0.0 or high <= 0.0 or low <= 0.0 or close <= 0.0:
            fault = 2.0
        elif volume < 0.0:
            fault = 3.0
        elif high < open or high < close or low > open or low > close:
            fault = 4.0
        elif high > self.most * low:
            fault = 5.0
        self.seen += 1
        if fault:
            self.bad += 1
        self.value = fault
        return fault
