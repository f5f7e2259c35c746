"""RK-03, layer 1: the venue is about to take positions away."""

from __future__ import annotations

from math import isfinite, nan
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.margin import cross_pool, required
from cockpit.core.registry import stop
from cockpit.core.state import State
from cockpit.core.types import Instrument, Kind, MarginMode, exact
from cockpit.core.watch import Account


class Params(msgspec.Struct, frozen=True):
    """Limit and what to do."""

    limit: Annotated[
        float,
        Meta(
            gt=1, description="Lowest margin ratio", extra_json_schema={"unit": "x what the venue requires"}
        ),
    ] = 3.0
    action: Annotated[
        str,
        Meta(
            pattern="^(close|reduce|pause)$",
            description="Close every position, cut each to keep of itself, or stop entries only",
        ),
    ] = "close"
    keep: Annotated[
        float,
        Meta(
            ge=0, lt=1, description="What reduce leaves of a position", extra_json_schema={"unit": "fraction"}
        ),
    ] = 0.5


@stop("margin_ratio", Params, kind="account", letter="P", bars=False)
class MarginRatio(msgspec.Struct):
    """Acts when (cash + unrealised) is less than ``limit`` times what the venue requires; it liquidates at 1.

    Better to leave at a price of one's own choosing and to pay no liquidation fee. ``reduce`` cuts again
    until the ratio is back. Only a person lifts it.
    """

    params: Params
    repeats: bool = True

    @classmethod
    def create(cls, params: Params) -> MarginRatio:
        """A fresh one."""
        return cls(params)

    def due(self, account: Account) -> str:
        """Words when it is too low."""
        ratio = account.margin_ratio
        return f"margin ratio {ratio:.2f}, lowest allowed {self.params.limit:g}" if self.under(ratio) else ""

    def under(self, ratio: float) -> bool:
        """Is a ratio at or below the limit?"""
        return ratio <= self.params.limit

    def price(
        self, account: Account, state: State, instrument: Instrument, held: float, price: float
    ) -> float:
        """Where it acts if only this market moves (linear, cross): E + s(P - p) = limit·(R + r·|s|·P)."""
        if not held or instrument.kind is not Kind.LINEAR or state.ledger.margin_mode is not MarginMode.CROSS:
            return nan
        units = held * float(instrument.contract_value)
        mine = float(required(instrument, state.ledger.net_qty(instrument.symbol), exact(price)))
        rate = mine / (abs(units) * price)
        if not isfinite(account.margin_ratio) or not mine:
            return nan
        pool = float(cross_pool(state.ledger, state.instruments, state.mark_prices(), state.currency))
        others = pool / account.margin_ratio - mine
        limit = self.params.limit
        slope = limit * rate * abs(units) - units
        return (pool - units * price - limit * others) / slope if slope else nan
