"""Paper trading on a live market: the simulated exchange, fed by the real one's stream.

    live feed ──► put ──► exchange.market ──► inbox          same matching, margin and fees as everywhere,
    submit ──(order latency)──► exchange.request              queue position by the live book
    reports ──(report latency)──► inbox

Unlike a tape this market does not wait: requests and reports travel on the wall clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import msgspec

from cockpit.core import events as ev
from cockpit.core.intents import Action
from cockpit.core.matching import Exchange, Latency
from cockpit.core.matching.draws import draw
from cockpit.core.matching.world import Lane
from cockpit.core.registry import venue

T = TypeVar("T")

BEAT_S = 0.05
"""How often time passes at the exchange while the market is quiet (funding settles by time)."""


@venue("paper")
class PaperVenue:
    """Both ends: the feed puts facts in through ``put``, the execution worker requests through ``submit``."""

    name = "paper"

    def __init__(
        self,
        exchange: Exchange,
        inbox: Callable[[ev.AnyEvent], None],
        now_ms: Callable[[], int],
        latency: Latency | None = None,
        seed: int = 0,
    ) -> None:
        self.exchange = exchange
        self._inbox = inbox
        self._now_ms = now_ms
        latency = latency or Latency.constant(0, 20, 10)
        self._order = Lane(latency.order, draw(seed, 1))
        self._report = Lane(latency.report, draw(seed, 2))
        self.told = 0
        """Reports that have left the venue: it changed whenever this did."""
        self.remember: Callable[[], None] = _nothing
        """Called before anybody hears of a change, so that a crash forgets nothing that was told."""

    def put(self, event: ev.AnyEvent) -> None:
        """A fact of the live market: the venue sees it first, then the machine."""
        if event.__class__ in ev.MARKET or isinstance(event, ev.Listing):
            self.exchange.market(event, max(event.ts, 1))
            if self.exchange.reports:
                self._tell()
        self._inbox(event)

    async def submit(self, action: Action) -> None:
        """Never fails: this venue is in our own process. The request arrives after its latency."""
        self._travel(self._order, self._arrive, action)

    async def run(self) -> None:
        """Let time pass at the exchange."""
        while True:
            now = self._now_ms()
            if now >= self.exchange.wake:
                self.exchange.advance(now)
                self._tell()
            await asyncio.sleep(BEAT_S)

    async def close(self) -> None:
        """Nothing to close."""

    def _travel(self, lane: Lane, arrive: Callable[[T], None], what: T) -> None:
        """Call ``arrive`` when the way allows; nothing on a way overtakes what was sent before it."""
        now = self._now_ms()
        asyncio.get_running_loop().call_later((lane.arrival(now) - now) / 1_000, arrive, what)

    def _arrive(self, action: Action) -> None:
        self.exchange.request(action, self._now_ms())
        self._tell()

    def _tell(self) -> None:
        reports = [*self.exchange.reports]
        self.exchange.reports.clear()
        if not reports:
            return
        self.told += len(reports)
        self.remember()
        self._travel(self._report, self._deliver, reports)

    def _deliver(self, reports: list[ev.AnyEvent]) -> None:
        now = self._now_ms()
        for report in reports:
            self._inbox(msgspec.structs.replace(report, ts=now))


def _nothing() -> None:
    """Until a memory is attached."""
