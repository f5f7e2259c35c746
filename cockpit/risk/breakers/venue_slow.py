"""RK-08: the exchange answers late."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from cockpit.core.breakers import Facts, Reading, Rung, Rungs
from cockpit.core.registry import breaker


class Params(Rungs, frozen=True):
    """Milliseconds."""

    delever: Rung = 1000.0
    reduce_only: Rung = 3000.0
    least: Annotated[
        int, Meta(ge=1, description="Answers before anything is said", extra_json_schema={"unit": "answers"})
    ] = 5


@breaker("venue_slow", Params, kind="ladder", unit="ms")
def read(facts: Facts, params: Params) -> Iterator[Reading]:
    """Median time to an answer over the orders of the last ten minutes."""
    took = sorted(row.ms for row in facts.requests if row.ms >= 0)
    if len(took) >= params.least:
        middle = took[len(took) // 2]
        yield Reading(middle, f"answers take {middle:,} ms")
