"""Where the journals stood, kept somewhere else: what a hash chain cannot see by itself.

A chain proves that nothing inside it was changed. Whoever can write the file can also cut its end off, or
write the whole of it anew. A line in another place (another disk, a mail, a colleague) that names a row and
its hash makes both visible.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from cockpit.adapters.store.journal_file import JournalFile
from cockpit.app.keeping.copying import copy, still
from cockpit.app.keeping.inventory import JOURNAL
from cockpit.core.errors import StoreError
from cockpit.core.unreadable import UNREADABLE

TABLES = {
    "fact": "SELECT hash FROM facts WHERE seq = ?",
    "market": "SELECT hash FROM market WHERE last_seq = ?",
    "outcome": "SELECT digest FROM outcomes WHERE seq = ?",
}


class Anchor(msgspec.Struct, frozen=True):
    """Where one journal stood."""

    at: int
    """UTC ms."""
    journal: str
    """Its path below the data directory."""
    heads: dict[str, tuple[int, str]]
    """Chain → (sequence number, hash) of its last row; a chain without rows is left out."""


class Verdict(msgspec.Struct, frozen=True):
    """What a journal's chains and anchors say."""

    journal: str
    mode: str
    rows: int
    seq: int
    anchors: int
    """How many lines kept elsewhere agree."""
    fault: str = ""
    """Why it is not what it was; empty = it is."""


@contextmanager
def opened(data_dir: Path, name: str) -> Iterator[JournalFile]:
    """A journal as it stands now, also while a cockpit writes it (then a copy). Raises StoreError."""
    path = data_dir / name
    with tempfile.TemporaryDirectory(prefix="cockpit-audit-") as scratch:
        target = Path(scratch) / JOURNAL
        with still([path]):
            copy(path, target)
        with JournalFile(target) as file:
            yield file


def journals(data_dir: Path) -> list[str]:
    """Every journal of a data directory but those of replays and drills."""
    found = (path.relative_to(data_dir) for path in sorted(data_dir.rglob(JOURNAL)))
    return [name.as_posix() for name in found if name.parts[0] not in {"replay", "backups", "drills"}]


def anchor(data_dir: Path, to: Path) -> list[Anchor]:
    """Add a line a journal to the file ``to``, durable before this returns. Raises StoreError."""
    rows = [_anchor(data_dir, name) for name in journals(data_dir)]
    if not rows:
        raise StoreError(f"there is no journal in {data_dir}")
    try:
        with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
            file.write(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(f"{to} cannot be written: {error.strerror}") from error
    return rows


def _anchor(data_dir: Path, name: str) -> Anchor:
    with opened(data_dir, name) as file:
        head = file.head
        heads = {
            "fact": (head.fact, head.fact_hash.hex()),
            "market": (head.market, head.market_hash.hex()),
            "outcome": (head.outcome, head.outcome_hash.hex()),
        }
        return Anchor(
            time.time_ns() // 1_000_000, name, {chain: row for chain, row in heads.items() if row[0]}
        )


def kept(path: Path) -> list[Anchor]:
    """The lines of an anchor file. Raises StoreError for one that is none."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error
    try:
        return [msgspec.json.decode(line, type=Anchor) for line in lines if line.strip()]
    except UNREADABLE as error:
        raise StoreError(f"{path} holds a line that is no anchor: {error}") from error


def verify(data_dir: Path, anchors: list[Anchor]) -> list[Verdict]:
    """Each journal's chains recomputed and compared with what was kept of it, missing journals too."""
    names = journals(data_dir)
    gone = sorted({row.journal for row in anchors} - {*names})
    found = [_verdict(data_dir, name, [row for row in anchors if row.journal == name]) for name in names]
    return found + [Verdict(name, "", 0, 0, 0, "the journal is gone, but anchors know it") for name in gone]


def _verdict(data_dir: Path, name: str, anchors: list[Anchor]) -> Verdict:
    try:
        with opened(data_dir, name) as file:
            rows, agreed = file.verify(), 0
            for row in anchors:
                if fault := _differs(file, row):
                    return Verdict(name, file.mode, rows, file.head.seq, agreed, fault)
                agreed += 1
            return Verdict(name, file.mode, rows, file.head.seq, agreed)
    except StoreError as error:
        return Verdict(name, "", 0, 0, 0, str(error))


def _differs(file: JournalFile, row: Anchor) -> str:
    """Why a journal does not agree with a line kept elsewhere; empty = it does."""
    for chain, (seq, seal) in row.heads.items():
        if chain not in TABLES:
            continue
        found = file.ask(lambda c, query, number: c.execute(query, (number,)).fetchone(), TABLES[chain], seq)
        if found is None:
            return f"{chain} {seq} is gone: the end was cut off, or it was written anew"
        if bytes(found[0]).hex() != seal:
            return f"{chain} {seq} has another hash than was kept: it was written anew"
    return ""
