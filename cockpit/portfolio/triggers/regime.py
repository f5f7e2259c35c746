"""OP-01: a market has become another kind of market."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.core.registry import trigger
from cockpit.core.triggers import Facts, Fired


@trigger("regime")
def read(facts: Facts, _params: None) -> Iterator[Fired]:
    """The published regime (``cockpit help indicator:regime``) of a sleeve's market on the sleeve's bars has
    changed since the last look.
    """
    for market, change in facts.regimes.items():
        yield Fired(f"{market} {change}", f"{market}: {change}")
