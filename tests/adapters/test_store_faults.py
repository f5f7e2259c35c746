"""The journal when the world is against it: two openers, full disks, old and new schemas, kill -9."""

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.adapters.store import schema
from cockpit.adapters.store.inline import InlineStore
from cockpit.adapters.store.journal import Batch, Head, write
from cockpit.adapters.store.journal_file import JournalFile
from cockpit.adapters.store.schema import STEPS, Step, migrate
from cockpit.adapters.store.sqlite import SqliteStore
from cockpit.core.errors import StoreError
from tests.adapters.journal_rows import ack, fill, order, outcome, trade

KILLS = 20

Store = SqliteStore | InlineStore


class Crash(BaseException):
    """The simulated end of the process."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cockpit.db"


async def filled(path: Path, rows: int = 3) -> None:
    store = await InlineStore.open(path, mode="practice")
    for seq in range(1, rows + 1):
        store.append_market(2 * seq - 1, trade(2 * seq - 1))
        await store.commit([(2 * seq, fill(2 * seq))], [outcome(2 * seq)])
    await store.close()


# --- one owner ------------------------------------------------------------------------------------

HOLD = """
import asyncio, sys
from pathlib import Path
from cockpit.adapters.store.sqlite import SqliteStore

async def main():
    await SqliteStore.open(Path(sys.argv[1]), mode="practice")
    print("open", flush=True)
    sys.stdin.read()
    raise SystemExit(3)

