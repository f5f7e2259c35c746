"""The journal's rows, and the one function that writes a batch of them as one transaction.

Shared by the durable store and by the inline store of the simulator, so that what is tested under faults
is what runs with money. Facts, market chunks and outcomes each form a chain:
``hash = sha256(previous hash + seq + body)``; changing or removing a row breaks every hash after it.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Callable, Sequence
from copy import copy

import msgspec

from cockpit.adapters.store.schema import INSERT_FILL, fill_row
from cockpit.adapters.store.version_rows import keep_versions
from cockpit.core.errors import StoreError
from cockpit.core.events import MARKET, Event, Fill, encode
from cockpit.core.intents import OUTCOME_ENCODER, Outcome
from cockpit.core.orders import Order
from cockpit.core.ports import EquityPoint

GENESIS = bytes(32)
CHUNK = 512
"""Market events that make a chunk of their own when nothing else is committed."""
LARGEST_CHUNK = 4096
WORTH_PACKING = 512
"""Bytes below which a chunk stays as it is: an order waits for it, and packing takes longer than it saves."""
PACKED = b"\x78"
"""How a packed chunk begins (RFC 1950); a list in msgpack never does."""
LONGEST_QUEUE = 262_144
"""Market events kept in memory while the disk refuses; then the engine must stop."""
SNAPSHOTS_KEPT = 3
"""The newest, for a restart."""
SPACING_MS = 900_000
SPACED_KEPT = 384
"""Besides, one of each quarter of an hour, for four days: a past moment is rebuilt from the one before it."""

KEPT = "snapshot "
"""Before the number of one that stays for ever, among the keys of ``meta``."""

AMENDING = Order.__struct_fields__.index("amending")
ORDER_COLUMNS = (
    *(field for field in Order.__struct_fields__ if field != "amending"),
    "amend_price",
    "amend_qty",
    "amend_take",
)
UPSERT_ORDER = "INSERT INTO orders ({}) VALUES ({}) ON CONFLICT (cid) DO UPDATE SET {}".format(
    ", ".join(f'"{name}"' for name in ORDER_COLUMNS),
    ", ".join("?" for _ in ORDER_COLUMNS),
    ", ".join(f'"{name}" = excluded."{name}"' for name in ORDER_COLUMNS if name != "cid"),
)
EQUITY_COLUMNS = EquityPoint.__struct_fields__
INSERT_EQUITY = "INSERT OR REPLACE INTO equity ({}) VALUES ({})".format(
    ", ".join(EQUITY_COLUMNS), ", ".join("?" for _ in EQUITY_COLUMNS)
)

_PACK = msgspec.msgpack.Encoder()

Point = Callable[[str], None]
"""Called at named instants of a commit; the simulator crashes the process there."""


class Head(msgspec.Struct, frozen=True):
    """The ends of the three chains, as of the last durable commit."""

    fact: int = 0
    fact_hash: bytes = GENESIS
    market: int = 0
    market_hash: bytes = GENESIS
    outcome: int = 0
    outcome_hash: bytes = GENESIS
    ts: int = 0
    """Time of the newest event (UTC ms)."""

    @property
    def seq(self) -> int:
        """The newest sequence number anywhere in the journal."""
        return max(self.fact, self.market, self.outcome)


class Batch(msgspec.Struct):
    """What the next transaction will write."""

    facts: list[tuple[int, Event]] = []
    market: list[tuple[int, Event]] = []
    outcomes: list[Outcome] = []
    orders: dict[str, Order] = {}
    """As they were when they were handed over, the newest per client id."""
    equity: list[EquityPoint] = []
    snapshots: list[tuple[int, bytes, bool]] = []
    """As of a fact; the last says whether it stays for ever."""

    def __len__(self) -> int:
        return (
            len(self.facts) + len(self.market) + len(self.outcomes) + len(self.orders)
            + len(self.equity) + len(self.snapshots)
        )  # fmt: skip

    def followed_by(self, later: Batch) -> Batch:
        """Both, in order: what a failed transaction held is written by the next one that succeeds."""
        return Batch(
            self.facts + later.facts,
            self.market + later.market,
            self.outcomes + later.outcomes,
            self.orders | later.orders,
            self.equity + later.equity,
            self.snapshots + later.snapshots,
        )


def order_row(order: Order) -> tuple[object, ...]:
    """The readable row of an order. SQLite takes plain texts sooner than an enum's members."""
    fields = msgspec.to_builtins(msgspec.structs.astuple(order))
    wanted = fields[AMENDING] or (None, None, None)
    return (*fields[:AMENDING], *fields[AMENDING + 1 :], *wanted)


