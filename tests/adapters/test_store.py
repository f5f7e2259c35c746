"""The journal under normal use: what is acknowledged is read back, equal and in order."""

import asyncio
import gc
import sqlite3
import stat
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from cockpit.adapters.store.inline import InlineStore
from cockpit.adapters.store.journal import CHUNK, ORDER_COLUMNS, PACKED
from cockpit.adapters.store.journal_file import JournalFile
from cockpit.adapters.store.schema import forget_holder
from cockpit.adapters.store.sqlite import SqliteStore
from cockpit.core.errors import StoreError
from cockpit.core.events import AnyEvent, Fill
from cockpit.core.intents import Outcome
from cockpit.core.orders import Order, OrderState
from tests.adapters.journal_rows import ack, command, delta, equity, fill, link, order, outcome, trade

Store = SqliteStore | InlineStore
KINDS = [SqliteStore, InlineStore]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "cockpit.db"


async def listed(rows: AsyncIterator[tuple[int, AnyEvent]] | AsyncIterator[Outcome]) -> list[object]:
    return [row async for row in rows]


@pytest.mark.parametrize("kind", KINDS)
def test_everything_is_read_back_in_order(kind: type[Store], path: Path) -> None:
    async def session() -> None:
        store = await kind.open(path, mode="practice")
        store.append_market(1, trade(1))
        store.append_market(2, delta(2))
        await store.commit([(3, link(3))], [outcome(3)], [order("a")], [equity(5)])
        await store.commit([(4, trade(4)), (5, fill(5)), (6, ack(6))], [outcome(4), Outcome(6, 6, "ack")])
        await store.commit([], [], [order("a", OrderState.FILLED), order("b")], [equity(6)])
        await store.snapshot(6, b"state at six")
        store.append_market(7, trade(7))
        await store.close()

        store = await kind.open(path, mode="practice")
        assert store.last_seq == 7
        events = [(1, trade(1)), (2, delta(2)), (3, link(3)), (4, trade(4)), (5, fill(5)), (6, ack(6))]
        assert await listed(store.facts()) == [*events, (7, trade(7))]
        assert await listed(store.facts(4)) == [*events[4:], (7, trade(7))]
        assert (await listed(store.facts(1)))[:1] == [(2, delta(2))]
        assert await listed(store.outcomes()) == [outcome(3), outcome(4)]
        assert await store.outcome(4) == outcome(4)
        assert await store.outcome(6) is None
        assert await store.orders() == [order("a", OrderState.FILLED), order("b")]
        assert await store.fills() == [(5, fill(5))]
        assert await store.equity() == [equity(5), equity(6)]
        assert await store.latest_snapshot() == (6, b"state at six")
        assert await store.verify_chain() == 3 + 3 + 2
        await store.close()

    asyncio.run(session())


def test_both_stores_write_the_same_rows(tmp_path: Path) -> None:
    async def fill_in(store: Store) -> str:
        for seq in range(1, 1500):
            if seq % 100:
                store.append_market(seq, trade(seq))
            else:
                await store.commit([(seq, fill(seq))], [outcome(seq)], [order(f"c{seq}")])
        await store.close()
        return store.head

    async def session() -> None:
        one = await fill_in(await SqliteStore.open(tmp_path / "a.db", mode="paper"))
        other = await fill_in(await InlineStore.open(tmp_path / "b.db", mode="paper"))
        assert one == other

    asyncio.run(session())
    with JournalFile(tmp_path / "a.db") as left, JournalFile(tmp_path / "b.db") as right:
        assert list(left.events()) == list(right.events())
        assert len(list(left.events())) == 1499
        assert list(left.outcomes()) == list(right.outcomes())
        assert left.orders() == right.orders()
        assert left.fills() == right.fills()
        assert left.head.outcome_hash == right.head.outcome_hash
        assert left.mode == "paper"


def test_market_data_is_written_without_a_commit(path: Path) -> None:
    async def session() -> None:
        store = await SqliteStore.open(path, mode="practice")
        for seq in range(1, 2 * CHUNK + 10):
            store.append_market(seq, trade(seq))
            await asyncio.sleep(0)
        while store.stats.waiting >= CHUNK:
            await asyncio.sleep(0.001)
        assert store.stats.rows >= CHUNK
        await store.close()

    asyncio.run(session())


