"""What belongs into a backup, and what is known of each part."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from cockpit.core.errors import StoreError

FORM = 1
MANIFEST = "manifest.json"
JOURNAL = "cockpit.db"
SECRET = ("keys.sealed",)
AGAIN = frozenset(("replay", "archive", "compiled", "backups", "drills", "cuts"))
"""Folders directly in the data directory that can be made or fetched again."""
PASSING = (".log", ".pid", ".sock", ".ballast", ".lock", ".new", ".backup", "-wal", "-shm", "-journal")
PASSING_NAMES = frozenset(("lock", "heartbeat", "halt"))
LARGEST = 1 << 31
"""Bytes of one file in a backup that is read back: more is no backup of ours."""


class File(msgspec.Struct, frozen=True):
    """One file of a backup."""

    name: str
    """Below the data directory, with slashes."""
    size: int
    sha256: str


class Journal(msgspec.Struct, frozen=True):
    """Where a journal stood."""

    name: str
    mode: str
    rows: int
    """Rows whose hash chain was recomputed and holds."""
    seq: int
    """Its last fact or decision."""
    fact: int
    """Its last fact."""
    head: str
    """The hash of that fact, which covers every fact before it."""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table of contents."""

    form: int
    cockpit: str
    """Version that took it."""
    created: int
    """UTC ms."""
    files: tuple[File, ...]
    journals: tuple[Journal, ...]


def members(data_dir: Path) -> Iterator[Path]:
    """Files that a backup holds, relative to ``data_dir``; journals and the venue's books among them."""
    for path in sorted(data_dir.rglob("*")):
        name = path.relative_to(data_dir)
        if name.parts[0] in AGAIN or path.is_symlink() or not path.is_file():
            continue
        if name.name in SECRET or name.name in PASSING_NAMES:
            continue
        if name.name.endswith(PASSING) or ".log." in name.name or ".schema" in name.name:
            continue
        yield name


def digest(path: Path) -> str:
    """sha256 of a file. Raises StoreError."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error


def journal(path: Path, name: str) -> Journal:
    """Recompute a copied journal's whole chain. Raises StoreError at the first row that does not hold."""
    from cockpit.adapters.store.journal_file import JournalFile

    with JournalFile(path) as file:
        head = file.head
        return Journal(name, file.mode, file.verify(), head.seq, head.fact, head.fact_hash.hex())
