"""RK-08: the exchange refuses more and more of a strategy's orders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from cockpit.core.breakers import Facts, Reading, Rung, Rungs
from cockpit.core.registry import breaker


class Params(Rungs, frozen=True):
    """Fractions."""

    reduce_only: Rung = 0.3
    halt: Rung = 0.6
    least: Annotated[
        int, Meta(ge=1, description="Orders before anything is said", extra_json_schema={"unit": "orders"})
    ] = 10


@breaker("rejects", Params, kind="ladder", unit="refused")
def read(facts: Facts, params: Params) -> Iterator[Reading]:
    """Per strategy version: refused orders over answered ones, last ten minutes."""
    for version in sorted({row.version for row in facts.requests}):
        rows = [row for row in facts.requests if row.version == version]
        if len(rows) >= params.least:
            share = sum(1 for row in rows if row.word != "ok") / len(rows)
            yield Reading(share, f"{share:.0%} of {len(rows)} orders refused", version)
