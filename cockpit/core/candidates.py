"""What a scan of the markets has found: candidates, each with the terms of its score. Plain values."""

from __future__ import annotations

import hashlib

import msgspec


class Term(msgspec.Struct, frozen=True, array_like=True):
    """One part of a score: its raw value, where that stands among all markets, and how much it counts."""

    name: str
    value: float | None
    """None = not known; it then ranks in the middle and is shown as missing."""
    rank: float
    """(less + half of equal) / n over the markets that have a value, 0..1."""
    weight: float


class Candidate(msgspec.Struct, frozen=True, array_like=True):
    """One market as a scan saw it."""

    symbol: str
    place: int
    """1 = hottest."""
    score: float
    """Sum of weight x rank, 0..1."""
    price: float
    """Last close that the scan knew; NaN when none."""
    terms: tuple[Term, ...]
    low: float | None = None
    """Of the last 7 days; None when they are not known."""
    high: float | None = None
    sigma: float | None = None
    """Volatility of the last 24 hours, fraction."""
    leverage: int = 0
    """Safe leverage, whole multiples: 1/(3 x sigma + maintenance margin), rounded down; 0 = unknown."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Terms without a value."""
        return tuple(term.name for term in self.terms if term.value is None)

    @property
    def seal(self) -> str:
        """Short hash of everything a person is shown of it: what was approved is what was seen."""
        return hashlib.sha256(msgspec.msgpack.encode(self)).hexdigest()[:12]


class Mood(msgspec.Struct, frozen=True, array_like=True):
    """A sentiment index of the whole market (0 fear .. 100 greed), where it is from and from when."""

    value: float
    source: str
    ts: int

    @property
    def word(self) -> str:
        """Bands as alternative.me names them."""
        for limit, name in ((25, "extreme_fear"), (47, "fear"), (55, "neutral"), (76, "greed")):
            if self.value < limit:
                return name
        return "extreme_greed"
