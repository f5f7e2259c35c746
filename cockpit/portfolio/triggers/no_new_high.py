"""OP-01: a version has made no new high for n days."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.registry import trigger
from cockpit.core.triggers import DAY, Facts, Fired


class Params(msgspec.Struct, frozen=True):
    """How long it may take."""

    days: Annotated[float, Meta(gt=0)] = 20.0


@trigger("no_new_high", Params)
def read(facts: Facts, params: Params) -> Iterator[Fired]:
    """Days since the sum of its returns was last at its highest, at least ``days``."""
    for name, curve in facts.curves.items():
        days = (facts.now - curve.peak_ts) / DAY
        if curve.peak_ts and days >= params.days:
            yield Fired(name, f"no new high for {days:.0f} days, limit {params.days:g}")
