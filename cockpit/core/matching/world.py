"""The distance between the venue and us: market data, requests and reports in flight, in one time order.

Two clocks. *Exchange time*: the tape, the arrival of our requests, funding, the open of a bar. *Local time*:
when we learn a thing; it is the ``ts`` of what :meth:`World.next` gives and never goes back. At one instant
exchange things come first, then deliveries in the order in which they happened; a request sent at local time
t meets nothing of the tape that is later than t + latency, and nothing that was already past.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import msgspec

from cockpit.core.events import AnyEvent, Bar, OrderReport, Timer
from cockpit.core.intents import Action, Place, Query
from cockpit.core.matching.desk import FAR
from cockpit.core.matching.draws import draw
from cockpit.core.matching.exchange import Exchange
from cockpit.core.matching.rules import Latency, LatencyModel

Parcel = tuple[int, int, AnyEvent]
"""(local time of delivery, sequence, event)"""


class Lane:
    """One way of messages: each takes its own delay, none overtakes another."""

    __slots__ = ("fixed", "last", "model", "seed", "sent")

    def __init__(self, model: LatencyModel, seed: int) -> None:
        self.model = model
        self.fixed = model.base if model.kind == "constant" else -1
        self.seed = seed
        self.sent = 0
        self.last = 0

    def arrival(self, ts: int) -> int:
        """When a message sent at ``ts`` arrives."""
        at = ts + (self.fixed if self.fixed >= 0 else self.model.ms(self.seed, self.sent))
        self.sent += 1
        if at > self.last:
            self.last = at
        return self.last


class World:
    """Merges the tape, our requests and the venue's reports into the one stream that we learn."""

    def __init__(
        self, tape: Iterator[AnyEvent], exchange: Exchange, latency: Latency | None = None, seed: int = 0
    ) -> None:
        latency = latency or Latency()
        self._tape = iter(tape)
        self._exchange = exchange
        ways = (latency.feed, latency.order, latency.report)
        self._lanes = [Lane(model, draw(seed, at)) for at, model in enumerate(ways)]
        self._instant = latency.feed.instant
        self._head: AnyEvent | None = next(self._tape, None)
        self._ahead: deque[AnyEvent] = deque()
        """Tape that had to be read early to find the open of a bar."""
        self._feed: deque[Parcel] = deque()
        self._back: deque[Parcel] = deque()
        self._out: deque[tuple[int, Action]] = deque()
        self._openings: list[tuple[int, int, Bar]] = []
        self._placing: dict[str, int] = {}
        """Orders on their way to the venue, by client id."""
        self._count = 0
        self._last_tape = 0
        self._quiet = self._instant
        """Nothing is in flight: the next event of the tape is the next event."""
        self._reports = exchange.reports
        self.told = 0
        """Reports that have left the venue: it changed whenever this did."""
        self.now = 0
        """Local time (UTC ms): the ``ts`` of the newest event we have learned."""

    def next(self, deadline: int = 0) -> AnyEvent | None:
        """The next event as we learn it; ``Timer(deadline)`` if that instant (0 = none) comes first.

        None: the tape is over and nothing is in flight.
        """
        head = self._head
        if self._quiet and head is not None:
            ts = head.ts
            if ts >= self.now and (not deadline or ts <= deadline) and ts < self._exchange.wake:
                self._head = self._ahead.popleft() if self._ahead else next(self._tape, None)
                self._exchange.market(head, ts)
                if not self._reports:
                    self.now = self._last_tape = ts
                    return head
                self._last_tape = ts
                self._collect()
                self._deliver_later(head, ts)
        return self._slowly(deadline)

    def submit(self, action: Action, ts: int) -> None:
        """We send a request at local time ``ts``; it arrives when the way there allows."""
        if type(action) is Place:
            self._placing[action.cid] = self._placing.get(action.cid, 0) + 1
        self._out.append((self._lanes[1].arrival(max(ts, self.now)), action))
        self._quiet = False

    def untold(self) -> Iterator[AnyEvent]:
        """All of the tape that has not happened yet, taken out of this world: for another one over it."""
        head, self._head = self._head, None
        if head is not None:
            yield head
            yield from self._ahead
            yield from self._tape

    def peek_ts(self) -> int | None:
        """When the next event can come at the earliest, for pacing against a wall clock; None = never.

        Nothing is consumed and nothing happens: a request sent meanwhile still meets the market in order.
        """
        times = [self._delivery()]
        if self._out:
            times.append(self._out[0][0])
        if self._openings:
            times.append(self._openings[0][0])
        if self._head is not None:
            feed = self._lanes[0]
            times.append(max(feed.last, self._head.ts + feed.model.ms(feed.seed, feed.sent)))
        wake = self._exchange.wake
        if self._head is not None or wake <= self._last_tape + 1:
            times.append(wake)
        at = min(times)
        return None if at >= FAR else max(at, self.now)

    # --- the slow way: something is in flight -----------------------------------------------------

    def _slowly(self, deadline: int) -> AnyEvent | None:
        limit = deadline or FAR
        while True:
            if (played := self._play(limit)) is not None:
                return played
            happening = self._soonest()
            local = self._delivery()
            if happening <= min(local, limit) and happening < FAR:
                self._happen(happening)
            elif limit < local and (happening < FAR or local < FAR):
                self.now = max(limit, self.now)
                return Timer(self.now)
            elif local < FAR:
                return self._deliver()
            else:
                return None

    def _play(self, limit: int) -> AnyEvent | None:
        """While market data is all there is: the tape happens up to the next delivery, which is made."""
        feed, exchange, lane, ahead = self._feed, self._exchange, self._lanes[0], self._ahead
        while not (self._back or self._out or self._openings):
            head = self._head
            due = feed[0][0] if feed else FAR
            wake = exchange.wake
            if head is not None and (ts := head.ts) <= due:
                if ts > limit or ts >= wake:
                    return None
                self._head = ahead.popleft() if ahead else next(self._tape, None)
                exchange.market(head, ts)
                if ts > self._last_tape:
                    self._last_tape = ts
                if self._reports:
                    self._collect()
                self._count += 1
                feed.append((lane.arrival(ts), self._count, head))
                self._quiet = False
            elif due <= limit and due < wake and due < FAR:
                return self._deliver()
            else:
                return None
        return None

    def _soonest(self) -> int:
        """The next instant of exchange time at which something happens."""
        at = self._head.ts if self._head is not None else FAR
        if self._out and self._out[0][0] < at:
            at = self._out[0][0]
        if self._openings and self._openings[0][0] < at:
            at = self._openings[0][0]
        wake = self._exchange.wake
        if wake < at and (self._head is not None or wake <= self._last_tape + 1):
            at = wake
        return at

    def _delivery(self) -> int:
        at = self._back[0][0] if self._back else FAR
        return min(at, self._feed[0][0]) if self._feed else at

    def _happen(self, at: int) -> None:
        """One thing of exchange time. The tape comes before requests: a tie is to our disadvantage."""
        head = self._head
        if self._exchange.wake <= at:
            self._exchange.advance(at)
            self._collect()
        elif self._openings and self._openings[0][0] <= at:
            self._exchange.opening(self._openings.pop(0)[2])
            self._collect()
        elif head is not None and head.ts <= at:
            self._head = self._ahead.popleft() if self._ahead else next(self._tape, None)
            self._exchange.market(head, head.ts)
            self._last_tape = max(self._last_tape, head.ts)
            self._collect()
            self._deliver_later(head, head.ts)
        elif self._out:
            self._arrive(*self._out.popleft())

    def _arrive(self, at: int, action: Action) -> None:
        if type(action) is Place:
            self._placing[action.cid] -= 1
            if not self._placing[action.cid]:
                del self._placing[action.cid]
        self._exchange.request(action, at)
        if type(action) is Query and action.cid in self._placing:
            self._doubt()
        self._collect()
        self._look_for_opens(at)

    def _doubt(self) -> None:
        """The order may still be on its way: "not found" proves nothing."""
        report = self._reports[-1]
        if isinstance(report, OrderReport) and not report.found:
            self._reports[-1] = msgspec.structs.replace(report, proof=False)

    def _look_for_opens(self, at: int) -> None:
        """A market order on bars trades at the next open, which must be known before that bar's close."""
        grace = self._exchange.grace
        for symbol, arrived, tf in self._exchange.waiting():
            if any(bar.symbol == symbol for _, _, bar in self._openings):
                continue
            bar = self._find_bar(symbol, tf, arrived - grace, arrived + 2 * tf)
            if bar is not None:
                self._count += 1
                self._openings.append((max(arrived, bar.ts - bar.tf, at), self._count, bar))
        self._openings.sort(key=lambda row: row[:2])

    def _find_bar(self, symbol: str, tf: int, earliest: int, horizon: int) -> Bar | None:
        """The first bar of ``symbol`` that opens at ``earliest`` or later; reads no further than needed."""
        at = 0
        event = self._head
        while event is not None and event.ts <= horizon:
            if type(event) is Bar and (event.symbol, event.tf) == (symbol, tf) and event.ts - tf >= earliest:
                return event
            if at == len(self._ahead):
                following = next(self._tape, None)
                if following is None:
                    return None
                self._ahead.append(following)
            event = self._ahead[at]
            at += 1
        return None

    def _collect(self) -> None:
        """Reports leave the venue."""
        if not self._reports:
            return
        lane = self._lanes[2]
        for report in self._reports:
            self._count += 1
            self._back.append((lane.arrival(report.ts), self._count, report))
        self.told += len(self._reports)
        self._reports.clear()
        self._quiet = False

    def _deliver_later(self, event: AnyEvent, ts: int) -> None:
        self._count += 1
        self._feed.append((self._lanes[0].arrival(ts), self._count, event))
        self._quiet = False

    def _deliver(self) -> AnyEvent:
        feed, back = self._feed, self._back
        source = back if back and (not feed or back[0][:2] < feed[0][:2]) else feed
        at, _, event = source.popleft()
        self.now = max(self.now, at)
        if not (self._out or feed or back or self._openings):
            self._quiet = self._instant
        if event.ts == self.now:
            return event
        return msgspec.structs.replace(event, ts=self.now)
