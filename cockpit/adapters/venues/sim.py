"""The simulated venue as the execution worker sees it, and the memory that lets it survive our crash.

A real exchange does not forget our orders when we die. So every change of the simulated account is
written to ``venue.db`` before anybody hears of it: after ``kill -9`` the venue is where it was.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from cockpit.core import events as ev
from cockpit.core.intents import Action
from cockpit.core.matching import Exchange, World
from cockpit.core.registry import venue

SCHEMA = """
CREATE TABLE IF NOT EXISTS account (id INTEGER PRIMARY KEY CHECK (id = 1), body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS log (n INTEGER PRIMARY KEY, kind TEXT NOT NULL, body BLOB NOT NULL);
"""


@venue("sim")
class SimVenue:
    """Delivers requests into the simulated world, at the time ``now`` says."""

    name = "sim"

    def __init__(self, world: World, now: Callable[[], int]) -> None:
        self._world = world
        self._now = now

    async def submit(self, action: Action) -> None:
        """Never fails: this venue is in our own process. Its latency is the world's."""
        self._world.submit(action, self._now())

    async def close(self) -> None:
        """Nothing to close."""


class VenueMemory:
    """The venue's own books on disk: the account as one blob, fills and bills as an append-only log."""

    def __init__(self, path: Path, exchange: Exchange) -> None:
        self._exchange = exchange
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.executescript(SCHEMA)
        self._fills = 0
        self._bills = 0
        self._seen = -1

    def recall(self) -> bool:
        """Restore the exchange from the last run; False = there was none."""
        row = self._db.execute("SELECT body FROM account").fetchone()
        if row is None:
            return False
        logged: dict[str, list[ev.AnyEvent]] = {"fill": [], "bill": []}
        for kind, body in self._db.execute("SELECT kind, body FROM log ORDER BY n"):
            logged[kind].append(ev.decode(body))
        self._exchange.restore(row[0])
        self._exchange.fills.extend(logged["fill"])  # type: ignore[arg-type]
        self._exchange.bills.extend(logged["bill"])  # type: ignore[arg-type]
        self._fills, self._bills = len(logged["fill"]), len(logged["bill"])
        self._seen = self._exchange.changes
        return True

    def remember(self) -> None:
        """Write what changed since the last call; cheap when nothing did."""
        exchange = self._exchange
        if exchange.changes == self._seen:
            return
        self._seen = exchange.changes
        fills, bills = exchange.fills[self._fills :], exchange.bills[self._bills :]
        rows = [("fill", ev.encode(f)) for f in fills] + [("bill", ev.encode(b)) for b in bills]
        with self._db:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT INTO log (kind, body) VALUES (?, ?)", rows)
            self._db.execute("INSERT OR REPLACE INTO account VALUES (1, ?)", (exchange.export(),))
        self._fills += len(fills)
        self._bills += len(bills)

    def close(self) -> None:
        self.remember()
        self._db.close()
