"""A database file that is there whole or not at all, whatever happens while it is made.

It is made under another name (``.new``), made durable, and put in its place at once. What a power cut leaves
of a ``.new`` has never held a fact and is dropped; what stands in the journal's own place is not touched.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from cockpit.core.errors import StoreError

BESIDE = ("", "-journal", "-wal", "-shm")
"""A database and what SQLite keeps beside it."""


class Files:
    """What is asked of the folder. The simulator has another, on a disk that loses its power."""

    def size(self, path: Path) -> int:
        """Bytes; 0 = empty, or not there."""
        try:
            return path.stat().st_size
        except FileNotFoundError:
            return 0

    def begin(self, path: Path) -> None:
        """An empty file that only its owner may read."""
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))

    def drop(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def sync(self, path: Path) -> None:
        """What the file, or the folder, is now outlives a power cut."""
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def put(self, new: Path, path: Path) -> None:
        """In place of whatever is at ``path``, at once."""
        new.replace(path)


FILES = Files()


def create_whole(path: Path, prepare: Callable[[sqlite3.Connection], None], *, durable: bool) -> None:
    """Make the database at ``path`` unless there is one; ``prepare`` fills it.

    Raises StoreError where the log of a journal lies there without its journal: it may hold facts. Raises
    OSError, sqlite3.Error and whatever ``prepare`` raises; then there is no file.
    """
    if FILES.size(path):
        return
    with _alone(path.parent):
        if FILES.size(path):
            return  # another process has made it
        for log in [path.with_name(path.name + end) for end in BESIDE[1:3]]:
            if FILES.size(log):
                raise StoreError(
                    f"{log} is what is left of a journal that is gone, and may hold facts: "
                    "put the journal back beside it, or move it away to begin a new one"
                )
        new = path.with_name(path.name + ".new")
        _drop(new)
        try:
            _fill(new, prepare)
            if durable:
                FILES.sync(new)
            FILES.put(new, path)
        except BaseException:
            with contextlib.suppress(OSError):
                _drop(new)
            raise
        if durable:
            FILES.sync(path.parent)


def _fill(new: Path, prepare: Callable[[sqlite3.Connection], None]) -> None:
    FILES.begin(new)
    connection = sqlite3.connect(new, timeout=0.0, isolation_level=None)
    try:
        prepare(connection)
        # Closing would do it too, and keep an error to itself.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.close()


def _drop(path: Path) -> None:
    for end in BESIDE:
        FILES.drop(path.with_name(path.name + end))


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time makes a file in this folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
