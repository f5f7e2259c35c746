"""RK-03, layer 1: the account has lost too much."""

from __future__ import annotations

from math import nan
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.registry import stop
from cockpit.core.state import State
from cockpit.core.types import Instrument, Kind
from cockpit.core.watch import Account
from cockpit.core.worth import quote_rate


class Params(msgspec.Struct, frozen=True):
    """Limit and what to do."""

    limit: Annotated[
        float,
        Meta(
            gt=0,
            lt=100,
            description="Most that may be lost from the best moment",
            extra_json_schema={"unit": "% of equity"},
        ),
    ] = 20.0
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


@stop("account_drawdown", Params, kind="account", letter="P", bars=False)
class AccountDrawdown(msgspec.Struct):
    """Acts when profit, open positions marked to market, is ``limit`` percent of equity below its best.

    On equity, not on closed trades; money paid in or out is neither gain nor loss. ``reduce`` cuts once:
    name it again with a larger limit and ``close`` for what comes after. Only a person lifts it.
    """

    params: Params

    @classmethod
    def create(cls, params: Params) -> AccountDrawdown:
        """A fresh one."""
        return cls(params)

    def due(self, account: Account) -> str:
        """Words when it is too much."""
        lost = account.drawdown
        return f"{lost:.2%} lost since the best, allowed {self.params.limit:g}%" if self.over(lost) else ""

    def over(self, lost: float) -> bool:
        """Is a drawdown (fraction) at or beyond the limit?"""
        return lost >= self.params.limit / 100.0

    def room(self, account: Account) -> float:
        """Money that may still be lost before it acts: (peak - pnl') = limit·(equity + peak - pnl)."""
        whole = account.equity + account.peak - account.pnl
        return self.params.limit / 100.0 * whole - (account.peak - account.pnl)

    def price(
        self, account: Account, state: State, instrument: Instrument, held: float, price: float
    ) -> float:
        """Where it acts if only this market moves: ``room`` lost on ``held`` contracts of the account."""
        if not held:
            return nan
        unit = held * float(instrument.contract_value)
        room = self.room(account) * quote_rate(state, instrument)
        if instrument.kind is not Kind.INVERSE:
            return price - room / unit
        if instrument.settle != state.currency:
            return price * (1.0 - room / unit)
        there = 1.0 + room / unit  # what is lost is coin, and fewer dollars as the price falls
        return price / there if there > 0 else nan
