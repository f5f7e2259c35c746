"""A fixed fraction of the price, from the entry or from the best price since."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.events import Bar
from cockpit.core.registry import stop
from cockpit.core.stops import Trade
from cockpit.risk.dials import Dial, Tunable, tuner


class Params(msgspec.Struct, frozen=True):
    """How far, and from where."""

    percent: Annotated[
        Annotated[float, Meta(gt=0)] | Dial,
        Meta(description="Distance", extra_json_schema={"unit": "% of price"}),
    ] = 2.0
    trailing: Annotated[bool, Meta(description="Count from the best price since the entry")] = False


@stop("percent", Params, kind="level", letter="S", bars=True)
class Percent(Tunable):
    """Leaves when the market is ``percent`` below the entry (above it for a short).

    With ``trailing`` it counts from the best price of the closed bars since the entry, and so follows.
    """

    params: Params

    @classmethod
    def create(cls, params: Params) -> Percent:
        """A fresh one."""
        return cls(tuner(params, ("percent",)), params)

    def on_bar(self, bar: Bar) -> None:
        """Only an adaptive distance looks at bars."""
        self.tune.on_bar(bar)

    def level(self, trade: Trade) -> float:
        """entry x (1 - side·percent/100)."""
        base = trade.best if self.params.trailing else trade.entry
        return base * (1.0 - trade.side * self.tune.values["percent"] / 100.0)
