"""What every sizing measures: a market's volatility, and the leverage it bears now. Quant reference 5, 11."""

from __future__ import annotations

from math import inf, isfinite, log, nan, sqrt
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.events import Bar
from cockpit.core.margin import tier_of
from cockpit.core.sizing import Ask
from cockpit.core.types import exact
from cockpit.indicators.annualise import YEAR_SECONDS, decay_of
from cockpit.indicators.atr_percentile import AtrPercentile
from cockpit.indicators.efficiency_ratio import EfficiencyRatio
from cockpit.indicators.ewma_var import EwmaVar
from cockpit.indicators.parkinson import Parkinson

HOUR = 3_600_000
LEAST = 20
"""Closed bars before a volatility is believed."""
BAD_TICK = 1.5
"""A bar whose high is more than this times its low is a data error, not volatility (quant reference 5)."""
RAISE_EVERY_MS = HOUR
HYSTERESIS = 0.1


def number(low: float, high: float, unit: str, meaning: str) -> Meta:
    """Bounds and words of a parameter; ``low`` itself is not allowed."""
    return Meta(gt=low, le=high, description=meaning, extra_json_schema={"unit": unit})


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What each method may be told about volatility and leverage."""

    vol: Annotated[
        str, Meta(pattern="^(ewma|parkinson)$", description="Volatility from closes, or from ranges")
    ] = "ewma"
    bars: Annotated[
        int,
        Meta(
            ge=2,
            le=5_000,
            description="Half-life of ewma, window of parkinson",
            extra_json_schema={"unit": "bars"},
        ),
    ] = 48
    floor: Annotated[float, number(0, 10, "a year", "Lowest volatility that is believed")] = 0.05
    w_max: Annotated[float, number(0, 100, "fraction of capital", "Largest position")] = 1.0
    leverage: Annotated[
        float,
        Meta(
            ge=0,
            le=100,
            description="Leverage in a calm, straight market; less in any other (tiered). 0 = not asked",
            extra_json_schema={"unit": "x"},
        ),
    ] = 0.0


class Yardstick(msgspec.Struct):
    """Volatility of one market from closed bars."""

    vol: str
    bars: int
    floor: float
    ewma: EwmaVar
    ranges: Parkinson
    close: float = nan
    tf: int = 0
    seen: int = 0

    @classmethod
    def of(cls, params: Measured) -> Yardstick:
        """One that has seen nothing."""
        ewma, ranges = EwmaVar(decay_of(params.bars)), Parkinson(params.bars)
        return cls(params.vol, params.bars, params.floor, ewma, ranges)

    def update(self, bar: Bar) -> None:
        """Take in a closed bar; one that cannot be true is left out."""
        if not 0 < bar.low <= min(bar.open, bar.close) or bar.high < max(bar.open, bar.close):
            return
        if bar.high > BAD_TICK * bar.low:
            return
        self.tf = bar.tf
        if self.close > 0:
            self.ewma.update(log(bar.close / self.close))
            self.ranges.update(bar.high, bar.low)
            self.seen += 1
        self.close = bar.close

    @property
    def sigma_bar(self) -> float:
        """Volatility of one bar, not below the floor; NaN until enough is known."""
        if self.seen < LEAST:
            return nan
        variance = self.ewma.value if self.vol == "ewma" else self.ranges.value
        return max(sqrt(variance), self.floor / self._per_year) if isfinite(variance) else nan

    @property
    def sigma(self) -> float:
        """The same a year."""
        return self.sigma_bar * self._per_year

    @property
    def _per_year(self) -> float:
        return sqrt(YEAR_SECONDS * 1_000 / self.tf)

    def words(self) -> str:
        """How it came about."""
        return f"volatility {self.sigma:.2f} a year ({self.vol}, {self.bars} bars)"

    def missing(self) -> str:
        """Why there is none yet; empty when there is."""
        if self.sigma_bar == self.sigma_bar:
            return ""
        return f"volatility not known yet: {self.seen} of {max(LEAST, self._needs)} bars"

    @property
    def _needs(self) -> int:
        return self.bars if self.vol == "parkinson" else 0


class Tiered(msgspec.Struct):
    """Leverage that falls when a market is wild or without direction (PF-09, quant reference 11).

    L = min(venue's tier, base·m_vol·m_trend, room to liquidation); m_vol is 1 below the median of ATR and
    falls to 0.25 at its 95th percentile, m_trend = 0.5 + 0.5·min(1, efficiency/0.5). Up by at least 10 %, at
    most once an hour; down at once. Liquidation stays three daily volatilities away.
    """

    base: float
    wild: AtrPercentile
    straight: EfficiencyRatio
    now: float = 0.0
    """In force; 0 = not known yet."""
    raised: int = 0

    @classmethod
    def of(cls, base: float) -> Tiered:
        """One that has seen nothing."""
        return cls(base, AtrPercentile(14, 100), EfficiencyRatio(10))

    def update(self, bar: Bar) -> None:
        """Take in a closed bar; the leverage in force follows."""
        rank = self.wild.update(bar.high, bar.low, bar.close)
        efficiency = self.straight.update(bar.close)
        if not self.base or not (rank == rank and efficiency == efficiency):
            return
        found = self.base * calm(rank) * (0.5 + 0.5 * min(1.0, efficiency / 0.5))
        if found < self.now or not self.now:
            self.now = found
        elif found >= self.now * (1.0 + HYSTERESIS) and bar.ts >= self.raised + RAISE_EVERY_MS:
            self.now, self.raised = found, bar.ts

    def most(self, ask: Ask, sigma: float) -> tuple[float, str]:
        """(largest weight, words); infinite when it is not asked. ``sigma`` a year."""
        if not self.base:
            return inf, ""
        if not self.now:
            return 0.0, "leverage not known yet: ATR needs 115 bars"
        instrument = ask.instrument
        most = exact(self.now * ask.capital / ask.unit)
        tier = tier_of(instrument, most) or instrument.tiers[-1]
        daily = sigma / sqrt(365.0)
        far = 1.0 / (3.0 * daily + float(tier.maintenance + instrument.taker_fee))
        venue = float(tier.max_leverage) if instrument.derivative else 1.0
        level = min(self.now, far, venue)
        return level, f"leverage at most {level:.2f} of {self.base:g}"


def calm(rank: float) -> float:
    """m_vol: 1 up to the median, falling straight to 0.25 at the 95th percentile."""
    return 1.0 - 0.75 * min(1.0, max(0.0, (rank - 0.5) / 0.45))


class Gauge(msgspec.Struct):
    """Both, and how a method's number becomes an answer."""

    yard: Yardstick
    tiered: Tiered
    w_max: float

    @classmethod
    def of(cls, params: Measured) -> Gauge:
        """One that has seen nothing."""
        return cls(Yardstick.of(params), Tiered.of(params.leverage), params.w_max)

    def update(self, bar: Bar) -> None:
        """Take in a closed bar."""
        self.yard.update(bar)
        self.tiered.update(bar)

    def capped(self, weight: float, ask: Ask) -> tuple[float, float, list[str]]:
        """(weight, its cap, words) under ``w_max`` and the tiered leverage."""
        level, words = self.tiered.most(ask, self.yard.sigma)
        cap = min(self.w_max, ask.most, level)
        said = [words] if words else []
        if weight > self.w_max < ask.most:
            said.append(f"at most {self.w_max:g}")
        elif weight > ask.most:
            said.append(f"its strategy allows itself {ask.most:g}")
        return min(weight, cap), cap, said
