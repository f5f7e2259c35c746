"""PX-05: no new entry right after a trade."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.breakers import Facts, Lockout
from cockpit.core.registry import breaker
from cockpit.core.stops import sleeve_key


class Params(msgspec.Struct, frozen=True):
    """Numbers of the protection."""

    minutes: Annotated[float, Meta(gt=0, description="How long", extra_json_schema={"unit": "min"})] = 15.0
    only_after_stop: Annotated[bool, Meta(description="Only when a stop ended the trade")] = True


@breaker("cooldown", Params, kind="lock")
def read(facts: Facts, params: Params) -> Iterator[Lockout]:
    """Locks a sleeve for some time after a trade of its own is over, so that it does not jump back into the
    market that has just stopped it.
    """
    for row in facts.done:
        until = row.ts + int(params.minutes * 60_000)
        if until > facts.now and (row.stopped or not params.only_after_stop):
            how = "a stop" if row.stopped else "a trade"
            yield Lockout(sleeve_key(row.sleeve), f"{how} ended less than {params.minutes:g} min ago", until)
