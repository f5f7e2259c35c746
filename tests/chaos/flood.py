"""``python -m tests.chaos.flood --daemon …``: the cockpit, whose market says in minutes what takes days.

The real program on its real line; one more worker hands trades of its first market over as fast as they are
journalled, until ``CHAOS_ROWS`` facts are there. Prices repeat what the exchange itself said last.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable

from cockpit.app import wiring
from cockpit.app.wiring import Wiring
from cockpit.cli import main
from cockpit.core import events as ev
from cockpit.core.engine import Engine
from cockpit.core.types import Side
from cockpit.workers.inbox import Inbox

ROWS = "CHAOS_ROWS"
BATCH = 500
"""At a time, and then the machine's other work has its turn; too few to be conflated."""


async def flood(inbox: Inbox, engine: Engine, now_ms: Callable[[], int], rows: int) -> None:
    """Runs until there are so many facts, then waits to be ended."""
    while engine.state.seq < rows:
        await asyncio.sleep(0.001)
        market = next((m for m in engine.markets.values() if m.book.ok), None)
        if market is None or inbox.queued > BATCH:
            continue
        price = market.book.best_bid
        for _ in range(BATCH):
            inbox.put(ev.Trade(now_ms(), market.instrument.symbol, 0, price, 1.0, Side.SELL))
    await asyncio.Event().wait()


def wire(rows: int) -> None:
    """Adds that worker to the live wiring of this process."""
    live: Callable[[object, Engine], Wiring] = wiring._live

    def flooded(source: object, engine: Engine) -> Wiring:
        made = live(source, engine)
        assert isinstance(made.door, Inbox)
        inbox = made.door
        made.jobs["flood"] = lambda: flood(inbox, engine, made.clock.now_ms, rows)
        return made

    wiring._live = flooded


if __name__ == "__main__":
    wire(int(os.environ[ROWS]))
    sys.exit(main())
