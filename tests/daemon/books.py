"""The venue's own memory against the cockpit's journal, both as found on disk."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

from cockpit.adapters import practice
from cockpit.adapters.store.journal_file import JournalFile
from cockpit.adapters.venues.sim import VenueMemory
from cockpit.core.events import Reject
from cockpit.core.intents import Place
from cockpit.core.matching import Exchange, Rules, World


def venue_of(folder: Path) -> Exchange:
    """The simulated venue as it would wake up."""
    exchange = Exchange(practice.instruments(practice.PracticeSpec()), {}, Rules())
    memory = VenueMemory(folder / "venue.db", exchange, World(iter(()), exchange))
    assert memory.recall()
    memory.close()
    return exchange


def assert_equal_books(folder: Path, status: dict[str, Any]) -> None:
    """Orders, positions, money and fills as the cockpit tells them = the venue's, exactly."""
    exchange = venue_of(folder)
    report = exchange.account(0)
    ours = {k: Decimal(v) for k, v in status["balances"].items() if Decimal(v)}
    assert ours == {k: v for k, v in report.balances.items() if v}
    positions = {(p["symbol"], p["side"]): Decimal(p["qty"]) for p in status["positions"]}
    assert positions == {(p.symbol, str(p.pos_side)): p.qty for p in report.positions}
    assert status["fills"] == len(exchange.fills)
    resting = {o.cid for o in report.orders}
    known = {o["cid"] for o in status["open_orders"]}
    in_flight = {o["cid"] for o in status["open_orders"] if o["state"] in {"pending", "sent", "unknown"}}
    assert resting - known == set()
    assert known - resting <= in_flight


def assert_nothing_sent_twice(folder: Path) -> None:
    """Each client id was decided once, and the venue never saw one again."""
    with JournalFile(folder / "cockpit.db") as journal:
        placed = Counter(
            action.cid
            for outcome in journal.outcomes()
            for action in outcome.actions
            if isinstance(action, Place)
        )
        assert placed
        assert max(placed.values()) == 1
        again = [e for _, e in journal.events() if isinstance(e, Reject) and e.code == "51016"]
        assert again == []
        assert journal.verify() >= 0
