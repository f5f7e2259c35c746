"""One market's order book, folded from what the venue sends.

    snapshot ──► whole ──delta, chain holds──► whole
                   ├──delta, chain broken──► gap      (``gaps`` + 1) ──┐ nothing but a snapshot
                   └──bid ≥ ask───────────► crossed  (``crossed`` + 1) ┘ makes it whole again

A delta belongs to the chain when its ``prev_seq`` is the last ``seq`` seen; OKX's keep-alive
(``seq == prev_seq``, no levels) and its maintenance reset (``seq < prev_seq``) follow the same rule, and
``prev_seq`` -1 says that the source has no chain. A crossed book is never repaired by guessing which side
is wrong: a matching engine does not cross, so something was lost on the way.

A touch (best bid and ask alone) is the whole book of a source without depth. Beside depth it is newer
news about the first level: until the next depth message the best prices are the touch's, and levels that
it proves gone are not shown. It never edits the depth, which only the chained stream may do.

Sizes are in the instrument's own quantity unit: contracts for derivatives, base units for spot.

A removed level stays in the tables with size 0 until it is the best of its side or there are many: levels
come and go at the same prices, so an update is one ``dict.update`` and seldom moves a sorted list.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from itertools import islice
from math import inf, nan

import msgspec

from cockpit.core.types import Side

Pairs = Iterable[tuple[float, float]]
DEAD = 512
"""Prices that a side takes on beyond what its last tidying left, before removed ones are swept out."""


class BookMemory(msgspec.Struct, frozen=True):
    """A book as data. Levels in the order of their prices."""

    bids: list[tuple[float, float]]
    asks: list[tuple[float, float]]
    depth: bool
    touched: bool
    best: tuple[float, float, float, float]
    """Bid, its quantity, ask, its quantity."""
    ok: bool
    seq: int
    ts: int


class Book:
    """Bids and asks by price, and the best of each kept as plain attributes.

    ``best_bid``, ``best_bid_qty``, ``best_ask``, ``best_ask_qty`` are NaN while unknown. ``ok`` is False
    while the book is incomplete, broken or crossed; its last prices stay readable but are not to be
    traded on. ``ts`` is the last update (UTC ms, 0 = never), ``seq`` the last sequence number.
    ``gaps`` and ``crossed`` count breaks since the book was made.
    """

    __slots__ = (
        "_ask_keys",
        "_ask_limit",
        "_asks",
        "_bid_keys",
        "_bid_limit",
        "_bids",
        "_depth",
        "_touched",
        "best_ask",
        "best_ask_qty",
        "best_bid",
        "best_bid_qty",
        "crossed",
        "gaps",
        "ok",
        "seq",
        "ts",
    )

    def __init__(self) -> None:
        self.gaps = 0
        self.crossed = 0
        self.clear()

    def clear(self) -> None:
        """Forget all levels (the stream went down); the counters stay."""
        self._bids: dict[float, float] = {}
        self._asks: dict[float, float] = {}
        # The best price is the last of its list (asks negated), where changes are frequent and cheap.
        self._bid_keys: list[float] = []
        self._ask_keys: list[float] = []
        self._bid_limit = self._ask_limit = DEAD
        self._depth = False
        self._touched = False
        self.best_bid = self.best_bid_qty = self.best_ask = self.best_ask_qty = nan
        self.ok = False
        self.seq = -1
        self.ts = 0

    def apply_snapshot(self, bids: Pairs, asks: Pairs, seq: int, ts: int) -> bool:
        """Replace everything; levels in any order. False when the snapshot itself is crossed."""
        self._bids = {price: size for price, size in dict(bids).items() if size > 0.0}
        self._asks = {price: size for price, size in dict(asks).items() if size > 0.0}
        self._bid_keys = sorted(self._bids)
        self._ask_keys = sorted([-price for price in self._asks])
        self._bid_limit = len(self._bids) + DEAD
        self._ask_limit = len(self._asks) + DEAD
        self._depth = True
        self.ok = True
        return self._settle(seq, ts)

    def apply_delta(self, bids: Pairs, asks: Pairs, seq: int, prev_seq: int, ts: int) -> bool:
        """Apply changed levels (size 0 removes). False: not whole any more, ask for a snapshot.

        While the book is not whole a delta changes nothing; only the break itself is counted.
        """
        if not self.ok or not self._depth:
            return False
        if prev_seq != self.seq and prev_seq != -1:
            self.gaps += 1
            self.ok = False
            return False
        sizes = self._bids
        known = len(sizes)
        sizes.update(bids)
        if len(sizes) != known:
            keys = self._bid_keys
            for price in islice(reversed(sizes), len(sizes) - known):  # the new ones are the last
                insort(keys, price)
            if len(keys) > self._bid_limit:
                self._sweep_bids()
        sizes = self._asks
        known = len(sizes)
        sizes.update(asks)
        if len(sizes) != known:
            keys = self._ask_keys
            for price in islice(reversed(sizes), len(sizes) - known):
                insort(keys, -price)
            if len(keys) > self._ask_limit:
                self._sweep_asks()
        return self._settle(seq, ts)

    def set_touch(self, bid: float, bid_qty: float, ask: float, ask_qty: float, ts: int) -> bool:
        """Best bid and ask alone; a price that is not positive means an empty side.

        False (and counted) when it is crossed: beside depth it is then ignored, alone it makes ``ok``
        False until the next one.
        """
        if bid >= ask > 0.0:
            self.crossed += 1
            self.ok = self.ok and self._depth
            return False
        has_bid = bid > 0.0 and bid_qty > 0.0
        has_ask = ask > 0.0 and ask_qty > 0.0
        self.best_bid, self.best_bid_qty = (bid, bid_qty) if has_bid else (nan, nan)
        self.best_ask, self.best_ask_qty = (ask, ask_qty) if has_ask else (nan, nan)
        self._touched = True
        self.ts = ts
        if not self._depth:
            self.ok = True
        return True

    def kept(self) -> BookMemory:
        """Everything it depends on from here; equal books give equal memories."""
        return BookMemory(
            sorted([level for level in self._bids.items() if level[1] > 0.0]),
            sorted([level for level in self._asks.items() if level[1] > 0.0]),
            self._depth,
            self._touched,
            (self.best_bid, self.best_bid_qty, self.best_ask, self.best_ask_qty),
            self.ok,
            self.seq,
            self.ts,
        )

    def recall(self, kept: BookMemory) -> None:
        """Become the book that was kept; the counters stay."""
        self._bids, self._asks = dict(kept.bids), dict(kept.asks)
        self._bid_keys = [price for price, _ in kept.bids]
        self._ask_keys = sorted(-price for price, _ in kept.asks)
        self._bid_limit, self._ask_limit = len(kept.bids) + DEAD, len(kept.asks) + DEAD
        self._depth, self._touched = kept.depth, kept.touched
        self.best_bid, self.best_bid_qty, self.best_ask, self.best_ask_qty = kept.best
        self.ok, self.seq, self.ts = kept.ok, kept.seq, kept.ts

    def levels(self, side: Side, n: int) -> list[tuple[float, float]]:
        """The first ``n`` (price, size) of the bids (BUY) or asks (SELL), best first."""
        return list(islice(self._walkable(side), n))

    def depth(self, side: Side, n: int) -> float:
        """Total size of the first ``n`` levels of the bids (BUY) or asks (SELL)."""
        total = 0.0
        for _, size in islice(self._walkable(side), n):
            total += size  # one by one: the built-in sum rounds otherwise from one Python to the next
        return total

    def depth_to(self, side: Side, price: float, enough: float = inf) -> float:
        """Total size of the bids (BUY) or asks (SELL) at ``price`` or better, or ``enough`` of it."""
        total = 0.0
        for at, size in self._walkable(side):
            if total >= enough or ((at < price) if side is Side.BUY else (at > price)):
                break
            total += size
        return total

    def walk(self, side: Side, qty: float) -> tuple[float, float, float]:
        """What a market order would meet: (average price, filled, worst price).

        ``side`` is the order's: a BUY eats the asks. NaN prices when nothing can be filled; ``filled``
        is less than ``qty`` when the visible book is too thin.
        """
        left = qty
        cost = 0.0
        worst = nan
        for price, size in self._walkable(side.opposite):
            if left <= 0.0:
                break
            take = min(left, size)
            cost += take * price
            left -= take
            worst = price
        filled = qty - left if worst == worst else 0.0
        return (cost / filled if filled > 0.0 else nan), filled, worst

    def size_at(self, price: float) -> float:
        """Size resting at exactly ``price`` on either side, 0 when none is shown."""
        if price == self.best_bid:
            return self.best_bid_qty
        if price == self.best_ask:
            return self.best_ask_qty
        if self._touched and not (price < self.best_bid or price > self.best_ask):
            return 0.0
        size = (self._bids if price < self.best_bid else self._asks).get(price, 0.0)
        return max(0.0, size)

    def imbalance(self, n: int) -> float:
        """(bids - asks) / (bids + asks) over ``n`` levels: +1 only bids, -1 only asks, NaN no book."""
        bids = self.depth(Side.BUY, n)
        total = bids + self.depth(Side.SELL, n)
        return 2.0 * bids / total - 1.0 if total > 0.0 else nan

    def _walkable(self, side: Side) -> Iterator[tuple[float, float]]:
        buy = side is Side.BUY
        best = self.best_bid if buy else self.best_ask
        sizes = self._bids if buy else self._asks
        keys = self._bid_keys if buy else self._ask_keys
        if self._touched:
            if best != best:
                return
            yield best, (self.best_bid_qty if buy else self.best_ask_qty)
            keys = keys[: bisect_left(keys, best if buy else -best)]
        for key in reversed(keys):
            price = key if buy else -key
            size = sizes[price]
            if size > 0.0:
                yield price, size

    def _sweep_bids(self) -> None:
        """Let go of the prices where nothing rests."""
        self._bids = {price: size for price, size in self._bids.items() if size > 0.0}
        self._bid_keys = sorted(self._bids)
        self._bid_limit = len(self._bids) + DEAD

    def _sweep_asks(self) -> None:
        self._asks = {price: size for price, size in self._asks.items() if size > 0.0}
        self._ask_keys = sorted([-price for price in self._asks])
        self._ask_limit = len(self._asks) + DEAD

    def _settle(self, seq: int, ts: int) -> bool:
        """Best prices from the depth, then the verdict."""
        self.seq = seq
        self.ts = ts
        self._touched = False
        bid = bid_qty = ask = ask_qty = nan
        keys = self._bid_keys
        sizes = self._bids
        while keys:
            price = keys[-1]
            size = sizes[price]
            if size > 0.0:
                bid, bid_qty = price, size
                break
            del sizes[price], keys[-1]
        keys = self._ask_keys
        sizes = self._asks
        while keys:
            price = -keys[-1]
            size = sizes[price]
            if size > 0.0:
                ask, ask_qty = price, size
                break
            del sizes[price], keys[-1]
        self.best_bid, self.best_bid_qty = bid, bid_qty
        self.best_ask, self.best_ask_qty = ask, ask_qty
        if bid >= ask:
            self.crossed += 1
            self.ok = False
        return self.ok
