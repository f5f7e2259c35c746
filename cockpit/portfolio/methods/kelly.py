"""PF-10: as much as the strategy's own record on this market deserves, and nothing for luck."""

from __future__ import annotations

from math import fsum
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.events import Bar
from cockpit.core.registry import sizing
from cockpit.core.sizing import Answer, Ask
from cockpit.portfolio.kelly import shrunk
from cockpit.portfolio.measure import Gauge, Measured, number


class Params(Measured, frozen=True, kw_only=True):
    """How much of Kelly, on how long a record, and what until there is one."""

    fraction: Annotated[float, number(0, 1, "fraction", "Part of Kelly's bet")] = 0.5
    window: Annotated[
        int,
        Meta(ge=30, le=5_000, description="Bars of record", extra_json_schema={"unit": "bars in a position"}),
    ] = 500
    least: Annotated[
        int,
        Meta(
            ge=20,
            le=5_000,
            description="Record below which it is not asked",
            extra_json_schema={"unit": "bars"},
        ),
    ] = 100
    start: Annotated[
        float,
        Meta(ge=0, le=1, description="Weight until then", extra_json_schema={"unit": "fraction of capital"}),
    ] = 0.05
    fee: Annotated[
        float,
        Meta(ge=0, le=0.05, description="Cost of changing side", extra_json_schema={"unit": "fraction"}),
    ] = 0.0005

    def __post_init__(self) -> None:
        if self.least > self.window:
            raise ValueError("least is more than window")


@sizing("kelly", Params)
class Kelly(msgspec.Struct):
    """``fraction``·k·mean/variance of the strategy's own bars, k = max(0, 1 - 1/t²): no proven edge, no bet.

    A bar of its record is what the market made on the side that the wish in force had, less ``fee`` when the
    side changed, also while the size was 0: what is given nothing can still earn it back. It is the
    record of the wish, not of the fills: stops and slippage are not in it. Until ``least`` bars the weight is
    ``start``. Source: quant reference section 11.
    """

    params: Params
    gauge: Gauge
    record: list[float] = []
    """Returns of the bars that had a wish, oldest first."""
    close: float = 0.0
    side: int = 0
    """Which way the last bar was held."""

    @classmethod
    def create(cls, params: Params) -> Kelly:
        """A fresh one."""
        return cls(params, Gauge.of(params))

    def on_bar(self, bar: Bar, side: int) -> None:
        """One more bar of record, where there was a wish."""
        self.gauge.update(bar)
        if side and self.close > 0 and bar.close > 0:
            made = side * (bar.close / self.close - 1.0) - (self.params.fee if side != self.side else 0.0)
            self.record.append(made)
            del self.record[: -self.params.window]
        self.side = side
        self.close = bar.close

    def weight(self, ask: Ask) -> Answer:
        """The bet; 0 while the edge is not proven."""
        yard, p = self.gauge.yard, self.params
        if yard.missing():
            return Answer(0.0, yard.missing())
        n = len(self.record)
        if n < p.least:
            weight, cap, words = self.gauge.capped(p.start, ask)
            why = f"{n} of {p.least} bars of record, until then {p.start:g}"
            return Answer(weight, "; ".join((why, *words)), cap)
        mean = fsum(self.record) / n
        variance = fsum((made - mean) ** 2 for made in self.record) / (n - 1)
        if not variance > 0:
            return Answer(0.0, "a record that never moves")
        found = shrunk(mean, variance, n, p.fraction, p.w_max)
        asked = max(0.0, found.f)
        weight, cap, words = self.gauge.capped(asked, ask)
        why = (
            f"mean {mean * 1e4:+.2f} bp a bar over {n}, sigma {variance**0.5 * 1e4:.1f} bp, "
            f"{found.shrink:.0%} of it proven, {p.fraction:g} of Kelly = {asked:.3f}"
        )
        return Answer(weight, "; ".join((why, *words)), cap)
