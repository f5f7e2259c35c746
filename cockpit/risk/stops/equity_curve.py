"""RK-06, the equity-curve stop: a version that loses is paused, wherever it trades."""

from __future__ import annotations

from math import nan
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.registry import stop
from cockpit.core.stops import Trade


class Params(msgspec.Struct, frozen=True):
    """Window, limit and pause."""

    capital: Annotated[
        float,
        Meta(gt=0, description="What the version works with", extra_json_schema={"unit": "quote currency"}),
    ] = 10_000.0
    window: Annotated[
        int, Meta(ge=2, le=100_000, description="Rolling window", extra_json_schema={"unit": "bars"})
    ] = 200
    limit: Annotated[
        float,
        Meta(
            gt=0,
            lt=100,
            description="Drawdown that pauses",
            extra_json_schema={"unit": "% of capital + profit"},
        ),
    ] = 10.0
    pause: Annotated[
        float,
        Meta(ge=0, description="Pause; 0 = until a person says so", extra_json_schema={"unit": "s"}),
    ] = 0.0


@stop("equity_curve", Params, kind="pause", letter="P", bars=True)
class EquityCurve(msgspec.Struct):
    """Closes the entries of the strategy VERSION, on all its markets, when 1 - E/max(E, window) > limit.

    E = ``capital`` + everything the version has brought, marked to market at each closed bar. What is held
    keeps its stops. Switching the sleeve on again lifts the pause, and the window begins anew.
    """

    params: Params
    curve: list[float] = []
    now: float = nan

    @classmethod
    def create(cls, params: Params) -> EquityCurve:
        """A fresh one."""
        return cls(params)

    def hear(self, pnl: float) -> None:
        """The version's profit at a closed bar."""
        self.now = self.params.capital + pnl
        self.curve.append(self.now)
        del self.curve[: -self.params.window]

    def pause(self) -> str:
        """Words when it has lost too much; the window begins anew after that."""
        peak = max(self.curve, default=0.0)
        lost = 1.0 - self.now / peak if peak > 0 else 0.0
        if not lost > self.params.limit / 100.0:
            return ""
        self.curve = [self.now]
        return f"{lost:.1%} below its best of {self.params.window} bars, allowed {self.params.limit:g}%"

    def span(self) -> int:
        """How long (ms); 0 = until a person lifts it."""
        return int(self.params.pause * 1000)

    def shown(self, _trade: Trade) -> str:
        """How near it is."""
        peak = max(self.curve, default=0.0)
        lost = 1.0 - self.now / peak if peak > 0 else 0.0
        return f"{lost:.1%} of {self.params.limit:g}%"