asyncio.run(main())
"""


@pytest.mark.daemon
def test_a_second_cockpit_is_refused_by_name(path: Path, repo: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-W", "ignore::ResourceWarning", "-c", HOLD, str(path)],
        cwd=repo, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == b"open\n"
        for kind in (SqliteStore, InlineStore):
            with pytest.raises(StoreError, match=rf"another cockpit \(pid {other.pid}\) uses this data dir"):
                asyncio.run(kind.open(path, mode="practice"))
        with pytest.raises(StoreError, match=f"pid {other.pid}"):
            JournalFile(path)
        other.stdin.close()
        # It never closed its journal, and still it ends: the connection's thread does not hold it up.
        assert other.wait(30) == 3
    asyncio.run(filled(path))


def test_a_reader_keeps_a_writer_out_and_changes_nothing(path: Path) -> None:
    asyncio.run(filled(path))
    before = path.read_bytes()
    with JournalFile(path) as journal:
        assert journal.verify() == 9
        assert journal.snapshot() is None
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["cockpit.db"]


def test_a_journal_is_not_read_by_the_cockpit_that_writes_it(path: Path) -> None:
    async def session() -> None:
        store = await SqliteStore.open(path, mode="practice")
        with pytest.raises(StoreError, match="is writing"):
            JournalFile(path)
        await store.commit([(1, ack(1))], [])
        await store.close()

    asyncio.run(session())


def test_another_mode_is_refused(path: Path) -> None:
    asyncio.run(filled(path))
    with pytest.raises(StoreError, match="holds a practice account; live needs a data directory of its own"):
        asyncio.run(SqliteStore.open(path, mode="live"))
    asyncio.run(filled_on(path))


async def filled_on(path: Path) -> None:
    store = await SqliteStore.open(path, mode="practice")
    await store.commit([(store.last_seq + 1, ack(1))], [])
    await store.close()


# --- what is not ours, older or newer -------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"not a database at all" * 200, b"SQLite format 3\0" + b"\xff" * 4080],
    ids=["text", "broken header"],
)
def test_what_is_no_database_is_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"cockpit\.db"):
        asyncio.run(SqliteStore.open(path, mode="practice"))
    assert path.read_bytes() == content


def test_the_database_of_another_program_is_left_as_it_is(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE meta (key, value)")
    other.close()
    with pytest.raises(StoreError, match="not a cockpit's"):
        asyncio.run(SqliteStore.open(path, mode="practice"))


def test_no_journal_to_read(path: Path) -> None:
    with pytest.raises(StoreError, match="there is no journal"):
        JournalFile(path)
    path.touch()
    with pytest.raises(StoreError, match="is empty"):
        JournalFile(path)


NEWEST = STEPS[-1].version


def at_version_one(path: Path) -> None:
    """A journal as schema 1 wrote it: facts, and no readable tables yet."""
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, path, STEPS[:1])
    connection.execute("INSERT INTO meta VALUES ('mode', 'practice')")
    connection.execute("CREATE TEMP TABLE fills (a,b,c,d,e,f,g,h,i,j,k,l,m,n,o)")
    connection.execute("ALTER TABLE temp.fills RENAME TO ignored")
    connection.close()
    connection = sqlite3.connect(path, isolation_level=None)
    full = sqlite3.connect(":memory:", isolation_level=None)
    migrate(full, path)
    write(full, Batch(facts=[(1, ack(1)), (2, fill(2))], outcomes=[outcome(2)]), Head())
    for table in ("facts", "outcomes"):
        rows = full.execute(f"SELECT * FROM {table}").fetchall()
        marks = ",".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
    full.close()
    connection.close()


def test_an_older_schema_is_backed_up_and_brought_up_to_date(path: Path) -> None:
    at_version_one(path)
    with pytest.raises(StoreError, match="older cockpit"):
        JournalFile(path)

    async def session() -> None:
        store = await SqliteStore.open(path, mode="practice")
        assert await store.fills() == [(2, fill(2))], "fills of the past are readable too"
        await store.commit([(3, ack(3))], [], [order("a")])
        assert await store.verify_chain() == 4
        await store.close()

    asyncio.run(session())
    backup = path.with_name("cockpit.db.schema1-1.bak")
    old = sqlite3.connect(backup)
    assert old.execute("SELECT version FROM migrations").fetchall() == [(1,)]
    assert old.execute("SELECT count(*) FROM facts").fetchone() == (2,)
    old.close()
    asyncio.run(filled_on(path))
    assert [file.name for file in path.parent.glob("*.bak")] == [backup.name], "no backup without a change"


def test_a_migration_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(filled(path))
    broken = Step(NEWEST + 1, "broken", "CREATE TABLE extra (a); INSERT INTO nowhere VALUES (1)")
    connection = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(connection, path, (*STEPS, broken))
    connection.close()
    assert path.with_name(f"cockpit.db.schema{NEWEST}-1.bak").exists()
    with JournalFile(path) as journal:
        assert journal.version == NEWEST
        assert journal.verify() == 9
    monkeypatch.setattr(schema, "migrate", migrate)
    asyncio.run(filled_on(path))


def test_a_newer_schema_is_refused(path: Path) -> None:
    asyncio.run(filled(path))
    with sqlite3.connect(path) as newer:
        newer.execute("INSERT INTO migrations VALUES (99, 'from the future', '9.9')")
    newer.close()
    for opener in (lambda: asyncio.run(SqliteStore.open(path, mode="practice")), lambda: JournalFile(path)):
        with pytest.raises(StoreError, match=rf"newer cockpit \(schema 99; this one knows {NEWEST}\)"):
            opener()


# --- tampering ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("UPDATE facts SET body = CAST(replace(body, x'74', x'75') AS BLOB) WHERE seq = 4", "fact 4"),
        ("DELETE FROM facts WHERE seq = 2", "fact 4"),
        ("UPDATE facts SET seq = 5 WHERE seq = 4", "fact 5"),
        ("DELETE FROM market WHERE first_seq = 1", "market chunk 3"),
        ("UPDATE outcomes SET body = x'00' WHERE seq = 6", "outcome 6"),
    ],
)
def test_a_changed_row_is_found(path: Path, sql: str, message: str) -> None:
    asyncio.run(filled(path))
    with sqlite3.connect(path) as raw:
        assert raw.execute(sql).rowcount == 1
    raw.close()
    with JournalFile(path) as journal, pytest.raises(StoreError, match=f"changed: {message} "):
        journal.verify()

    async def session() -> None:
        store = await SqliteStore.open(path, mode="practice")
        try:
            with pytest.raises(StoreError, match=f"changed: {message} "):
                await store.verify_chain()
        finally:
            await store.close()

    asyncio.run(session())


def test_damaged_bytes_are_named(path: Path) -> None:
    asyncio.run(filled(path))
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE market SET body = x'0102' WHERE first_seq = 3")
        raw.execute("UPDATE facts SET body = x'0102' WHERE seq = 6")
        no_text = "CAST(replace(body, x'746573742e6e6f7465', x'ff6573742e6e6f7465') AS BLOB)"
        raw.execute(f"UPDATE outcomes SET body = {no_text} WHERE seq = 4")
    raw.close()
    with JournalFile(path) as journal:
        with pytest.raises(StoreError, match="market chunk 3 cannot be read"):
            list(journal.events())
        with pytest.raises(StoreError, match="fact 6 cannot be read"):
            list(journal.events(4))
        with pytest.raises(StoreError, match="outcome 4 cannot be read"):
            list(journal.outcomes())


# --- a full disk ----------------------------------------------------------------------------------


async def until_refused(store: SqliteStore) -> int:
    """The last seq that became durable before the disk was full."""
    for seq in range(2, 10_000, 2):
        store.append_market(seq - 1, trade(seq - 1))
        try:
            await store.commit([(seq, ack(seq))], [])
        except StoreError:
            return seq - 2
    raise AssertionError("the disk was never full")


def limit_pages(connection: sqlite3.Connection, pages: int) -> None:
    connection.execute(f"PRAGMA max_page_count = {pages}")


def test_a_full_disk_is_said_and_nothing_is_lost(path: Path) -> None:
    ballast = path.with_name("cockpit.db.ballast")

    async def session() -> None:
        store = await SqliteStore.open(path, mode="practice", synchronous="OFF")
        await store._run(limit_pages, store._connection, 60)
        assert ballast.stat().st_size == schema.BALLAST
        durable = await until_refused(store)
        assert "is the disk full" in store.stats.failure
        assert not ballast.exists(), "given up for the exits"
        assert store.stats.waiting == 2
        refused = durable + 2
        with pytest.raises(StoreError, match="is the disk full"):
            await store.commit([(refused + 1, ack(refused + 1))], [])
        assert await store._run(_readable, store._connection) == durable

        await store._run(limit_pages, store._connection, 100_000)
        await store.flush()
        assert store.stats.failure == ""
        assert store.stats.waiting == 0
        rows = [seq async for seq, _ in store.facts()]
        assert rows == list(range(1, refused + 2))
        await store.verify_chain()
        await store.close()

    asyncio.run(session())


def _readable(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT max(seq) FROM facts").fetchone()[0])


FILL_DISK = """
import asyncio, resource, sys
from pathlib import Path
from cockpit.adapters.store.sqlite import SqliteStore
from cockpit.core.errors import StoreError
from cockpit.core.events import Ack
import signal

