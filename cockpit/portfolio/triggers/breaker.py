"""OPS-04: a circuit breaker has tripped."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.core.registry import trigger
from cockpit.core.triggers import Facts, Fired


@trigger("breaker")
def read(facts: Facts, _params: None) -> Iterator[Fired]:
    """Any breaker's episode has begun (``cockpit help breakers``)."""
    for name, reason in facts.trips.items():
        yield Fired(name, f"{name}: {reason}")
