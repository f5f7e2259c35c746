"""RK-10: what the day had won is being given back."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.core.breakers import Facts, Reading, Rung, Rungs
from cockpit.core.registry import breaker


class Params(Rungs, frozen=True):
    """Fractions of equity."""

    delever: Rung = 0.015
    reduce_only: Rung = 0.03
    halt: Rung = 0.05


@breaker("intraday_drawdown", Params, kind="ladder", unit="equity")
def read(facts: Facts, _params: Params) -> Iterator[Reading]:
    """Fall from the best moment of the UTC day, as a fraction of equity then, open positions included."""
    fallen = max(0.0, facts.lost(facts.day_top))
    yield Reading(fallen, f"{fallen:.2%} below the best of today")
