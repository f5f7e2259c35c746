"""What kind of market is it: six names, from bars alone.

The first taxonomy of the sources (DL-05, DL-06). One of its texts spells the fourth name EAKOUT; BREAKOUT is
meant, as its other text has it. The second taxonomy, by factors, is ``regime_factors``.
"""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.adx import Adx
from cockpit.indicators.atr_percentile import AtrPercentile
from cockpit.indicators.bollinger import Bollinger
from cockpit.indicators.confirm import Confirm
from cockpit.indicators.donchian_prior import DonchianPrior
from cockpit.indicators.efficiency_ratio import EfficiencyRatio
from cockpit.indicators.ring import Ring
from cockpit.indicators.volume_trend import VolumeTrend
from cockpit.indicators.window import Total

STRONG_TREND = 1.0
WEAK_TREND = 2.0
RANGE = 3.0
BREAKOUT = 4.0
HIGH_VOLATILITY = 5.0
LOW_VOLATILITY = 6.0
NAMES = ("", "STRONG_TREND", "WEAK_TREND", "RANGE", "BREAKOUT", "HIGH_VOLATILITY", "LOW_VOLATILITY")
RECENT = 5
"""Published regimes that are remembered, as the sources hand to their adviser."""

LINES = (
    "value",
    "candidate",
    "atr_percentile",
    "price_efficiency",
    "volume_trend",
    "adx",
    "bandwidth",
    "tight",
)


def name_of(code: float) -> str:
    """The sources' name of a published regime; empty while none is known."""
    return NAMES[int(code)] if code == code else ""


@indicator("regime", inputs=("high", "low", "close", "volume"), lines=LINES)
class Regime(msgspec.Struct):
    """The market's kind as a number (``NAMES``); ``value`` is published, ``candidate`` is this bar's own.

    The first that holds: HIGH_VOLATILITY ATR percentile >= high_volatility; BREAKOUT close beyond the
    previous 20 bars' extremes by ``breakout`` on volume_ratio times their mean volume; STRONG_TREND ADX >=
    adx_threshold and efficiency >= ``efficiency``; WEAK_TREND ADX >= weak_adx; LOW_VOLATILITY ATR percentile
    <= low_volatility; else RANGE. A candidate is published when it has held ``hold`` bars, and that is the
    moment from which anybody may use it. ``tight`` is 1 while the Bollinger bandwidth is at most
    bb_width_threshold: a range that can be traded as one.

    adx_threshold and bb_width_threshold are the sources' REGIME_ADX_THRESHOLD and
    REGIME_BB_WIDTH_THRESHOLD. Each threshold is a parameter, so each look at another value is a trial. The
    first candidate comes with the ATR percentile, at index 114. Raises ValueError when thresholds are out of
    order. Source: quant reference section 9.
    """

    adx_threshold: float = 25.0
    weak_adx: float = 20.0
    efficiency: float = 0.4
    high_volatility: float = 0.9
    low_volatility: float = 0.1
    breakout: float = 0.002
    volume_ratio: float = 1.5
    bb_width_threshold: float = 0.04
    hold: int = 3
    value: float = nan
    candidate: float = nan
    atr_percentile: float = nan
    price_efficiency: float = nan
    volume_trend: float = nan
    adx: float = nan
    bandwidth: float = nan
    tight: float = nan
    turns: int = 0
    """How often the published regime has changed."""
    direction: Adx = msgspec.field(default_factory=lambda: Adx(14))
    rank: AtrPercentile = msgspec.field(default_factory=lambda: AtrPercentile(14, 100))
    straight: EfficiencyRatio = msgspec.field(default_factory=lambda: EfficiencyRatio(10))
    interest: VolumeTrend = msgspec.field(default_factory=lambda: VolumeTrend(5, 20))
    bands: Bollinger = msgspec.field(default_factory=lambda: Bollinger(20, 2.0))
    channel: DonchianPrior = msgspec.field(default_factory=lambda: DonchianPrior(20))
    usual: Total = msgspec.field(default_factory=lambda: Total(20))
    mean_volume: float = nan
    """Of the 20 bars before the next one."""
    filter: Confirm = msgspec.field(default_factory=lambda: Confirm(1))
    recent: Ring = msgspec.field(default_factory=lambda: Ring(RECENT))
    """The last published regimes, this one included, each once a stay."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.weak_adx <= self.adx_threshold <= 100.0:
            raise ValueError(f"ADX thresholds {self.weak_adx} and {self.adx_threshold}")
        if not 0.0 <= self.low_volatility < self.high_volatility <= 1.0:
            raise ValueError(f"volatility ranks {self.low_volatility} and {self.high_volatility}")
        if self.filter.n != self.hold:
            self.filter = Confirm(self.hold)

    def update(self, high: float, low: float, close: float, volume: float) -> float:
        self.adx = self.direction.update(high, low, close)
        self.atr_percentile = self.rank.update(high, low, close)
        self.price_efficiency = self.straight.update(close)
        self.volume_trend = self.interest.update(volume)
        self.bands.update(close)
        self.bandwidth = self.bands.bandwidth
        if self.bandwidth == self.bandwidth:
            self.tight = 1.0 if self.bandwidth <= self.bb_width_threshold else 0.0
        self.channel.update(high, low)
        self.candidate = self._judge(close, volume)
        self.mean_volume = self.usual.add(volume) / 20.0
        before = self.value
        self.value = self.filter.update(self.candidate)
        if self.value == self.value and self.value != before:
            self.turns += 1
            self.recent.push(self.value)
        return self.value

    def _judge(self, close: float, volume: float) -> float:
        rank, adx = self.atr_percentile, self.adx
        if rank != rank or adx != adx:
            return nan
        if rank >= self.high_volatility:
            return HIGH_VOLATILITY
        beyond = close > self.channel.upper * (1.0 + self.breakout) or close < self.channel.lower * (
            1.0 - self.breakout
        )
        if beyond and volume >= self.volume_ratio * self.mean_volume:
            return BREAKOUT
        if adx >= self.adx_threshold and self.price_efficiency >= self.efficiency:
            return STRONG_TREND
        if adx >= self.weak_adx:
            return WEAK_TREND
        return LOW_VOLATILITY if rank <= self.low_volatility else RANGE

    def history(self) -> list[str]:
        """Names of the last published regimes, the current one last; what an adviser is told."""
        ring = self.recent
        ordered = ring.values[ring.at :] + ring.values[: ring.at]
        return [name_of(code) for code in ordered if code == code]
