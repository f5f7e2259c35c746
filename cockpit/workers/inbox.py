"""The one door in. Account news and commands are never dropped; market data under pressure is conflated.

Order of service: account > command > timer > market. Within a kind, order of arrival.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

import msgspec

from cockpit.core import events as ev

HIGH_WATER = 2_000
"""Market events waiting above which the newest replaces or absorbs the one before it."""
BATCH = 256


class Inbox:
    """A feed for the kernel, filled by any number of workers on the same loop."""

    lockstep = False

    def __init__(self, high_water: int = HIGH_WATER) -> None:
        self._urgent: deque[ev.AnyEvent] = deque()
        self._market: deque[ev.AnyEvent] = deque()
        self._wake = asyncio.Event()
        self._ended = False
        self.high_water = high_water
        self.conflated = 0
        self.received = 0

    def put(self, event: ev.AnyEvent) -> None:
        """Take a fact in; never waits, never refuses an account fact."""
        if event.__class__ in ev.MARKET:
            self.received += 1
            if len(self._market) >= self.high_water and event.__class__ is not ev.Bar:
                self._conflate(event)
            else:
                self._market.append(event)
        elif isinstance(event, ev.Command) and event.verb == "halt":
            self._urgent.appendleft(event)
        else:
            self._urgent.append(event)
        self._wake.set()

    def end(self) -> None:
        """No more will come: ``take`` drains and then returns an empty batch."""
        self._ended = True
        self._wake.set()

    @property
    def queued(self) -> int:
        return len(self._urgent) + len(self._market)

    async def take(self) -> Sequence[ev.AnyEvent]:
        """The next batch; empty when the inbox has ended."""
        while not (self._urgent or self._market):
            if self._ended:
                return ()
            self._wake.clear()
            await self._wake.wait()
        batch: list[ev.AnyEvent] = list(self._urgent)
        self._urgent.clear()
        market = self._market
        while market and len(batch) < BATCH:
            batch.append(market.popleft())
        return batch

    async def close(self) -> None:
        self.end()

    def _conflate(self, event: ev.AnyEvent) -> None:
        """Fold the newcomer into the last waiting event of its kind and symbol, or drop the oldest trade."""
        self.conflated += 1
        waiting = self._market
        for i in range(len(waiting) - 1, max(-1, len(waiting) - 64), -1):
            old = waiting[i]
            if old.__class__ is not event.__class__ or old.symbol != event.symbol:  # type: ignore[union-attr]
                continue
            if isinstance(event, ev.BookDelta) and isinstance(old, ev.BookDelta):
                if event.prev_seq not in (-1, old.seq):
                    break
                waiting[i] = _merged(old, event)
                return
            if isinstance(event, ev.Touch | ev.Mark | ev.OpenInterest | ev.BookSnapshot):
                waiting[i] = event
                return
            break
        if isinstance(event, ev.Trade):
            return
        waiting.append(event)


def _merged(old: ev.BookDelta, new: ev.BookDelta) -> ev.BookDelta:
    """One delta with the effect of both."""
    bids = {**dict(old.bids), **dict(new.bids)}
    asks = {**dict(old.asks), **dict(new.asks)}
    return msgspec.structs.replace(
        new, bids=tuple(bids.items()), asks=tuple(asks.items()), prev_seq=old.prev_seq
    )
