"""Three goals at once: more return, less drawdown, more Sharpe. The answer is a front, not a winner."""

from __future__ import annotations

from cockpit.core.registry import objective
from cockpit.lab.search.measure import Measured


@objective("multi", goals=("return", "drawdown", "sharpe"))
def multi(measured: Measured, params: None) -> tuple[float | None, ...]:
    """Yearly growth, minus the worst drawdown, annual Sharpe."""
    return (measured.cagr, -measured.mdd, measured.sharpe)
