"""ST-06, ride strength: price, volume and RSI have all accelerated over the last 14 bars.

Long when the close is at least 5 % above that of 14 bars ago, RSI14 at least 5 points above its own value 14
bars ago, and the volume at least 1.3 times the mean of the 20 bars before; short mirrored. Stop 2.5 ATR and
take-profit 5 ATR from the deciding close, frozen there and resting at the venue; there is no other exit.

One run, one try: after a stop or a take nothing is entered the same way until the move over 14 bars has
fallen below the threshold on a closed bar. The source does not say over how many bars RSI is compared: the
same 14 as the price.
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
from cockpit.indicators.ring import Ring
from cockpit.indicators.roc import Roc
from cockpit.indicators.rsi import Rsi
from cockpit.indicators.sma import Sma

BARS = {"unit": "bars"}
ATRS = {"unit": "ATR"}


class Params(msgspec.Struct, frozen=True):
    """The numbers of ST-06."""

    momentum_period: Annotated[
        int, Meta(ge=1, le=500, description="Over how many bars it looks back", extra_json_schema=BARS)
    ] = 14
    price_momentum_threshold: Annotated[
        float, Meta(gt=0, le=1, description="Least move of the price", extra_json_schema={"unit": "fraction"})
    ] = 0.05
    volume_momentum_threshold: Annotated[
        float, Meta(ge=0, le=20, description="Volume over its usual", extra_json_schema={"unit": "x mean"})
    ] = 1.3
    volume_period: Annotated[
        int, Meta(ge=1, le=500, description="Bars that make the usual volume", extra_json_schema=BARS)
    ] = 20
    rsi_period: Annotated[int, Meta(ge=2, le=200, description="RSI length", extra_json_schema=BARS)] = 14
    rsi_momentum_threshold: Annotated[
        float, Meta(ge=0, le=100, description="Least move of RSI", extra_json_schema={"unit": "points"})
    ] = 5.0
    atr_period: Annotated[int, Meta(ge=2, le=200, description="ATR length", extra_json_schema=BARS)] = 14
    stop_loss_atr: Annotated[
        float, Meta(gt=0, le=20, description="Stop distance", extra_json_schema=ATRS)
    ] = 2.5
    take_profit_atr: Annotated[
        float, Meta(gt=0, le=50, description="Take-profit distance", extra_json_schema=ATRS)
    ] = 5.0
    max_position: Annotated[
        float,
        Meta(gt=0, le=1, description="Notional wanted", extra_json_schema={"unit": "fraction of equity"}),
    ] = 0.20
    max_leverage: Annotated[
        float, Meta(gt=0, le=20, description="Notional never above", extra_json_schema={"unit": "x equity"})
    ] = 3.0


@strategy("momentum", Params, version=1, wakes=("bar", "fill"))
class Momentum(msgspec.Struct):
    """Joins a move that price, volume and RSI agree on, with a stop at 2.5 ATR and a target at 5 ATR.

    Reasons it gives: ``surge`` ``slump`` entered; ``spent`` the stop or the target was reached.
    """

    params: Params
    change: Roc
    rsi: Rsi
    rsi_before: Ring
    atr: Atr
    volume: Sma
    attempt: Attempt
    used: int = 0
    """Direction of the run that has had its try; 0 = the next one is free."""

    @classmethod
    def create(cls, params: Params) -> Momentum:
        """A fresh one, knowing nothing."""
        return cls(
            params,
            change=Roc(params.momentum_period),
            rsi=Rsi(params.rsi_period),
            rsi_before=Ring(params.momentum_period),
            atr=Atr(params.atr_period),
            volume=Sma(params.volume_period),
            attempt=Attempt(),
        )

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        """Look once per closed bar: is the try over, or has a move begun? Silent while warming up."""
        params = self.params
        close = bar.close
        move = self.change.update(close) / 100.0
        rsi = self.rsi.update(close)
        gained = rsi - self.rsi_before.push(rsi)
        atr = self.atr.update(bar.high, bar.low, close)
        usual = self.volume.value
        self.volume.update(bar.volume)
        run = 0
        if move >= params.price_momentum_threshold:
            run = 1
        elif move <= -params.price_momentum_threshold:
            run = -1
        if run != self.used:
            self.used = 0
        if self.attempt.side != 0:
            if self.attempt.over(close, view.position, view.min_qty, 0.0):
                self._leave(want, "spent")
        elif (run > 0 or (run < 0 and view.can_short)) and self.used == 0:
            loud = bar.volume >= params.volume_momentum_threshold * usual
            if loud and gained * run >= params.rsi_momentum_threshold:
                self._enter(run, close, atr, want)

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
            want.long(weight, self.attempt.stop, self.attempt.take, "surge")
        else:
            want.short(weight, self.attempt.stop, self.attempt.take, "slump")

    def _leave(self, want: Want, tag: str) -> None:
        self.attempt.end()
        want.flat(tag)
