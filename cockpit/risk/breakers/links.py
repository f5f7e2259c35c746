"""RK-08: a line to the exchange is down."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.core.breakers import Facts, Reading, Rung, Rungs
from cockpit.core.registry import breaker


class Params(Rungs, frozen=True):
    """Seconds."""

    reduce_only: Rung = 5.0
    halt: Rung = 300.0


@breaker("links", Params, kind="ladder", unit="s")
def read(facts: Facts, _params: Params) -> Iterator[Reading]:
    """How long the longest-broken channel has been down."""
    if facts.down:
        channel = min(facts.down, key=lambda name: facts.down[name])
        seconds = (facts.now - facts.down[channel]) / 1_000
        yield Reading(seconds, f"{channel} has been down for {seconds:.0f} s")
