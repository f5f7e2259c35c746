"""What kind of market is it: by factors, of which bars are only one.

The second taxonomy of the sources (DL-07): volatility percentile, trend (Hurst, ADX), liquidity (depth,
impact cost), funding and open interest. They name factors, no kinds; the four kinds and their order are this
project's, the factors are published beside them.
"""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.adx import Adx
from cockpit.indicators.atr_percentile import AtrPercentile
from cockpit.indicators.confirm import Confirm
from cockpit.indicators.hurst import Hurst
from cockpit.indicators.percentile_rank_prior import PercentileRankPrior
from cockpit.indicators.zscore_prior import ZscorePrior

STRESS = 1.0
CROWDED = 2.0
TREND = 3.0
CALM = 4.0
NAMES = ("", "STRESS", "CROWDED", "TREND", "CALM")
SETTLEMENTS = 90
"""Funding rates with which a rate is compared: 30 days of the usual three a day."""
INPUTS = ("high", "low", "close", "depth", "impact", "funding", "open_interest")
LINES = ("value", "candidate", "volatility", "trend", "hurst", "liquidity", "funding_z", "oi_change")


def name_of(code: float) -> str:
    """The name of a published kind; empty while none is known."""
    return NAMES[int(code)] if code == code else ""


@indicator("regime_factors", inputs=INPUTS, lines=LINES)
class RegimeFactors(msgspec.Struct):
    """Each factor as a number that compares over time, and the market's kind (``NAMES``) made of them.

    ``volatility`` ATR percentile, 0..1. ``trend`` half min(1, ADX/50), half Hurst against its null band (1
    above, 0.5 inside, 0 below); ADX alone until Hurst is known, 0..1. ``liquidity`` 0..1, the mean of the
    rank of ``depth`` and 1 - the rank of ``impact`` (``book_depth``, ``impact_cost``), those that are known.
    ``funding_z`` the last settled rate, normalised to 8 h, in deviations of the 90 before. ``oi_change``
    open interest in contracts against the bar before, a fraction.

    Give NaN for what is not known, and as ``funding`` where nothing was settled in the bar. The first that
    holds: STRESS volatility >= high_volatility or liquidity <= thin; CROWDED |funding_z| >= crowded while
    open interest does not fall; TREND trend >= ``straight``; else CALM. Published after ``hold`` bars, NaN
    before volatility is known. Thresholds are trials. Raises ValueError when one is out of range.
    """

    high_volatility: float = 0.9
    thin: float = 0.1
    crowded: float = 2.0
    straight: float = 0.5
    window: int = 100
    hold: int = 3
    value: float = nan
    candidate: float = nan
    volatility: float = nan
    trend: float = nan
    hurst: float = nan
    liquidity: float = nan
    funding_z: float = nan
    oi_change: float = nan
    last_oi: float = nan
    adx: Adx = msgspec.field(default_factory=lambda: Adx(14))
    rank: AtrPercentile = msgspec.field(default_factory=lambda: AtrPercentile(1, 1))
    persistence: Hurst = msgspec.field(default_factory=Hurst)
    depths: PercentileRankPrior = msgspec.field(default_factory=lambda: PercentileRankPrior(1))
    impacts: PercentileRankPrior = msgspec.field(default_factory=lambda: PercentileRankPrior(1))
    rates: ZscorePrior = msgspec.field(default_factory=lambda: ZscorePrior(SETTLEMENTS))
    filter: Confirm = msgspec.field(default_factory=lambda: Confirm(1))

    def __post_init__(self) -> None:
        if not (0.0 < self.high_volatility <= 1.0 and 0.0 <= self.thin < 1.0 and 0.0 < self.straight <= 1.0):
            raise ValueError(f"ranks {self.high_volatility}, {self.thin}, {self.straight}")
        if not self.crowded > 0.0:
            raise ValueError(f"a crowd from {self.crowded} deviations")
        if self.rank.window != self.window:
            self.rank = AtrPercentile(14, self.window)
            self.depths = PercentileRankPrior(self.window)
            self.impacts = PercentileRankPrior(self.window)
        if self.filter.n != self.hold:
            self.filter = Confirm(self.hold)

    def update(
        self,
        high: float,
        low: float,
        close: float,
        depth: float,
        impact: float,
        funding: float,
        open_interest: float,
    ) -> float:
        self.volatility = self.rank.update(high, low, close)
        self.adx.update(high, low, close)
        self.hurst = self.persistence.update(close)
        self._trend()
        self._liquidity(depth, impact)
        if funding == funding:
            self.funding_z = self.rates.update(funding)
        last = self.last_oi
        self.oi_change = (open_interest - last) / last if last else nan
        if open_interest == open_interest:
            self.last_oi = open_interest
        self.candidate = self._judge()
        self.value = self.filter.update(self.candidate)
        return self.value

    def _trend(self) -> None:
        strength = min(1.0, self.adx.adx / 50.0) if self.adx.adx == self.adx.adx else nan
        memory = self.persistence.memory()
        known = memory == memory
        self.trend = 0.5 * strength + 0.25 * (1.0 + memory) if known else strength

    def _liquidity(self, depth: float, impact: float) -> None:
        deep = cheap = nan
        if depth == depth:
            deep = self.depths.update(depth)
        if impact == impact:
            cheap = 1.0 - self.impacts.update(impact)
        if deep != deep:
            self.liquidity = cheap
        elif cheap != cheap:
            self.liquidity = deep
        else:
            self.liquidity = 0.5 * (deep + cheap)

    def _judge(self) -> float:
        if self.volatility != self.volatility or self.trend != self.trend:
            return nan
        if self.volatility >= self.high_volatility or self.liquidity <= self.thin:
            return STRESS
        if abs(self.funding_z) >= self.crowded and not self.oi_change < 0.0:
            return CROWDED
        return TREND if self.trend >= self.straight else CALM
