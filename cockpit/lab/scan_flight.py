"""Everything on its way between the sleeve and the venue, in the one time order of ``matching.World``.

At one instant: settlements, early opens, the tape, requests that arrive, then deliveries as they happened;
a timer only when nothing else is due at its instant.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from cockpit.lab.scan_order import FAR

SETTLE, OPEN, TAPE, REQUEST, DELIVERY = range(5)
Happening = Callable[[int, Any], None]


class Flight:
    """A heap of (instant, rank, number, what, its argument). Instants of ranks below DELIVERY are the
    exchange's, those of deliveries and timers our own.
    """

    __slots__ = ("count", "deadline", "heap", "heard", "now", "order_ms", "report_ms", "reported", "timer")

    def __init__(self, order_ms: int, report_ms: int) -> None:
        self.order_ms = order_ms
        self.report_ms = report_ms
        self.heap: list[tuple[int, int, int, Happening, Any]] = []
        self.count = 0
        self.reported = 0
        """Arrival of the last report: none overtakes another."""
        self.now = 0
        """Our own time: nothing is learned before it."""
        self.heard = 0
        """When the last bar was learned."""
        self.deadline = 0
        """When the sleeve wants to be woken; 0 = never."""
        self.timer: Callable[[int], None] = _nothing

    def push(self, at: int, rank: int, what: Happening, argument: Any) -> None:
        self.count += 1
        heappush(self.heap, (at, rank, self.count, what, argument))

    def request(self, what: Happening, argument: Any) -> None:
        """Something is asked of the venue now."""
        self.count += 1
        heappush(self.heap, (self.now + self.order_ms, REQUEST, self.count, what, argument))

    def report(self, ts: int, what: Happening, argument: Any) -> None:
        """The venue says something that happened at ``ts``."""
        at = ts + self.report_ms
        if at < self.reported:
            at = self.reported
        self.reported = at
        self.count += 1
        heappush(self.heap, (at, DELIVERY, self.count, what, argument))

    def learn(self, at: int) -> int:
        """A delivery due at ``at`` is made: the time at which it is learned."""
        if at > self.now:
            self.now = at
        return self.now

    def until(self, key: tuple[int, ...]) -> None:
        """Let everything happen that comes before ``key`` (instant, rank[, number])."""
        heap = self.heap
        while True:
            if heap and heap[0] < key:
                at = heap[0][0]
                if 0 < self.deadline < at:
                    self.timer(self.learn(self.deadline))
                    continue
                _, _, _, what, argument = heappop(heap)
                what(at, argument)
            elif 0 < self.deadline < key[0]:
                self.timer(self.learn(self.deadline))
            else:
                return

    def drain(self, last: int) -> None:
        """The tape ended at ``last``: what is in flight still arrives, but nothing settles after it."""
        heap = self.heap
        while True:
            while heap and heap[0][1] == SETTLE and heap[0][0] > last + 1:
                heappop(heap)
            if not heap:
                return
            self.until((heap[0][0], heap[0][1], heap[0][2] + 1))

    @property
    def due(self) -> int:
        """The next instant at which anything is due."""
        first = self.heap[0][0] if self.heap else FAR
        return min(first, self.deadline) if self.deadline else first


def _nothing(_now: int) -> None:
    return
