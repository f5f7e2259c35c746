"""ST-01, follow the trend: three averages in order, momentum and volume agree, stops in units of ATR.

Long when EMA9 > EMA21 > EMA55, RSI14 within 50..70 and volume at least 1.2 times the mean of the 20 bars
before; short mirrored (RSI 30..50). Stop 2 ATR and take-profit 4 ATR from the deciding close, frozen there
and resting at the venue; out when EMA9 crosses EMA21 against the wish.

One run, one try: a wish ends when the averages cross, or when its stop or take is reached (the position is
flat again, or a price beyond the level is seen, filled or not). It is not renewed in the same run: the
averages must first fall out of order on a closed bar. Without that, every stop-out of a running trend would
buy again at once.
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
from cockpit.indicators.ema import Ema
from cockpit.indicators.rsi import Rsi
from cockpit.indicators.sma import Sma

BARS = {"unit": "bars"}
ATRS = {"unit": "ATR"}
POINTS = {"unit": "points"}


class Params(msgspec.Struct, frozen=True):
    """The numbers of ST-01. Raises ValueError when averages or RSI bounds are not in rising order."""

    ema_fast: Annotated[int, Meta(ge=2, le=200, description="Fast average", extra_json_schema=BARS)] = 9
    ema_medium: Annotated[
        int, Meta(ge=3, le=400, description="Medium average; its cross is the exit", extra_json_schema=BARS)
    ] = 21
    ema_slow: Annotated[int, Meta(ge=4, le=1000, description="Slow average", extra_json_schema=BARS)] = 55
    rsi_period: Annotated[int, Meta(ge=2, le=200, description="RSI length", extra_json_schema=BARS)] = 14
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
    ] = 0.20
    max_leverage: Annotated[
        float, Meta(gt=0, le=20, description="Notional never above", extra_json_schema={"unit": "x equity"})
    ] = 3.0
    rsi_min: Annotated[
        float, Meta(ge=0, le=100, description="Lowest RSI to buy at", extra_json_schema=POINTS)
    ] = 50.0
    rsi_max: Annotated[
        float, Meta(ge=0, le=100, description="Highest RSI to buy at", extra_json_schema=POINTS)
    ] = 70.0
    rsi_short_min: Annotated[
        float, Meta(ge=0, le=100, description="Lowest RSI to sell at", extra_json_schema=POINTS)
    ] = 30.0
    rsi_short_max: Annotated[
        float, Meta(ge=0, le=100, description="Highest RSI to sell at", extra_json_schema=POINTS)
    ] = 50.0
    volume_threshold: Annotated[
        float, Meta(ge=0, le=20, description="Volume over its usual", extra_json_schema={"unit": "x mean"})
    ] = 1.2
    volume_period: Annotated[
        int, Meta(ge=1, le=500, description="Bars that make the usual volume", extra_json_schema=BARS)
    ] = 20

    def __post_init__(self) -> None:
        if not self.ema_fast < self.ema_medium < self.ema_slow:
            raise ValueError("ema_fast < ema_medium < ema_slow is needed")
        if self.rsi_min >= self.rsi_max or self.rsi_short_min >= self.rsi_short_max:
            raise ValueError("each lower RSI bound must be below its upper one")


@strategy("ema_trend", Params, version=1, wakes=("bar", "fill"))
class EmaTrend(msgspec.Struct):
    """Rides a trend that momentum and volume confirm, with a stop at 2 ATR and a target at 4 ATR.

    Reasons it gives: ``trend-up`` ``trend-down`` entered; ``cross`` the averages crossed back; ``spent`` the
    stop or the target was reached.
    """

    params: Params
    fast: Ema
    medium: Ema
    slow: Ema
    rsi: Rsi
    atr: Atr
    volume: Sma
    attempt: Attempt
    used: int = 0
    """Direction of the run that has had its try; 0 = the next one is free."""

    @classmethod
    def create(cls, params: Params) -> EmaTrend:
        """A fresh one, knowing nothing."""
        return cls(
            params,
            fast=Ema(params.ema_fast),
            medium=Ema(params.ema_medium),
            slow=Ema(params.ema_slow),
            rsi=Rsi(params.rsi_period),
            atr=Atr(params.atr_period),
            volume=Sma(params.volume_period),
            attempt=Attempt(),
        )

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        """Look once per closed bar: leave, stay or enter. Warm-up is silent, because NaN compares false."""
        close = bar.close
        fast = self.fast.update(close)
        medium = self.medium.update(close)
        slow = self.slow.update(close)
        rsi = self.rsi.update(close)
        atr = self.atr.update(bar.high, bar.low, close)
        usual = self.volume.value
        self.volume.update(bar.volume)
        run = 1 if fast > medium > slow else -1 if fast < medium < slow else 0
        if run != self.used:
            self.used = 0
        side = self.attempt.side
        if side != 0:
            if (fast - medium) * side < 0:
                self._leave(want, "cross")
            elif self.attempt.over(close, view.position, view.min_qty, 0.0):
                self._leave(want, "spent")
        elif (
            (run > 0 or (run < 0 and view.can_short))
            and not self.used
            and bar.volume >= self.params.volume_threshold * usual
        ):
            self._enter(run, close, rsi, atr, want)

    def on_fill(self, fill: Fill, view: View, want: Want) -> None:
        """Stop and take speak between bars: the wish ends with them, before it could be bought again."""
        if self.attempt.side != 0:
            over = self.attempt.over(float(fill.price), view.position, view.min_qty, view.tick)
            if over and fill.side.sign != self.attempt.side:
                self._leave(want, "spent")

    def _enter(self, run: int, close: float, rsi: float, atr: float, want: Want) -> None:
        params = self.params
        lowest, highest = (
            (params.rsi_min, params.rsi_max) if run > 0 else (params.rsi_short_min, params.rsi_short_max)
        )
        stop = close - run * params.stop_loss_atr * atr
        take = close + run * params.take_profit_atr * atr
        if not (lowest <= rsi <= highest and atr > 0 and stop > 0):
            return
        self.used = run
        self.attempt.begin(run, stop, take)
        weight = min(params.max_position, params.max_leverage)
        if run > 0:
            want.long(weight, self.attempt.stop, self.attempt.take, "trend-up")
        else:
            want.short(weight, self.attempt.stop, self.attempt.take, "trend-down")

    def _leave(self, want: Want, tag: str) -> None:
        self.attempt.end()
        want.flat(tag)
