"""RK-05, the Chandelier: hangs from the highest high."""

from __future__ import annotations

from math import nan
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.events import Bar
from cockpit.core.registry import stop
from cockpit.core.stops import Trade
from cockpit.indicators.atr import Atr
from cockpit.indicators.window import Extremes
from cockpit.risk.dials import Dial, Tunable, tuner


class Params(msgspec.Struct, frozen=True):
    """Window and distance."""

    n: Annotated[
        int, Meta(ge=1, le=500, description="Window of extremes and ATR", extra_json_schema={"unit": "bars"})
    ] = 22
    k: Annotated[
        Annotated[float, Meta(gt=0)] | Dial, Meta(description="Distance", extra_json_schema={"unit": "ATR"})
    ] = 3.0


@stop("chandelier", Params, kind="level", letter="S", bars=True)
class Chandelier(Tunable):
    """Leaves ``k`` ATR below the highest high of the last ``n`` bars (above the lowest low for a short).

    long: max(H, n) - k·ATR(n); short: min(L, n) + k·ATR(n); closed bars only, ratcheted within a trade.
    Source: LeBeau's Chandelier exit as StockCharts documents it; quant reference section 4.
    """

    params: Params
    atr: Atr
    reach: Extremes
    known: bool = False

    @classmethod
    def create(cls, params: Params) -> Chandelier:
        """A fresh one."""
        return cls(tuner(params, ("k",)), params, Atr(params.n), Extremes(params.n))

    def on_bar(self, bar: Bar) -> None:
        """Extremes and yardstick."""
        self.tune.on_bar(bar)
        self.atr.update(bar.high, bar.low, bar.close)
        self.known = self.reach.add(bar.high, bar.low)

    def level(self, trade: Trade) -> float:
        """The line for the trade's side; NaN until n bars are known."""
        if not self.known:
            return nan
        away = self.tune.values["k"] * self.atr.value
        return self.reach.high - away if trade.side > 0 else self.reach.low + away
