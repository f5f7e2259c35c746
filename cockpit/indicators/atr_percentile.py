"""Percentile of the average true range."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.atr import Atr
from cockpit.indicators.percentile_rank_prior import PercentileRankPrior


@indicator("atr_percentile", inputs=("high", "low", "close"), lines=("value",))
class AtrPercentile(msgspec.Struct):
    """Is the market wild for its own standards? Rank of ATR(n)/close among the ``window`` bars before, 0..1.

    ATR over close, not ATR: else a price that has doubled always looks wild. First value at index n+window.
    Raises ValueError when a length is < 1.
    """

    n: int = 14
    window: int = 100
    value: float = nan
    atr: Atr = msgspec.field(default_factory=lambda: Atr(1))
    rank: PercentileRankPrior = msgspec.field(default_factory=lambda: PercentileRankPrior(1))

    def __post_init__(self) -> None:
        if self.atr.n != self.n:
            self.atr = Atr(self.n)
        if self.rank.n != self.window:
            self.rank = PercentileRankPrior(self.window)

    def update(self, high: float, low: float, close: float) -> float:
        atr = self.atr.update(high, low, close)
        if atr == atr:
            self.value = self.rank.update(atr / close)
        return self.value