def chain(previous: bytes, seq: int, body: bytes) -> bytes:
    """The hash that ties a row to everything before it."""
    return hashlib.sha256(previous + seq.to_bytes(8, "big") + body).digest()


def write(
    connection: sqlite3.Connection,
    batch: Batch,
    head: Head,
    point: Point | None = None,
    label: str = "commit",
) -> Head:
    """Write ``batch`` as one transaction and return the new head; on any error nothing of it is there."""
    if point is not None:
        point(f"{label}.before")
    connection.execute("BEGIN IMMEDIATE")
    try:
        head = _insert(connection, batch, head)
        if point is not None:
            point(f"{label}.inside")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    if point is not None:
        point(f"{label}.after")
    return head


def _insert(connection: sqlite3.Connection, batch: Batch, head: Head) -> Head:
    head = _insert_facts(connection, batch.facts, head)
    for start in range(0, len(batch.market), LARGEST_CHUNK):
        head = _insert_chunk(connection, batch.market[start : start + LARGEST_CHUNK], head)
    head = _insert_outcomes(connection, batch.outcomes, head)
    if batch.orders:
        connection.executemany(UPSERT_ORDER, map(order_row, batch.orders.values()))
    if batch.equity:
        connection.executemany(INSERT_EQUITY, map(_equity_row, batch.equity))
    for seq, body, keep in batch.snapshots:
        row = (seq, head.ts, body, chain(GENESIS, seq, body))
        connection.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?)", row)
        if keep:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, '')", (f"{KEPT}{seq}",))
    if batch.snapshots:
        connection.execute(
            # The one before the first fact stays: with it the journal can be replayed without anything else.
            "DELETE FROM snapshots WHERE seq > 0 AND ? || seq NOT IN (SELECT key FROM meta)"
            " AND seq NOT IN (SELECT seq FROM snapshots ORDER BY seq DESC LIMIT ?)"
            " AND seq NOT IN (SELECT max(seq) FROM snapshots WHERE seq > 0 GROUP BY ts / ?"
            " ORDER BY 1 DESC LIMIT ?)",
            (KEPT, SNAPSHOTS_KEPT, SPACING_MS, SPACED_KEPT),
        )
    return head


def _equity_row(point: EquityPoint) -> tuple[object, ...]:
    return tuple(value if isinstance(value, int) else str(value) for value in msgspec.structs.astuple(point))


def _insert_facts(connection: sqlite3.Connection, facts: Sequence[tuple[int, Event]], head: Head) -> Head:
    if not facts:
        return head
    rows, fills, link = [], [], head.fact_hash
    for seq, event in facts:
        body = encode(event)
        link = chain(link, seq, body)
        rows.append((seq, event.ts, type(event).__struct_config__.tag, body, link))
        if type(event) is Fill:
            fills.append(fill_row(seq, event))
    connection.executemany("INSERT INTO facts VALUES (?, ?, ?, ?, ?)", rows)
    if fills:
        connection.executemany(INSERT_FILL, fills)
    seq, last = facts[-1]
    return msgspec.structs.replace(head, fact=seq, fact_hash=link, ts=max(head.ts, last.ts))


