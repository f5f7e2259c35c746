"""Yearly growth over the worst drawdown."""

from __future__ import annotations

from cockpit.core.registry import objective
from cockpit.lab.search.measure import Measured


@objective("calmar", goals=("calmar",))
def calmar(measured: Measured, params: None) -> tuple[float | None, ...]:
    """Growth a year for each unit of the worst drawdown; undefined without a drawdown."""
    return (measured.calmar,)
