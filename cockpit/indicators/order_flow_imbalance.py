"""Order-flow imbalance of the touch."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.window import Total


@indicator("order_flow_imbalance", inputs=("bid", "bid_qty", "ask", "ask_qty"), lines=("value",))
class OrderFlowImbalance(msgspec.Struct):
    """What was added to the bid and taken from the ask in the last ``n`` changes of the touch, net.

    Per change: + bid_qty if the bid did not fall, - the old bid_qty if it did not rise; asks the other way
    round. Positive = pressure upward. First value at index n. Units of quantity. Raises ValueError when
    n < 1. Source: Cont, Kukanov and Stoikov 2014.
    """

    n: int = 50
    value: float = nan
    bid: float = nan
    bid_qty: float = nan
    ask: float = nan
    ask_qty: float = nan
    flow: Total = msgspec.field(default_factory=lambda: Total(1))

    def __post_init__(self) -> None:
        if self.flow.n != self.n:
            self.flow = Total(self.n)

    def update(self, bid: float, bid_qty: float, ask: float, ask_qty: float) -> float:
        if self.bid == self.bid:
            step = 0.0
            if bid >= self.bid:
                step += bid_qty
            if bid <= self.bid:
                step -= self.bid_qty
            if ask <= self.ask:
                step -= ask_qty
            if ask >= self.ask:
                step += self.ask_qty
            self.value = self.flow.add(step)
        self.bid, self.bid_qty, self.ask, self.ask_qty = bid, bid_qty, ask, ask_qty
        return self.value
