"""RK-04, the strategy stop: entry ∓ k ATR, frozen at the entry."""

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
    """Distance in units of ATR."""

    n: Annotated[int, Meta(ge=1, le=500, description="ATR length", extra_json_schema={"unit": "bars"})] = 14
    k: Annotated[
        Annotated[float, Meta(gt=0)] | Dial, Meta(description="Distance", extra_json_schema={"unit": "ATR"})
    ] = 2.0


@stop("atr", Params, kind="level", letter="S", bars=True)
class AtrStop(Tunable):
    """Leaves ``k`` times the usual bar's travel away from the entry: further in wild markets, nearer in calm.

    ATR and k are those of the last closed bar before the entry (SL = entry ∓ k·ATR). Before the ATR is
    known there is no level; it comes with the first bar that makes it known.
    """

    params: Params
    atr: Atr
    distance: float = nan
    """Of the running trade."""

    @classmethod
    def create(cls, params: Params) -> AtrStop:
        """A fresh one."""
        return cls(tuner(params, ("k",)), params, Atr(params.n))

    def on_bar(self, bar: Bar) -> None:
        """The yardstick."""
        self.tune.on_bar(bar)
        self.atr.update(bar.high, bar.low, bar.close)

    def begin(self, trade: Trade) -> None:
        """Freeze the distance."""
        self.distance = self.tune.values["k"] * self.atr.value

    def follow(self, _bar: Bar, trade: Trade) -> None:
        """Freeze it late, when the trade began before the ATR was known."""
        if self.distance != self.distance:
            self.begin(trade)

    def level(self, trade: Trade) -> float:
        """entry - side·k·ATR."""
        return trade.entry - trade.side * self.distance
