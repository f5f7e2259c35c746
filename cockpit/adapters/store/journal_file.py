"""A journal that nobody is writing, opened to be read: for ``cockpit replay JOURNAL`` and ``explain``.

Nothing in it is changed, not even by SQLite's own housekeeping: a file with an unfinished write-ahead log
(the cockpit was killed) is copied first, and the copy is what SQLite tidies up.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from cockpit.adapters.store import journal_read as read
from cockpit.adapters.store.schema import STEPS, holder, in_use, schema_version, store_error
from cockpit.adapters.store.version_rows import read_versions
from cockpit.core.errors import StoreError
from cockpit.core.events import AnyEvent, Fill
from cockpit.core.intents import Outcome
from cockpit.core.orders import Order
from cockpit.core.ports import EquityPoint

T = TypeVar("T")

DAMAGED = (sqlite3.Error, UnicodeDecodeError, TypeError)
"""Pages that are not what they were: SQLite says so, a text is none, a cell is of another type."""
SHARED_FIRST = 0x40000002
SHARED_SIZE = 510
"""The bytes SQLite locks for readers; a writer in EXCLUSIVE mode holds them."""


class JournalFile:
    """A closed journal. Use as a context manager."""

    def __init__(self, path: Path) -> None:
        """Raises StoreError when there is no journal, when a cockpit is writing it, or when it is newer."""
        self.path = path
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        if holder(path) == os.getpid():
            raise StoreError(f"this cockpit is writing {path} itself: ask it, not the file")
        try:
            self._lock = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise StoreError(f"there is no journal to read at {path}: {error.strerror}") from error
        try:
            self._connection = self._open()
        except BaseException:
            self._release()
            raise
        try:
            self.version = self._known_version()
            row = self._connection.execute("SELECT value FROM meta WHERE key = 'mode'").fetchone()
            self.mode: str = "" if row is None else row[0]
            """practice | replay | paper | demo | live"""
            self.head = read.read_head(self._connection)
        except DAMAGED as error:
            self.close()
            raise store_error(error, path) from error
        except BaseException:
            self.close()
            raise

    def _open(self) -> sqlite3.Connection:
        try:
            fcntl.lockf(self._lock, fcntl.LOCK_SH | fcntl.LOCK_NB, SHARED_SIZE, SHARED_FIRST)
        except OSError as error:
            raise in_use(self.path) from error
        log = self.path.with_name(self.path.name + "-wal")
        if not log.exists() or log.stat().st_size == 0:
            return sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        self._scratch = tempfile.TemporaryDirectory(prefix="cockpit-journal-")
        copy = Path(self._scratch.name) / "journal.db"
        shutil.copyfile(self.path, copy)
        shutil.copyfile(log, copy.with_name("journal.db-wal"))
        return sqlite3.connect(copy)

    def _known_version(self) -> int:
        version = schema_version(self._connection, self.path)
        newest = STEPS[-1].version
        if version == 0:
            raise StoreError(f"{self.path} is empty")
        if version > newest:
            raise StoreError(
                f"{self.path} was written by a newer cockpit (schema {version}; this one knows {newest})"
            )
        if version < newest:
            raise StoreError(
                f"{self.path} was written by an older cockpit (schema {version}); "
                "start cockpit once on its data directory to bring it up to date"
            )
        return version

    def events(self, after: int = 0) -> Iterator[tuple[int, AnyEvent]]:
        """(seq, event): everything the engine was told, in its order."""
        return self._each(read.read_events(self._connection, after))

    def outcomes(self, after: int = 0) -> Iterator[Outcome]:
        """Everything it decided, in order."""
        return self._each(read.read_outcomes(self._connection, after))

    def outcome(self, seq: int) -> Outcome | None:
        """What event ``seq`` led to; None when it led to nothing."""
        return self._asked(read.read_outcome, seq)

    def orders(self) -> list[Order]:
        """Every order, oldest first, as last recorded."""
        return self._asked(read.read_orders)

    def fills(self) -> list[tuple[int, Fill]]:
        """Every trade of ours, as (seq, fill)."""
        return self._asked(read.read_fills)

    def equity(self) -> list[EquityPoint]:
        """The equity curve, oldest first."""
        return self._asked(read.read_equity)

    def ask(self, function: Callable[..., T], *arguments: object) -> T:
        """What one of the ``journal_read`` functions finds."""
        return self._asked(function, *arguments)

    def _asked(self, function: Callable[..., T], *arguments: object) -> T:
        """A file that somebody meddled with may refuse anywhere."""
        try:
            return function(self._connection, *arguments)
        except DAMAGED as error:
            raise store_error(error, self.path) from error

    def _each(self, rows: Iterator[T]) -> Iterator[T]:
        try:
            yield from rows
        except DAMAGED as error:
            raise store_error(error, self.path) from error

    def versions(self) -> list[dict[str, Any]]:
        """Every strategy version with its history, as the readable tables have them."""
        return self._asked(read_versions)

    def snapshot(self) -> tuple[int, bytes] | None:
        """(seq, state) of the newest undamaged snapshot."""
        return self._asked(read.read_snapshot)

    def changes(self) -> dict[int, bytes]:
        """States with which others began to decide, by the number of the fact before them."""
        found = {seq: self._asked(read.read_state, seq) for seq in self._asked(read.read_kept)}
        return {seq: body for seq, body in found.items() if body is not None}

    def opening(self) -> bytes | None:
        """The engine before its first fact; None in journals of builds that did not keep it."""
        return self._asked(read.read_opening)

    def verify(self) -> int:
        """Number of rows whose hashes hold. Raises StoreError at the first that was changed or removed."""
        return self._asked(read.verify)

    def close(self) -> None:
        self._connection.close()
        self._release()

    def _release(self) -> None:
        os.close(self._lock)
        if self._scratch is not None:
            self._scratch.cleanup()

    def __enter__(self) -> JournalFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
