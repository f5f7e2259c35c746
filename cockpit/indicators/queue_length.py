"""Length of the queues at the touch."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.window import Total


@indicator("queue_length", inputs=("bid_qty", "ask_qty"), lines=("value", "bid", "ask"))
class QueueLength(msgspec.Struct):
    """How much usually waits in front of a new order at the best price: mean of the last ``n`` touches.

    ``bid`` and ``ask`` per side, ``value`` the longer of the two. First value at index n-1. The instrument's
    quantity unit (contracts, base units for spot). What waits before an order elsewhere in the book:
    ``view.book.size_at(price)``. Raises ValueError when n < 1.
    """

    n: int = 20
    value: float = nan
    bid: float = nan
    ask: float = nan
    bids: Total = msgspec.field(default_factory=lambda: Total(1))
    asks: Total = msgspec.field(default_factory=lambda: Total(1))

    def __post_init__(self) -> None:
        if self.bids.n != self.n:
            self.bids = Total(self.n)
            self.asks = Total(self.n)

    def update(self, bid_qty: float, ask_qty: float) -> float:
        # An empty side is a queue of 0, whatever stands for it; max() would pass a NaN on.
        bid = ask = 0.0
        if bid_qty > 0.0:
            bid = bid_qty
        if ask_qty > 0.0:
            ask = ask_qty
        self.bid = self.bids.add(bid) / self.n
        self.ask = self.asks.add(ask) / self.n
        self.value = max(self.bid, self.ask)
        return self.value
