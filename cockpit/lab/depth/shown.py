"""The kernel's own views of the arrays: ``Book`` for the engine, a mapping for the venue."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from math import inf, nan
from typing import Any

from cockpit.core.book import Book, BookMemory, Pairs
from cockpit.core.types import Side

STRETCH = 64
"""Levels that are looked at in one go."""


class ArrayBook(Book):
    """Our book of the traded market. The machine has written its levels into the arrays already."""

    __slots__ = ("_asks_at", "_bids_at", "_high", "_low", "_price", "_rank_ask", "_rank_bid", "told")

    def __init__(self, prices: Any) -> None:
        self._price: list[float] = prices["price"].tolist()
        self._bids_at, self._asks_at = prices["bid"], prices["ask"]
        self.told = True
        """Did the delta that the kernel is told of now belong to the book?"""
        super().__init__()

    def clear(self) -> None:
        """Nothing is known; the arrays begin empty."""
        self._rank_bid = self._rank_ask = -1
        self._low, self._high = 0, -1
        self._depth = self._touched = False
        self.best_bid = self.best_bid_qty = self.best_ask = self.best_ask_qty = nan
        self.ok = False
        self.seq = -1
        self.ts = 0

    def follow(self, row: list[Any], at: Any) -> None:
        """Take up what the machine's row of the market says."""
        bid, ask = self._rank_bid, self._rank_ask = row[at.best_bid], row[at.best_ask]
        self._low, self._high = row[at.low], row[at.high]
        self._touched, self._depth = row[at.touched], row[at.whole]
        self.best_bid = self._price[bid] if bid >= 0 else nan
        self.best_ask = self._price[ask] if ask >= 0 else nan
        self.best_bid_qty, self.best_ask_qty = row[at.bid_qty], row[at.ask_qty]
        self.ok, self.seq, self.ts = row[at.ok], row[at.seq], row[at.ts]
        self.gaps, self.crossed = row[at.gaps], row[at.crossed]

    def apply_snapshot(self, bids: Pairs, asks: Pairs, seq: int, ts: int) -> bool:
        """It is in the arrays already."""
        return self.ok

    def apply_delta(self, bids: Pairs, asks: Pairs, seq: int, prev_seq: int, ts: int) -> bool:
        """It is in the arrays already."""
        return self.told

    def set_touch(self, bid: float, bid_qty: float, ask: float, ask_qty: float, ts: int) -> bool:
        """It is in the arrays already."""
        return self.ok

    def size_at(self, price: float) -> float:
        """As ``Book.size_at``."""
        if price == self.best_bid:
            return self.best_bid_qty
        if price == self.best_ask:
            return self.best_ask_qty
        if self._touched and not (price < self.best_bid or price > self.best_ask):
            return 0.0
        side = Side.BUY if price < self.best_bid else Side.SELL
        return next((size for at, size in self._walkable(side) if at == price), 0.0)

    def kept(self) -> BookMemory:
        """Nothing is recovered from a run that sleeps."""
        raise NotImplementedError

    def recall(self, kept: BookMemory) -> None:
        """Likewise."""
        raise NotImplementedError

    def depth_to(self, side: Side, price: float, enough: float = inf) -> float:
        """As ``Book.depth_to``, a stretch of the array at a time."""
        buy = side is Side.BUY
        at = self._rank_bid if buy else self._rank_ask
        if at < 0 or enough <= 0.0 or (self.best_bid < price if buy else self.best_ask > price):
            return 0.0
        total = 0.0 + (self.best_bid_qty if buy else self.best_ask_qty)
        if buy:
            low = max(self._low, bisect_left(self._price, price, self._low, at)) if self._low < at else at
            sizes = self._bids_at[low:at][::-1].tolist()
        else:
            high = bisect_right(self._price, price, at, self._high + 1)
            sizes = self._asks_at[at + 1 : high].tolist()
        for size in sizes:
            if total >= enough:
                break
            if size > 0.0:
                total += size
        return total

    def _walkable(self, side: Side) -> Iterator[tuple[float, float]]:
        buy = side is Side.BUY
        at = self._rank_bid if buy else self._rank_ask
        if at < 0:
            return
        yield (self.best_bid, self.best_bid_qty) if buy else (self.best_ask, self.best_ask_qty)
        step = -1 if buy else 1
        for start in range(at + step, (self._low - 1) if buy else (self._high + 1), STRETCH * step):
            if buy:
                sizes = self._bids_at[max(self._low, start - STRETCH + 1) : start + 1][::-1].tolist()
            else:
                sizes = self._asks_at[start : min(self._high + 1, start + STRETCH)].tolist()
            for further, size in enumerate(sizes):
                if size > 0.0:
                    yield self._price[start + step * further], size


class Shown(Mapping[int, int]):
    """One side of the venue's book: lots by ticks."""

    def __init__(self, prices: Any, bids: bool, ranks: Mapping[int, int], first: int, end: int) -> None:
        self._lots = prices["venue_bid" if bids else "venue_ask"]
        self._mine = self._lots[first:end]
        self._ticks = prices["tick"][first:end]
        self._ranks = ranks

    def __getitem__(self, ticks: int) -> int:
        lots = int(self._lots[self._ranks[ticks]])
        if not lots:
            raise KeyError(ticks)
        return lots

    def __iter__(self) -> Iterator[int]:
        yield from self._ticks[self._mine.nonzero()[0]].tolist()

    def __len__(self) -> int:
        return int((self._mine != 0).sum())

    def __bool__(self) -> bool:
        return bool(self._mine.any())