def test_a_commit_takes_the_market_data_before_it_along(path: Path) -> None:
    async def session() -> None:
        store = await InlineStore.open(path, mode="practice")
        store.append_market(1, trade(1))
        await store.commit([(2, command(2))], [])
        store.append_market(3, trade(3))
        store.abandon()
        store = await InlineStore.open(path, mode="practice")
        assert await listed(store.facts()) == [(1, trade(1)), (2, command(2))]
        await store.close()

    asyncio.run(session())


def test_commits_in_flight_share_transactions(path: Path) -> None:
    async def session() -> None:
        store = await SqliteStore.open(path, mode="practice")
        await asyncio.gather(*(store.commit([(seq, ack(seq))], []) for seq in range(1, 201)))
        assert store.stats.rows == 200
        assert store.stats.commits < 20
        assert store.stats.waiting == 0
        await store.close()

    asyncio.run(session())


def test_the_same_trade_told_twice_is_one_fill(path: Path) -> None:
    async def session() -> None:
        store = await InlineStore.open(path, mode="practice")
        await store.commit([(1, fill(1, "t")), (2, fill(2, "t"))], [])
        assert await store.fills() == [(1, fill(1, "t"))]
        assert len(await listed(store.facts())) == 2
        await store.close()

    asyncio.run(session())


@pytest.mark.parametrize("kind", KINDS)
def test_rows_out_of_order_are_refused(kind: type[Store], path: Path) -> None:
    async def session() -> None:
        store = await kind.open(path, mode="practice")
        await store.commit([(5, ack(5))], [outcome(5)])
        for events, outcomes in (([(5, ack(5))], []), ([(4, link(4))], []), ([], [outcome(5)])):
            with pytest.raises(StoreError, match="handed over once"):
                await store.commit(events, outcomes)
        store.append_market(9, trade(9))
        with pytest.raises(StoreError, match="market event 8"):
            store.append_market(8, trade(8))
        await store.close()
        with pytest.raises(StoreError, match="closed"):
            await store.commit([(10, ack(10))], [])

    asyncio.run(session())


def test_every_field_of_an_order_has_a_column() -> None:
    expected = (set(Order.__struct_fields__) - {"amending"}) | {"amend_price", "amend_qty", "amend_take"}
    assert set(ORDER_COLUMNS) == expected


def test_three_snapshots_are_kept_and_a_damaged_one_is_passed_over(path: Path) -> None:
    async def session() -> None:
        store = await InlineStore.open(path, mode="practice")
        for seq in range(1, 6):
            await store.commit([(seq, ack(seq))], [])
            await store.snapshot(seq, b"state %d" % seq)
        await store.close()
        with sqlite3.connect(path) as raw:
            assert [row[0] for row in raw.execute("SELECT seq FROM snapshots ORDER BY seq")] == [3, 4, 5]
            raw.execute("UPDATE snapshots SET body = ? WHERE seq = 5", (b"state 6",))
        raw.close()
        store = await InlineStore.open(path, mode="practice")
        assert await store.latest_snapshot() == (4, b"state 4")
        await store.close()

    asyncio.run(session())


def test_cancelling_a_commit_cancels_the_waiting_not_the_write(path: Path) -> None:
    async def session() -> None:
        store = await SqliteStore.open(path, mode="practice")
        gate = threading.Event()
        store._database._tx.put_nowait((None, gate.wait))  # the disk is slow
        first = asyncio.create_task(store.commit([(1, ack(1))], []))
        await asyncio.sleep(0)
        second = asyncio.create_task(store.commit([(2, ack(2))], []))
        for _ in range(5):
            await asyncio.sleep(0)
        first.cancel()
        second.cancel()
        for task in (first, second):
            with pytest.raises(asyncio.CancelledError):
                await task
        gate.set()
        await store.commit([(3, ack(3))], [])
        assert not await store._run(lambda: store._connection.in_transaction)
        assert [row[0] for row in await listed(store.facts())] == [1, 2, 3]
        assert await store.verify_chain() == 3
        await store.close()

    asyncio.run(session())


