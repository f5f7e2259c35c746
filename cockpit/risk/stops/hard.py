"""The most that one position may lose, as money of the account."""

from __future__ import annotations

from math import nan
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.registry import stop
from cockpit.core.stops import Trade


class Params(msgspec.Struct, frozen=True):
    """What may be lost."""

    loss: Annotated[
        float,
        Meta(
            gt=0,
            le=100,
            description="Most that the position may lose",
            extra_json_schema={"unit": "% of equity"},
        ),
    ] = 2.0


@stop("hard", Params, kind="level", letter="H", bars=False)
class Hard(msgspec.Struct):
    """Leaves where the position has lost ``loss`` percent of the account's equity at its entry.

    The stop price that a strategy itself writes is shown under this name too. Growing the position brings
    the level nearer; it never goes away again.
    """

    params: Params

    @classmethod
    def create(cls, params: Params) -> Hard:
        """A fresh one."""
        return cls(params)

    def level(self, trade: Trade) -> float:
        """entry x (1 - side·loss·equity/notional); NaN when that is below zero or the equity is unknown."""
        if not (trade.equity > 0 and trade.notional > 0):
            return nan
        away = self.params.loss / 100.0 * trade.equity / trade.notional
        return trade.entry * (1.0 - trade.side * away)
