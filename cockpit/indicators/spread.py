"""Quoted spread."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator


@indicator("spread", inputs=("bid", "ask"), lines=("value",))
class Spread(msgspec.Struct):
    """What it costs to buy and sell at once, in basis points of the middle: 10^4*(ask - bid)/mid.

    First value at index 0; NaN without two sides, or when they cross.
    """

    value: float = nan

    def update(self, bid: float, ask: float) -> float:
        sane = 0.0 < bid < ask
        self.value = 2.0e4 * ((ask - bid) / (bid + ask)) if sane else nan
        return self.value
