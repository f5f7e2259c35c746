"""The exchange of the simulation and the bad road to it. The exchange outlives every crash of the cockpit.

``Hub`` is the outside: the market, the real matching engine, and what the network does between. ``Session``
is one process's connection: it implements the ``Venue`` and ``Feed`` ports. Requests that left the process
arrive even if it dies meanwhile; answers to a dead process are lost.

The rules of the road, as an adapter for a real venue has them:
- Place and Amend carry an expiry: arriving later than ``EXPIRY`` (where ``Plan.signed``, stops: ``SIGNED_S``)
  they are not executed. So "not found" is a proof once that time has passed since the request, and a guess
  before; of a request of another process the longest since this one started.
- Pushed reports can be lost, doubled and reordered. On every (re)connect and every ``CATCH_UP`` seconds the
  session fetches fills and bills again, with overlap, and tells those that this process has not heard of yet
  (all of them where ``Plan.retells``).
- A Query is answered after the order's fills, a ReadAccount after all fills and bills since its cursor. From
  ``TRACES_FROM`` on balances are read a little earlier than those (``Plan.torn``), and all of it is told in
  order. Before, a delayed answer may overtake its own fills, which is harsher than any adapter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from math import inf, nextafter

import msgspec

from cockpit.adapters.connectivity.offset import Offset
from cockpit.adapters.connectivity.since import Since
from cockpit.core.errors import Ambiguous, Transient
from cockpit.core.events import (
    AccountReport,
    AnyEvent,
    Bar,
    BookSnapshot,
    Fill,
    FundingPaid,
    Link,
    Listing,
    Request,
    Sent,
    Trade,
    Transfer,
)
from cockpit.core.intents import Action, Amend, Cancel, Place, Query, ReadAccount
from cockpit.core.orders import ALGO
from cockpit.core.ports import Clock
from cockpit.core.types import Instrument, InstrumentState
from tests.simulation.faults import Item, Plan
from tests.simulation.history import History, brief
from tests.simulation.market import Market
from tests.simulation.truth import Truth, Watch

EPOCH = 1_700_000_000_000
"""Virtual second 0, UTC ms."""
EXPIRY, SIGNED_S = 5.0, 30.0
TIMEOUT = 1.5
CATCH_UP = 15.0
SKEW = 1.0
"""Clock error allowed for before "expired" counts as proof."""
TICK = 0.5
"""Seconds between two moves of the market, where a world names no other pace."""
READ_S, TRIES, SETTLE_MS = 0.03, 3, 250
"""Seconds from the balances to the fills and bills of a reading, and how often one is tried that something
younger than ``SETTLE_MS`` has overtaken."""
BOOKED = (Fill, FundingPaid, Transfer)
REQUESTS: dict[type, Request] = {Place: Request.PLACE, Amend: Request.AMEND, Cancel: Request.CANCEL}


class Killed(BaseException):
    """The process is gone. Nothing it does from here on reaches anyone."""


def verb(action: Action) -> str:
    return str(action.__struct_config__.tag)


def _key(row: Fill | FundingPaid | Transfer) -> tuple[str, str]:
    """What makes a trade or a bill one and the same however often it is told."""
    return (row.symbol, row.trade_id) if isinstance(row, Fill) else ("bill", row.bill_id)


class Hub:
    """The outside world."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        truth: Truth,
        market: Market,
        plan: Plan,
        history: History,
        watch: Watch,
        tick: float = TICK,
    ) -> None:
        self.loop = loop
        self.tick = tick
        self.truth = truth
        self.market = market
        self.plan = plan
        self.history = history
        self.watch = watch
        self.session: Session | None = None
        self.refused = 0
        """Requests that met maintenance or no line."""
        self.boots = 0
        self.frozen = False
        """The market is closed: nothing new happens by itself."""
        self.clock_ms = 0
        """How far the machine's clock is from the venue's."""
        self.stops: set[str] = set()
        """Orders that wait for a price, by client id."""
        self.listed: dict[str, Instrument] = {}
        """Instruments that have changed since the beginning, as they are now."""

    def now_ms(self) -> int:
        """The venue's clock."""
        return EPOCH + round(self.loop.time() * 1000)

    def wall_ns(self) -> int:
        """The clock of the machine that the cockpit runs on."""
        return (self.now_ms() + self.clock_ms) * 1_000_000

    def steady_ns(self) -> int:
        return round(self.loop.time() * 1e9)

    async def run(self) -> None:
        """Publish the market for ever."""
        while True:
            await asyncio.sleep(self.tick)
            self._suspend()
            if self.frozen:
                continue
            self._publish(self.market.tick(self.now_ms()))

    def _suspend(self) -> None:
        """The venue stops and starts trading the first instrument."""
        first = self.market.instruments[0]
        if first.state is InstrumentState.EXPIRED:
            return
        closed = self.plan.during("suspend", self.loop.time())
        state = InstrumentState.SUSPENDED if closed else InstrumentState.LIVE
        if first.state is not state:
            self.list(msgspec.structs.replace(first, state=state))

    def list(self, instrument: Instrument) -> None:
        """The venue changes an instrument and tells everybody."""
        self.history.add("venue", f"{instrument.symbol} is {instrument.state}, tick {instrument.tick}")
        listing = Listing(self.now_ms(), instrument)
        self.listed[instrument.symbol] = instrument
        self.market.list(instrument)
        self.truth.market(listing, self.now_ms())
        self.flush()
        if self.session is not None:
            self.session.list(listing)

    def freeze(self) -> None:
        """Close the market after one last deep book."""
        self._publish(self.market.calm(self.now_ms()))
        self.frozen = True

    def _publish(self, events: Iterable[AnyEvent]) -> None:
        for event in events:
            self.truth.market(event, self.now_ms())
            self.flush()
            if self.session is not None:
                self.session.publish(event)

    def execute(self, action: Action, expires: float, session: Session) -> None:
        """A request reaches the venue now."""
        if isinstance(action, Place | Amend) and self.loop.time() > expires:
            self.history.add("venue", f"expired {action.cid}")
            return
        self.watch.arrived(action)
        if isinstance(action, Query | ReadAccount):
            if session is self.session:
                session.answer(action)
            return
        self.truth.request(action, self.now_ms())
        self.flush()

    def flush(self, *, told: bool = True) -> None:
        """Push what the venue has to say to whoever is connected; ``told`` False: all of it is lost."""
        reports = self.truth.reports()
        for report in reports:
            self.history.add("venue", brief(report))
            self.watch.told(report)
        if reports:
            self.watch.venue_moved()
        if self.session is not None and told:
            for report in reports:
                self.session.push(report)

    def connect(self) -> Session:
        """A new process opens its connection."""
        self.session = Session(self)
        return self.session


