"""OKX's own proof that a book is right: a CRC32 over the texts of its best 25 levels.

The sum is over the original strings, so this book keeps them; the trading path keeps floats
(``core.book``). OKX sends a constant 0 since June 2026, so this serves recordings of before and tests.

Source: OKX API v5, "Order book channel: checksum".
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from zlib import crc32

LEVELS = 25


class StringBook:
    """Bids and asks as the exchange spelled them."""

    def __init__(self) -> None:
        # Best price last; asks are keyed by their negative.
        self._keys: tuple[list[float], list[float]] = ([], [])
        self._texts: tuple[dict[float, tuple[str, str]], dict[float, tuple[str, str]]] = ({}, {})

    def snapshot(self, bids: Iterable[Sequence[str]], asks: Iterable[Sequence[str]]) -> None:
        """Replace everything."""
        for keys, texts in zip(self._keys, self._texts, strict=True):
            keys.clear()
            texts.clear()
        self.update(bids, asks)

    def update(self, bids: Iterable[Sequence[str]], asks: Iterable[Sequence[str]]) -> None:
        """Apply changed levels; a size of zero removes one."""
        for side, levels in enumerate((bids, asks)):
            keys = self._keys[side]
            texts = self._texts[side]
            for level in levels:
                price, size = level[0], level[1]
                key = -float(price) if side else float(price)
                if float(size) > 0.0:
                    if key not in texts:
                        insort(keys, key)
                    texts[key] = (price, size)
                elif texts.pop(key, None) is not None:
                    del keys[bisect_left(keys, key)]

    def levels(self, side: int, n: int = 0) -> list[tuple[str, str]]:
        """(price, size) texts of bids (0) or asks (1), best first; ``n`` = 0 means all."""
        keys = self._keys[side]
        texts = self._texts[side]
        return [texts[key] for key in reversed(keys[-n:] if n else keys)]

    def checksum(self) -> int:
        """Signed CRC32 of ``bid:size:ask:size:…``, 25 levels alternating, a missing side skipped."""
        bids = self.levels(0, LEVELS)
        asks = self.levels(1, LEVELS)
        parts: list[str] = []
        for row in range(max(len(bids), len(asks))):
            for side in (bids, asks):
                if row < len(side):
                    parts += side[row]
        value = crc32(":".join(parts).encode())
        return value - 0x1_0000_0000 if value & 0x8000_0000 else value
