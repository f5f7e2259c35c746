"""Exponentially weighted variance from a given start."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator


@indicator("ewma_var_recursive", inputs=("r",), lines=("value",))
class EwmaVarRecursive(msgspec.Struct):
    """RiskMetrics' variance of returns ``r``: v = lam*v + (1-lam)*r^2 from ``v0``, mean 0.

    Like ``ewma_var`` but believing ``v0`` at first, so it needs one that is about right. First value at
    index 0. Raises ValueError unless 0 <= lam < 1 and v0 >= 0. Source: RiskMetrics 1996.
    """

    lam: float = 0.94
    v0: float = 0.0
    value: float = nan

    def __post_init__(self) -> None:
        if not 0.0 <= self.lam < 1.0 or not self.v0 >= 0.0:
            raise ValueError(f"a memory of {self.lam} from a variance of {self.v0}")

    def update(self, r: float) -> float:
        before = self.value
        if before != before:
            before = self.v0
        self.value = self.lam * before + (1.0 - self.lam) * r * r
        return self.value
