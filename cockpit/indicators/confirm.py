"""A signal that has to hold before it counts."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator


@indicator("confirm", inputs=("signal",), lines=("value",))
class Confirm(msgspec.Struct):
    """Passes a signal on only after it has been the same for ``n`` bars; until then the last one stays.

    Filters flicker at the price of n-1 bars' delay. First value with the first signal that has held; a NaN
    signal breaks the row and changes nothing. Raises ValueError when n < 1.
    """

    n: int = 3
    value: float = nan
    candidate: float = nan
    held: int = 0
    """Bars the candidate has been there."""

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"a confirmation of {self.n} bars")

    def update(self, signal: float) -> float:
        self.held = self.held + 1 if signal == self.candidate else 1
        self.candidate = signal
        if self.held >= self.n and signal == signal:
            self.value = signal
        return self.value
