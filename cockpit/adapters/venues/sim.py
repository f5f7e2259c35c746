"""The simulated venue as the execution worker sees it, and the memory that lets it survive our crash.

A real exchange does not forget our orders when we die. So every change of the simulated account is
written to ``venue.db`` before anybody hears of it: after ``kill -9`` the venue is where it was.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from cockpit.core import events as ev
from cockpit.core.intents import Action
from cockpit.core.matching import Exchange, World
from cockpit.core.registry import venue

SCHEMA = """
CREATE TABLE IF NOT EXISTS account (id INTEGER PRIMARY KEY CHECK (id = 1), body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS log (
    n INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL
);
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


class Told(Protocol):
    """Who counts the reports that have left the venue: a world, or a paper venue."""

    told: int


class VenueMemory:
    """The venue's own books on disk: the account as one blob; fills, bills and ended orders as a log."""

    def __init__(self, path: Path, exchange: Exchange, world: Told) -> None:
        self._exchange = exchange
        self._world = world
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        # kill -9 loses nothing that was written; this venue does not promise more than that.
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.executescript(SCHEMA)
        self._fills = self._bills = self._ended = 0
        self._told = -1

    def recall(self) -> bool:
        """Restore the exchange from the last run; False = there was none."""
        row = self._db.execute("SELECT body FROM account").fetchone()
        if row is None:
            return False
        fills: list[ev.Fill] = []
        bills: list[ev.FundingPaid | ev.Transfer] = []
        ended: list[tuple[str, bytes]] = []
        for kind, name, body in self._db.execute("SELECT kind, name, body FROM log ORDER BY n"):
            if kind == "ended":
                ended.append((name, body))
                continue
            fact = ev.decode(body)
            if isinstance(fact, ev.Fill):
                fills.append(fact)
            elif isinstance(fact, ev.FundingPaid | ev.Transfer):
                bills.append(fact)
        self._exchange.restore(row[0])
        self._exchange.remember(fills, bills, ended)
        self._fills, self._bills, self._ended = len(fills), len(bills), len(ended)
        self._told = self._world.told
        return True

    def remember(self) -> None:
        """Write what changed since the last call; cheap when nothing did."""
        if self._world.told == self._told:
            return
        self._told = self._world.told
        exchange = self._exchange
        rows = [("fill", "", ev.encode(f)) for f in exchange.fills[self._fills :]]
        rows += [("bill", "", ev.encode(b)) for b in exchange.bills[self._bills :]]
        gone = exchange.ended(self._ended)
        rows += [("ended", cid, body) for cid, body in gone]
        with self._db:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT INTO log (kind, name, body) VALUES (?, ?, ?)", rows)
            self._db.execute(
                "INSERT OR REPLACE INTO account VALUES (1, ?)", (exchange.export(history=False),)
            )
        self._fills, self._bills = len(exchange.fills), len(exchange.bills)
        self._ended += len(gone)

    def close(self) -> None:
        """Write and let go."""
        self.remember()
        self._db.close()
