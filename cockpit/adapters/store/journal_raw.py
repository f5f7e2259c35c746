"""The journal in raw, bounded pieces: what another process needs to rebuild a past moment by itself.

Rows leave as the bytes they are, so that whoever writes the journal spends no time on them but the reading.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from cockpit.adapters.store import journal_read as read
from cockpit.core.events import Boot, decode

FACTS = 400
CHUNKS = 3
OUTCOMES = 256
"""Rows of a piece."""


def span(connection: sqlite3.Connection) -> dict[str, Any]:
    """From when to when, and which states are kept: ``snapshots`` as (number, UTC ms).

    ``changes``: numbers of those in which others decide than before.
    """
    row = connection.execute("SELECT value FROM meta WHERE key = 'mode'").fetchone()
    first = connection.execute("SELECT min(ts) FROM facts WHERE seq < 100").fetchone()
    head = read.read_head(connection)
    kept = connection.execute("SELECT seq, ts FROM snapshots ORDER BY seq").fetchall()
    return {
        "mode": "" if row is None else row[0],
        "first_ts": first[0] or 0,
        "last_ts": head.ts,
        "last_seq": head.seq,
        "snapshots": [list(pair) for pair in kept],
        "changes": read.read_kept(connection),
    }


def snapshot(connection: sqlite3.Connection, seq: int) -> dict[str, Any]:
    """The state as of ``seq``; no ``body`` when it is not kept, or is not what was written."""
    body = read.read_state(connection, seq)
    return {} if body is None else {"body": body}


def events(connection: sqlite3.Connection, after: int) -> dict[str, Any]:
    """Facts and market chunks behind ``after``, whole up to ``horizon``; ``done`` when that is the end."""
    facts = connection.execute(
        "SELECT seq, body FROM facts WHERE seq > ? ORDER BY seq LIMIT ?", (after, FACTS)
    ).fetchall()
    chunks = connection.execute(
        "SELECT last_seq, body FROM market WHERE last_seq > ? ORDER BY last_seq LIMIT ?", (after, CHUNKS)
    ).fetchall()
    full = [rows[-1][0] for rows, most in ((facts, FACTS), (chunks, CHUNKS)) if len(rows) == most]
    ends = [rows[-1][0] for rows in (facts, chunks) if rows]
    return {
        "facts": [list(row) for row in facts],
        "chunks": [row[1] for row in chunks],
        "horizon": min(full) if full else max(ends, default=after),
        "done": not full,
    }


def passage(connection: sqlite3.Connection, before: int) -> dict[str, Any]:
    """Outcomes and facts that led to something below ``before``, newest first."""
    outcomes = connection.execute(
        "SELECT o.seq, o.body, f.body FROM outcomes o LEFT JOIN facts f ON f.seq = o.seq"
        " WHERE o.seq < ? ORDER BY o.seq DESC LIMIT ?",
        (before, OUTCOMES),
    ).fetchall()
    return {"rows": [list(row) for row in outcomes]}


def boot(connection: sqlite3.Connection, seq: int) -> dict[str, Any]:
    """The settings in force at ``seq``: of the last start at or before it."""
    row = connection.execute(
        "SELECT body FROM facts WHERE seq <= ? AND kind = 'boot' ORDER BY seq DESC LIMIT 1", (seq,)
    ).fetchone()
    event = None if row is None else decode(row[0])
    return {"config_digest": event.config_digest if isinstance(event, Boot) else ""}


def near(connection: sqlite3.Connection, seq: int, by: int) -> dict[str, Any]:
    """The number of the ``by``-th decision from ``seq``; the outermost where there are fewer."""
    order, sign = ("ASC", ">") if by > 0 else ("DESC", "<")
    rows = connection.execute(
        f"SELECT seq FROM outcomes WHERE seq {sign} ? ORDER BY seq {order} LIMIT ?",
        (seq, min(1000, abs(by))),
    ).fetchall()
    return {"seq": rows[-1][0] if rows else seq}


def money(connection: sqlite3.Connection, ts: int) -> dict[str, Any]:
    """The profit with which the UTC day of ``ts`` began, and the highest up to ``ts`` (at first it was 0)."""
    day = ts - ts % 86_400_000
    rows = connection.execute(
        "SELECT ts, equity, realised, unrealised, fees, funding FROM equity WHERE ts <= ? AND ts >= ?"
        " ORDER BY ts LIMIT 1",
        (ts, day),
    ).fetchall()
    first = [float(rows[0][2]) + float(rows[0][3]) - float(rows[0][4]) + float(rows[0][5])] if rows else []
    high = connection.execute(
        "SELECT max(CAST(realised AS REAL) + CAST(unrealised AS REAL) - CAST(fees AS REAL)"
        " + CAST(funding AS REAL)) FROM equity WHERE ts <= ?",
        (ts,),
    ).fetchone()
    return {"day_pnl": first, "peak": max(0.0, high[0] or 0.0)}


PIECES: dict[str, Callable[..., dict[str, Any]]] = {
    "span": span,
    "snapshot": snapshot,
    "events": events,
    "passage": passage,
    "boot": boot,
    "near": near,
    "money": money,
}
"""Name → what reads it; its numbers come by name."""


def piece(connection: sqlite3.Connection, args: Mapping[str, str]) -> dict[str, Any]:
    """One piece, asked for in words. Raises ValueError for a name or number that is none."""
    numbers = {name: int(value) for name, value in args.items() if name != "what"}
    reader = PIECES.get(args.get("what", ""))
    if reader is None:
        raise ValueError(args.get("what", ""))
    try:
        return reader(connection, **numbers)
    except TypeError as error:
        raise ValueError(str(error)) from error
