"""Hedge ratio and spread of a pair, without looking ahead."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.pair_moments import PairMoments


@indicator("hedge", inputs=("y", "x"), lines=("spread", "beta", "alpha"))
class Hedge(msgspec.Struct):
    """What is left of ``y`` after a hedge with ``x``: spread = y - alpha - beta*x.

    ``beta`` and ``alpha`` are those of the ``n`` pairs BEFORE this one, so that a pair is judged by what was
    known when it came. First value at index n; NaN while x stands still. ``update`` returns ``spread``, in
    units of y. Raises ValueError when n < 2. Ordinary least squares.
    """

    n: int = 60
    spread: float = nan
    beta: float = nan
    alpha: float = nan
    pair: PairMoments = msgspec.field(default_factory=lambda: PairMoments(1))

    def __post_init__(self) -> None:
        if self.n < 2:
            raise ValueError(f"a hedge from {self.n} pairs")
        if self.pair.n != self.n:
            self.pair = PairMoments(self.n)

    def update(self, y: float, x: float) -> float:
        pair = self.pair
        self.beta = pair.xy / pair.xx if pair.xx > 0.0 else nan
        self.alpha = pair.mean_y - self.beta * pair.mean_x
        self.spread = y - self.alpha - self.beta * x
        pair.add(x, y)
        return self.spread
