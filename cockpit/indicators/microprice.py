"""Microprice."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator


@indicator("microprice", inputs=("bid", "bid_qty", "ask", "ask_qty"), lines=("value", "tilt"))
class Microprice(msgspec.Struct):
    """The middle, pulled to the side where less rests: where the next trade is more likely to go.

    (ask*bid_qty + bid*ask_qty)/(bid_qty + ask_qty), price units; ``tilt`` = (bid_qty - ask_qty)/(sum), the
    imbalance of the touch, -1..1. First value at index 0; NaN without two sides. Source: Stoikov 2018 (its
    first approximation).
    """

    value: float = nan
    tilt: float = nan

    def update(self, bid: float, bid_qty: float, ask: float, ask_qty: float) -> float:
        total = bid_qty + ask_qty
        if total > 0.0 and bid > 0.0 and ask > 0.0:
            self.tilt = (bid_qty - ask_qty) / total
            self.value = bid + (ask - bid) * (bid_qty / total)
        else:
            self.value = self.tilt = nan
        return self.value
