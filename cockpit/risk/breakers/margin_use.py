"""RK-08: the account comes near to what the venue requires."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.core.breakers import Facts, Reading, Rung, Rungs
from cockpit.core.registry import breaker


class Params(Rungs, frozen=True):
    """Fractions of (cash + unrealised)."""

    delever: Rung = 0.3
    reduce_only: Rung = 0.5
    halt: Rung = 0.6
    flatten: Rung = 0.75


@breaker("margin_use", Params, kind="ladder", unit="margin")
def read(facts: Facts, _params: Params) -> Iterator[Reading]:
    """What the venue requires to keep the positions, over (cash + unrealised); at 1 it liquidates."""
    yield Reading(facts.margin_use, f"{facts.margin_use:.1%} of the margin is required")
