"""PF-01 and PF-02: the calmer a market, the larger the position, so that each costs the same sleep."""

from __future__ import annotations

from math import inf
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.events import Bar
from cockpit.core.registry import sizing
from cockpit.core.sizing import Answer, Ask
from cockpit.portfolio.measure import Gauge, Measured, number
from cockpit.portfolio.sizing import contracts_verbatim, target_vol_weights


class Params(Measured, frozen=True, kw_only=True):
    """Target, budget and which of the two readings of PF-02."""

    sigma: Annotated[float, number(0, 10, "a year", "Volatility that the position is to have")] = 0.3
    budget: Annotated[float, number(0, 10, "fraction", "Part of the risk that is this sleeve's")] = 1.0
    qty: Annotated[
        str,
        Meta(
            pattern="^(notional|verbatim)$",
            description="Contracts from the weight, or PF-02 to the letter (divides by the volatility twice)",
        ),
    ] = "notional"
    horizon: Annotated[float, number(0, 10_000, "bars", "H of PF-02 to the letter")] = 1.0


@sizing("target_vol", Params)
class TargetVol(msgspec.Struct):
    """``min(w_max, budget·sigma/volatility)`` of the capital; volatility a year, of closed bars.

    ``qty = "notional"``: contracts = w·capital/(price·contract). ``qty = "verbatim"``: w·capital/(volatility
    of a bar·contract·sqrt(H)), as the source writes it, whose units are wrong: no price in it, and
    volatility twice. Both are always shown side by side. Source: quant reference sections 2 and 11.
    """

    params: Params
    gauge: Gauge

    @classmethod
    def create(cls, params: Params) -> TargetVol:
        """A fresh one."""
        return cls(params, Gauge.of(params))

    def on_bar(self, bar: Bar, side: int) -> None:
        """Volatility."""
        self.gauge.update(bar)

    def weight(self, ask: Ask) -> Answer:
        """The weight, and what the other reading of PF-02 would have made of it."""
        yard, p = self.gauge.yard, self.params
        if yard.missing():
            return Answer(0.0, yard.missing())
        asked = target_vol_weights([yard.sigma], [p.budget], p.sigma, inf, inf)[0]
        weight, cap, words = self.gauge.capped(asked, ask)
        face = float(ask.instrument.contract_value)
        notional = weight * ask.capital / ask.unit
        verbatim = contracts_verbatim(weight, ask.capital, yard.sigma_bar, face, p.horizon)
        both = f"notional {notional:.6g} contracts, verbatim {verbatim:.6g}"
        why = "; ".join(
            (f"{yard.words()}, {p.budget:g} x {p.sigma:g}/{yard.sigma:.2f} = {asked:.3f}", *words, both)
        )
        if p.qty == "verbatim":
            return Answer(min(verbatim * ask.unit / ask.capital, cap), why, cap)
        return Answer(weight, why, cap)
