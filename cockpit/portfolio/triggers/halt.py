"""OPS-04: trading was stopped."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.core.registry import trigger
from cockpit.core.triggers import Facts, Fired


@trigger("halt")
def read(facts: Facts, _params: None) -> Iterator[Fired]:
    """The kill switch was pressed, whoever did it."""
    if facts.halted:
        yield Fired("account", f"halted by {facts.halted}")
