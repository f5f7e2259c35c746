"""A study on this machine: one SQLite file, one transaction a batch.

What was appended is on disk when ``append`` returns (WAL, ``synchronous=FULL``): kill -9 loses the batch
that runs, nothing that was reported. Optuna's own SQLite storage takes 166 ms a trial (measured); a batch
here takes one fsync.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from cockpit.core.errors import ConfigError, StoreError
from cockpit.lab.search.trial import Trial

FORMAT = 1
TABLES = """
create table if not exists meta (name text primary key, value text not null);
create table if not exists trials (
  number integer primary key, batch integer not null, outcome text not null, params text not null,
  scores text not null, body blob not null, returns blob not null);
"""


class Store(Protocol):
    """Where a study's trials are kept."""

    def head(self) -> dict[str, Any] | None:
        """What the study was begun with; None before it began."""

    def begin(self, head: dict[str, Any]) -> None:
        """Write that once."""

    def append(self, trials: Sequence[Trial]) -> None:
        """Keep a batch; durable on return."""

    def trials(self) -> Iterator[Trial]:
        """All that is kept, in order."""

    def close(self) -> None:
        """No more."""


class Unkept:
    """A search inside another one: its trials are counted, and forgotten when it is over."""

    def __init__(self) -> None:
        self._trials: list[Trial] = []

    def head(self) -> dict[str, Any] | None:
        return None

    def begin(self, head: dict[str, Any]) -> None:
        """Nothing to write."""

    def append(self, trials: Sequence[Trial]) -> None:
        self._trials += trials

    def trials(self) -> Iterator[Trial]:
        yield from self._trials

    def close(self) -> None:
        """Nothing to close."""


class SqliteStore:
    """Trials in ``path``; one writer at a time, any number of readers. Raises StoreError, ConfigError."""

    def __init__(self, path: Path, *, write: bool = True) -> None:
        self.path = path
        try:
            if write:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            where = f"file:{path}?mode={'rwc' if write else 'ro'}"
            self._db = sqlite3.connect(
                where, uri=True, isolation_level=None, timeout=10, check_same_thread=False
            )
            if write:
                self._db.execute("pragma journal_mode=wal")
                self._db.execute("pragma synchronous=full")
                self._db.executescript(TABLES)
                self._owned()
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"the study {path} cannot be opened: {error}") from error

    def _owned(self) -> None:
        """Only one process may go on with a study; a process that is gone owns nothing."""
        import fcntl

        self._lock = (self.path.parent / "lock").open("a+")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.close()
            raise ConfigError(
                f"the study in {self.path.parent} is running; name another with --study"
            ) from None
        self._lock.seek(0)
        self._lock.truncate()
        self._lock.write(str(os.getpid()))
        self._lock.flush()

    def head(self) -> dict[str, Any] | None:
        row = self._db.execute("select value from meta where name = 'head'").fetchone()
        if row is None:
            return None
        found: dict[str, Any] = msgspec.json.decode(row[0])
        if found.get("format") != FORMAT:
            raise StoreError(f"{self.path} is of format {found.get('format')}, this cockpit writes {FORMAT}")
        return found

    def begin(self, head: dict[str, Any]) -> None:
        text = msgspec.json.encode({**head, "format": FORMAT}).decode()
        self._db.execute("insert or replace into meta values ('head', ?)", (text,))

    def append(self, trials: Sequence[Trial]) -> None:
        rows = [
            (
                trial.number,
                trial.batch,
                str(trial.outcome),
                msgspec.json.encode(trial.params).decode(),
                msgspec.json.encode(trial.scores).decode(),
                msgspec.msgpack.encode(msgspec.structs.replace(trial, returns=b"")),
                trial.returns,
            )
            for trial in trials
        ]
        try:
            self._db.execute("begin immediate")
            self._db.executemany("insert into trials values (?, ?, ?, ?, ?, ?, ?)", rows)
            self._db.execute("commit")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("rollback")
            raise StoreError(f"the study {self.path} cannot be written: {error}") from error

    def trials(self) -> Iterator[Trial]:
        decode = msgspec.msgpack.Decoder(Trial).decode
        for body, kept in self._db.execute("select body, returns from trials order by number"):
            yield msgspec.structs.replace(decode(body), returns=kept)

    def close(self) -> None:
        self._db.close()
        lock = getattr(self, "_lock", None)
        if lock is not None:
            lock.close()
