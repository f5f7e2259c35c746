"""RK-08: a strategy no longer hears its market."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from cockpit.core.breakers import Facts, Reading, Rung, Rungs
from cockpit.core.registry import breaker
from cockpit.core.stops import sleeve_key


class Params(Rungs, frozen=True):
    """Intervals: its bars, or floor_s."""

    reduce_only: Rung = 3.0
    floor_s: Annotated[
        float, Meta(gt=0, description="Shortest interval it counts in", extra_json_schema={"unit": "s"})
    ] = 10.0


@breaker("silence", Params, kind="ladder", unit="intervals")
def read(facts: Facts, params: Params) -> Iterator[Reading]:
    """Per sleeve: time since its market was last heard, in the length of its bars."""
    for sleeve, (quiet, tf) in facts.silence.items():
        count = quiet / max(tf, params.floor_s * 1_000)
        words = f"nothing heard for {quiet / 1_000:.0f} s, {count:.1f} intervals"
        yield Reading(count, words, sleeve_key(sleeve))
