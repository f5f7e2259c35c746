"""RK-04, the volatility stop: the market is no longer the one that was entered."""

from __future__ import annotations

from math import nan
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.events import Bar
from cockpit.core.registry import stop
from cockpit.core.stops import Trade
from cockpit.indicators.atr import Atr


class Params(msgspec.Struct, frozen=True):
    """How much wilder than at the entry."""

    n: Annotated[int, Meta(ge=1, le=500, description="ATR length", extra_json_schema={"unit": "bars"})] = 14
    k: Annotated[
        float, Meta(gt=1, description="Most it may grow to", extra_json_schema={"unit": "x ATR at entry"})
    ] = 2.0


@stop("volatility", Params, kind="exit", letter="S", bars=True)
class Volatility(msgspec.Struct):
    """Closes when the ATR of closed bars is above ``k`` times what it was at the entry."""

    params: Params
    atr: Atr
    entered: float = nan

    @classmethod
    def create(cls, params: Params) -> Volatility:
        """A fresh one."""
        return cls(params, Atr(params.n))

    def on_bar(self, bar: Bar) -> None:
        """The yardstick."""
        self.atr.update(bar.high, bar.low, bar.close)

    def begin(self, _trade: Trade) -> None:
        """Remember how wild it was."""
        self.entered = self.atr.value

    def follow(self, _bar: Bar, _trade: Trade) -> None:
        """A trade that began before the ATR was known counts from the first bar that makes it known."""
        if self.entered != self.entered:
            self.entered = self.atr.value

    def due(self, _trade: Trade, _now: int) -> str:
        """Words when it is too wild."""
        limit = self.params.k * self.entered
        return f"ATR {self.atr.value:g} above {limit:g}" if self.atr.value > limit else ""

    def shown(self, _trade: Trade) -> str:
        """How near it is."""
        return f"ATR {self.atr.value:g} of {self.params.k * self.entered:g}"
