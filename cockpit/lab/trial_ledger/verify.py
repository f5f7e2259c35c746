"""Is the ledger what it was? Every byte of it, and every stamp that others keep of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from io import BytesIO

import msgspec

from cockpit.lab.trial_ledger import record
from cockpit.lab.trial_ledger.chain import Ledger, Stamp, head_bytes, missing
from cockpit.lab.trial_ledger.record import FIRST, LAYOUT, MAGIC, SIZE

MOST = 50


class Damage(msgspec.Struct, frozen=True):
    """One thing that is not as it was written.

    ``kind``: row | detail | order | tail | head | stamp.
    """

    kind: str
    row: int
    """Which one, counted from 0; -1 when it is no row."""
    detail: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """What was found."""

    stamp: Stamp
    damage: tuple[Damage, ...]
    lost: int
    """Trials that were counted once and are no longer there; they still count."""

    @property
    def whole(self) -> bool:
        """Nothing found."""
        return not self.damage


def verify(ledger: Ledger, kept: Mapping[str, Stamp] | None = None) -> Verdict:
    """Look at every byte; ``kept``: stamps that others hold, by who holds them."""
    inside: list[Damage] = []
    seals, weight, lost = _rows(ledger, inside)
    stamp = Stamp(len(seals), weight, seals[-1] if seals else FIRST.hex())
    found = _edges(ledger, stamp)
    accounted = ledger.made_good()
    for who, one in sorted((kept or {}).items()):
        if missing(one, seals) and one.seal not in accounted:
            found.append(Damage("stamp", one.rows - 1, who))
    return Verdict(stamp, (*found, *inside)[:MOST], lost)


def _rows(ledger: Ledger, found: list[Damage]) -> tuple[list[str], int, int]:
    seals: list[str] = []
    before, place, weight, lost = FIRST, 0, 0, 0
    size = ledger.detail_file.stat().st_size if ledger.detail_file.exists() else 0
    with ledger.detail_file.open("rb") if size else BytesIO() as details:
        for index, raw in enumerate(ledger.raw_rows()):
            row = record.read_row(raw)
            if record.seal_of(before, raw[: LAYOUT.size]) != row.seal:
                found.append(Damage("row", index))
            elif (row.seq, row.offset, raw[:4]) != (index, place, MAGIC):
                found.append(Damage("order", index))
            inside = row.offset + row.length <= size
            details.seek(row.offset if inside else 0)
            if not inside or hashlib.sha256(details.read(row.length)).digest() != row.detail:
                found.append(Damage("detail", index))
            weight += row.weight
            lost += row.weight if row.source == "lost" else 0
            before, place = row.seal, row.offset + row.length
            seals.append(row.seal.hex())
    if size != place:
        found.append(Damage("tail", -1, ledger.detail_file.name))
    return seals, weight, lost


def _edges(ledger: Ledger, stamp: Stamp) -> list[Damage]:
    """The end of the rows, and the head kept beside the folder."""
    found = []
    size = ledger.rows_file.stat().st_size if ledger.rows_file.exists() else 0
    if size % SIZE:
        found.append(Damage("tail", -1, ledger.rows_file.name))
    try:
        head = ledger.head_file.read_bytes()
    except OSError:
        head = b""
    if head != head_bytes(stamp) and (head or stamp.rows):
        found.append(Damage("head", -1, ledger.head_file.name))
    return found
