"""A switch with two thresholds."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator


@indicator("two_thresholds", inputs=("x",), lines=("value",))
class TwoThresholds(msgspec.Struct):
    """+1 once ``x`` reaches ``enter``, -1 once it reaches -enter, 0 again when |x| falls to ``leave``.

    Between the two it stays what it was, so that a value that trembles around one threshold does not trade
    every bar. First value with the first x that is a number; NaN changes nothing. Raises ValueError unless
    0 <= leave < enter. An engineer's Schmitt trigger.
    """

    enter: float = 2.0
    leave: float = 0.5
    value: float = nan

    def __post_init__(self) -> None:
        if not 0.0 <= self.leave < self.enter:
            raise ValueError(f"a switch that enters at {self.enter} and leaves at {self.leave}")

    def update(self, x: float) -> float:
        if x >= self.enter:
            self.value = 1.0
        elif x <= -self.enter:
            self.value = -1.0
        elif x == x:
            state = self.value
            # Half way is not enough: a long signal survives until x comes back below `leave`.
            if state != state or (state > 0.0 and x <= self.leave) or (state < 0.0 and x >= -self.leave):
                self.value = 0.0
        return self.value