def _insert_chunk(connection: sqlite3.Connection, events: Sequence[tuple[int, Event]], head: Head) -> Head:
    (first_seq, first), (last_seq, last) = events[0], events[-1]
    body = _PACK.encode(events)
    if len(body) >= WORTH_PACKING:
        body = zlib.compress(body, 1)
    link = chain(head.market_hash, last_seq, body)
    row = (first_seq, last_seq, first.ts, last.ts, len(events), body, link)
    connection.execute("INSERT INTO market VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    return msgspec.structs.replace(head, market=last_seq, market_hash=link, ts=max(head.ts, last.ts))


def _insert_outcomes(connection: sqlite3.Connection, outcomes: Sequence[Outcome], head: Head) -> Head:
    if not outcomes:
        return head
    rows, link = [], head.outcome_hash
    for outcome in outcomes:
        body = OUTCOME_ENCODER.encode(outcome)
        link = chain(link, outcome.seq, body)
        rows.append((outcome.seq, outcome.ts, body, link))
        keep_versions(connection, outcome)
    connection.executemany("INSERT INTO outcomes VALUES (?, ?, ?, ?)", rows)
    return msgspec.structs.replace(head, outcome=outcomes[-1].seq, outcome_hash=link)


class Intake:
    """What every store does with what it is handed: check its order and gather it into one batch."""

    def __init__(self) -> None:
        self._batch = Batch()
        self._behind = False
        """The last transaction left its rows of orders to the next one."""
        self._resume(Head())

    def _resume(self, head: Head) -> None:
        self._head = head
        self._facts, self._market, self._outcomes = head.fact, head.market, head.outcome

    @property
    def last_seq(self) -> int:
        """The newest sequence number handed over; after opening, the newest that is durable."""
        return max(self._facts, self._market, self._outcomes)

    @property
    def head(self) -> str:
        """Hash over every durable fact, hexadecimal. Noted elsewhere, it proves that nothing was cut off."""
        return self._head.fact_hash.hex()

    def _take_market(self, seq: int, event: Event) -> int:
        self._market = _later(seq, self._market, "market event")
        market = self._batch.market
        if len(market) >= LONGEST_QUEUE:
            raise StoreError(f"the journal has not been writable for {len(market)} market events")
        market.append((seq, event))
        return len(market)

    def _take(
        self,
        events: Sequence[tuple[int, Event]],
        outcomes: Sequence[Outcome],
        orders: Sequence[Order],
        equity: Sequence[EquityPoint],
    ) -> None:
        for seq, event in events:
            if type(event) in MARKET:
                self._take_market(seq, event)
            else:
                self._facts = _later(seq, self._facts, "fact")
                self._batch.facts.append((seq, event))
        for outcome in outcomes:
            if not outcome.empty:
                self._outcomes = _later(outcome.seq, self._outcomes, "outcome")
                self._batch.outcomes.append(outcome)
        for order in orders:
            # Orders change later; what is written must not.
            self._batch.orders[order.cid] = copy(order)
        self._batch.equity.extend(equity)

    def _shared_out(self, *, hurry: bool) -> tuple[Batch, Batch]:
        """What the next transaction writes of the batch, and what it leaves to the one after it.

        Where an order waits to be sent (``hurry``), rows of orders are left: what makes an order durable is
        the fact that led to it and the recorded decision; its row says the same once more, for reading, and
        a restart writes those that are missing (``app/recovery``). The table is never more than one
        transaction behind, and never behind a snapshot.
        """
        batch, left = self._batch, Batch()
        self._behind = hurry and bool(batch.orders) and not (self._behind or batch.snapshots)
        if self._behind:
            left.orders = batch.orders
            batch = Batch(batch.facts, batch.market, batch.outcomes, {}, batch.equity)
        return batch, left


def _later(seq: int, last: int, what: str) -> int:
    if seq <= last:
        raise StoreError(f"{what} {seq} was handed to the journal after {last}; each row is handed over once")
    return seq
