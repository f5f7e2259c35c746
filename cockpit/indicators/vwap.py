"""Volume-weighted average price of the session."""

from __future__ import annotations

from math import floor, nan, sqrt

import msgspec

from cockpit.core.registry import indicator


@indicator("vwap", inputs=("ts", "high", "low", "close", "volume"), lines=("value", "sigma"))
class Vwap(msgspec.Struct):
    """What the session's buyers paid on average: above it they are in profit. Price units.

    sum(TP*V)/sum(V) since the session began, TP = (H+L+C)/3; ``sigma`` = its volume-weighted standard
    deviation, for bands. ``ts`` = the bar's OPEN in UTC ms; a session is ``session`` minutes long and begins
    at 00:00 UTC (a day by default), 0 = it never ends (as TA-Lib, which has no sessions). First value at
    index 0; NaN while nothing has traded. Raises ValueError when session < 0.
    """

    session: int = 1440
    value: float = nan
    sigma: float = nan
    current: float = -1.0
    """Number of the session that runs."""
    weight: float = 0.0
    mean: float = 0.0
    squares: float = 0.0
    """Sum of V*(TP - mean)^2 (West's update: no big numbers are subtracted)."""

    def __post_init__(self) -> None:
        if self.session < 0:
            raise ValueError(f"a session of {self.session} minutes")

    def update(self, ts: int, high: float, low: float, close: float, volume: float) -> float:
        current = 0.0
        if self.session:
            current = float(floor(ts / (self.session * 60_000.0)))
        if current != self.current:
            self.current = current
            self.weight = self.mean = self.squares = 0.0
        price = (high + low + close) / 3.0
        self.weight += volume
        if self.weight > 0.0:
            away = price - self.mean
            self.mean += away * (volume / self.weight)
            self.squares += volume * away * (price - self.mean)
            self.value = self.mean
            self.sigma = sqrt(self.squares / self.weight)
        else:
            self.value = self.sigma = nan
        return self.value
