"""The tables of the journal, how they change from version to version, and how the file is opened.

One connection owns the file (``locking_mode=EXCLUSIVE``): a second cockpit on the same data directory is
refused at once, and the SQLite bug in which two connections reset one write-ahead log cannot arise.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from cockpit import __version__
from cockpit.adapters.store.creation import create_whole
from cockpit.adapters.store.home import claim_home
from cockpit.core.errors import StoreError
from cockpit.core.events import Fill, decode

APPLICATION_ID = 0x434B5054
"""Marks the file as ours, so that no other database is ever written to by mistake."""

BALLAST = 1 << 20
"""Bytes; some two hundred commits."""

JOURNAL = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- Everything the engine was told but market data: commands, fills, links, timers.
-- Each hash covers the row and the hash before it.
CREATE TABLE facts (
    seq INTEGER PRIMARY KEY, ts INTEGER NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL, hash BLOB NOT NULL
);

-- Market data in the order in which the engine consumed it. body = msgpack([[seq, event], ...]), long: zlib
CREATE TABLE market (
    first_seq INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL,
    first_ts INTEGER NOT NULL, last_ts INTEGER NOT NULL,
    count INTEGER NOT NULL, body BLOB NOT NULL, hash BLOB NOT NULL
);
CREATE INDEX market_last ON market (last_seq);

CREATE TABLE outcomes (
    seq INTEGER PRIMARY KEY, ts INTEGER NOT NULL, body BLOB NOT NULL, digest BLOB NOT NULL
);
CREATE TABLE snapshots (
    seq INTEGER PRIMARY KEY, ts INTEGER NOT NULL, body BLOB NOT NULL, hash BLOB NOT NULL
)
"""

READABLE = """
-- What a person with any SQLite browser wants to see. Money is TEXT, the exact decimal.
CREATE TABLE orders (
    cid TEXT PRIMARY KEY, sleeve TEXT NOT NULL, symbol TEXT NOT NULL, side TEXT NOT NULL, kind TEXT NOT NULL,
    qty TEXT NOT NULL, price TEXT, "trigger" TEXT, take TEXT, callback TEXT,
    reduce_only INTEGER NOT NULL, pos_side TEXT NOT NULL, role TEXT NOT NULL, tag TEXT NOT NULL,
    intent INTEGER NOT NULL, created INTEGER NOT NULL, state TEXT NOT NULL, venue_id TEXT NOT NULL,
    filled TEXT NOT NULL, cost TEXT NOT NULL, fees TEXT NOT NULL, updated INTEGER NOT NULL,
    cancelling INTEGER NOT NULL, amend_price TEXT, amend_qty TEXT, asked INTEGER NOT NULL,
    reason TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE fills (
    seq INTEGER NOT NULL, ts INTEGER NOT NULL, symbol TEXT NOT NULL, trade_id TEXT NOT NULL,
    cid TEXT NOT NULL, venue_id TEXT NOT NULL, side TEXT NOT NULL, price TEXT NOT NULL, qty TEXT NOT NULL,
    fee TEXT NOT NULL, fee_ccy TEXT NOT NULL, maker INTEGER NOT NULL, pos_side TEXT NOT NULL,
    kind TEXT NOT NULL, note TEXT NOT NULL,
    PRIMARY KEY (symbol, trade_id)
) WITHOUT ROWID;
CREATE INDEX fills_cid ON fills (cid);

CREATE TABLE equity (
    ts INTEGER NOT NULL, currency TEXT NOT NULL, equity TEXT NOT NULL, cash TEXT NOT NULL,
    realised TEXT NOT NULL, unrealised TEXT NOT NULL, fees TEXT NOT NULL, funding TEXT NOT NULL,
    PRIMARY KEY (ts, currency)
) WITHOUT ROWID
"""

VERSIONS = """
-- The life of strategy versions, from the outcomes: what each is made of, and a history that only grows.
ALTER TABLE orders ADD COLUMN version TEXT NOT NULL DEFAULT '';

CREATE TABLE strategy_versions (
    id TEXT PRIMARY KEY, strategy TEXT NOT NULL, symbols TEXT NOT NULL, timeframe TEXT NOT NULL,
    params TEXT NOT NULL, stops TEXT NOT NULL, share REAL NOT NULL, code TEXT NOT NULL, origin TEXT NOT NULL,
    parent TEXT NOT NULL, passport TEXT NOT NULL, stage TEXT NOT NULL, since INTEGER NOT NULL,
    created INTEGER NOT NULL, created_by TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE version_history (
    seq INTEGER NOT NULL, line INTEGER NOT NULL, ts INTEGER NOT NULL, version TEXT NOT NULL,
    word TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL,
    PRIMARY KEY (seq, line)
) WITHOUT ROWID;
CREATE INDEX version_history_of ON version_history (version, seq)
"""

