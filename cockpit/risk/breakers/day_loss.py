"""RK-10: the day has cost enough."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.core.breakers import Facts, Reading, Rung, Rungs
from cockpit.core.registry import breaker


class Params(Rungs, frozen=True):
    """Fractions of equity."""

    reduce_only: Rung = 0.02
    halt: Rung = 0.03
    flatten: Rung = 0.05


@breaker("day_loss", Params, kind="ladder", unit="equity")
def read(facts: Facts, _params: Params) -> Iterator[Reading]:
    """Loss since the UTC day began, open positions included, as a fraction of the equity it began with;
    transfers count neither way. A resume begins the day anew.
    """
    lost = max(0.0, facts.lost(facts.day_base))
    yield Reading(lost, f"{lost:.2%} lost today")
