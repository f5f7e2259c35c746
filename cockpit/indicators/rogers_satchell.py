"""Rogers-Satchell variance."""

from __future__ import annotations

from math import log, nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.window import Total


@indicator("rogers_satchell", inputs=("open", "high", "low", "close"), lines=("value",))
class RogersSatchell(msgspec.Struct):
    """Variance per bar from the whole candle; right also while the market drifts.

    Mean over ``n`` bars of ln(H/C)*ln(H/O) + ln(L/C)*ln(L/O). First value at index n-1; a bar without
    range is 0. Bad ticks dominate it: let ``candle_quality`` keep them out. Raises ValueError when n < 1 or
    a price is not positive. Source: Rogers and Satchell 1991.
    """

    n: int = 20
    value: float = nan
    window: Total = msgspec.field(default_factory=lambda: Total(1))

    def __post_init__(self) -> None:
        if self.window.n != self.n:
            self.window = Total(self.n)

    def update(self, open: float, high: float, low: float, close: float) -> float:
        one = log(high / close) * log(high / open) + log(low / close) * log(low / open)
        self.value = self.window.add(one) / self.n
        return self.value
