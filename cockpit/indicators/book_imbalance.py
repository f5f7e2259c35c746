"""Imbalance of the order book."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.book import Book
from cockpit.core.registry import indicator


@indicator("book_imbalance", inputs=("book",), lines=("value",))
class BookImbalance(msgspec.Struct):
    """Is more waiting to buy (+1) or to sell (-1) in the first ``levels`` prices of each side?

    (bids - asks)/(bids + asks), by quantity. First value at index 0; NaN while the book is broken or empty.
    Raises ValueError when levels < 1.
    """

    levels: int = 5
    value: float = nan

    def __post_init__(self) -> None:
        if self.levels < 1:
            raise ValueError(f"a book of {self.levels} levels")

    def update(self, book: Book) -> float:
        self.value = book.imbalance(self.levels) if book.ok else nan
        return self.value
