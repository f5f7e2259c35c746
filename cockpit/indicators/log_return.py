"""Log return."""

from __future__ import annotations

from math import log, nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.ring import Ring


@indicator("log_return", inputs=("close",), lines=("value",))
class LogReturn(msgspec.Struct):
    """ln(C/C(n bars ago)): the return that adds up over time, for volatility and Hurst. A fraction.

    First value at index n. Raises ValueError when n < 1 or a price is not positive.
    """

    n: int = 1
    value: float = nan
    ring: Ring = msgspec.field(default_factory=lambda: Ring(1))

    def __post_init__(self) -> None:
        if self.ring.n != self.n:
            self.ring = Ring(self.n)

    def update(self, close: float) -> float:
        before = self.ring.push(close)
        if before == before:
            self.value = log(close / before)
        return self.value