async def main():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = await SqliteStore.open(Path(sys.argv[1]), mode="practice", synchronous="OFF")
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    for seq in range(1, 100_000):
        try:
            await store.commit([(seq, Ack(seq, "c" * 200, "v"))], [])
        except StoreError as error:
            print(seq - 1, error, flush=True)
            return

asyncio.run(main())
"""


@pytest.mark.daemon
def test_a_file_that_may_not_grow_stays_readable(path: Path, repo: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore::ResourceWarning", "-c", FILL_DISK, str(path)],
        cwd=repo, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "is the disk full" in done.stdout, done.stderr
    durable = int(done.stdout.split()[0])
    with JournalFile(path) as journal:
        assert [seq for seq, _ in journal.events()] == list(range(1, durable + 1))
        assert journal.verify() == durable > 10


def test_a_queue_that_the_disk_refuses_for_long_ends_the_run(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cockpit.adapters.store.journal.LONGEST_QUEUE", 2000)

    async def session() -> None:
        store = await SqliteStore.open(path, mode="practice")
        await store._run(limit_pages, store._connection, 1)
        for seq in range(1, 2001):
            store.append_market(seq, trade(seq))
            await asyncio.sleep(0)
        while store._flying:  # a try is under way: its rows come back
            await asyncio.sleep(0.001)
        with pytest.raises(StoreError, match="not been writable for 2000 market events"):
            store.append_market(2001, trade(2001))
        await store._run(limit_pages, store._connection, 100_000)
        await store.close()

    asyncio.run(session())


# --- the end of the process -----------------------------------------------------------------------


@pytest.mark.parametrize("label", ["commit", "order", "snapshot", "market", "close"])
@pytest.mark.parametrize("where", ["before", "inside", "after"])
def test_a_crash_at_a_named_point_leaves_all_or_nothing(path: Path, label: str, where: str) -> None:
    def chaos(point: str) -> None:
        if armed and point == f"{label}.{where}":
            raise Crash

    async def act(store: InlineStore) -> None:
        if label == "snapshot":
            await store.snapshot(2, b"two")
        elif label == "close":
            store.append_market(3, trade(3))
            await store.close()
        elif label == "market":
            for seq in range(3, 1000):
                store.append_market(seq, trade(seq))
        else:
            store.append_market(3, trade(3))
            await store.commit([(4, ack(4))], [outcome(4)], label=label)

    async def session() -> None:
        nonlocal armed
        store = await InlineStore.open(path, mode="practice", chaos=chaos)
        await store.commit([(1, ack(1)), (2, ack(2))], [])
        armed = True
        with pytest.raises(Crash):
            await act(store)
        store.abandon()
        store = await InlineStore.open(path, mode="practice")
        rows = [seq async for seq, _ in store.facts()]
        last = {"commit": 4, "order": 4, "snapshot": 2, "market": 514, "close": 3}[label]
        assert rows == list(range(1, (last if where == "after" else 2) + 1))
        assert (await store.latest_snapshot() is not None) == (label == "snapshot" and where == "after")
        await store.verify_chain()
        await store.close()

    armed = False
    asyncio.run(session())


WRITE = """
import asyncio, sys
from pathlib import Path
from cockpit.adapters.store.sqlite import SqliteStore
from cockpit.core.events import Ack, Trade
from cockpit.core.types import Side

