"""Realised volatility."""

from __future__ import annotations

from math import log, nan, sqrt

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.window import Moments


@indicator("realised_vol", inputs=("close",), lines=("value",))
class RealisedVol(msgspec.Struct):
    """Standard deviation per bar of the last ``n`` log returns: how much the market really moved.

    ddof 1; first value at index n. Per bar, not annual: see ``annualise_vol``. Raises ValueError when n < 2
    or a price is not positive.
    """

    n: int = 20
    value: float = nan
    last: float = nan
    window: Moments = msgspec.field(default_factory=lambda: Moments(1))

    def __post_init__(self) -> None:
        if self.n < 2:
            raise ValueError(f"a volatility of {self.n} returns")
        if self.window.n != self.n:
            self.window = Moments(self.n)

    def update(self, close: float) -> float:
        last = self.last
        self.last = close
        if last == last and self.window.add(log(close / last)):
            self.value = sqrt(self.window.squares / (self.n - 1))
        return self.value