class Session:
    """One process's way to the venue: both ports, and everything that can go wrong between."""

    name = "simulated"

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.alive = True
        self._queue: list[AnyEvent] = []
        self._ready = asyncio.Event()
        self._sent: dict[str, float] = {}
        self._longest = SIGNED_S if hub.plan.signed else EXPIRY
        self._born = hub.loop.time()
        self._horizon = {"market": 0.0, "private": 0.0}
        self._up = True
        self._streams = True
        """The lines that push; what is asked goes another way."""
        self.clock: Clock = VenueClock(hub)
        """The process's own; by it events are stamped when they arrive."""
        self._offset = Offset(lambda: hub.steady_ns() / 1e6)
        """The venue's clock minus ours."""
        self.since: Since | None = None
        self._told: set[tuple[str, str]] = set()
        """Trades and bills that this process has heard of."""
        self._duty = hub.loop.create_task(self._adapter(), name="adapter")
        self.ended = False

    # --- Feed -----------------------------------------------------------------------------------------

    async def take(self) -> Sequence[AnyEvent]:
        """The next batch. A dead process waits for ever."""
        await self._ready.wait()
        if not self.alive:
            await self.hub.loop.create_future()
        batch, self._queue = self._queue, []
        if not self.ended:
            self._ready.clear()
        now = self.clock.now_ms()
        return [e if isinstance(e, Bar) else msgspec.structs.replace(e, ts=now) for e in batch]

    async def close(self) -> None:
        """The process hangs up."""
        self.kill()

    def kill(self) -> None:
        """Cut the process off: what it asks is not heard, what it is told is lost."""
        self.alive = False
        self._duty.cancel()
        if self.hub.session is self:
            self.hub.session = None

    # --- Venue ----------------------------------------------------------------------------------------

    async def submit(self, action: Action) -> None:
        """Deliver one request over the bad road."""
        self._dead_end()
        hub, what = self.hub, verb(action)
        now = hub.loop.time()
        if not self.reachable:
            hub.refused += 1
            hub.history.add("net", f"no way for {brief(action)}")
            await asyncio.sleep(0.02)
            raise Transient("maintenance" if self._up else "disconnected")
        fault = hub.plan.visit(f"request:{what}")
        if fault is not None:
            hub.history.add("net", f"{fault} <- {brief(action)}")
        if fault is not None and fault.kind == "refuse":
            await asyncio.sleep(0.02)
            raise Transient("connection refused")
        hub.watch.submitted(action)
        believed = self.venue_s()
        if isinstance(action, Place):
            self._sent[action.cid] = believed
            hub.watch.clocked(action, believed - now)
        if hub.plan.on("sent") and (request := REQUESTS.get(type(action))):
            self.push(Sent(hub.now_ms(), action.cid, request))  # type: ignore[union-attr]
        await self._travel(action, believed + self._good_for(action), fault)

    async def _travel(self, action: Action, expires: float, fault: Item | None) -> None:
        loop = self.hub.loop
        kind = fault.kind if fault else ""
        delay = min(fault.size, TIMEOUT - 0.1) if fault and kind == "slow" else 0.02
        if fault and kind == "late":
            delay = fault.size
        if kind != "lose_request":
            loop.call_later(delay, self.hub.execute, action, expires, self)
        if kind in {"lose_request", "lose_response", "late"}:
            await asyncio.sleep(TIMEOUT)
            self._dead_end()
            raise Ambiguous(f"no answer in {TIMEOUT} s")
        await asyncio.sleep(delay + 0.02)
        self._dead_end()

    @property
    def reachable(self) -> bool:
        """Can the venue be asked for anything now?"""
        return self._up and not self.hub.plan.during("maintenance", self.hub.loop.time())

    def _good_for(self, action: Action) -> float:
        """Seconds in which a request may arrive. About a stop it has no expiry of its own but a signature."""
        hub = self.hub
        if isinstance(action, Place) and action.kind in ALGO:
            hub.stops.add(action.cid)
        signed = hub.plan.signed and isinstance(action, Place | Amend) and action.cid in hub.stops
        return SIGNED_S if signed else EXPIRY

    def _dead_end(self) -> None:
        if not self.alive:
            raise Killed("the process is dead")

    # --- what the venue says --------------------------------------------------------------------------

    def answer(self, action: Query | ReadAccount) -> None:
        """Read the venue for the client: fills first, then the answer."""
        truth = self.hub.truth
        if isinstance(action, Query):
            for fill in truth.fills:
                if fill.cid == action.cid:
                    self.push(fill, rest=True)
            report = truth.order(action.cid, self.hub.now_ms())
            if not report.found:
                sent = max(self._sent.get(action.cid, self._born), self._born)
                other = action.cid in self._sent and action.cid not in self.hub.stops
                proof = self.venue_s() > sent + (EXPIRY if other else self._longest) + SKEW
                report = msgspec.structs.replace(report, proof=proof)
            self.push(report, rest=True)
            return
        since = action.since if self.since is None else self.since.at(action.since)
        if self.hub.plan.torn:
            self._read(action.request_id, since, self._report(action.request_id), TRIES)
            return
        for row in self._rows(since):
            self.push(row, rest=True)
        if self.hub.plan.on("half_read") and self.hub.plan.visit("account:report") is not None:
            self.push(self._half(action.request_id), rest=True)
            return
        self.push(self._report(action.request_id), rest=True)

    def _read(self, request_id: str, since: int, report: AccountReport, tries: int) -> None:
        """The second half of a reading: what happened up to now. What is as young as the balances may or may
        not be in them, so then they are read again.
        """
        loop = self.hub.loop

        def rows_read() -> None:
            if not self.alive:
                return
            rows = self._rows(since)
            if tries > 1 and any(row.ts >= report.ts - SETTLE_MS for row in rows):
                loop.call_later(SETTLE_MS / 1_000, self._again, request_id, since, tries - 1)
                return
            half = self.hub.plan.on("half_read") and self.hub.plan.visit("account:report") is not None
            answer = (*rows, self._half(request_id) if half else report)
            plan = self.hub.plan
            if plan.on("held") and (fault := plan.visit(f"answer:{plan.opening}")) is not None:
                self._held_up(answer, fault)
                return
            after = 0.0
            for event in answer:
                after = self._in_order(event, after)

        loop.call_later(READ_S, rows_read)

    def _again(self, request_id: str, since: int, tries: int) -> None:
        if self.alive:
            self._read(request_id, since, self._report(request_id), tries)

    def _held_up(self, answer: Sequence[AnyEvent], fault: Item) -> None:
        """The last word of a reading is a long time on its way, and the streams do not wait for it."""
        self.hub.history.add("net", f"{fault} <- {brief(answer[-1])}")
        at = self.hub.loop.time() + fault.size
        for event in answer:
            at = nextafter(at, inf)
            self.hub.loop.call_at(at, self._arrive, event)

    def _in_order(self, event: AnyEvent, after: float) -> float:
        """One row of an answer sets out, not to arrive before those it came with. When it will."""
        loop = self.hub.loop
        fault = self.hub.plan.visit(f"report:{event.__struct_config__.tag}")
        if fault is None or fault.kind == "drop":
            return self._deliver("private", event, after)
        self.hub.history.add("net", f"{fault} <- {brief(event)}")
        late = loop.time() + fault.size
        if fault.kind == "delay":
            at = max(late, nextafter(after, inf))
            loop.call_at(at, self._arrive, event)
        else:
            at = self._deliver("private", event, after)
            loop.call_at(max(late, nextafter(at, inf)), self._arrive, event)
        return at

    def _rows(self, since: int) -> list[Fill | FundingPaid | Transfer]:
        truth = self.hub.truth
        return [row for row in (*truth.fills, *truth.bills) if row.ts >= since]

    def _half(self, request_id: str) -> AccountReport:
        self.hub.history.add("net", f"half an answer to {request_id}")
        return AccountReport(self.hub.now_ms(), {}, (), (), complete=False, request_id=request_id)

    def _report(self, request_id: str) -> AccountReport:
        truth = self.hub.truth
        self.hub.watch.read(request_id, self.hub.now_ms())
        return AccountReport(
            self.hub.now_ms(),
            truth.balances(),
            truth.positions(),
            truth.open_orders(),
            request_id=request_id,
        )

    def push(self, event: AnyEvent, *, rest: bool = False) -> None:
        """A private frame (or a REST answer, which is not lost alone) sets out to the client."""
        fault = self.hub.plan.visit(f"report:{event.__struct_config__.tag}")
        if fault is not None and not (rest and fault.kind == "drop"):
            self.hub.history.add("net", f"{fault} <- {brief(event)}")
            if fault.kind == "drop":
                return
            self._arrive_later(event, fault.size)
            if fault.kind == "delay":
                return
        elif not rest and not (self._up and self._streams):
            return
        self._deliver("private", event)

    def publish(self, event: AnyEvent) -> None:
        """A market frame."""
        if self._up and self._streams and not self.hub.plan.during("silence", self.hub.loop.time()):
            self._deliver("market", self._spoilt(event))

    def _spoilt(self, event: AnyEvent) -> AnyEvent:
        """What a bad feed makes of prices: crossed, half a book, absurd where there is a mark (F16, F19)."""
        plan = self.hub.plan
        if not isinstance(event, BookSnapshot | Trade) or not plan.on("bad_data"):
            return event
        fault = plan.visit(f"market:{event.__struct_config__.tag}")
        if fault is None:
            return event
        self.hub.history.add("net", f"{fault} <- {brief(event)[:90]}")
        marked = self.hub.market.instruments[0].symbol == event.symbol
        times = fault.size if marked else min(fault.size, 1.0)
        if isinstance(event, Trade):
            return event if not marked else msgspec.structs.replace(event, price=event.price * times)
        if times < 0.5:
            return msgspec.structs.replace(event, bids=event.asks, asks=event.bids)
        if times < 2.0:
            return msgspec.structs.replace(event, asks=())
        bids, asks = ([(price * times, qty) for price, qty in side] for side in (event.bids, event.asks))
        return msgspec.structs.replace(event, bids=tuple(bids), asks=tuple(asks))

    def list(self, listing: Listing) -> None:
        """News about an instrument; what is missed is told again with the next connection."""
        if self._up and self._streams:
            self._deliver("market", listing)

    def _deliver(self, channel: str, event: AnyEvent, after: float = 0.0) -> float:
        """In order within a channel, and later than ``after``; a stall holds everything back until it ends.

        Returns when it will arrive.
        """
        loop, plan = self.hub.loop, self.hub.plan
        at = loop.time() + (0.015 if channel == "market" else 0.02)
        for window in plan.of("stall"):
            if plan.during("stall", loop.time()) and window.start <= at < window.end:
                at = window.end
        # Never at the same instant: a loop does not promise the order of calls that are due together.
        at = max(at, nextafter(max(self._horizon[channel], after), inf))
        self._horizon[channel] = at
        loop.call_at(at, self._arrive, event)
        return at

    def _arrive_later(self, event: AnyEvent, seconds: float) -> None:
        self.hub.loop.call_later(seconds, self._arrive, event)

    def _arrive(self, event: AnyEvent) -> None:
        if self.alive:
            if isinstance(event, BOOKED):
                self._told.add(_key(event))
            self._queue.append(event)
            self._ready.set()

    # --- what an adapter does by itself ---------------------------------------------------------------

    async def _adapter(self) -> None:
        """Connect, notice cuts, catch up on every connect and periodically."""
        self.hub.boots += 1
        if wait := self.hub.plan.handshake(self.hub.boots):
            self._streams = False
            await asyncio.sleep(wait)
            self._streams = True
        self._connected("connected")
        last = self.hub.loop.time()
        while True:
            await asyncio.sleep(0.25)
            now = self.hub.loop.time()
            cut = self.hub.plan.during("cut", now)
            if cut and self._up:
                self._up = False
                self._link(False, "cut")
            elif not cut and not self._up:
                self._up = True
                self._connected("reconnected")
                last = now
            elif self._up and now - last >= CATCH_UP:
                self._catch_up()
                last = now

    def _connected(self, reason: str) -> None:
        self._link(True, reason)
        for instrument in self.hub.listed.values():
            self.list(Listing(self.hub.now_ms(), instrument))
        self._catch_up()

    def read_clock(self) -> None:
        """Compare the two clocks, as an adapter does regularly."""
        self._offset.measured(self.hub.now_ms(), self.hub.steady_ns() / 1e6, self.clock.now_ms)

    def keep_time(self, clock: Clock) -> None:
        """The process's clock, and from now on cursors that survive its being set."""
        self.clock = clock
        self.read_clock()
        self.since = Since(clock.now_ms, lambda: self._offset.ms, EPOCH - self._offset.ms)
        self._born = self.venue_s()

    def venue_s(self) -> float:
        """The venue's clock as this process believes it to be, in seconds of the world."""
        if self.since is None:
            return self.hub.loop.time()
        return (self.since.now() - EPOCH) / 1_000

    def _link(self, up: bool, reason: str) -> None:
        self.hub.history.add("net", f"link {'up' if up else 'down'}: {reason}")
        for channel in ("market", "private"):
            self._deliver(channel, Link(self.hub.now_ms(), channel, up, reason))

    def _catch_up(self) -> None:
        self.read_clock()
        since, retells = self.hub.now_ms() - 120_000, self.hub.plan.retells
        for row in (*self.hub.truth.fills, *self.hub.truth.bills):
            if row.ts >= since and (retells or _key(row) not in self._told):
                self._deliver("private", row)


class VenueClock:
    """The venue's time, for whoever has none of its own."""

    def __init__(self, hub: Hub) -> None:
        self.now_ms = hub.now_ms
