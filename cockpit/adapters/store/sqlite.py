"""The durable store: SQLite through aiosqlite, one writer, group commit.

Whatever is handed over while a transaction is being written goes into the next one, so thirty-two orders
in flight cost one wait for the disk, not thirty-two. A transaction is ONE call in the connection's thread:
nothing can be awaited between BEGIN and COMMIT, and cancelling a caller cancels its waiting, not the write.

The thread is called the moment rows are handed over and takes what there is when it gets there: its waking
up costs as much as the write, and so happens while the loop still gathers what goes with them.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
import msgspec

from cockpit.adapters.store import journal_read as read
from cockpit.adapters.store.journal import CHUNK, Batch, Head, Intake, write
from cockpit.adapters.store.schema import (
    drop_ballast,
    forget_holder,
    keep_ballast,
    open_exclusive,
    store_error,
)
from cockpit.core.errors import StoreError
from cockpit.core.events import AnyEvent, Fill
from cockpit.core.intents import Outcome
from cockpit.core.orders import Order
from cockpit.core.ports import EquityPoint

T = TypeVar("T")
LATER_S = 0.002
READ_AHEAD = 2000
"""Rows fetched per visit to the connection's thread when a journal is read through the writer."""


class StoreStats(msgspec.Struct, frozen=True):
    """What the health line shows of the journal."""

    rows: int
    """Rows made durable since the start."""
    commits: int
    last_ms: float
    """Duration of the last transaction, the disk included."""
    waiting: int
    """Rows handed over and not yet durable."""
    failure: str
    """Why the last transaction failed; empty when it did not."""


PAGES = 1_000
"""SQLite's own: so many pages of log, and they move into the file."""


