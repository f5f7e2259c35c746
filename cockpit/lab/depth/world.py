"""The World around the machine: the kernel asks it for the next event and gets the next that concerns it.

What lies between two such events has happened in the arrays. Before the kernel looks, whatever it may look
at is brought up to date (``_wake``); before the machine goes on, it learns what has changed (``_sleep``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import nan
from typing import Any

import msgspec

from cockpit.core import events as ev
from cockpit.core.engine import Engine
from cockpit.core.intents import Action, Place, Query
from cockpit.core.matching import Exchange, Latency
from cockpit.core.matching.draws import draw
from cockpit.core.matching.world import Lane
from cockpit.core.outside import next_due
from cockpit.core.slots import Slot
from cockpit.lab.backtest import Clock
from cockpit.lab.compiled.reasons import Unsupported
from cockpit.lab.depth.answers import Answers
from cockpit.lab.depth.columns import Columns
from cockpit.lab.depth.eligible import refusal
from cockpit.lab.depth.memory import Block
from cockpit.lab.depth.pen import Pad
from cockpit.lab.depth.points import Points
from cockpit.lab.depth.quoter import Observe, Quoter
from cockpit.lab.depth.records import (
    BEAT,
    DELTA,
    DUE,
    END,
    FAR,
    FULL,
    KERNEL,
    MARK,
    PAUSE,
    RARE,
    REPORT,
    REQUEST,
    SNAPSHOT,
    TIMER,
    TRADE,
    VENUE,
    WISH,
    Event,
)
from cockpit.lab.depth.shown import ArrayBook
from cockpit.lab.depth.venue import SIDES
from cockpit.lab.depth.venue import Place as Spot

CROWDED = "more market data on its way at one time than there is room for"
STRIDE = 1 << 16
"""Events after which memory is given back."""
BOOKS = (ev.BookDelta, ev.BookSnapshot, ev.Touch)
KINDS = {"constant": 0, "jitter": 1, "recorded": 2}


class DepthWorld:
    """As ``matching.World``, over columns. ``run`` is the compiled machine."""

    def __init__(
        self, columns: Columns, exchange: Exchange, latency: Latency, seed: int, arrays: Any,
        run: Callable[[int], int], clock: Clock | None = None, alone: Callable[[int], int] | None = None,
    ) -> None:  # fmt: skip
        """``alone``: the same for a maker of quotes that needs no kernel."""
        self.exchange = exchange
        self._latency = latency
        self.columns = columns
        self.arrays = arrays
        self.slept = 0
        """Events that the kernel did not have to hear of."""
        self.now = 0
        self._run = run
        self._alone: Callable[[int], int] = alone or run
        self.quoter: Quoter | None = None
        self._clock = clock
        self._at = arrays.cells.at
        self.v: Any = arrays.cells.whole
        """The machine's own numbers, where they lie."""
        ways = (latency.feed, latency.order, latency.report)
        self._lanes = [Lane(model, draw(seed, at)) for at, model in enumerate(ways)]
        self.ways = self._lanes[1:]
        """Of our requests, and of the venue's reports."""
        self._back: deque[tuple[int, int, ev.AnyEvent]] = deque()
        self._out: deque[tuple[int, Action]] = deque()
        self._placing: dict[str, int] = {}
        self._reports = exchange.reports
        self._ran = True
        """The venue has gone on since the machine was told of it; until it does, the machine knows more."""
        self._events = Block(arrays.events, Event)
        feed, at = latency.feed, self._at
        self.v[at.instant], self.v[at.latency] = int(feed.instant), KINDS[feed.kind]
        self.v[at.shortest], self.v[at.spread] = feed.base, feed.spread
        self.v[at.slack], self.v[at.speaks] = min((latency.order.base, *latency.order.series)), 1
        seed = self._lanes[0].seed
        self.v[at.seed] = seed - (1 << 64) if seed >= 1 << 63 else seed

    def attach(self, engine: Engine, slot: Slot, pad: Pad, observe: Observe | None = None) -> None:
        """Put the arrays in the place of the books that engine and venue would keep themselves.

        ``observe`` is told the fills of a maker that the machine drives alone.
        """
        self.engine, self.slot, self.pad = engine, slot, pad
        symbol = slot.sleeve.symbol
        self.mine = self.v[self._at.mine] = self.columns.symbols.index(symbol)
        self.market = engine.markets[symbol]
        self.book = ArrayBook(self.arrays.prices)
        self.market.book = slot.view.book = self.book
        self.place = Spot(self.exchange, self.arrays, symbol, self.mine)
        self.answers = Answers(engine, slot, self.arrays, self._back, self.columns.rare)
        pad.begin(self, engine, slot)
        if self._alone is not self._run and not refusal(engine, slot, self.exchange, self._latency):
            points = self._clock if isinstance(self._clock, Points) else None
            self.quoter = Quoter(self, engine, slot, observe, points)

    @property
    def went_alone(self) -> bool:
        """Has the machine taken a maker over?"""
        return self.quoter is not None and self.quoter.begun

    # --- what the kernel asks -------------------------------------------------------------------------------

    def peek_ts(self) -> int | None:
        """When the first event comes."""
        if not len(self.columns):
            return None
        lane = self._lanes[0]
        return int(self.columns.events["ts"][0]) + lane.model.ms(lane.seed, 0)

    def submit(self, action: Action, ts: int) -> None:
        """We send a request at local time ``ts``."""
        if type(action) is Place:
            self._placing[action.cid] = self._placing.get(action.cid, 0) + 1
        self._out.append((self._lanes[1].arrival(max(ts, self.now)), action))

    def next(self, deadline: int = 0) -> ev.AnyEvent | None:
        """The next event that concerns the kernel; None when all is over. Raises Unsupported."""
        v, at = self.v, self._at
        v[at.deadline] = deadline
        self.answers.stale = True
        self._timer()
        self.pad.sleep()
        if self.quoter is not None and not (self._out or self._back) and self.quoter.able():
            self._sleep()
            self.quoter.begin()
            self._quote(self.quoter)
            return None
        while True:
            self._sleep()
            code = self._asleep()
            if code == VENUE:
                self._venue()
            elif code == REQUEST:
                self._request()
            elif code == DUE:
                self._wake()
                self._meet()
                assert self._clock is not None
                self._clock.before(v[at.soon])
            elif code == FULL:
                raise Unsupported(CROWDED)
            else:
                self._wake()
                return self._told(code)

    def _quote(self, quoter: Quoter) -> None:
        """The machine goes on alone, to the end of the tape. Raises Unsupported."""
        v, at = self.v, self._at
        while True:
            v[at.pause] = v[at.head] + STRIDE if self.columns.pages else FAR
            code = self._alone(self.arrays.address)
            if code == PAUSE:
                self.columns.pages.release()
            elif code in (VENUE, KERNEL):
                v[at.told] = 0
                quoter.rare(self.columns.rare[v[at.at]], heard=code == KERNEL)
                self._passed(code)
            elif code == REQUEST:
                quoter.settling.due()
            elif code == REPORT:
                quoter.settling.told()
            elif code == FULL:
                raise Unsupported(CROWDED)
            else:
                quoter.book()
                self._wake()
                if code == END:
                    return quoter.close()
                assert self._clock is not None
                self._clock.before(v[at.soon])
                v[at.due] = self._clock.due

    def _passed(self, code: int) -> None:
        """A fact that says nothing has happened, or has been heard."""
        v, at = self.v, self._at
        if code == KERNEL:
            v[at.heard] += 1
            return
        v[at.last_tape] = max(v[at.last_tape], self.columns.rare[v[at.at]].ts)
        if v[at.told] or not v[at.quick]:
            v[at.quick], v[at.depart] = 0, 1

    def _asleep(self) -> int:
        """Let the machine go on; why it stopped. On its way it gives back the memory that it has left."""
        v, at, pages = self.v, self._at, self.columns.pages
        while True:
            v[at.pause] = v[at.head] + STRIDE if pages else FAR
            code = self._run(self.arrays.address)
            if code != PAUSE:
                self.answers.book()
                return code
            pages.release()

    def _told(self, code: int) -> ev.AnyEvent | None:
        v, at = self.v, self._at
        if code == END:
            self._meet()
            return None
        if code in (TIMER, BEAT):
            if code == BEAT:
                self.slot.sleeve.timer_at = self.now
                self.pad.wrote(timer=True)
            self.now = v[at.now] = self.now if code == BEAT else max(v[at.deadline], self.now)
            return ev.Timer(self.now)
        if code == REPORT:
            arrives, _, event = self._back.popleft()
            self.now = v[at.now] = max(self.now, arrives)
        else:
            event = self._event(v[at.at])
            if code == WISH:
                self.book.told = bool(v[at.whole])
                self.pad.wrote()
        return event if event.ts == self.now else msgspec.structs.replace(event, ts=self.now)

    def _event(self, i: int) -> ev.AnyEvent:
        """An event for the kernel. Levels are in the arrays: it is not told them again."""
        row, at = self._events.read(i), self._events.at
        kind, ts = row[at.kind], row[at.ts]
        if kind == RARE:
            return self.columns.rare[i]
        symbol = self.columns.symbols[row[at.market]]
        if kind == TRADE:
            return ev.Trade(ts, symbol, ts, row[at.x], row[at.qty], SIDES[row[at.sign]])
        if kind == MARK:
            return ev.Mark(ts, symbol, row[at.x], row[at.qty])
        if kind == DELTA:
            return ev.BookDelta(ts, symbol, ts, (), (), row[at.seq], row[at.prev])
        if kind == SNAPSHOT:
            return ev.BookSnapshot(ts, symbol, ts, (), (), row[at.seq])
        return ev.Touch(ts, symbol, ts, 0.0, 0.0, 0.0, 0.0)

    def trade(self, i: int) -> ev.AnyEvent:
        """A trade of the tape as we hear of it now."""
        return msgspec.structs.replace(self._event(i), ts=self.v[self._at.now])

    def bring(self) -> None:
        """What the machine has heard of prices, while it goes on, for somebody who looks at a book."""
        if self.v[self._at.news]:
            self._news()

    # --- the machine falls asleep and wakes up --------------------------------------------------------------

    def _timer(self) -> None:
        """When anything but the strategy's timer is due."""
        v, at, sleeve = self.v, self._at, self.slot.sleeve
        v[at.timed] = 0
        if not v[at.hears_timer]:
            return
        v[at.timer_at] = sleeve.timer_at
        mine, sleeve.timer_at = sleeve.timer_at, 0
        v[at.other] = next_due(self.engine.state, (self.slot,)) or FAR
        sleeve.timer_at = mine

    def _sleep(self) -> None:
        """Tell the machine what it must not run past."""
        v, at = self.v, self._at
        v[at.out] = self._out[0][0] if self._out else FAR
        v[at.back], v[at.back_no] = self._back[0][:2] if self._back else (FAR, 0)
        v[at.flying] = int(bool(self._out or self._back))
        v[at.wake] = self.exchange.wake
        v[at.due] = self._clock.due if self._clock is not None else FAR
        self.answers.sleep()
        if self._ran:
            self.place.sleep()
            self._ran = False

    def _meet(self) -> None:
        """What the machine did to the venue, before the venue itself goes on or somebody looks at it."""
        if not self._ran:
            self.place.wake()
            self._ran = True

    def _wake(self) -> None:
        """What the machine heard, before the engine goes on."""
        v, at, state = self.v, self._at, self.engine.state
        self.now = v[at.now]
        if v[at.heard]:
            state.seq += v[at.heard]
            state.now = max(state.now, self.now)
            self.slept += v[at.heard]
            v[at.heard] = 0
        if v[at.timed]:
            state.last_fact_ts = max(state.last_fact_ts, v[at.timed])
            self.slot.sleeve.timer_at = v[at.timer_at]
            self.engine.deadline = v[at.deadline]
        if v[at.faults]:
            state.faults["gap"] = state.faults.get("gap", 0) + v[at.faults]
            v[at.faults] = 0
        if v[at.news]:
            self._news()
        self.pad.wake()

    def _news(self) -> None:
        state, rows = self.engine.state, self.arrays.rows
        at = rows.at
        for k, symbol in enumerate(self.columns.symbols):
            row = rows.read(k)
            if row[at.last_new]:
                state.last[symbol] = row[at.last]
            if row[at.mark_new]:
                state.marks[symbol], state.marked[symbol] = row[at.mark], row[at.marked]
                if k == self.mine:
                    self.slot.view.index = row[at.index] or nan
            if k == self.mine and row[at.heard_new]:
                self.market.heard = row[at.heard]
                self.book.follow(row, at)
            row[at.last_new] = row[at.mark_new] = row[at.heard_new] = False
            rows.write(row, k)
        self.v[self._at.news] = 0

    # --- the venue ------------------------------------------------------------------------------------------

    def _venue(self) -> None:
        """An event of the tape that may concern an order or a position of ours."""
        v, at = self.v, self._at
        i = v[at.at]
        event = self._event(i)
        self._meet()
        if type(event) in BOOKS:
            self.place.moved(i, event.ts)
        else:
            self.exchange.market(event, event.ts)
        v[at.last_tape] = max(v[at.last_tape], event.ts)
        if self._reports or not v[at.quick]:
            self._collect()
            v[at.quick], v[at.depart] = 0, 1

    def _request(self) -> None:
        """Time passes at the venue, or requests of ours arrive: all of one instant, nothing comes between."""
        v, at = self.v, self._at
        self._meet()
        wake, head = self.exchange.wake, v[at.head]
        instant = self._out[0][0] if self._out else FAR
        if head < len(self.columns):
            instant = min(instant, self._events.read(head)[self._events.at.ts], wake)
        elif wake <= v[at.last_tape] + 1:
            instant = min(instant, wake)
        if wake <= instant:
            self.exchange.advance(instant)
        else:
            arrives = self._out[0][0]
            while self._out and self._out[0][0] == arrives < self.exchange.wake:
                self._arrive(*self._out.popleft())
        self._collect()

    def _arrive(self, at: int, action: Action) -> None:
        if type(action) is Place:
            self._placing[action.cid] -= 1
            if not self._placing[action.cid]:
                del self._placing[action.cid]
        self.exchange.request(action, at)
        if type(action) is Query and action.cid in self._placing:
            report = self._reports[-1]
            if isinstance(report, ev.OrderReport) and not report.found:
                self._reports[-1] = msgspec.structs.replace(report, proof=False)

    def _collect(self) -> None:
        """Reports leave the venue."""
        v, lane, at = self.v, self._lanes[2], self._at
        for report in self._reports:
            v[at.count] += 1
            self._back.append((lane.arrival(report.ts), v[at.count], report))
        self._reports.clear()
