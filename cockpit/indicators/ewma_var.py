"""Exponentially weighted variance."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator


@indicator("ewma_var", inputs=("r",), lines=("value",))
class EwmaVar(msgspec.Struct):
    """Variance of returns ``r`` that forgets with ``lam`` per bar, mean 0: the forecast for the next bar.

    sum(lam^i r^2)/sum(lam^i); first value at index 0. lam = 2^(-1/half-life in bars): 0.94 is meant for
    days, on minutes it remembers eleven of them. Raises ValueError unless 0 <= lam < 1. Source: RiskMetrics.
    """

    lam: float
    value: float = nan
    above: float = 0.0
    below: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.lam < 1:
            raise ValueError(f"a decay of {self.lam}")

    def update(self, r: float) -> float:
        self.above = above = self.lam * self.above + r * r
        self.below = below = self.lam * self.below + 1.0
        self.value = value = above / below
        return value
