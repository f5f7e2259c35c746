"""OP-01: a version earns less than it used to."""

from __future__ import annotations

from collections.abc import Iterator
from math import fsum, sqrt
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.registry import trigger
from cockpit.core.triggers import Facts, Fired
from cockpit.portfolio.performance import spread

BEFORE = 30


class Params(msgspec.Struct, frozen=True):
    """What is compared, and how sure it must be."""

    days: Annotated[int, Meta(ge=5, le=365)] = 14
    """The recent ones."""
    z: Annotated[float, Meta(gt=0)] = 2.0
    """Standard errors that the recent mean must lie under the earlier one."""


@trigger("decay", Params)
def read(facts: Facts, params: Params) -> Iterator[Fired]:
    """Mean return of the last ``days`` days more than ``z`` standard errors (spread of the earlier days over
    the root of ``days``) under the mean of the earlier ones, of which there must be 30.
    """
    for name, curve in facts.curves.items():
        returns = curve.returns
        before, recent = returns[: -params.days], returns[-params.days :]
        if len(before) < BEFORE or not (sd := spread(before, 1)):
            continue
        usual, now = fsum(before) / len(before), fsum(recent) / len(recent)
        z = (now - usual) / (sd / sqrt(params.days))
        if z < -params.z:
            yield Fired(name, f"{now:.3%} a day in {params.days} days, {usual:.3%} before (z {z:.1f})")
