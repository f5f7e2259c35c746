"""The simulator's store: the same SQL, written before the call returns, with named crash points.

Nothing here waits: under virtual time a commit takes no time at all, and a crash can be placed exactly
before, inside or after it.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from cockpit.adapters.store import journal_read as read
from cockpit.adapters.store.journal import CHUNK, Intake, Point, write
from cockpit.adapters.store.schema import forget_holder, open_exclusive, store_error
from cockpit.core.errors import StoreError
from cockpit.core.events import AnyEvent, Fill
from cockpit.core.intents import Outcome
from cockpit.core.orders import Order
from cockpit.core.ports import EquityPoint

T = TypeVar("T")


class InlineStore(Intake):
    """As SqliteStore, synchronous. ``chaos(point)`` is called at ``LABEL.before``, ``.inside``, ``.after``.

    LABEL is what ``commit`` was given ("commit"), or "market", "snapshot", "flush", "close". An exception
    raised by ``chaos`` goes to the caller as it is; after a crash, ``abandon`` the store and open another.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, mode: str, chaos: Point | None) -> None:
        super().__init__()
        self.path = path
        self.mode = mode
        self._connection = connection
        self._chaos = chaos
        self._closed = False

    @classmethod
    async def open(
        cls, path: Path, *, mode: str, synchronous: str = "OFF", chaos: Point | None = None
    ) -> InlineStore:
        """As ``SqliteStore.open``. ``synchronous`` is OFF: process crashes are simulated, not power cuts."""
        store = cls(open_exclusive(path, mode, synchronous), path, mode, chaos)
        try:
            store._resume(store._read(read.read_head))
        except BaseException:
            store.abandon()
            raise
        return store

    def append_market(self, seq: int, event: AnyEvent) -> None:
        """Keep a market event; a full chunk is written before the next one is taken.

        As ``SqliteStore``, which hears of a refusal later: what a full disk does not take is kept and tried
        again, until there is too much of it.
        """
        if len(self._batch.market) >= CHUNK:
            with contextlib.suppress(StoreError):
                self._write("market")
        self._take_market(seq, event)

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
        """Written when this returns, ``now`` or not; the future is done, or holds the StoreError.

        Rows of orders as in ``SqliteStore``: with ``now`` they are left to whatever is written next.
        """
        if self._closed:
            raise StoreError(f"the journal {self.path} is closed")
        self._take(events, outcomes, orders, equity)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            self._write(label, hurry=now)
        except StoreError as error:
            done.set_exception(error)
            done.exception()
        else:
            done.set_result(None)
        return done

    async def commit(
        self,
        events: Sequence[tuple[int, AnyEvent]],
        outcomes: Sequence[Outcome],
        orders: Sequence[Order] = (),
        equity: Sequence[EquityPoint] = (),
        *,
        label: str = "commit",
    ) -> None:
        """Everything handed over so far is durable when this returns. Raises StoreError."""
        self._take(events, outcomes, orders, equity)
        self._write(label)

    async def snapshot(self, seq: int, state: bytes, *, keep: bool = False) -> None:
        """Remember the folded state as of ``seq``, for ever or until newer ones stand in for it; everything
        before it becomes durable with it."""
        self._batch.snapshots.append((seq, state, keep))
        self._write("snapshot")

    async def flush(self) -> None:
        """Write what is kept."""
        if len(self._batch):
            self._write("flush")

    def _write(self, label: str, *, hurry: bool = False) -> None:
        if self._closed:
            raise StoreError(f"the journal {self.path} is closed")
        batch, left = self._shared_out(hurry=hurry)
        try:
            self._head = write(self._connection, batch, self._head, self._chaos, label)
        except (sqlite3.Error, OSError) as error:
            raise store_error(error, self.path) from error
        self._batch = left

    def _read(self, function: Callable[..., T], *arguments: object) -> T:
        try:
            return function(self._connection, *arguments)
        except sqlite3.Error as error:
            raise store_error(error, self.path) from error

    def _rows(self, rows: Iterator[T]) -> Iterator[T]:
        """The disk may refuse at any of them."""
        try:
            yield from rows
        except sqlite3.Error as error:
            raise store_error(error, self.path) from error

    async def facts(self, after_seq: int = 0) -> AsyncGenerator[tuple[int, AnyEvent], None]:
        """Every event later than ``after_seq``, market data included, in the order of the engine's steps."""
        await self.flush()
        for row in self._rows(read.read_events(self._connection, after_seq)):
            yield row

    async def outcomes(self, after_seq: int = 0) -> AsyncGenerator[Outcome, None]:
        """Every recorded outcome later than ``after_seq``."""
        await self.flush()
        for row in self._rows(read.read_outcomes(self._connection, after_seq)):
            yield row

    async def outcome(self, seq: int) -> Outcome | None:
        """What event ``seq`` led to."""
        await self.flush()
        return self._read(read.read_outcome, seq)

    async def orders(self) -> list[Order]:
        """Every order ever decided, as last recorded."""
        await self.flush()
        return self._read(read.read_orders)

    async def fills(self) -> list[tuple[int, Fill]]:
        """Every trade of ours, as (seq, fill)."""
        await self.flush()
        return self._read(read.read_fills)

    async def equity(self) -> list[EquityPoint]:
        """The equity curve, oldest first."""
        await self.flush()
        return self._read(read.read_equity)

    async def latest_snapshot(self) -> tuple[int, bytes] | None:
        """(seq, state) of the newest undamaged snapshot."""
        await self.flush()
        return self._read(read.read_snapshot)

    async def verify_chain(self) -> int:
        """Number of rows whose hashes hold. Raises StoreError at the first that does not."""
        await self.flush()
        return self._read(read.verify)

    async def close(self) -> None:
        """Write what is kept and let the file go."""
        if self._closed:
            return
        try:
            if len(self._batch):
                self._write("close")
        finally:
            self.abandon()

    def abandon(self) -> None:
        """The process has died: nothing more is written, the file is free for the next one."""
        self._closed = True
        self._connection.close()
        forget_holder(self.path)
