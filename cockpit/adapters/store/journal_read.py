"""What the journal says, read back: events, outcomes, orders, fills, equity, and whether it was changed."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec

from cockpit.adapters.store.journal import EQUITY_COLUMNS, GENESIS, KEPT, ORDER_COLUMNS, PACKED, Head, chain
from cockpit.core.errors import StoreError
from cockpit.core.events import AnyEvent, Fill, decode
from cockpit.core.intents import OUTCOME_DECODER, Outcome
from cockpit.core.orders import Order
from cockpit.core.ports import EquityPoint
from cockpit.core.unreadable import UNREADABLE

T = TypeVar("T")
FACTS_PER_PAGE = 1000
CHUNKS_PER_PAGE = 32

_CHUNK: msgspec.msgpack.Decoder[list[tuple[int, AnyEvent]]] = msgspec.msgpack.Decoder(
    list[tuple[int, AnyEvent]]
)


def read_head(connection: sqlite3.Connection) -> Head:
    """Where the journal ends."""
    fact = connection.execute("SELECT seq, hash, ts FROM facts ORDER BY seq DESC LIMIT 1").fetchone()
    market = connection.execute(
        "SELECT last_seq, hash, last_ts FROM market ORDER BY first_seq DESC LIMIT 1"
    ).fetchone()
    outcome = connection.execute("SELECT seq, digest, ts FROM outcomes ORDER BY seq DESC LIMIT 1").fetchone()
    empty = (0, GENESIS, 0)
    fact, market, outcome = fact or empty, market or empty, outcome or empty
    ts = max(fact[2], market[2])
    return Head(fact[0], fact[1], market[0], market[1], outcome[0], outcome[1], ts)


def read_events(connection: sqlite3.Connection, after: int = 0) -> Iterator[tuple[int, AnyEvent]]:
    """Every event later than ``after``, market data and facts together, in the engine's order.

    Raises StoreError for a row that cannot be decoded. Pages are read whole: no cursor stays open while
    the writer goes on.
    """
    facts = _facts(connection, after)
    fact = next(facts, None)
    for row in _market(connection, after):
        while fact is not None and fact[0] < row[0]:
            yield fact
            fact = next(facts, None)
        yield row
    if fact is not None:
        yield fact
        yield from facts


def _facts(connection: sqlite3.Connection, after: int) -> Iterator[tuple[int, AnyEvent]]:
    while True:
        rows = connection.execute(
            "SELECT seq, body FROM facts WHERE seq > ? ORDER BY seq LIMIT ?", (after, FACTS_PER_PAGE)
        ).fetchall()
        for seq, body in rows:
            yield seq, _decoded(decode, body, "fact", seq)
        if len(rows) < FACTS_PER_PAGE:
            return
        after = rows[-1][0]


def _market(connection: sqlite3.Connection, after: int) -> Iterator[tuple[int, AnyEvent]]:
    done = after
    while True:
        rows = connection.execute(
            "SELECT last_seq, body FROM market WHERE last_seq > ? ORDER BY last_seq LIMIT ?",
            (done, CHUNKS_PER_PAGE),
        ).fetchall()
        for last_seq, body in rows:
            for seq, event in _decoded(unpacked, body, "market chunk", last_seq):
                if seq > after:
                    yield seq, event
        if len(rows) < CHUNKS_PER_PAGE:
            return
        done = rows[-1][0]


def unpacked(body: bytes) -> list[tuple[int, AnyEvent]]:
    """The (number, event) pairs of a market chunk as it is stored."""
    return _CHUNK.decode(zlib.decompress(body) if body[:1] == PACKED else body)


def _decoded(decoder: Callable[[bytes], Any], body: bytes, what: str, seq: int) -> Any:
    try:
        return decoder(body)
    except (TypeError, ValueError, zlib.error, *UNREADABLE) as error:
        row = f"{what} {seq}"
        raise StoreError(f"the journal is damaged: {row} cannot be read ({error})") from error


def _converted(row: Any, kind: type[T], what: str) -> T:
    try:
        return msgspec.convert(row, kind, strict=False)
    except msgspec.ValidationError as error:
        raise StoreError(f"the journal is damaged: {what} cannot be read ({error})") from error


def read_outcomes(connection: sqlite3.Connection, after: int = 0) -> Iterator[Outcome]:
    """Every recorded outcome later than ``after``, in order."""
    while True:
        rows = connection.execute(
            "SELECT seq, body FROM outcomes WHERE seq > ? ORDER BY seq LIMIT ?", (after, FACTS_PER_PAGE)
        ).fetchall()
        for seq, body in rows:
            yield _decoded(OUTCOME_DECODER.decode, body, "outcome", seq)
        if len(rows) < FACTS_PER_PAGE:
            return
        after = rows[-1][0]


def read_outcome(connection: sqlite3.Connection, seq: int) -> Outcome | None:
    """What event ``seq`` led to; None when it led to nothing."""
    row = connection.execute("SELECT body FROM outcomes WHERE seq = ?", (seq,)).fetchone()
    return None if row is None else _decoded(OUTCOME_DECODER.decode, row[0], "outcome", seq)


def read_orders(connection: sqlite3.Connection) -> list[Order]:
    """Every order ever decided, oldest first, as last recorded."""
    return list(_orders(connection, "ORDER BY created, cid"))


def _orders(connection: sqlite3.Connection, which: str, *values: str) -> Iterator[Order]:
    names = ", ".join(f'"{name}"' for name in ORDER_COLUMNS)
    for row in connection.execute(f"SELECT {names} FROM orders {which}", values):
        fields = dict(zip(ORDER_COLUMNS, row, strict=True))
        wanted = [fields.pop(name) for name in ("amend_price", "amend_qty", "amend_take")]
        fields["amending"] = None if wanted[0] is None else wanted
        yield _converted(fields, Order, "an order")


def read_fills(connection: sqlite3.Connection, after: int = 0) -> list[tuple[int, Fill]]:
    """Every trade of ours later than ``after`` once, as (seq, fill) in the order in which we learned them."""
    names = ", ".join(Fill.__struct_fields__)
    rows = connection.execute(f"SELECT seq, {names} FROM fills WHERE seq > ? ORDER BY seq", (after,))
    return [(seq, _converted(["fill", *values], Fill, f"fill {seq}")) for seq, *values in rows]


def read_equity(connection: sqlite3.Connection) -> list[EquityPoint]:
    """The equity curve, oldest first."""
    rows = connection.execute(f"SELECT {', '.join(EQUITY_COLUMNS)} FROM equity ORDER BY ts, currency")
    return [
        _converted(dict(zip(EQUITY_COLUMNS, row, strict=True)), EquityPoint, "a point of the equity curve")
        for row in rows
    ]


def read_snapshot(connection: sqlite3.Connection) -> tuple[int, bytes] | None:
    """The newest snapshot whose bytes are still what was written; older ones stand in for a damaged one."""
    for seq, body, seal in connection.execute("SELECT seq, body, hash FROM snapshots ORDER BY seq DESC"):
        if sealed(GENESIS, seq, body) == seal:
            return seq, body
    return None


def read_kept(connection: sqlite3.Connection) -> list[int]:
    """The snapshots that stay for ever, by number: between them and the fact before, who decides changed."""
    keys = connection.execute("SELECT substr(key, ?) FROM meta WHERE key LIKE ?", (len(KEPT) + 1, f"{KEPT}%"))
    return sorted(int(number) for (number,) in keys)


def read_state(connection: sqlite3.Connection, seq: int) -> bytes | None:
    """The snapshot as of ``seq``; None when there is none, or it is not what was written."""
    row = connection.execute("SELECT body, hash FROM snapshots WHERE seq = ?", (seq,)).fetchone()
    return bytes(row[0]) if row is not None and sealed(GENESIS, seq, row[0]) == row[1] else None


def read_opening(connection: sqlite3.Connection) -> bytes | None:
    """The engine before its first fact."""
    row = connection.execute("SELECT body FROM snapshots WHERE seq = 0").fetchone()
    return None if row is None else bytes(row[0])


def sealed(previous: bytes, seq: Any, body: Any) -> bytes:
    """The hash that a row as it was read ought to carry; none at all where a rotten page gives no number."""
    try:
        return chain(previous, seq, body)
    except (AttributeError, TypeError, OverflowError):
        return b""


CHAINS = (
    ("fact", "SELECT seq, body, hash FROM facts WHERE seq > ? ORDER BY seq LIMIT ?"),
    ("market chunk", "SELECT last_seq, body, hash FROM market WHERE last_seq > ? ORDER BY last_seq LIMIT ?"),
    ("outcome", "SELECT seq, body, digest FROM outcomes WHERE seq > ? ORDER BY seq LIMIT ?"),
)


def verify(connection: sqlite3.Connection) -> int:
    """Recompute all three chains; returns the number of rows. Raises StoreError at the first broken one."""
    count = 0
    for what, query in CHAINS:
        link, after = GENESIS, -1
        while rows := connection.execute(query, (after, FACTS_PER_PAGE)).fetchall():
            for seq, body, seal in rows:
                link = sealed(link, seq, body)
                if link != seal:
                    raise StoreError(
                        f"the journal was changed: {what} {seq} does not follow from the one before"
                    )
                count += 1
            after = rows[-1][0]
    return count


def read_event(connection: sqlite3.Connection, seq: int) -> AnyEvent | None:
    """The fact or market event of one number; None when there is none."""
    row = connection.execute("SELECT body FROM facts WHERE seq = ?", (seq,)).fetchone()
    if row is not None:
        event: AnyEvent = _decoded(decode, row[0], "fact", seq)
        return event
    row = connection.execute(
        "SELECT last_seq, body FROM market WHERE last_seq >= ? ORDER BY last_seq LIMIT 1", (seq,)
    ).fetchone()
    if row is None:
        return None
    chunk = _decoded(unpacked, row[1], "market chunk", row[0])
    return next((event for number, event in chunk if number == seq), None)


def read_order(connection: sqlite3.Connection, cid: str) -> Order | None:
    """One order as last recorded."""
    return next(_orders(connection, "WHERE cid = ?", cid), None)


def read_fills_of(connection: sqlite3.Connection, cid: str) -> list[Fill]:
    """The fills of one order, in the order in which we learned them."""
    names = ", ".join(Fill.__struct_fields__)
    rows = connection.execute(f"SELECT {names} FROM fills WHERE cid = ? ORDER BY seq", (cid,))
    return [_converted(["fill", *values], Fill, f"a fill of {cid}") for values in rows]


def read_owners(connection: sqlite3.Connection) -> dict[str, str]:
    """Sleeve by the three digits that the ids of its orders carry."""
    rows = connection.execute("SELECT substr(cid, 4, 3), max(sleeve) FROM orders GROUP BY 1")
    return {str(digits): str(sleeve) for digits, sleeve in rows}


class Passage(msgspec.Struct, frozen=True):
    """A stretch of the journal, read backwards and bounded whatever it holds."""

    floor: int
    """Everything with this number or above, and below where it was asked from, is in it; 0 = to the start."""
    facts: dict[int, AnyEvent]
    """Only those of the kinds that were asked for."""
    outcomes: dict[int, Outcome]


def read_passage(
    connection: sqlite3.Connection, before: int, kinds: frozenset[str], most: int = 256
) -> Passage:
    """The last outcomes and facts below ``before``: at most ``most`` rows of either are looked at."""
    outcomes = connection.execute(
        "SELECT seq, body FROM outcomes WHERE seq < ? ORDER BY seq DESC LIMIT ?", (before, most)
    ).fetchall()
    facts = connection.execute(
        "SELECT seq, kind, body FROM facts WHERE seq < ? ORDER BY seq DESC LIMIT ?", (before, most)
    ).fetchall()
    floor = max(rows[-1][0] if len(rows) == most else 0 for rows in (outcomes, facts))
    return Passage(
        floor,
        {
            seq: _decoded(decode, body, "fact", seq)
            for seq, kind, body in facts
            if kind in kinds and seq >= floor
        },
        {
            seq: _decoded(OUTCOME_DECODER.decode, body, "outcome", seq)
            for seq, body in outcomes
            if seq >= floor
        },
    )


def seq_at(connection: sqlite3.Connection, ts: int) -> int:
    """The newest number of a fact, market chunk or outcome that was there by ``ts`` (UTC ms); 0 = none.

    By halving: the tables are in order of number, and along it time runs back by milliseconds at most.
    """
    found = 0
    for table, number, time in (
        ("facts", "seq", "ts"),
        ("market", "last_seq", "last_ts"),
        ("outcomes", "seq", "ts"),
    ):
        (first, high) = connection.execute(f"SELECT min({number}), max({number}) FROM {table}").fetchone()
        if first is None:
            continue
        low, best = first - 1, 0
        while low < high:
            middle = (low + high + 1) // 2
            row = connection.execute(
                f"SELECT {number}, {time} FROM {table} WHERE {number} <= ? ORDER BY {number} DESC LIMIT 1",
                (middle,),
            ).fetchone()
            if row[1] <= ts:
                low, best = middle, row[0]
            else:
                high = row[0] - 1
        found = max(found, best)
    return found
