"""RK-05, the parabolic stop: the longer a move goes on, the closer it follows."""

from __future__ import annotations

from math import nan
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.events import Bar
from cockpit.core.registry import stop
from cockpit.core.stops import Trade
from cockpit.indicators.window import Extremes


class Params(msgspec.Struct, frozen=True):
    """Wilder's pace, and where it starts. Raises ValueError when the pace starts above its most."""

    step: Annotated[float, Meta(gt=0, le=1, description="Pace added by each new extreme")] = 0.02
    most: Annotated[float, Meta(gt=0, le=1, description="Highest pace")] = 0.2
    n: Annotated[
        int,
        Meta(ge=2, le=200, description="It starts at their extreme", extra_json_schema={"unit": "bars"}),
    ] = 5

    def __post_init__(self) -> None:
        if self.step > self.most:
            raise ValueError("step must not be above most")


@stop("parabolic", Params, kind="level", letter="S", bars=True)
class Parabolic(msgspec.Struct):
    """Starts at the lowest low of the last ``n`` bars (highest high for a short) and gains on the market.

    Per closed bar: level += pace·(best - level), pace grows by ``step`` with each new best price up to
    ``most``; never inside the last two bars. Wilder 1978, anchored at the entry instead of at a reversal.
    """

    params: Params
    reach: Extremes
    two: Extremes
    known: bool = False
    line: float = nan
    best: float = nan
    pace: float = 0.0

    @classmethod
    def create(cls, params: Params) -> Parabolic:
        """A fresh one."""
        return cls(params, Extremes(params.n), Extremes(2))

    def on_bar(self, bar: Bar) -> None:
        """Extremes before and around."""
        self.known = self.reach.add(bar.high, bar.low)
        self.two.add(bar.high, bar.low)

    def begin(self, trade: Trade) -> None:
        """Start at the swing before the entry."""
        self.best = trade.entry
        self.pace = self.params.step
        self.line = nan
        if self.known:
            self.line = self.reach.low if trade.side > 0 else self.reach.high

    def follow(self, bar: Bar, trade: Trade) -> None:
        """One closed bar on."""
        if self.line != self.line:
            if self.known:
                self.line = self.reach.low if trade.side > 0 else self.reach.high
            return
        peak = bar.high if trade.side > 0 else bar.low
        if (peak - self.best) * trade.side > 0:
            self.best = peak
            self.pace = min(self.pace + self.params.step, self.params.most)
        ahead = self.line + self.pace * (self.best - self.line)
        inside = self.two.low if trade.side > 0 else self.two.high
        self.line = min(ahead, inside) if trade.side > 0 else max(ahead, inside)

    def level(self, _trade: Trade) -> float:
        """The line; NaN until n bars are known."""
        return self.line
