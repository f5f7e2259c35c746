"""Impact cost of a reference size."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.book import Book
from cockpit.core.registry import indicator
from cockpit.core.types import Side


@indicator("impact_cost", inputs=("book",), lines=("value", "buy", "sell"))
class ImpactCost(msgspec.Struct):
    """What a market order of ``size`` pays against the middle right now, in basis points.

    10^4*|average price - mid|/mid, the average from walking the book; ``buy`` and ``sell`` per side,
    ``value`` the dearer one. NaN while the book is broken or too thin to fill it: no price is no price.
    ``size`` is in the instrument's quantity unit (contracts, base units for spot). First value at index 0.
    Raises ValueError unless size > 0. Source: quant reference section 9.
    """

    size: float = 1.0
    value: float = nan
    buy: float = nan
    sell: float = nan

    def __post_init__(self) -> None:
        if not self.size > 0.0:
            raise ValueError(f"a reference size of {self.size}")

    def update(self, book: Book) -> float:
        mid = (book.best_bid + book.best_ask) / 2.0
        self.buy = self._side(book, Side.BUY, mid)
        self.sell = self._side(book, Side.SELL, mid)
        both = self.buy == self.buy and self.sell == self.sell
        self.value = max(self.buy, self.sell) if both else nan
        return self.value

    def _side(self, book: Book, side: Side, mid: float) -> float:
        if not book.ok or mid != mid:
            return nan
        average, filled, _ = book.walk(side, self.size)
        if filled < self.size * (1.0 - 1e-9):
            return nan
        return 1e4 * abs(average - mid) / mid
