"""Whole copies of files that a running cockpit may be writing."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from cockpit.adapters.store.schema import holder
from cockpit.api.place import door_path
from cockpit.api.sync import SyncDoor
from cockpit.app.keeping.inventory import JOURNAL
from cockpit.core.errors import NotRunning, StoreError

WAIT_S = 30.0
DATABASES = frozenset((".db", ".sqlite", ".sqlite3"))


@contextmanager
def still(journals: list[Path]) -> Iterator[None]:
    """While this lasts, the files of these journals do not change under a reader.

    Raises DoorError when a cockpit holds one and does not answer.
    """
    with ExitStack() as doors:
        held: list[SyncDoor] = []
        for path in journals:
            if holder(path) is None or path.parent.name == "paper":  # held with the account's own
                continue
            try:
                door = doors.enter_context(SyncDoor(door_path(path.parent), name="copy", timeout=WAIT_S))
            except NotRunning:
                continue  # it has ended since; nobody writes
            answer = door.ask("hold", {"to": "begin", "seconds": "120"})
            if not answer.ok:
                raise StoreError(f"{path} cannot be copied now: {answer.message}")
            held.append(door)
        try:
            yield
        finally:
            for door in held:
                door.ask("hold", {"to": "end"})


def copy(source: Path, target: Path) -> None:
    """One file, whole. Journals only within ``still``. Raises StoreError."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        if source.name != JOURNAL and source.suffix in DATABASES:
            _database(source, target)
            return
        shutil.copyfile(source, target)
        log = source.with_name(f"{source.name}-wal")
        if source.name == JOURNAL and log.exists():
            shutil.copyfile(log, target.with_name(f"{target.name}-wal"))
            _fold(target)
    except OSError as error:
        raise StoreError(f"{source} cannot be copied: {error.strerror}") from error
    except sqlite3.Error as error:
        raise StoreError(f"{source} cannot be copied: {error}") from error
    target.chmod(0o600)


def _database(source: Path, target: Path) -> None:
    """A database that others may read: SQLite's own backup."""
    with ExitStack() as opened:
        read = opened.enter_context(_closing(sqlite3.connect(source, timeout=WAIT_S)))
        write = opened.enter_context(_closing(sqlite3.connect(target)))
        read.backup(write)
    target.chmod(0o600)


def _fold(target: Path) -> None:
    """What waits in the copied log moves into the copied file; SQLite drops an unfinished transaction."""
    with _closing(sqlite3.connect(target)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode = DELETE")


@contextmanager
def _closing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    try:
        yield connection
    finally:
        connection.close()
