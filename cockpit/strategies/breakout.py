"""ST-04, follow a breakout: a close beyond the last 20 bars' range, with volume behind it.

Long when the close is above 1.002 times the highest high of the 20 bars BEFORE it and the volume at least 1.5
times the mean of the 20 bars before; short mirrored, below the lowest low / 1.002. Stop 2 ATR and take-profit
4 ATR from the deciding close, frozen there and resting at the venue; there is no other exit.

One breakout, one try: after a stop or a take nothing is entered the same way until a bar has closed back
inside the range. The current bar is left out of range and volume: with it no close could ever break out.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.attempt import Attempt
from cockpit.core.events import Bar, Fill
from cockpit.core.registry import strategy
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.indicators.atr import Atr
from cockpit.indicators.donchian_prior import DonchianPrior
from cockpit.indicators.sma import Sma

BARS = {"unit": "bars"}
ATRS = {"unit": "ATR"}


class Params(msgspec.Struct, frozen=True):
    """The numbers of ST-04."""

    lookback_period: Annotated[
        int, Meta(ge=2, le=1000, description="Bars that make the range", extra_json_schema=BARS)
    ] = 20
    breakout_threshold: Annotated[
        float,
        Meta(
            ge=1, le=1.5, description="How far beyond the range", extra_json_schema={"unit": "x range edge"}
        ),
    ] = 1.002
    volume_threshold: Annotated[
        float, Meta(ge=0, le=20, description="Volume over its usual", extra_json_schema={"unit": "x mean"})
    ] = 1.5
    volume_period: Annotated[
        int, Meta(ge=1, le=500, description="Bars that make the usual volume", extra_json_schema=BARS)
    ] = 20
    atr_period: Annotated[int, Meta(ge=2, le=200, description="ATR length", extra_json_schema=BARS)] = 14
    stop_loss_atr: Annotated[
        float, Meta(gt=0, le=20, description="Stop distance", extra_json_schema=ATRS)
    ] = 2.0
    take_profit_atr: Annotated[
        float, Meta(gt=0, le=50, description="Take-profit distance", extra_json_schema=ATRS)
    ] = 4.0
    max_position: Annotated[
        float,
        Meta(gt=0, le=1, description="Notional wanted", extra_json_schema={"unit": "fraction of equity"}),
    ] = 0.25
    max_leverage: Annotated[
        float, Meta(gt=0, le=20, description="Notional never above", extra_json_schema={"unit": "x equity"})
    ] = 3.0


@strategy("breakout", Params, version=1, wakes=("bar", "fill"))
class Breakout(msgspec.Struct):
    """Buys new highs and sells new lows that volume confirms, with a stop at 2 ATR and a target at 4 ATR.

    Reasons it gives: ``break-up`` ``break-down`` entered; ``spent`` the stop or the target was reached.
    """

    params: Params
    channel: DonchianPrior
    atr: Atr
    volume: Sma
    attempt: Attempt
    used: int = 0
    """Direction of the breakout that has had its try; 0 = the next one is free."""

    @classmethod
    def create(cls, params: Params) -> Breakout:
        """A fresh one, knowing nothing."""
        return cls(
            params,
            channel=DonchianPrior(params.lookback_period),
            atr=Atr(params.atr_period),
            volume=Sma(params.volume_period),
            attempt=Attempt(),
        )

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        """Look once per closed bar: is the try over, or is there a new breakout? Silent while warming up."""
        params = self.params
        close = bar.close
        self.channel.update(bar.high, bar.low)
        atr = self.atr.update(bar.high, bar.low, close)
        usual = self.volume.value
        self.volume.update(bar.volume)
        out = 0
        if close > self.channel.upper * params.breakout_threshold:
            out = 1
        elif close < self.channel.lower / params.breakout_threshold:
            out = -1
        if out != self.used:
            self.used = 0
        if self.attempt.side != 0:
            if self.attempt.over(close, view.position, view.min_qty, 0.0):
                self._leave(want, "spent")
        elif (
            (out > 0 or (out < 0 and view.can_short))
            and self.used == 0
            and bar.volume >= params.volume_threshold * usual
        ):
            self._enter(out, close, atr, want)

    def on_fill(self, fill: Fill, view: View, want: Want) -> None:
        """Stop and take speak between bars: the wish ends with them, before it could be bought again."""
        if self.attempt.side != 0:
            over = self.attempt.over(float(fill.price), view.position, view.min_qty, view.tick)
            if over and fill.side.sign != self.attempt.side:
                self._leave(want, "spent")

    def _enter(self, side: int, close: float, atr: float, want: Want) -> None:
        stop = close - side * self.params.stop_loss_atr * atr
        take = close + side * self.params.take_profit_atr * atr
        if not (atr > 0 and stop > 0):
            return
        self.used = side
        self.attempt.begin(side, stop, take)
        weight = min(self.params.max_position, self.params.max_leverage)
        if side > 0:
            want.long(weight, self.attempt.stop, self.attempt.take, "break-up")
        else:
            want.short(weight, self.attempt.stop, self.attempt.take, "break-down")

    def _leave(self, want: Want, tag: str) -> None:
        self.attempt.end()
        want.flat(tag)
