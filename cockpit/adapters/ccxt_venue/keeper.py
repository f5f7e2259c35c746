"""One book's chain: which updates may be passed on, and when a whole book must be asked for.

    no whole book ──updates are kept──► whole book comes ──kept ones that reach beyond it──► chained
         ▲                                                                                    │
         └──────────────── an update that does not follow the last one ◄──────────────────────┘

The first update behind a snapshot must span it: it begins at or before the snapshot's number and ends behind
it. From then on each begins where the last one ended. Source: Binance "How to manage a local order book".
"""

from __future__ import annotations

from collections import deque

import msgspec

from cockpit.core import events as ev

KEPT = 2_000
"""Updates kept while no whole book is known; about 200 s of the busiest stream."""


class Keeper:
    """The chain of one symbol."""

    def __init__(self, *, keeps: bool) -> None:
        """``keeps``: the snapshot comes by another road, so updates before it may still follow it."""
        self._keeps = keeps
        self.last = -1
        """Number of the newest state that is known whole; -1 = none."""
        self._fresh = False
        """Nothing has been chained to the snapshot yet."""
        self._kept: deque[ev.BookDelta] = deque(maxlen=KEPT)

    @property
    def whole(self) -> bool:
        return self.last >= 0

    def lose(self) -> None:
        """The connection is gone: nothing of the book is known any more."""
        self.last = -1
        self._kept.clear()

    def snapshot(self, event: ev.BookSnapshot) -> list[ev.AnyEvent]:
        """A whole book, and the kept updates that follow it."""
        self.last = event.seq
        self._fresh = True
        facts: list[ev.AnyEvent] = [event]
        kept = list(self._kept)
        self._kept.clear()
        for delta in kept:
            facts += self.delta(msgspec.structs.replace(delta, ts=event.ts))
        return facts

    def delta(self, event: ev.BookDelta) -> list[ev.AnyEvent]:
        """The update as it may be passed on; a broken one too, so that the machine's book knows it."""
        if not self.whole:
            self._keep(event)
            return []
        if event.seq <= self.last:
            return []  # it came twice, or the whole book holds it already
        linked = event.prev_seq == self.last
        spans = self._fresh and event.prev_seq <= self.last
        if not (linked or spans):
            last, self.last = self.last, -1
            self._keep(event)
            detail = f"expected {last}, got {event.prev_seq} → {event.seq}"
            return [event, ev.DataFault(event.ts, event.symbol, "gap", detail)]
        fact = msgspec.structs.replace(event, prev_seq=self.last)
        self._fresh = False
        self.last = event.seq
        return [fact]

    def _keep(self, event: ev.BookDelta) -> None:
        if self._keeps:
            self._kept.append(event)
