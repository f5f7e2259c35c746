"""PX-05: a market that does not pay."""

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
        float, Meta(gt=0, description="Over how long trades are counted", extra_json_schema={"unit": "min"})
    ] = 1440.0
    trades: Annotated[int, Meta(ge=1, description="Fewest trades", extra_json_schema={"unit": "trades"})] = 4
    lock_min: Annotated[
        float, Meta(gt=0, description="How long entries are closed", extra_json_schema={"unit": "min"})
    ] = 240.0
    required: Annotated[
        float,
        Meta(description="Least sum of their returns", extra_json_schema={"unit": "fraction of notional"}),
    ] = 0.0


@breaker("low_profit", Params, kind="lock")
def read(facts: Facts, params: Params) -> Iterator[Lockout]:
    """Locks a market whose trades within the window have brought less than required: the sum of profit over
    the notional of each.
    """
    since = facts.now - int(params.lookback_min * 60_000)
    made: dict[str, list[tuple[int, float]]] = {}
    for row in facts.done:
        if row.ts >= since and row.worth > 0:
            made.setdefault(symbol_key(row.symbol), []).append((row.ts, row.profit / row.worth))
    for about, rows in made.items():
        total = sum(share for _, share in rows)
        if len(rows) >= params.trades and total < params.required:
            until = rows[-1][0] + int(params.lock_min * 60_000)
            yield Lockout(about, f"{len(rows)} trades brought {total:.2%}", until)
