"""OP-01: a day was worse than almost all days before it."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.registry import trigger
from cockpit.core.triggers import Facts, Fired

HAIR = 1e-9


class Params(msgspec.Struct, frozen=True):
    """Which share of the past days may have been worse."""

    below: Annotated[float, Meta(gt=0, le=0.5)] = 0.02


@trigger("quantile", Params)
def read(facts: Facts, params: Params) -> Iterator[Fired]:
    """Return of the last day that is over, under the ``below`` quantile (the ceil(n q)-th smallest) of the
    days before it. Nothing is said before there are 1 / ``below`` of those.
    """
    for name, curve in facts.curves.items():
        returns = curve.returns
        past = sorted(returns[:-1])
        if len(past) < ceil(1.0 / params.below - HAIR):
            continue
        limit = past[ceil(len(past) * params.below - HAIR) - 1]
        if returns[-1] < limit:
            day = curve.days[-1][0]
            yield Fired(f"{name} day {day}", f"a day of {returns[-1]:.2%}, quantile {limit:.2%}")
