"""RK-10: the week has cost enough."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.core.breakers import Facts, Reading, Rung, Rungs
from cockpit.core.registry import breaker


class Params(Rungs, frozen=True):
    """Fractions of equity."""

    reduce_only: Rung = 0.05
    halt: Rung = 0.08


@breaker("week_loss", Params, kind="ladder", unit="equity")
def read(facts: Facts, _params: Params) -> Iterator[Reading]:
    """Loss since Monday 00:00 UTC, open positions included, as a fraction of the equity it began with."""
    lost = max(0.0, facts.lost(facts.week_base))
    yield Reading(lost, f"{lost:.2%} lost this week")
