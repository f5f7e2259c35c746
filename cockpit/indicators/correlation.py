"""Rolling correlation."""

from __future__ import annotations

from math import nan, sqrt

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.pair_moments import PairMoments


@indicator("correlation", inputs=("x", "y"), lines=("value",))
class Correlation(msgspec.Struct):
    """Do two series move together over the last ``n`` pairs (+1), against each other (-1) or apart (0)?

    Pearson's; feed returns, not prices, which are correlated by their trends alone. First value at index
    n-1; NaN while either stands still. Raises ValueError when n < 2. As TA-Lib CORREL.
    """

    n: int = 60
    value: float = nan
    pair: PairMoments = msgspec.field(default_factory=lambda: PairMoments(1))

    def __post_init__(self) -> None:
        if self.n < 2:
            raise ValueError(f"a correlation of {self.n} pairs")
        if self.pair.n != self.n:
            self.pair = PairMoments(self.n)

    def update(self, x: float, y: float) -> float:
        pair = self.pair
        if pair.add(x, y):
            # Two roots: the product of two tiny squares would be 0.
            scale = sqrt(pair.xx) * sqrt(pair.yy)
            self.value = max(-1.0, min(1.0, pair.xy / scale)) if scale > 0.0 else nan
        return self.value
