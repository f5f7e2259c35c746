"""Books that are crossed although nothing was lost: told, and asked for anew.

A feed knows its chain, only the machine knows the book. One whose best bid is not below its best ask is not
traded on from that very update; here it is said, and the feed is told to mend it, until it is whole again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from cockpit.core import events as ev
from cockpit.core.slots import Market

BEAT_S = 0.25
AGAIN_S = 3.0
"""A book that is still crossed is asked for once more."""


async def mend(
    markets: Mapping[str, Market],
    ask: Callable[[str], None],
    put: Callable[[ev.AnyEvent], None],
    now_ms: Callable[[], int],
) -> None:
    """Watch the machine's books; ``ask`` has a market's book sent anew. Runs until cancelled."""
    time = asyncio.get_running_loop().time
    seen = {symbol: market.book.crossed for symbol, market in markets.items()}
    asked: dict[str, float] = {}
    while True:
        await asyncio.sleep(BEAT_S)
        for symbol, market in markets.items():
            book = market.book
            if book.crossed != seen.get(symbol, 0):
                seen[symbol] = book.crossed
                put(ev.DataFault(now_ms(), symbol, "crossed", f"{book.best_bid} bid, {book.best_ask} asked"))
                if not book.ok:
                    asked.setdefault(symbol, 0.0)
            if book.ok:
                asked.pop(symbol, None)
            elif symbol in asked and time() - asked[symbol] >= AGAIN_S:
                asked[symbol] = time()
                ask(symbol)
