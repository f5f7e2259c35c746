"""ST-02, trade the edges of a quiet range: buy the lower Bollinger band, sell the upper, leave in the middle.

Only while the bands (20, 2) are no further apart than 4 % of the middle. Long when the bar's low comes within
0.5 % of the lower band (``low <= lower * 1.005``), RSI14 is at most 35 and the close still below the middle;
short mirrored (``high >= upper / 1.005``, RSI at least 65, close above the middle). Out when a bar closes at
or beyond the middle band; stop 2 % from the deciding close, frozen there and resting at the venue.

One touch, one try: after a stop nothing is entered the same way until a bar has closed at or beyond the
middle. The source names no RSI length: 14. With the band at most 4 % wide, a touch threshold of 1.005 is a
quarter of the way from the lower band to the middle: RSI is what makes the entry rare.
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
from cockpit.indicators.bollinger import Bollinger
from cockpit.indicators.rsi import Rsi

BARS = {"unit": "bars"}
POINTS = {"unit": "points"}


class Params(msgspec.Struct, frozen=True):
    """The numbers of ST-02. Raises ValueError when the RSI bounds are not in order."""

    bb_period: Annotated[
        int, Meta(ge=2, le=1000, description="Closes in the bands", extra_json_schema=BARS)
    ] = 20
    bb_std: Annotated[
        float,
        Meta(gt=0, le=10, description="Half width", extra_json_schema={"unit": "standard deviations"}),
    ] = 2.0
    rsi_period: Annotated[int, Meta(ge=2, le=200, description="RSI length", extra_json_schema=BARS)] = 14
    rsi_oversold: Annotated[
        float, Meta(ge=0, le=100, description="Highest RSI to buy at", extra_json_schema=POINTS)
    ] = 35.0
    rsi_overbought: Annotated[
        float, Meta(ge=0, le=100, description="Lowest RSI to sell at", extra_json_schema=POINTS)
    ] = 65.0
    bandwidth_max: Annotated[
        float, Meta(gt=0, le=2, description="Widest quiet range", extra_json_schema={"unit": "x middle"})
    ] = 0.04
    touch_threshold: Annotated[
        float,
        Meta(ge=1, le=1.2, description="How near the band is a touch", extra_json_schema={"unit": "x band"}),
    ] = 1.005
    stop_loss_pct: Annotated[
        float, Meta(gt=0, lt=1, description="Stop distance", extra_json_schema={"unit": "fraction"})
    ] = 0.02
    max_position: Annotated[
        float,
        Meta(gt=0, le=1, description="Notional wanted", extra_json_schema={"unit": "fraction of equity"}),
    ] = 0.25
    max_leverage: Annotated[
        float, Meta(gt=0, le=20, description="Notional never above", extra_json_schema={"unit": "x equity"})
    ] = 2.0

    def __post_init__(self) -> None:
        if self.rsi_oversold >= self.rsi_overbought:
            raise ValueError("rsi_oversold < rsi_overbought is needed")


@strategy("bollinger_range", Params, version=1, wakes=("bar", "fill"))
class BollingerRange(msgspec.Struct):
    """Fades the edges of a quiet range and leaves in its middle.

    Reasons it gives: ``lower-band`` ``upper-band`` entered; ``middle`` the middle was reached; ``spent`` the
    stop was.
    """

    params: Params
    bands: Bollinger
    rsi: Rsi
    attempt: Attempt
    used: int = 0
    """Direction of the touch that has had its try; 0 = the next one is free."""

    @classmethod
    def create(cls, params: Params) -> BollingerRange:
        """A fresh one, knowing nothing."""
        bands = Bollinger(params.bb_period, params.bb_std)
        return cls(params, bands=bands, rsi=Rsi(params.rsi_period), attempt=Attempt())

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        """Look once per closed bar: in the middle, over, or at an edge? Silent while warming up."""
        params = self.params
        close = bar.close
        mid = self.bands.update(close)
        rsi = self.rsi.update(close)
        if self.used != 0 and (close - mid) * self.used >= 0.0:
            self.used = 0
            if self.attempt.side != 0:
                self._leave(want, "middle")
                return
        if self.attempt.side != 0:
            if self.attempt.over(close, view.position, view.min_qty, 0.0):
                self._leave(want, "spent")
        elif self.used == 0 and self.bands.bandwidth <= params.bandwidth_max:
            at_lower = bar.low <= self.bands.lower * params.touch_threshold
            at_upper = bar.high >= self.bands.upper / params.touch_threshold
            if at_lower and rsi <= params.rsi_oversold and close < mid:
                self._enter(1, close, want)
            elif view.can_short and at_upper and rsi >= params.rsi_overbought and close > mid:
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
            want.long(weight, self.attempt.stop, nan, "lower-band")
        else:
            want.short(weight, self.attempt.stop, nan, "upper-band")

    def _leave(self, want: Want, tag: str) -> None:
        self.attempt.end()
        want.flat(tag)
