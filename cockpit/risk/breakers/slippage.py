"""RK-08: fills are worse than they should be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from cockpit.core.breakers import Facts, Reading, Rung, Rungs
from cockpit.core.registry import breaker


class Params(Rungs, frozen=True):
    """Basis points."""

    delever: Rung = 10.0
    reduce_only: Rung = 25.0
    least: Annotated[
        int,
        Meta(ge=1, description="Taker fills before anything is said", extra_json_schema={"unit": "fills"}),
    ] = 10


@breaker("slippage", Params, kind="ladder", unit="bp")
def read(facts: Facts, params: Params) -> Iterator[Reading]:
    """Per strategy version: mean of its last 50 taker fills against the price at the instant of sending;
    protective orders do not count.
    """
    for version, slips in facts.slips.items():
        if len(slips) >= params.least:
            mean = sum(slips) / len(slips)
            yield Reading(mean, f"{len(slips)} fills were {mean:.1f} bp worse on average", version)
