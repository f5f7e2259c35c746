"""One side of a simulated book, in whole ticks and lots, best level last."""

from __future__ import annotations

from bisect import bisect_left

from cockpit.adapters.practice.draws import Draws

FEWEST = 20
MOST = 40
USUAL = 28


class Ladder:
    """Bids (``sign`` +1) or asks (-1). ``keys`` are ticks × sign, ascending, so the best is the last.

    ``changes`` collects what the next delta must say: ticks → lots, 0 = gone.
    """

    __slots__ = ("changes", "gap", "keys", "lots", "plenty", "sign", "touch_lots")

    def __init__(self, sign: int, gap: int, touch_lots: int) -> None:
        self.sign = sign
        self.gap = gap
        self.touch_lots = touch_lots
        self.plenty = 256
        """Size of new levels in 1/256 of the usual; small in a drought."""
        self.keys: list[int] = []
        self.lots: list[int] = []
        self.changes: dict[int, int] = {}

    @property
    def best(self) -> int:
        """Ticks of the best price."""
        return self.keys[-1] * self.sign

    def size(self, bits: int, depth: int) -> int:
        """Lots for a level ``depth`` places behind the best: long-tailed, growing with depth."""
        u = bits & 0xFFFF
        scale = 80 + (u >> 8) + 1_500_000 // (u + 8_192)
        return 1 + (self.touch_lots * scale * (8 + depth) * self.plenty >> 19)

    def put(self, key: int, lots: int) -> None:
        """Set a level that is better than all others, or replace one that exists."""
        if not self.keys or key > self.keys[-1]:
            self.keys.append(key)
            self.lots.append(lots)
        else:
            at = bisect_left(self.keys, key)
            if self.keys[at] == key:
                self.lots[at] = lots
            else:
                self.keys.insert(at, key)
                self.lots.insert(at, lots)
        self.changes[key * self.sign] = lots

    def pop(self) -> tuple[int, int]:
        """Remove the best level; its (ticks, lots)."""
        ticks = self.keys.pop() * self.sign
        self.changes[ticks] = 0
        return ticks, self.lots.pop()

    def take(self, lots: int) -> int:
        """Trade up to ``lots`` at the best level; returns how many were there to trade."""
        there = self.lots[-1]
        ticks = self.keys[-1] * self.sign
        if lots < there:
            self.lots[-1] = there - lots
            self.changes[ticks] = there - lots
            return lots
        if len(self.keys) > FEWEST:
            self.pop()
            return there
        # The last levels never vanish altogether: somebody always leaves a lot behind.
        self.lots[-1] = 1
        self.changes[ticks] = 1
        return there - 1

    def lead(self, key: int, draws: Draws) -> None:
        """Make ``key`` the best level, with a few more in the gap that this leaves behind it."""
        bits = draws.bits()
        if self.keys:
            between = self.keys[-1]
            spare = min(4, (key - between - 1) // (2 * self.gap))
            step = (key - between) // (spare + 1)
            for i in range(1, spare + 1):
                self.put(between + i * step, self.size(bits >> 8 * i, spare - i + 1))
        self.put(key, self.size(bits >> 48, 0))

    def settle(self, draws: Draws) -> None:
        """Keep the number of levels within its bounds by working at the far end."""
        keys, lots = self.keys, self.lots
        if len(keys) < USUAL:
            bits = draws.bits()
            while len(keys) < USUAL:
                bits = bits >> 6 if bits > 0xFFFF_FFFF else draws.bits()
                key = keys[0] - 1 - (bits & 0xFF) % self.gap
                size = self.size(bits >> 8, len(keys))
                keys.insert(0, key)
                lots.insert(0, size)
                self.changes[key * self.sign] = size
        extra = len(keys) - MOST
        if extra > 0:
            for key in keys[:extra]:
                self.changes[key * self.sign] = 0
            del keys[:extra]
            del lots[:extra]

    def shuffle(self, bits: int) -> None:
        """Somebody changed their mind: one or two levels, more often near the best, have a new size."""
        count = len(self.keys)
        place = (bits & 0xFF) * (bits >> 8 & 0xFF) * count >> 16
        at = count - 1 - place
        size = self.size(bits >> 16, place)
        self.lots[at] = size
        self.changes[self.keys[at] * self.sign] = size
