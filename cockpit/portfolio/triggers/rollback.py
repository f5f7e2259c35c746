"""CV-04, OP-01: a strategy version has gone back by itself: look for another one."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.core.registry import trigger
from cockpit.core.triggers import Facts, Fired


@trigger("rollback")
def read(facts: Facts, _params: None) -> Iterator[Fired]:
    """A version was refuted, fell too deep or broke, and the machine took it out of the account."""
    for name, why in facts.fallen.items():
        yield Fired(name, f"{name}: {why}")
