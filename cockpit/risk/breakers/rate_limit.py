"""RK-08: the exchange says that we ask too much."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.core.breakers import Facts, Reading, Rung, Rungs
from cockpit.core.registry import breaker


class Params(Rungs, frozen=True):
    """Refusals in ten minutes."""

    delever: Rung = 3.0
    reduce_only: Rung = 10.0


@breaker("rate_limit", Params, kind="ladder", unit="/10 min")
def read(facts: Facts, _params: Params) -> Iterator[Reading]:
    """Orders of the last ten minutes that were refused because there were too many requests."""
    count = sum(1 for row in facts.requests if row.word == "throttled")
    yield Reading(count, f"{count} orders refused for their rate in ten minutes")
