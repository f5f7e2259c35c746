"""Rolling beta."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.pair_moments import PairMoments


@indicator("beta", inputs=("y", "x"), lines=("value", "alpha"))
class Beta(msgspec.Struct):
    """How much ``y`` moves when ``x`` moves by one: slope of y on x over the last ``n`` pairs, and intercept.

    Feed returns for market beta, prices or log prices for a hedge ratio (see ``hedge``, which judges a pair
    by the pairs before it). First value at index n-1; NaN while x stands still. Raises ValueError when
    n < 2. Ordinary least squares.
    """

    n: int = 60
    value: float = nan
    alpha: float = nan
    pair: PairMoments = msgspec.field(default_factory=lambda: PairMoments(1))

    def __post_init__(self) -> None:
        if self.n < 2:
            raise ValueError(f"a slope through {self.n} pairs")
        if self.pair.n != self.n:
            self.pair = PairMoments(self.n)

    def update(self, y: float, x: float) -> float:
        pair = self.pair
        if pair.add(x, y):
            self.value = pair.xy / pair.xx if pair.xx > 0.0 else nan
            self.alpha = pair.mean_y - self.value * pair.mean_x
        return self.value
