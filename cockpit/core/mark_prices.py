"""Marks as exact numbers, made only when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any


class MarkPrices(Mapping[str, Decimal]):
    """The mark of each symbol, else its last price. Made exact when asked for: few of them ever are."""

    __slots__ = ("_last", "_marks")

    def __init__(self, marks: Mapping[str, float], last: Mapping[str, float]) -> None:
        self._marks = marks
        self._last = last

    def __getitem__(self, symbol: str) -> Decimal:
        price = self._marks.get(symbol)
        return Decimal(repr(self._last[symbol] if price is None else price))

    def get(self, symbol: str, default: Any = None) -> Any:
        """As of any mapping, without an exception on the way."""
        price = self._marks.get(symbol)
        if price is None:
            price = self._last.get(symbol)
        return default if price is None else Decimal(repr(price))

    def __iter__(self) -> Iterator[str]:
        return iter({**self._last, **self._marks})

    def __len__(self) -> int:
        return len({**self._last, **self._marks})