async def main():
    store = await SqliteStore.open(Path(sys.argv[1]), mode="practice")
    seq = store.last_seq

    def acknowledged(number):
        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()
        waiting.discard(number)

    waiting = set()
    while True:
        for _ in range(8):
            seq += 2
            store.append_market(seq - 1, Trade(seq, "okx:X", seq, 1.0, 1.0, Side.BUY))
            waiting.add(seq)
            durable = store.append([(seq, Ack(seq, f"c{seq}", "v"))])
            durable.add_done_callback(lambda future, number=seq: future.exception() or acknowledged(number))
        await asyncio.sleep(0)
        while len(waiting) > 24:
            await asyncio.sleep(0)

asyncio.run(main())
"""


@pytest.mark.daemon
def test_kill_minus_nine_loses_nothing_that_was_acknowledged(path: Path, repo: Path) -> None:
    kill_and_look(path, repo, KILLS)


@pytest.mark.soak
@pytest.mark.daemon
def test_kill_minus_nine_five_hundred_times(path: Path, repo: Path) -> None:
    kill_and_look(path, repo, 500)


def kill_and_look(path: Path, repo: Path, kills: int) -> None:
    draw = random.Random(kills)
    acknowledged = 0
    for _ in range(kills):
        with subprocess.Popen(
            [sys.executable, "-c", WRITE, str(path)], cwd=repo, stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            for _ in range(draw.randrange(1, 400)):
                line = writer.stdout.readline()
            os.kill(writer.pid, signal.SIGKILL)
            lines = [line, *writer.stdout.read().splitlines(keepends=True)]
        acknowledged = max(acknowledged, *(int(line) for line in lines if line.endswith("\n")))
        with JournalFile(path) as journal:
            rows = [seq for seq, _ in journal.events()]
            assert rows == list(range(1, len(rows) + 1)), "every seq once, market data before its facts"
            assert len(rows) >= acknowledged
            journal.verify()
    assert acknowledged > kills


def test_an_error_while_reading_the_head_frees_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(filled(path))

    def torn(connection: sqlite3.Connection) -> Head:
        raise sqlite3.DatabaseError("database disk image is malformed")

    openers: list[Callable[[], object]] = [
        lambda: asyncio.run(SqliteStore.open(path, mode="practice")),
        lambda: asyncio.run(InlineStore.open(path, mode="practice")),
        lambda: JournalFile(path),
    ]
    with monkeypatch.context() as patch:
        patch.setattr("cockpit.adapters.store.journal_read.read_head", torn)
        for opener in openers:
            with pytest.raises(StoreError, match="malformed"):
                opener()
    asyncio.run(filled_on(path))
