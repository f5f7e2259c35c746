"""The ratchet of a trailing stop."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator


@indicator("trailing_stop", inputs=("close", "atr"), lines=("value",))
class TrailingStop(msgspec.Struct):
    """A stop ``k`` ATR behind the close that never steps back. Price units.

    side +1 (long): max(before, close - k*atr); -1 (short): min(before, close + k*atr). First value with the
    first ``atr`` that is a number. The seed writes max for both, with which a short's stop would walk away
    from the price. Raises ValueError unless side is 1 or -1 and k > 0.
    """

    side: int = 1
    k: float = 2.0
    value: float = nan

    def __post_init__(self) -> None:
        if self.side not in (1, -1) or self.k <= 0:
            raise ValueError(f"a trailing stop of side {self.side}, {self.k} ATR")

    def update(self, close: float, atr: float) -> float:
        level = close - self.side * self.k * atr
        if level == level and not (level - self.value) * self.side <= 0.0:
            self.value = level
        return self.value
