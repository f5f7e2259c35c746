"""RK-05, the trailing take-profit: gives back at most k ATR of what was won."""

from __future__ import annotations

from math import nan
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.events import Bar
from cockpit.core.registry import stop
from cockpit.core.stops import Trade
from cockpit.indicators.atr import Atr
from cockpit.risk.dials import Dial, Tunable, tuner


class Params(msgspec.Struct, frozen=True):
    """Distance, and from which profit on it follows."""

    n: Annotated[int, Meta(ge=1, le=500, description="ATR length", extra_json_schema={"unit": "bars"})] = 14
    k: Annotated[
        Annotated[float, Meta(gt=0)] | Dial, Meta(description="Distance", extra_json_schema={"unit": "ATR"})
    ] = 2.0
    after: Annotated[
        float, Meta(ge=0, description="Profit from which it follows", extra_json_schema={"unit": "ATR"})
    ] = 1.0


@stop("trail", Params, kind="level", letter="S", bars=True)
class Trail(Tunable):
    """Follows a profit: max(before, close - k·ATR) for a long, min(before, close + k·ATR) for a short.

    The seed writes ``max`` for both sides; for a short that would walk away from the price, so it is
    mirrored. It is silent until a closed bar shows a profit of ``after`` ATR.
    """

    params: Params
    atr: Atr
    line: float = nan
    """Of the running trade."""

    @classmethod
    def create(cls, params: Params) -> Trail:
        """A fresh one."""
        return cls(tuner(params, ("k",)), params, Atr(params.n))

    def on_bar(self, bar: Bar) -> None:
        """The yardstick."""
        self.tune.on_bar(bar)
        self.atr.update(bar.high, bar.low, bar.close)

    def begin(self, _trade: Trade) -> None:
        """A new trade has no line."""
        self.line = nan

    def follow(self, bar: Bar, trade: Trade) -> None:
        """Draw the line after a closed bar."""
        atr = self.atr.value
        won = (bar.close - trade.entry) * trade.side
        if self.line != self.line and not won >= self.params.after * atr:
            return
        here = bar.close - trade.side * self.tune.values["k"] * atr
        if not (here - self.line) * trade.side <= 0:
            self.line = here

    def level(self, _trade: Trade) -> float:
        """The line; NaN before there was a profit."""
        return self.line
