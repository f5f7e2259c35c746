"""Markets that only the account knows: a person trades there, and nothing here has named them.

Their fills and funding belong into the books (cash is one for the whole account), and cannot be booked before
the market's terms are known. So they wait, in their order, until the exchange has told the terms, which go
first, as a ``Listing``; a reading of the account meanwhile proves nothing. What the exchange lists as nothing
that can be kept here (an option, a dated future) is passed on as it is, and the engine says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import msgspec

from cockpit.core import events as ev
from cockpit.core.errors import Transient
from cockpit.core.types import Instrument

AGAIN_S = 5.0
Put = Callable[[ev.AnyEvent], None]
Fetch = Callable[[str], Awaitable[Instrument | None]]
"""A symbol's terms; None: nothing that can be kept here. Raises Transient: ask again."""


class Newcomers:
    """Stands between an account and the inbox. ``put`` takes what the account says, ``run`` asks."""

    def __init__(self, known: Iterable[str], put: Put, now_ms: Callable[[], int], fetch: Fetch) -> None:
        self._known = set(known)
        self._put = put
        self._now_ms = now_ms
        self._fetch = fetch
        self._waiting: dict[str, list[ev.AnyEvent]] = {}
        self._asked = asyncio.Event()

    def put(self, event: ev.AnyEvent) -> None:
        """Pass one fact on, or keep it until its market is known."""
        if isinstance(event, ev.Fill | ev.FundingPaid):
            if event.symbol not in self._known:
                self._wait_for(event.symbol).append(event)
                return
        elif isinstance(event, ev.AccountReport):
            named = [row.symbol for row in event.positions] + [row.symbol for row in event.orders]
            for symbol in named:
                self.want(symbol)
            if self._waiting:
                event = msgspec.structs.replace(event, complete=False)
        self._put(event)

    def want(self, symbol: str) -> None:
        """A market that is met without a fill: held or ordered before, or by a sleeve no longer named."""
        if symbol not in self._known:
            self._wait_for(symbol)

    async def run(self) -> None:
        """Ask for the terms of whatever waits, until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            for symbol in list(self._waiting):
                await self._learn(symbol)
            if self._waiting:
                await asyncio.sleep(AGAIN_S)
                self._asked.set()

    def _wait_for(self, symbol: str) -> list[ev.AnyEvent]:
        self._asked.set()
        return self._waiting.setdefault(symbol, [])

    async def _learn(self, symbol: str) -> None:
        try:
            found = await self._fetch(symbol)
        except Transient as error:
            self._put(ev.DataFault(self._now_ms(), symbol, "listing", str(error)))
            return
        self._known.add(symbol)
        if found is not None:
            self._put(ev.Listing(self._now_ms(), found))
        for event in self._waiting.pop(symbol):
            self._put(event)