def test_what_comes_before_the_thread_gets_there_shares_its_transaction(path: Path) -> None:
    async def session() -> None:
        store = await SqliteStore.open(path, mode="practice")
        gate = threading.Event()
        store._database._tx.put_nowait((None, gate.wait))  # the thread is slow to come
        waiting = []
        for seq in range(1, 33):
            waiting.append(store.append([(seq, ack(seq))]))
            await asyncio.sleep(0)
        assert store.stats.waiting == 32
        gate.set()
        await asyncio.gather(*waiting)
        assert (store.stats.commits, store.stats.rows, store.stats.waiting) == (1, 32, 0)
        assert await store.verify_chain() == 32
        await store.close()

    asyncio.run(session())


def test_a_loop_that_ends_without_closing_leaves_the_rows(path: Path) -> None:
    async def session() -> SqliteStore:
        store = await SqliteStore.open(path, mode="practice")
        await store.commit([(1, ack(1))], [])
        asyncio.create_task(store.commit([(2, ack(2))], []))  # noqa: RUF006  left behind on purpose
        await asyncio.sleep(0)
        return store

    left = [asyncio.run(session())]
    thread = left[0]._database._thread
    over = threading.Event()
    left[0]._database._tx.put_nowait((None, over.set))
    assert over.wait(10)  # the thread holds the store for as long as it writes for it
    with pytest.warns(ResourceWarning):
        left.clear() or gc.collect()
    thread.join()
    forget_holder(path)  # the pid is this test's own
    with JournalFile(path) as journal:
        assert [seq for seq, _ in journal.events()] == [1, 2]
        assert journal.verify() == 2


def test_the_files_are_the_users_alone(path: Path) -> None:
    async def session() -> None:
        store = await SqliteStore.open(path, mode="practice")
        await store.commit([(1, ack(1))], [])
        for file in path.parent.glob("cockpit.db*"):
            if not file.name.endswith(".pid"):
                assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
        assert not path.with_name("cockpit.db-shm").exists()
        assert await store._run(_pragmas, store._connection) == {
            "journal_mode": "wal",
            "locking_mode": "exclusive",
            "synchronous": 2,
            "trusted_schema": 0,
            "mmap_size": 0,
        }
        await store.close()

    asyncio.run(session())


def _pragmas(connection: sqlite3.Connection) -> dict[str, object]:
    names = ("journal_mode", "locking_mode", "synchronous", "trusted_schema", "mmap_size")
    rows = {name: connection.execute(f"PRAGMA {name}").fetchone() for name in names}
    # SQLite built without memory mapping answers nothing at all.
    return {name: 0 if row is None else row[0] for name, row in rows.items()}


def test_reading_pages_through_a_long_journal(path: Path) -> None:
    async def session() -> None:
        store = await SqliteStore.open(path, mode="replay", synchronous="OFF")
        for seq in range(1, 6001):
            if seq % 3:
                store.append([(seq, ack(seq))], [outcome(seq)])
            else:
                store.append_market(seq, trade(seq))
            if seq % 50 == 0:
                await store.flush()
        assert [row[0] for row in await listed(store.facts())] == list(range(1, 6001))
        assert [row[0] for row in await listed(store.facts(3333))] == list(range(3334, 6001))
        assert len(await listed(store.outcomes())) == 4000
        await store.close()

    asyncio.run(session())


async def _short_and_long(path: Path) -> tuple[list[tuple[int, AnyEvent]], list[bytes]]:
    """A chunk of one event and one of many, as written and as read."""
    store = await SqliteStore.open(path, mode="practice")
    events: list[tuple[int, AnyEvent]] = [(seq, trade(seq)) for seq in range(1, 202)]
    store.append_market(*events[0])
    await store.flush()
    await store.commit([(202, fill(202))], [])
    for row in events[1:]:
        store.append_market(row[0] + 202, row[1])
    await store.commit([(404, fill(404))], [])
    read = [row async for row in store.facts() if not isinstance(row[1], Fill)]
    await store.verify_chain()
    await store.close()
    with closing(sqlite3.connect(path)) as database:
        return read, [body for (body,) in database.execute("SELECT body FROM market ORDER BY first_seq")]


def test_a_short_chunk_is_kept_plain_and_a_long_one_packed(tmp_path: Path) -> None:
    read, (short, long) = asyncio.run(_short_and_long(tmp_path / "cockpit.db"))
    assert [event for _, event in read] == [trade(seq) for seq in range(1, 202)]
    assert short[:1] != PACKED
    assert long[:1] == PACKED
    assert len(long) < 40 * 200