KEPT_FOR_EVER = tuple(
    f"CREATE TRIGGER version_history_no_{word.lower()} BEFORE {word} ON version_history"
    " BEGIN SELECT RAISE(ABORT, 'the history of a version only grows'); END"
    for word in ("UPDATE", "DELETE")
)

INSERT_FILL = (
    "INSERT OR IGNORE INTO fills (seq, ts, symbol, trade_id, cid, venue_id, side, price, qty, fee, fee_ccy,"
    " maker, pos_side, kind, note) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)


def fill_row(seq: int, fill: Fill) -> tuple[object, ...]:
    """The readable row of a fill; the same trade told twice is one row."""
    return (
        seq, fill.ts, fill.symbol, fill.trade_id, fill.cid, fill.venue_id, fill.side.value,
        str(fill.price), str(fill.qty), str(fill.fee), fill.fee_ccy, int(fill.maker),
        fill.pos_side.value, fill.kind.value, fill.note,
    )  # fmt: skip


def _fills_of_the_past(connection: sqlite3.Connection) -> None:
    rows = connection.execute("SELECT seq, body FROM facts WHERE kind = 'fill' ORDER BY seq").fetchall()
    for seq, body in rows:
        event = decode(body)
        if isinstance(event, Fill):
            connection.execute(INSERT_FILL, fill_row(seq, event))


def _history_only_grows(connection: sqlite3.Connection) -> None:
    for statement in KEPT_FOR_EVER:
        connection.execute(statement)


class Step(msgspec.Struct, frozen=True):
    """One version of the schema: statements (a semicolon only between them), then what must be computed."""

    version: int
    name: str
    script: str
    after: Callable[[sqlite3.Connection], None] | None = None


STEPS: tuple[Step, ...] = (
    Step(1, "the journal", JOURNAL),
    Step(2, "readable orders, fills and equity", READABLE, _fills_of_the_past),
    Step(3, "which price sets off an order", "ALTER TABLE orders ADD COLUMN watch TEXT NOT NULL DEFAULT ''"),
    Step(4, "strategy versions", VERSIONS, _history_only_grows),
    Step(
        5,
        "stops that are changed where they rest",
        "ALTER TABLE orders ADD COLUMN fixed INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE orders ADD COLUMN amend_take TEXT",
    ),
)


def schema_version(connection: sqlite3.Connection, path: Path) -> int:
    """0 for an empty file. Raises StoreError for a database that is not a cockpit's."""
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return 0
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if "migrations" not in tables or application != APPLICATION_ID:
        raise StoreError(f"{path} is a database, but not a cockpit's; it is left as it is")
    (version,) = connection.execute("SELECT coalesce(max(version), 0) FROM migrations").fetchone()
    return int(version)


def migrate(connection: sqlite3.Connection, path: Path, steps: Sequence[Step] = STEPS) -> Path | None:
    """Bring the file to the newest schema, after a backup of what was there; returns the backup's path.

    Raises StoreError, and touches nothing, when a newer cockpit has written the file.
    """
    version, newest = schema_version(connection, path), steps[-1].version
    if version > newest:
        raise StoreError(
            f"{path} was written by a newer cockpit (schema {version}; this one knows {newest}): "
            "upgrade cockpit, or use another data directory"
        )
    if version == newest:
        return None
    saved = back_up(connection, path, version) if version else None
    for step in steps:
        if step.version > version:
            _apply(connection, step)
    return saved


def _apply(connection: sqlite3.Connection, step: Step) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if step.version == 1:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(
                "CREATE TABLE migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL,"
                " cockpit TEXT NOT NULL)"
            )
        for statement in step.script.split(";"):
            connection.execute(statement)
        if step.after is not None:
            step.after(connection)
        connection.execute("INSERT INTO migrations VALUES (?, ?, ?)", (step.version, step.name, __version__))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def back_up(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    """A complete copy beside the file, taken before its schema changes; never overwrites another."""
    for number in range(1, 1000):
        target = path.with_name(f"{path.name}.schema{version}-{number}.bak")
        if not target.exists():
            break
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    copy = sqlite3.connect(target)
    try:
        connection.backup(copy)
    finally:
        copy.close()
    return target


def open_exclusive(path: Path, mode: str, synchronous: str) -> sqlite3.Connection:
    """Open or create the one writer's connection, migrated, for this ``mode`` of trading.

    Raises StoreError when another cockpit holds the file, when it belongs to another mode (practice money
    must never meet live money), when it is a copy of one that is still there, when a newer cockpit wrote it,
    or when it is no database.
    """

    def whole(fresh: sqlite3.Connection) -> None:
        _settle(fresh, synchronous)
        migrate(fresh, path)

    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        create_whole(path, whole, durable=synchronous != "OFF")
        connection = sqlite3.connect(path, timeout=0.0, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"cannot open the journal {path}: {error}") from error
    try:
        _settle(connection, synchronous)
        migrate(connection, path)
        _claim_mode(connection, path, mode)
        claim_home(connection, path, mode)
        _pid_file(path).write_text(str(os.getpid()), "ascii")
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error | OSError):
            raise store_error(error, path) from error
        raise
    return connection


def _settle(connection: sqlite3.Connection, synchronous: str) -> None:
    if synchronous not in ("FULL", "NORMAL", "OFF", "EXTRA"):
        raise StoreError(f"synchronous must be FULL, NORMAL, EXTRA or OFF, not {synchronous!r}")
    # EXCLUSIVE before the first access: then the write-ahead log needs no shared memory file.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA mmap_size = 0")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("COMMIT")


def _claim_mode(connection: sqlite3.Connection, path: Path, mode: str) -> None:
    row = connection.execute("SELECT value FROM meta WHERE key = 'mode'").fetchone()
    if row is None:
        connection.execute("INSERT INTO meta VALUES ('mode', ?)", (mode,))
    elif row[0] != mode:
        raise StoreError(
            f"{path} holds a {row[0]} account; {mode} needs a data directory of its own (--data-dir)"
        )


def _pid_file(path: Path) -> Path:
    return path.with_name(path.name + ".pid")


def holder(path: Path) -> int | None:
    """Process id of the cockpit that opened ``path`` last and has not closed it; None when unknown."""
    try:
        pid = int(_pid_file(path).read_text("ascii"))
        os.kill(pid, 0)
    except (OSError, ValueError):
        return None
    return pid


def forget_holder(path: Path) -> None:
    """The file is closed: nobody holds it."""
    _pid_file(path).unlink(missing_ok=True)


def _ballast(path: Path) -> Path:
    return path.with_name(path.name + ".ballast")


def keep_ballast(path: Path) -> None:
    """Occupy some disk now, to have some to give back when it is full. No space for it is no error."""
    ballast = _ballast(path)
    if ballast.exists():
        return
    try:
        # Random, because a file system that compresses would store a row of zeros in no space at all.
        ballast.write_bytes(os.urandom(BALLAST))
        ballast.chmod(0o600)
    except OSError:
        ballast.unlink(missing_ok=True)


def drop_ballast(path: Path) -> None:
    """The disk is full: make room for what must still be journalled, the exits."""
    _ballast(path).unlink(missing_ok=True)


def in_use(path: Path) -> StoreError:
    """The refusal a second cockpit gets."""
    pid = holder(path)
    if pid is None:
        return StoreError(f"another program has the journal {path} open")
    return StoreError(f"another cockpit (pid {pid}) uses this data directory: {path.parent}")


def store_error(error: Exception, path: Path) -> StoreError:
    """What SQLite or the system said, in words that name the file."""
    text = str(error)
    if "locked" in text:
        return in_use(path)
    if "full" in text or "disk I/O" in text or isinstance(error, OSError):
        return StoreError(f"the journal {path} cannot be written: {text} (is the disk full?)")
    if "not a database" in text or "malformed" in text:
        return StoreError(
            f"the journal {path}: {text}; it is left as it is: put a copy in its place, or move it away with "
            f"what is named like it to begin a new one"
        )
    return StoreError(f"the journal {path}: {text}")
