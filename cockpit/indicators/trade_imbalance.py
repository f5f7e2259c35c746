"""Imbalance of the last trades."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.window import Total


@indicator("trade_imbalance", inputs=("qty", "side"), lines=("value",))
class TradeImbalance(msgspec.Struct):
    """Who was aggressive in the last ``n`` trades: +1 only buyers, -1 only sellers.

    (bought - sold)/(bought + sold), by quantity; ``side`` +1 when the taker bought, else -1. First value at
    index n-1; NaN while nothing was traded. Raises ValueError when n < 1.
    """

    n: int = 100
    value: float = nan
    net: Total = msgspec.field(default_factory=lambda: Total(1))
    gross: Total = msgspec.field(default_factory=lambda: Total(1))

    def __post_init__(self) -> None:
        if self.net.n != self.n:
            self.net = Total(self.n)
            self.gross = Total(self.n)

    def update(self, qty: float, side: float) -> float:
        net = self.net.add(side * qty)
        gross = self.gross.add(qty)
        self.value = net / gross if gross else nan
        return self.value
