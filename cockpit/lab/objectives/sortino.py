"""Mean return over the spread of the bad periods alone."""

from __future__ import annotations

from cockpit.core.registry import objective
from cockpit.lab.search.measure import Measured


@objective("sortino", goals=("sortino",))
def sortino(measured: Measured, params: None) -> tuple[float | None, ...]:
    """Annual Sortino ratio; undefined when no period lost money."""
    return (measured.sortino,)
