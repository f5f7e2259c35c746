"""Volume trend."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.window import Total


@indicator("volume_trend", inputs=("volume",), lines=("value",))
class VolumeTrend(msgspec.Struct):
    """Is interest growing? Volume of the last ``fast`` bars over that of the last ``slow``, less 1.

    SMA(V, fast)/SMA(V, slow) - 1; 0.5 = half as much again. First value at index slow-1; NaN while nothing
    has traded. Raises ValueError unless 1 <= fast < slow.
    """

    fast: int = 5
    slow: int = 20
    value: float = nan
    short: Total = msgspec.field(default_factory=lambda: Total(1))
    long: Total = msgspec.field(default_factory=lambda: Total(1))

    def __post_init__(self) -> None:
        if not 1 <= self.fast < self.slow:
            raise ValueError(f"a volume of {self.fast} bars over one of {self.slow}")
        if self.long.n != self.slow:
            self.short = Total(self.fast)
            self.long = Total(self.slow)

    def update(self, volume: float) -> float:
        now = self.short.add(volume) / self.fast
        usual = self.long.add(volume) / self.slow
        self.value = now / usual - 1.0 if usual else nan
        return self.value