class SqliteStore(Intake):
    """The journal of one account in one mode. ``await SqliteStore.open(path, mode="practice")``."""

    def __init__(self, path: Path, mode: str) -> None:
        super().__init__()
        self.path = path
        self.mode = mode
        self._database: aiosqlite.Connection
        self._connection: sqlite3.Connection
        self._waiters: list[asyncio.Future[None]] = []
        self._lock = threading.Lock()
        """Around the batch and who waits for it: the loop fills them, the connection's thread takes them."""
        self._flying = False
        """The connection's thread has been called and the loop has not heard from it yet."""
        self._later = False
        """Rows that nothing waits for will be written soon."""
        self._hurry = False
        """An order waits for what is in the batch."""
        self._whole = False
        """Somebody wants all of it on the disk, rows of orders too."""
        self._closed = False
        self._rows = 0
        self._commits = 0
        self._last_ms = 0.0
        self._failure = ""
        self._in_flight = 0
        self._held = 0
        """Number of times that the file was held for a copy."""

    @classmethod
    async def open(cls, path: Path, *, mode: str, synchronous: str = "FULL") -> SqliteStore:
        """Open or create the journal; migrates it after a backup.

        Raises StoreError in clear words when another cockpit uses it, when it belongs to another ``mode``
        (practice, replay, paper, demo, live), when a newer cockpit wrote it or when it cannot be read.
        """
        store = cls(path, mode)

        def connect() -> sqlite3.Connection:
            store._connection = open_exclusive(path, mode, synchronous)
            return store._connection

        store._database = aiosqlite.Connection(connect, 64)
        # A cockpit that dies without closing must really die; what was acknowledged is on the disk anyway.
        thread: Any = getattr(store._database, "_thread", store._database)
        thread.daemon = True
        try:
            await store._database
        except BaseException:
            # The library's thread still has a word to say to this loop; do not let the loop end before.
            await asyncio.to_thread(thread.join)
            raise
        try:
            store._resume(await store._run(read.read_head, store._connection))
            await store._run(keep_ballast, path)
        except BaseException:
            await store._database.close()
            raise
        return store

    @property
    def stats(self) -> StoreStats:
        with self._lock:
            waiting = len(self._batch) + self._in_flight
        return StoreStats(self._rows, self._commits, self._last_ms, waiting, self._failure)

    # --- writing ----------------------------------------------------------------------------------

    def append_market(self, seq: int, event: AnyEvent) -> None:
        """Keep a market event for the next transaction.

        Raises StoreError when the disk has refused for so long that the queue is full.
        """
        with self._lock:
            count = self._take_market(seq, event)
        if count % CHUNK == 0:
            self._start()

    def append(
        self,
        events: Sequence[tuple[int, AnyEvent]],
        outcomes: Sequence[Outcome] = (),
        orders: Sequence[Order] = (),
        equity: Sequence[EquityPoint] = (),
        *,
        label: str = "commit",
        now: bool = True,
    ) -> asyncio.Future[None]:
        """Queue rows now; the future is done once they are durable, or fails with StoreError.

        Waking the thread costs an order under way more than its own row does, so what nothing waits for (not
        ``now``) goes with whatever comes next, or after ``LATER_S``. So do the rows of ``orders`` where an
        order waits for its decision (``Intake._shared_out``); ``flush`` and ``snapshot`` leave nothing.
        A failed write loses nothing: its rows are written first by the next transaction that succeeds.
        The first one that fails also gives up the ballast file, so that the exits of a trader whose disk is
        full can be journalled; whoever gets the error must open no new risk.
        """
        if self._closed:
            raise StoreError(f"the journal {self.path} is closed")
        with self._lock:
            self._take(events, outcomes, orders, equity)
            waiter = self._awaited()
            self._hurry = self._hurry or now
        if now:
            self._start()
        else:
            self._soon()
        return waiter

    async def commit(
        self,
        events: Sequence[tuple[int, AnyEvent]],
        outcomes: Sequence[Outcome],
        orders: Sequence[Order] = (),
        equity: Sequence[EquityPoint] = (),
        *,
        label: str = "commit",
    ) -> None:
        """Returns when everything handed over so far is durable. Raises StoreError."""
        await asyncio.shield(self.append(events, outcomes, orders, equity))

    async def snapshot(self, seq: int, state: bytes, *, keep: bool = False) -> None:
        """Remember the folded state as of ``seq``, for ever or until newer ones stand in for it; everything
        before it becomes durable with it."""
        with self._lock:
            self._batch.snapshots.append((seq, state, keep))
            waiter = self._awaited()
        self._start()
        await asyncio.shield(waiter)

    async def flush(self) -> None:
        """Everything handed over is durable when this returns; also the way to try again after an error."""
        with self._lock:
            if not (len(self._batch) or self._in_flight):
                return
            waiter = self._awaited()
            self._whole = True
        self._start()
        await asyncio.shield(waiter)

    def _awaited(self) -> asyncio.Future[None]:
        """Done with whatever is in the batch now. Call with the lock held."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        return waiter

    def _late(self) -> None:
        """What could wait has waited."""
        self._later = False
        if (self._waiters or self._batch.orders) and not self._closed:
            self._start()

    def _soon(self) -> None:
        """Write what is there after ``LATER_S``, unless something else writes before."""
        if not (self._flying or self._later):
            self._later = True
            asyncio.get_running_loop().call_later(LATER_S, self._late)

    def _start(self) -> None:
        """Call the connection's thread, unless it is under way: then what waits goes into the next visit."""
        if not self._flying:
            self._flying = True
            # Not through ``_execute``: a task and a future more than a loop that only wants to be told.
            self._database._tx.put_nowait((None, partial(_visit, [self], asyncio.get_running_loop())))

    def fly(self, loop: asyncio.AbstractEventLoop) -> None:
        """In the connection's thread: one transaction of everything handed over by now."""
        with self._lock:
            batch, self._batch = self._shared_out(hurry=self._hurry and not self._whole)
            flight = _Flight(batch, self._waiters)
            self._waiters, self._hurry, self._whole = [], False, False
            self._in_flight = len(flight.batch)
        flight.write(self._connection, self._head)
        with contextlib.suppress(RuntimeError):  # a loop that has ended: nobody waits there any more
            loop.call_soon_threadsafe(self._landed, flight)

    def _landed(self, flight: _Flight) -> None:
        """Back on the loop: tell who waited, and go again for what has come meanwhile."""
        self._last_ms = flight.ms
        error = None if flight.error is None else store_error(flight.error, self.path)
        self._failure = str(error or "")
        with self._lock:
            self._in_flight = 0
            if flight.head is None:
                self._batch = flight.batch.followed_by(self._batch)
        if flight.head is None:
            drop_ballast(self.path)
        else:
            self._head = flight.head
            self._rows += len(flight.batch)
            self._commits += 1
        for waiter in flight.waiters:
            if waiter.done():
                continue
            if error is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(error)
                waiter.exception()  # what nobody waits for is kept in ``stats``, not thrown at the loop
        self._flying = False
        if self._waiters or (error is None and len(self._batch.market) >= CHUNK):
            self._start()
        elif error is None and self._batch.orders:
            self._soon()

    async def _run(self, function: Callable[..., T], *arguments: Any) -> T:
        """Run one function in the connection's thread; SQLite's errors become StoreError."""
        # The only door to that thread for a whole function; the public calls are one statement each.
        execute: Callable[..., Awaitable[T]] = self._database._execute
        try:
            return await execute(function, *arguments)
        except (sqlite3.Error, OSError) as error:
            raise store_error(error, self.path) from error
        except ValueError as error:
            raise StoreError(f"the journal {self.path} is closed") from error

    # --- reading ----------------------------------------------------------------------------------

    async def facts(self, after_seq: int = 0) -> AsyncGenerator[tuple[int, AnyEvent], None]:
        """Every event later than ``after_seq``, market data included, in the order of the engine's steps."""
        await self.flush()
        rows = read.read_events(self._connection, after_seq)
        while page := await self._run(_page, rows):
            for row in page:
                yield row

    async def outcomes(self, after_seq: int = 0) -> AsyncGenerator[Outcome, None]:
        """Every recorded outcome later than ``after_seq``."""
        await self.flush()
        rows = read.read_outcomes(self._connection, after_seq)
        while page := await self._run(_page, rows):
            for row in page:
                yield row

    async def outcome(self, seq: int) -> Outcome | None:
        """What event ``seq`` led to."""
        await self.flush()
        return await self._run(read.read_outcome, self._connection, seq)

    async def orders(self) -> list[Order]:
        """Every order ever decided, as last recorded."""
        await self.flush()
        return await self._run(read.read_orders, self._connection)

    async def fills(self) -> list[tuple[int, Fill]]:
        """Every trade of ours, as (seq, fill)."""
        await self.flush()
        return await self._run(read.read_fills, self._connection)

    async def equity(self) -> list[EquityPoint]:
        """The equity curve, oldest first."""
        await self.flush()
        return await self._run(read.read_equity, self._connection)

    async def ask(self, function: Callable[..., T], *arguments: object) -> T:
        """What one of the ``journal_read`` functions finds; it holds up the writer, so it must be brief."""
        await self.flush()
        return await self._run(function, self._connection, *arguments)

    async def latest_snapshot(self) -> tuple[int, bytes] | None:
        """(seq, state) of the newest undamaged snapshot; None when there is none."""
        await self.flush()
        return await self._run(read.read_snapshot, self._connection)

    async def verify_chain(self) -> int:
        """Number of rows whose hashes hold. Raises StoreError at the first that was changed or removed."""
        await self.flush()
        return await self._run(read.verify, self._connection)

    async def hold(self, seconds: float) -> int:
        """For so long the file itself stays as it is; what is committed waits in the log beside it.

        File and log, copied in this order by another process, are then a whole journal. (We may not copy
        it ourselves: closing any file that we have open there lets go of SQLite's lock.) Returns the last
        sequence number that such a copy surely holds.
        """
        await self.flush()
        await self._run(self._connection.execute, "PRAGMA wal_autocheckpoint = 0")
        self._held += 1
        turn = self._held
        loop = asyncio.get_running_loop()
        loop.call_later(seconds, lambda: loop.create_task(self._let_go(turn)) if not self._closed else None)
        return (await self._run(read.read_head, self._connection)).seq

    async def _let_go(self, turn: int) -> None:
        """The last hold is over. A disk that refuses is met again at the next commit."""
        if turn == self._held and not self._closed:
            with contextlib.suppress(StoreError):
                await self._run(self._connection.execute, f"PRAGMA wal_autocheckpoint = {PAGES}")

    async def release(self) -> None:
        """The copy is made."""
        await self._let_go(self._held)

    async def close(self) -> None:
        """Write what is left and let the file go. Raises StoreError when the rest could not be written."""
        if self._closed:
            return
        try:
            await self.flush()
        finally:
            self._closed = True
            await self._database.close()
            forget_holder(self.path)


class _Flight:
    """One transaction on its way to the disk, and what became of it."""

    def __init__(self, batch: Batch, waiters: Sequence[asyncio.Future[None]]) -> None:
        self.batch = batch
        self.waiters = waiters
        self.head: Head | None = None
        self.error: Exception | None = None
        self.ms = 0.0

    def write(self, connection: sqlite3.Connection, head: Head) -> None:
        """Runs in the connection's thread, from BEGIN to COMMIT."""
        started = time.perf_counter()
        try:
            self.head = write(connection, self.batch, head)
        except Exception as error:  # noqa: BLE001  whatever it is, whoever waits for these rows must hear it
            self.error = error
        self.ms = (time.perf_counter() - started) * 1000


def _visit(ticket: list[SqliteStore], loop: asyncio.AbstractEventLoop) -> None:
    """The thread remembers its last call; the store must not live for as long as that."""
    ticket.pop().fly(loop)


def _page(rows: Iterator[T]) -> list[T]:
    return list(islice(rows, READ_AHEAD))
