"""The kill receipt: what a halt did, step by step, and what the venue said when it was read back (MS-01).

It is made in one place (``core.proof``), from one complete read-back in which no entry order of ours rests,
every position is flat or covered as promised, and our books agree with the venue's. Nothing in it is an
estimate. A replay of the journal makes the same receipt, and the note ``halt.receipt`` pins its digest in
the journal's chain.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal

import msgspec


class Closed(msgspec.Struct, frozen=True):
    """What a sleeve held when the halt was asked for, and holds no longer or less of."""

    sleeve: str
    symbol: str
    side: str
    before: Decimal
    """Signed, contracts or base units."""
    after: Decimal


class Kept(msgspec.Struct, frozen=True):
    """A position that stays open, and the stops that rest at the venue for it."""

    sleeve: str
    symbol: str
    side: str
    qty: Decimal
    covered: Decimal
    """How much of it confirmed stops would close; all of it, unless no stop was ever wanted."""
    stops: tuple[str, ...] = ()
    """Client id and trigger price of each: ``ckx01000004 @ 63,400``."""
    layer: str = ""
    """The stop layer whose price that is; empty = nobody wanted one."""


class Foreign(msgspec.Struct, frozen=True):
    """Left alone: a person or another program made it, or its market has ended."""

    symbol: str
    what: str
    """order | position | coins"""
    qty: Decimal
    cid: str = ""


class Receipt(msgspec.Struct, frozen=True):
    """Proof of a halt. Times are UTC ms; ``took`` are ms since it was asked for."""

    asked: int
    by: str
    """Who."""
    door: str
    """screen | cli | api | signal | file | person …: the way it came in."""
    closed: int
    """When the flag at the wire closed: no entry left this process after it. 0 = it was closed already."""
    flatten: bool
    cancelled: tuple[str, ...]
    """Entry orders that the venue has cancelled, by client id."""
    never: tuple[str, ...]
    """Entries that were decided and never rested: stopped at the wire, or refused by the venue."""
    filled: tuple[str, ...]
    """Entries that traded in full before their cancel arrived."""
    orphans: tuple[str, ...]
    """Orders of ours at the venue that this journal did not know: cancelled, and listed there no longer."""
    flattened: tuple[Closed, ...]
    kept: tuple[Kept, ...]
    remains: tuple[Foreign, ...]
    took: dict[str, int]
    """``cancelled``, ``flat``, ``read``: when each step was done."""
    reads: int
    """How many times the venue was asked before its answer proved it."""
    read: str
    """Id of the read-back that did."""
    read_ts: int
    """When its answer arrived, at most five seconds after the asking. The venue made it between the two: what
    others change meanwhile (an order cancelled by hand) shows in the next one."""
    seq: int
    """Place of that read-back in the journal."""

    @property
    def naked(self) -> tuple[Kept, ...]:
        """Positions that no stop covers, because their strategy never wanted one."""
        return tuple(row for row in self.kept if row.covered < abs(row.qty))

    @property
    def digest(self) -> str:
        """First half of the sha256 over the receipt's JSON: stands in the journal, and in the file."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:32]
