"""PX-05: several stops in a short time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.breakers import Facts, Lockout
from cockpit.core.registry import breaker
from cockpit.core.stops import symbol_key


class Params(msgspec.Struct, frozen=True):
    """Numbers of the protection."""

    lookback_min: Annotated[
        float, Meta(gt=0, description="Over how long stops are counted", extra_json_schema={"unit": "min"})
    ] = 120.0
    stops: Annotated[
        int, Meta(ge=1, description="How many are too many", extra_json_schema={"unit": "trades"})
    ] = 3
    lock_min: Annotated[
        float, Meta(gt=0, description="How long entries are closed", extra_json_schema={"unit": "min"})
    ] = 60.0
    everywhere: Annotated[bool, Meta(description="Count and lock all markets of the strategy version")] = (
        False
    )


@breaker("stoploss_guard", Params, kind="lock")
def read(facts: Facts, params: Params) -> Iterator[Lockout]:
    """Locks a market (or a whole strategy version) once that many trades on it were ended by a stop at a loss
    within the window.
    """
    since = facts.now - int(params.lookback_min * 60_000)
    hits: dict[str, list[int]] = {}
    for row in facts.done:
        if row.stopped and row.profit < 0 and row.ts >= since:
            about = row.version if params.everywhere else symbol_key(row.symbol)
            hits.setdefault(about, []).append(row.ts)
    for about, times in hits.items():
        if len(times) >= params.stops:
            until = times[-1] + int(params.lock_min * 60_000)
            yield Lockout(about, f"{len(times)} stops in {params.lookback_min:g} min", until)
