"""A real daemon that trades ``cockpit exchange`` over a line that can be cut, and its judge."""

from __future__ import annotations

import contextlib
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cockpit.adapters.store.journal_file import JournalFile
from cockpit.app.drills.stage import Stage
from cockpit.app.drills.watching import entries, naked
from cockpit.core.config import ScreenConfig
from cockpit.core.errors import CockpitError
from cockpit.core.events import Boot, Link
from cockpit.core.intents import Place
from cockpit.core.orders import Role
from tests.chaos.proxy import Proxy

HELD = "BTC-USDT-SWAP"
NAKED_S = 5.0
"""How long a position may stand without its stop while the line is whole (I08)."""
PATIENCE_S = 90.0


class Bench(Stage):
    """A maker that is always at work, and a position behind a stop; all of it through ``line``."""

    SLEEVES = (("drill_holder", HELD), ("market_maker", "WIF-USDT-SWAP"))
    line: Proxy
    rested: Counter[str]
    """Fills when it was last at rest, by their number at the exchange."""

    def _open_exchange(self) -> None:
        super()._open_exchange()
        self.line = Proxy(urlsplit(self.ready["rest"]).port or 0)
        self.line.__enter__()
        self.ready["rest"] = f"http://127.0.0.1:{self.line.port}"

    def close(self) -> None:
        super().close()
        if hasattr(self, "line"):
            self.line.__exit__()

    def trading(self) -> bool:
        """Position covered, quotes resting, books compared."""
        truth = self.truth()
        held = any(Decimal(row["pos"]) for row in truth["positions"])
        live = any(row["state"] == "live" for row in entries(truth))
        status = self.status()
        listening = not any(up is False for up in status["links"].values())
        return held and live and listening and not naked(truth, HELD) and bool(status["reconciled"])

    def settled(self) -> bool:
        """What the cockpit believes is what the exchange knows, and nothing is naked."""
        status, truth = self.status(), self.truth()
        ours = {row["symbol"].removeprefix("okx:"): Decimal(row["qty"]) for row in status["positions"]}
        theirs = {row["instId"]: Decimal(row["pos"]) for row in truth["positions"]}
        same = {k: v for k, v in ours.items() if v} == {k: v for k, v in theirs.items() if v}
        asked = any(row["state"] in {"pending", "unknown"} for row in status["open_orders"])
        return bool(status["reconciled"]) and same and not asked and not naked(truth, HELD)

    def at_rest(self) -> bool:
        """It is settled, and for a second nobody traded: none of ``rested`` is on its way to us."""
        self.rested = fills(self.truth())
        time.sleep(1.0)
        return self.settled() and self.rested == fills(self.truth())

    def covered_within(self, seconds: float) -> float:
        """Seconds until nothing is naked. Fails after ``seconds``."""
        begin = time.monotonic()
        while naked(self.truth(), HELD):
            assert time.monotonic() - begin < seconds, naked(self.truth(), HELD)
            time.sleep(0.05)
        return time.monotonic() - begin


@contextmanager
def bench(folder: Path, seed: int = 7, kind: type[Bench] | None = None) -> Iterator[Bench]:
    """Up and trading."""
    folder.mkdir(mode=0o700, exist_ok=True)
    with (kind or Bench)(folder, seed, ScreenConfig()) as made:
        made.until(made.trading, PATIENCE_S)
        yield made


def judge(made: Bench) -> dict[str, int]:
    """Stops the daemon and reads both sides: nothing lost, nothing sent twice, no orphan, chain whole.

    Fills are compared one by one: what the exchange had traded when all was at rest is in the journal once,
    and nothing that it never traded. A maker's quotes rest on until the daemon is gone, so it may trade more
    while it ends; of that it may have heard or not.
    """
    made.until(made.at_rest, PATIENCE_S)
    made.stop_daemon()
    truth, log = made.truth(), [row for row in made.admin("log") if row["uid"] == made.uid]
    with JournalFile(made.folder / "cockpit.db") as journal:
        placed = Counter(
            action.cid
            for outcome in journal.outcomes()
            for action in outcome.actions
            if isinstance(action, Place)
        )
        booked = Counter(fill.trade_id for _, fill in journal.fills())
        deaf = deaf_entries(journal)
        rows = journal.verify()
    accepted = Counter(row["clOrdId"] for row in log if row["ordId"] and row["clOrdId"])
    known = {row["clOrdId"] for row in truth["orders"]} | {row["algoClOrdId"] for row in truth["algos"]}
    orphans = {cid for cid in known if cid.startswith("ck")} - {*placed}
    assert orphans == set(), f"the exchange knows orders that the journal does not: {orphans}"
    assert max(placed.values()) == 1, "an intent was decided twice"
    assert max(accepted.values(), default=1) == 1, "an order was taken twice"
    assert made.rested - booked == Counter(), "fills that were lost"
    assert booked - fills(truth) == Counter(), "fills that the exchange does not know, or not so often"
    assert deaf == [], f"entries without a stream that would tell of their fills: {deaf}"
    assert rows > 0
    return {"rows": rows, "orders": len(placed), "accepted": len(accepted), "fills": len(truth["fills"])}


def fills(truth: dict[str, Any]) -> Counter[str]:
    """How often the exchange tells of each."""
    return Counter(row["tradeId"] for row in truth["fills"])


def deaf_entries(journal: JournalFile) -> list[str]:
    """Entries that were decided while the account's stream was not up (I12)."""
    news = ((seq, fact) for seq, fact in journal.events() if isinstance(fact, Boot | Link))
    spans = [(0, False)]
    for seq, fact in news:
        if isinstance(fact, Boot) or fact.channel == "private":
            spans.append((seq, isinstance(fact, Link) and fact.up))
    firsts = [seq for seq, _ in spans]
    return [
        action.cid
        for outcome in journal.outcomes()
        for action in outcome.actions
        if isinstance(action, Place) and action.role is Role.ENTRY
        if not spans[bisect_right(firsts, outcome.seq) - 1][1]
    ]


def alive_or_started(made: Bench) -> None:
    """A daemon that a fault has ended is started again, as a person or systemd would."""
    if not made.alive:
        made.start_daemon()


@contextmanager
def quietly() -> Iterator[None]:
    """What a dead line makes of a question is no failure of the test."""
    with contextlib.suppress(CockpitError, OSError):
        yield
