"""Marks as exact numbers, made only when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal


class MarkPrices(Mapping[str, Decimal]):
    """The mark of each symbol, else its last price. Made exact when asked for: few of them ever are."""

    __slots__ = ("_last", "_marks")

    def __init__(self, marks: Mapping[str, float], last: Mapping[str, float]) -> None:
        self._marks = marks
        self._last = last

    def __getitem__(self, symbol: str) -> Decimal:
        price = self._marks.get(symbol)
        return Decimal(repr(self._last[symbol] if price is None else price))

    def __iter__(self) -> Iterator[str]:
        return iter({**self._last, **self._marks})

    def __len__(self) -> int:
        return len({**self._last, **self._marks})
