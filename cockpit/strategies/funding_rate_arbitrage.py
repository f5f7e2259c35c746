"""ST-03, be paid for being short: when longs pay much, short the perpetual and hold the coins against it.

Enters when the last settled funding rate is at least 0.1 % per 8 hours, and so were at least 3 of the last
10; leaves when a settled rate is below 0.05 %. Both legs hold the same base quantity, so the price does not
matter, only the rate does. Only settled rates count: the announced one changes until its interval is over.

The rule is about POSITIVE rates. With negative ones the shorts pay; the mirror trade would sell coins that
nobody has lent, and a spot market cannot be sold short: nothing is done. Trades are made at the first candle
that closes AFTER the settlement: at the same instant a simulator could not say whether the position was there
in time to be paid. A leg that was trimmed or refused cuts the other to its size, at the candle after.

How rare that is, counted on Binance's settled rates, 2019-09 to 2025-12 (funding/binance_funding): at least
0.1 % in 1.3 % of BTC's intervals (89 of 6,914, the last on 2021-04-16), 2.2 % of ETH's (144 of 6,680), 2.5 to
3.1 % of ADA's, LTC's and XRP's, never in a year of 15 others; on OKX's (2025-10 to 2025-12) never. With the
defaults BTC would have been held nine times, for 110 intervals, all before 2022: expect no trades today.

Costs: four taker fills. At 0.05 % a fill and 0.1 % per interval it takes 2 intervals to be even, with 0.1 %
on the spot legs 3. The source names no stop; 50 % above the entry one rests on the short, because its loss is
due in cash while the gain of the coins is not. It says nothing about the rates: the next settlement that is
high enough enters again.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.carry import Carry
from cockpit.core.events import Bar, Fill, FundingRate
from cockpit.core.registry import strategy
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.indicators.settled_rate import SettledRate

RATE = {"unit": "fraction per 8 h"}
INTERVALS = {"unit": "intervals"}


class Params(msgspec.Struct, frozen=True):
    """The numbers of ST-03. Raises ValueError when it would leave where it enters or can never enter."""

    min_funding_rate: Annotated[
        float, Meta(gt=0, le=0.1, description="Least rate to enter at", extra_json_schema=RATE)
    ] = 0.001
    exit_funding_rate: Annotated[
        float, Meta(ge=-0.1, le=0.1, description="Rate below which it leaves", extra_json_schema=RATE)
    ] = 0.0005
    min_duration: Annotated[
        int, Meta(ge=1, le=60, description="Intervals with that rate", extra_json_schema=INTERVALS)
    ] = 3
    history_window: Annotated[
        int, Meta(ge=1, le=60, description="Among the last so many", extra_json_schema=INTERVALS)
    ] = 10
    stop_loss_pct: Annotated[
        float,
        Meta(
            gt=0,
            le=2,
            description="Stop of the short above its entry",
            extra_json_schema={"unit": "fraction"},
        ),
    ] = 0.5
    max_position: Annotated[
        float,
        Meta(
            gt=0, le=1, description="Notional of each leg", extra_json_schema={"unit": "fraction of equity"}
        ),
    ] = 0.50
    max_leverage: Annotated[
        float,
        Meta(gt=0, le=20, description="Both legs never above", extra_json_schema={"unit": "x equity"}),
    ] = 1.0

    def __post_init__(self) -> None:
        if self.exit_funding_rate >= self.min_funding_rate:
            raise ValueError("exit_funding_rate < min_funding_rate is needed: it would leave where it enters")
        if self.min_duration > self.history_window:
            raise ValueError("min_duration <= history_window is needed: it could never enter")


@strategy(
    "funding_rate_arbitrage", Params, version=1, wakes=("bar", "funding", "fill"), legs=("perp", "spot")
)
class FundingRateArbitrage(msgspec.Struct):
    """Short perpetual against coins while funding pays well; symbols: the perpetual, then its spot market.

    Reasons it gives: ``funding`` entered; ``faded`` the rate fell; ``stopped`` the short was closed;
    ``uneven`` a leg was cut to the other; ``carry.legs`` the instruments cannot be held like this;
    ``carry.size`` less than the venue's minimum.
    """

    params: Params
    rates: SettledRate
    carry: Carry
    hits: int = 0
    """The last intervals as bits, the newest lowest: 1 = the rate was high enough."""
    ready: bool = False
    """The rates say enter; the next candle does."""
    faded: bool = False
    """The rates say leave; the next candle does."""

    @classmethod
    def create(cls, params: Params) -> FundingRateArbitrage:
        """A fresh one, knowing nothing."""
        return cls(params, SettledRate(), Carry())

    def on_funding(self, rate: FundingRate, view: View, want: Want) -> None:
        """Count settled intervals of the perpetual: do they say enter, or leave?"""
        params = self.params
        if view.news != 0 or not self.rates.update(rate.rate, rate.settle_ts, rate.settled):
            return
        high = self.rates.value >= params.min_funding_rate
        self.hits = (self.hits * 2 + (1 if high else 0)) % (1 << params.history_window)
        self.ready = high and self._count() >= params.min_duration
        self.faded = self.rates.value < params.exit_funding_rate

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        """Do what the rates said; otherwise look after what is held."""
        if self.carry.wanted:
            if self.carry.lost(view):
                self.ready = False
                self.carry.close(want, "stopped")
            elif self.faded and bar.ts > self.rates.at:
                self.carry.close(want, "faded")
            elif bar.ts > self.carry.since:
                self.carry.even_out(view, want, "uneven")
        elif self.ready and view.news == 0 and bar.ts > self.rates.at:
            self.ready = False
            weight = min(self.params.max_position, self.params.max_leverage / 2)
            if not self.carry.possible(view):
                want.pull("carry.legs")
            elif not self.carry.open(view, want, weight, bar.close, self.params.stop_loss_pct, "funding"):
                want.pull("carry.size")

    def on_fill(self, fill: Fill, view: View, want: Want) -> None:
        """The stop of the short speaks between candles: the coins go with it."""
        if self.carry.wanted and self.carry.lost(view):
            self.ready = False
            self.carry.close(want, "stopped")

    def _count(self) -> int:
        """How many of the last intervals were high."""
        left, found = self.hits, 0
        while left > 0:
            found += left % 2
            left //= 2
        return found
