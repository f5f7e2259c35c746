"""ST-07, bet on the return: far from the mean and exhausted, until the mean is near again.

z = (close - mean of 20 closes) / their standard deviation (sample, the current close in both). Long when z is
at most -2 and RSI14 at most 30; short mirrored (z at least 2, RSI at least 70). Out when z has come back
within 0.5 of the mean, or beyond it; stop 3 % from the deciding close, frozen there and resting at the venue.

One excursion, one try: after a stop nothing is entered the same way until z has been back within 0.5. Without
that, a market that keeps falling would be bought again and again. A market that does not move has no z.
"""

from __future__ import annotations

from math import nan
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.attempt import Attempt
from cockpit.core.events import Bar, Fill
from cockpit.core.registry import strategy
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.indicators.rsi import Rsi
from cockpit.indicators.sma import Sma
from cockpit.indicators.stddev import Stddev

BARS = {"unit": "bars"}
POINTS = {"unit": "points"}
SIGMAS = {"unit": "standard deviations"}


class Params(msgspec.Struct, frozen=True):
    """The numbers of ST-07. Raises ValueError when exits or RSI bounds are on the wrong side of entries."""

    ma_period: Annotated[
        int, Meta(ge=2, le=1000, description="Closes in the mean", extra_json_schema=BARS)
    ] = 20
    std_period: Annotated[
        int, Meta(ge=2, le=1000, description="Closes in the deviation", extra_json_schema=BARS)
    ] = 20
    entry_std: Annotated[float, Meta(gt=0, le=10, description="How far is far", extra_json_schema=SIGMAS)] = (
        2.0
    )
    exit_std: Annotated[
        float, Meta(ge=0, le=10, description="How near is back", extra_json_schema=SIGMAS)
    ] = 0.5
    rsi_period: Annotated[int, Meta(ge=2, le=200, description="RSI length", extra_json_schema=BARS)] = 14
    rsi_oversold: Annotated[
        float, Meta(ge=0, le=100, description="Highest RSI to buy at", extra_json_schema=POINTS)
    ] = 30.0
    rsi_overbought: Annotated[
        float, Meta(ge=0, le=100, description="Lowest RSI to sell at", extra_json_schema=POINTS)
    ] = 70.0
    stop_loss_pct: Annotated[
        float, Meta(gt=0, lt=1, description="Stop distance", extra_json_schema={"unit": "fraction"})
    ] = 0.03
    max_position: Annotated[
        float,
        Meta(gt=0, le=1, description="Notional wanted", extra_json_schema={"unit": "fraction of equity"}),
    ] = 0.25
    max_leverage: Annotated[
        float, Meta(gt=0, le=20, description="Notional never above", extra_json_schema={"unit": "x equity"})
    ] = 2.0

    def __post_init__(self) -> None:
        if self.exit_std >= self.entry_std:
            raise ValueError("exit_std < entry_std is needed: it would leave where it enters")
        if self.rsi_oversold >= self.rsi_overbought:
            raise ValueError("rsi_oversold < rsi_overbought is needed")


@strategy("mean_reversion", Params, version=1, wakes=("bar", "fill"))
class MeanReversion(msgspec.Struct):
    """Buys what has fallen far and sells what has risen far, until it is back near its mean.

    Reasons it gives: ``far-below`` ``far-above`` entered; ``reverted`` back near the mean; ``spent`` the stop
    was reached.
    """

    params: Params
    mean: Sma
    spread: Stddev
    rsi: Rsi
    attempt: Attempt
    used: int = 0
    """Direction of the excursion that has had its try; 0 = the next one is free."""

    @classmethod
    def create(cls, params: Params) -> MeanReversion:
        """A fresh one, knowing nothing."""
        return cls(
            params,
            mean=Sma(params.ma_period),
            spread=Stddev(params.std_period, 1),
            rsi=Rsi(params.rsi_period),
            attempt=Attempt(),
        )

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        """Look once per closed bar: is it back, is the try over, or is it far? Silent while warming up."""
        params = self.params
        close = bar.close
        mean = self.mean.update(close)
        sigma = self.spread.update(close)
        rsi = self.rsi.update(close)
        z = (close - mean) / sigma if sigma > 0.0 else nan
        if self.used != 0 and z * self.used >= -params.exit_std:
            self.used = 0
            if self.attempt.side != 0:
                self._leave(want, "reverted")
                return
        if self.attempt.side != 0:
            if self.attempt.over(close, view.position, view.min_qty, 0.0):
                self._leave(want, "spent")
        elif self.used == 0:
            if z <= -params.entry_std and rsi <= params.rsi_oversold:
                self._enter(1, close, want)
            elif view.can_short and z >= params.entry_std and rsi >= params.rsi_overbought:
                self._enter(-1, close, want)

    def on_fill(self, fill: Fill, view: View, want: Want) -> None:
        """The stop speaks between bars: the wish ends with it, before it could be bought again."""
        if self.attempt.side != 0:
            over = self.attempt.over(float(fill.price), view.position, view.min_qty, view.tick)
            if over and fill.side.sign != self.attempt.side:
                self._leave(want, "spent")

    def _enter(self, side: int, close: float, want: Want) -> None:
        self.used = side
        self.attempt.begin(side, close * (1.0 - side * self.params.stop_loss_pct), nan)
        weight = min(self.params.max_position, self.params.max_leverage)
        if side > 0:
            want.long(weight, self.attempt.stop, nan, "far-below")
        else:
            want.short(weight, self.attempt.stop, nan, "far-above")

    def _leave(self, want: Want, tag: str) -> None:
        self.attempt.end()
        want.flat(tag)
