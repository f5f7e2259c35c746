"""ST-09, cash and carry: hold coins, sell the perpetual against them, collect what the market pays for it.

    carry = mean of the last settled funding rates, per year + (perp / spot - 1) * 365 / hold_days
    net   = carry - what both legs cost to open and close, per year - borrow_rate

Enters when net is above ``hurdle``; leaves when carry - borrow_rate has fallen below ``exit_carry``. A
perpetual has no expiry at which its price must meet that of the coins: the basis is expected to close over
``hold_days``, and the costs are spread over the same days, at the account's own taker fees. Both prices are
closes of the same moment, and never that of a settlement: nobody could say whether a position taken then was
there in time to be paid.

It differs from funding_rate_arbitrage in what it waits for: not three extreme intervals, but a carry that
beats its costs. The sources give no numbers for it; these are our own. Nothing is borrowed for coins bought
with own cash, hence ``borrow_rate`` 0. The trade is one-way: a spot market cannot be sold short.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.aligned import Aligned
from cockpit.core.carry import Carry
from cockpit.core.events import Bar, Fill, FundingRate
from cockpit.core.registry import strategy
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.indicators.settled_rate import SettledRate
from cockpit.indicators.sma import Sma

INTERVALS_A_YEAR = 1095.0
"""Of 8 hours."""
YEARLY = {"unit": "fraction per year"}


class Params(msgspec.Struct, frozen=True):
    """What may be tuned. Raises ValueError when it would leave where it enters."""

    funding_window: Annotated[
        int,
        Meta(ge=1, le=1000, description="Settled rates in the mean", extra_json_schema={"unit": "intervals"}),
    ] = 9
    hold_days: Annotated[
        float,
        Meta(ge=0.5, le=3650, description="How long it expects to hold", extra_json_schema={"unit": "days"}),
    ] = 30.0
    hurdle: Annotated[
        float, Meta(ge=-1, le=10, description="Least net carry to enter at", extra_json_schema=YEARLY)
    ] = 0.05
    exit_carry: Annotated[
        float, Meta(ge=-10, le=10, description="Carry below which it leaves", extra_json_schema=YEARLY)
    ] = 0.0
    borrow_rate: Annotated[
        float, Meta(ge=0, le=10, description="Price of borrowed cash", extra_json_schema=YEARLY)
    ] = 0.0
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
        if self.exit_carry > self.hurdle:
            raise ValueError("exit_carry <= hurdle is needed: it would leave where it enters")


@strategy("cash_carry", Params, version=1, wakes=("bar", "funding", "fill"), legs=("perp", "spot"))
class CashCarry(msgspec.Struct):
    """Coins against a short perpetual while funding and basis beat the costs; symbols: perpetual, then spot.

    Reasons it gives: ``carry`` entered; ``carry-gone`` it no longer pays; ``stopped`` the short was closed;
    ``uneven`` a leg was cut to the other; ``carry.legs`` the instruments cannot be held like this;
    ``carry.size`` less than the venue's minimum.
    """

    params: Params
    rates: SettledRate
    mean: Sma
    closes: Aligned
    carry: Carry
    spent: bool = False
    """The short was stopped: nothing new until the carry has been gone once."""

    @classmethod
    def create(cls, params: Params) -> CashCarry:
        """A fresh one, knowing nothing."""
        return cls(params, SettledRate(), Sma(params.funding_window), Aligned.of(2), Carry())

    def on_funding(self, rate: FundingRate, view: View, want: Want) -> None:
        """Remember what the perpetual has paid."""
        if view.news == 0 and self.rates.update(rate.rate, rate.settle_ts, rate.settled):
            self.mean.update(self.rates.value)

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        """Both markets have closed: does holding them against each other pay? Silent while warming up."""
        if not self.closes.update(view.news, bar.end, bar.close) or bar.ts <= self.rates.at:
            return
        params = self.params
        perp, spot = self.closes.value[0], self.closes.value[1]
        a_year = 365.0 / params.hold_days
        carry = self.mean.value * INTERVALS_A_YEAR + (perp / spot - 1.0) * a_year - params.borrow_rate
        if carry < params.exit_carry:
            self.spent = False
        if self.carry.wanted:
            self._tend(carry, bar.ts, view, want)
        elif not self.spent and carry - self._costs(view) * a_year > params.hurdle:
            weight = min(params.max_position, params.max_leverage / 2)
            if not self.carry.possible(view):
                want.pull("carry.legs")
            elif not self.carry.open(view, want, weight, perp, params.stop_loss_pct, "carry"):
                want.pull("carry.size")

    def on_fill(self, fill: Fill, view: View, want: Want) -> None:
        """The stop of the short speaks between candles: the coins go with it."""
        if self.carry.wanted and self.carry.lost(view):
            self.spent = True
            self.carry.close(want, "stopped")

    def _tend(self, carry: float, now: int, view: View, want: Want) -> None:
        if self.carry.lost(view):
            self.spent = True
            self.carry.close(want, "stopped")
        elif carry < self.params.exit_carry:
            self.carry.close(want, "carry-gone")
        elif now > self.carry.since:
            self.carry.even_out(view, want, "uneven")

    def _costs(self, view: View) -> float:
        """Opening and closing both legs at market, fraction of one leg."""
        return 2.0 * (view.leg(0).taker_fee + view.leg(1).taker_fee)
