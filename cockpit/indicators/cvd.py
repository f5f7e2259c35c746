"""Cumulative volume delta."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator


@indicator("cvd", inputs=("qty", "side"), lines=("value",))
class Cvd(msgspec.Struct):
    """Volume of aggressive buyers less that of aggressive sellers, since the start: who is in a hurry?

    One call per public trade; ``side`` +1 when the taker bought, -1 when it sold (``trade.side.sign``). Price
    up while this falls: somebody sells into the rise. First value at index 0. Units of ``qty``.
    """

    value: float = nan

    def update(self, qty: float, side: float) -> float:
        before = self.value
        self.value = side * qty if before != before else before + side * qty
        return self.value
