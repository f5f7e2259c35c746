"""The risk mode of PF-02: so many contracts that a usual move costs so much of the capital."""

from __future__ import annotations

from typing import Annotated

import msgspec

from cockpit.core.events import Bar
from cockpit.core.registry import sizing
from cockpit.core.sizing import Answer, Ask
from cockpit.portfolio.measure import Gauge, Measured, number
from cockpit.portfolio.sizing import contracts_from_risk


class Params(Measured, frozen=True, kw_only=True):
    """What may be lost, and over how long."""

    fraction: Annotated[float, number(0, 1, "fraction of capital", "What a move of one sigma may cost")] = (
        0.01
    )
    horizon: Annotated[float, number(0, 10_000, "bars", "How long the move may take")] = 24.0


@sizing("risk", Params)
class RiskBudget(msgspec.Struct):
    """``fraction``·capital/(volatility of a bar·sqrt(``horizon``)·price·contract).

    A move of one sigma over ``horizon`` bars costs ``fraction`` of the capital, one of three thrice that.
    Source: quant reference sections 2 and 11, risk mode.
    """

    params: Params
    gauge: Gauge

    @classmethod
    def create(cls, params: Params) -> RiskBudget:
        """A fresh one."""
        return cls(params, Gauge.of(params))

    def on_bar(self, bar: Bar, side: int) -> None:
        """Volatility."""
        self.gauge.update(bar)

    def weight(self, ask: Ask) -> Answer:
        """The contracts, as a weight."""
        yard, p = self.gauge.yard, self.params
        if yard.missing():
            return Answer(0.0, yard.missing())
        contracts = contracts_from_risk(p.fraction, ask.capital, yard.sigma_bar, p.horizon, ask.unit, 1.0)
        asked = contracts * ask.unit / ask.capital
        weight, cap, words = self.gauge.capped(asked, ask)
        move = f"{p.fraction:.2%} of the capital for one sigma of {p.horizon:g} bars = {asked:.3f}"
        return Answer(weight, "; ".join((f"{yard.words()}, {move}", *words)), cap)
