"""Depth near the middle."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.book import Book
from cockpit.core.registry import indicator
from cockpit.core.types import Side


@indicator("book_depth", inputs=("book",), lines=("value", "bid", "ask"))
class BookDepth(msgspec.Struct):
    """How much can be traded without moving the price by more than ``reach`` basis points.

    Quantity resting within mid*(1 -+ reach/10^4), per side; ``value`` is the thinner side. Only what the feed
    shows counts: with a touch alone it is the touch. First value at index 0; NaN while the book is broken or
    one-sided. The instrument's quantity unit. Raises ValueError unless reach > 0.
    """

    reach: float = 10.0
    value: float = nan
    bid: float = nan
    ask: float = nan

    def __post_init__(self) -> None:
        if not self.reach > 0.0:
            raise ValueError(f"a depth within {self.reach} bps")

    def update(self, book: Book) -> float:
        mid = (book.best_bid + book.best_ask) / 2.0
        if not book.ok or mid != mid:
            self.value = self.bid = self.ask = nan
            return nan
        reach = mid * self.reach * 1e-4
        self.bid = book.depth_to(Side.BUY, mid - reach)
        self.ask = book.depth_to(Side.SELL, mid + reach)
        self.value = min(self.bid, self.ask)
        return self.value
