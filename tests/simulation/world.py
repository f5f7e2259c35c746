"""One seed: a market, an exchange, a bad network, and the cockpit, from its first second to quiescence."""

from __future__ import annotations

import asyncio
import tempfile
import traceback
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch

import msgspec

from cockpit.adapters.store.inline import InlineStore
from cockpit.adapters.store.journal import Batch
from cockpit.app.wiring import WallClock
from cockpit.core import events as ev
from cockpit.core import memory
from cockpit.core.errors import StoreError
from cockpit.core.intents import Outcome, Place, ReadAccount
from cockpit.core.orders import Role
from cockpit.core.ports import Clock
from cockpit.core.types import Instrument, InstrumentState
from cockpit.workers import strategy
from cockpit.workers.crew import Crew
from cockpit.workers.inbox import Inbox
from tests.simulation import before, disk, rest, stage
from tests.simulation.disk import Disk
from tests.simulation.exchange import RealTruth
from tests.simulation.faults import DISK, THIRD_FROM, Item, Plan
from tests.simulation.history import History, Violation
from tests.simulation.invariants import GUARDED, Checker, Journal
from tests.simulation.market import LINEAR, REBATE, SPOT, Market
from tests.simulation.plugged import plugged
from tests.simulation.probe import LIMITS, UNITS, registered
from tests.simulation.rest import STILL
from tests.simulation.told import Told
from tests.simulation.venue_link import EPOCH, TICK, Hub, Killed, Session, VenueClock
from tests.simulation.vloop import Soon, Timer, VLoop

SECONDS = 90.0
"""How long faults and strategies run."""
SETTLE = 90.0
"""How long a healed world may take to become quiet (I09)."""
KILLED = 60.0
"""How long a flatten may take in a healed world."""
PATIENCE = 120.0
"""How long starts may fail one after the other: no disk is full for as long as that."""
SNAPSHOT_EVERY = 300
FUSED_FROM = 1_000
"""From this seed on every fourth world has circuit breakers; those before are known for what they found."""
REST_S = 0.5
"""How long a world of slow strategies at most does not look at the clock."""
PRESSED = ("pre_wire", "commit.before")
"""Where in the process somebody may press the kill switch: between a decision and the wire."""
NAMED = ((ev.Fill, "/fill"), (ev.Command, "/command"))
"""Kinds of facts whose transactions are crash points of their own: rare ones need to be aimed at."""


class World:
    """Everything of one run. ``run`` returns the violation in words, or an empty string."""

    def __init__(
        self,
        seed: int,
        *,
        off: Iterable[str] = (),
        focus: Iterable[str] = (),
        rate: float = 1.0,
        seconds: float = SECONDS,
        plan: Plan | None = None,
        tick: float = TICK,
        pace: int = 1,
        again: int = 0,
    ) -> None:
        """``pace``: how many times as slow as usual strategies are; above 1 their bars last a minute.
        ``again``: after how many visits the faults of a transition are drawn anew (``Plan``)."""
        self.seed = seed
        self.pace = pace
        self.seconds = seconds
        self.loop = VLoop(seed)
        self.history = History(self.loop.time)
        self.plan = plan or Plan(seed, seconds, rate=rate, off=off, focus=focus, again=again)
        # A third of the seeds each: the perpetual alone, with rebates and built-ins, with a spot market.
        instruments = ((LINEAR,), (REBATE,), (LINEAR, SPOT))[seed % 3]
        built_in, guarded = seed % 3 == 1, seed % 5 == 2
        fused = seed >= FUSED_FROM and seed % 4 == 3
        stalls = seed % 5 == 3
        self.third = seed >= THIRD_FROM
        limited = seed >= stage.LIMITED_FROM and seed % 12 in (1, 9)
        alone = ("stall", "keeper")[seed % 2] if self.plan.lonely else ""
        self.stage = stage.stage_for(
            instruments, built_in=built_in, guarded=guarded, fused=fused, stalls=stalls, limited=limited,
            alone=alone,
        )  # fmt: skip
        if pace > 1:
            self.stage = stage.by_the_minute(self.stage)
        self.truth = RealTruth(instruments, seed)
        self.market = Market(seed, instruments, EPOCH, stage.BAR_MS if pace == 1 else stage.MINUTE_MS)
        self.disk = Disk(seed, self._trouble) if self._on(*DISK) and disk.available() else None
        limits = {name: min(qty, stage.MOST) if limited else qty for name, qty in LIMITS.items()}
        self.checker = Checker(self.history, self.truth, limits, self._fail)
        listed = {i.symbol: i for i in instruments}
        judge, risk = self.checker, self.stage.config.risk
        held = self.truth.before if self.plan.connecting else None
        self.told = Told(judge.violate, listed, risk, judge.drafted, held)
        self.hub = Hub(self.loop, self.truth, self.market, self.plan, self.history, self.checker, tick)
        self.clock: Clock = VenueClock(self.hub)
        self.crashes = 0
        self.boots = 0
        self.violation: Violation | None = None
        self._commands = 0
        self._dying = False
        self._downtime = 1.0
        self._folding = False
        self._pressing = False
        self._pressed = asyncio.Event()
        self._again: Callable[[], None] | None = None
        """Tells the ring that a step was made, where it does not look all the time."""
        self._read_at = 0.0
        self._asked: dict[str, float] = {}
        """When each reading of the account was asked for."""
        """When the account was last read."""
        self._opened: InlineStore | None = None

    def _on(self, *classes: str) -> bool:
        return any(map(self.plan.on, classes))

    def run(self) -> str:
        """Live through the seed."""
        shm = Path("/dev/shm")
        # How long a step took is the real world's: on a busy machine it would move the schedule.
        instant = patch.object(strategy, "perf_counter_ns", lambda: int(self.loop.time() * 1e9))
        folders = tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None)
        powered = disk.mounted(self.disk) if self.disk is not None else nullcontext()
        with folders as folder, self._probes(), instant, powered:
            self.history.folder = folder
            self.path = Path(folder) / "journal.db"
            try:
                self.loop.run(self._main())
            except Violation as violation:
                self.violation = self.violation or violation
        self._loose_ends()
        return str(self.violation) if self.violation else ""

    def _probes(self) -> AbstractContextManager[None]:
        return registered(self._thinks, self.plan.crash_of, self.pace)

    def _loose_ends(self) -> None:
        """What a worker may have swallowed: a reach for the real world, an error that nobody heard."""
        unheard = [line for line in self.loop.unhandled if "Killed" not in line]
        if self.loop.escapes:
            self.violation = Violation("I28", f"reached for the real world: {self.loop.escapes[:3]}")
        elif unheard and self.violation is None:
            self.violation = Violation("I15", f"an error nobody heard: {unheard[:3]}")

    async def _main(self) -> None:
        market = asyncio.create_task(self.hub.run(), name="market")
        await asyncio.sleep(1.0)
        for moment in self.plan.moments:
            if moment.kind == "held":
                self._held_before(moment)
        await self.boot()
        moments = asyncio.create_task(self._moments(), name="moments")
        presser = asyncio.create_task(self._presser(), name="moments")
        await self.live(self.seconds)
        self.plan.heal()
        self.history.add("world", "healed: no more faults")
        while self._pressing and not presser.done():
            await self.live(1.0)
        if presser.done():
            presser.result()
        presser.cancel()
        while not moments.done():
            await self.live(1.0)
        moments.result()
        self.hub.freeze()
        for sleeve in sorted(self.engine.state.sleeves):
            await self._through(self.say("sleeve_off", sleeve=sleeve))
        if self._on("hand_cancel"):
            self._cancel_by_hand(0, told=False)
        await self.settle()
        if self.third and self.seed % 2:
            await self._last_halt()
        self.checker.quiet(self.engine.state)
        self.checker.together(self.engine)
        self._raise()
        rest.replayed(self)
        await rest.twice(self)
        self._raise()
        await self.bury()
        market.cancel()

    # --- the cockpit's life ---------------------------------------------------------------------------

    async def boot(self) -> None:
        """Start the cockpit; a start may die half-way too."""
        began = self.loop.time()
        while True:
            try:
                await self._start()
            except (Killed, StoreError) as error:
                self._raise()  # what the start itself was judged for, before it died
                if not self._dying:
                    self.history.add("cockpit", f"cannot start: {error}")
                    if self.plan.healed or self.loop.time() - began > PATIENCE:
                        self.checker.violate("I13", f"cannot start: {error}")
                        self._raise()
                    self.kill("a start that failed", count=False)
                self._leave_disk()
                await asyncio.sleep(self._downtime)
            else:
                return

    async def _start(self) -> None:
        """A process starts: journal, engine, connection, workers."""
        self.boots += 1
        self._dying = False
        self._dead = asyncio.Event()
        self._before = asyncio.all_tasks()
        if self.disk is not None:
            self.disk.restart()
        self.store = self._opened = await self._open()
        self.checker.reopened(Journal(self.store._connection))
        self.session: Session = self.hub.connect()
        self._folding = True
        self.engine, fold = await stage.recovered(self.store, self.stage)
        self._folding = False
        if fold.differing or fold.adopted:
            self.checker.violate(
                "I13", f"{fold.differing} decisions differ on replay, {fold.adopted} unknown orders"
            )
        rest.tabled(self)
        self.told.begin(self.engine.state.seq + 1)  # a person may be heard before the boot is told
        self.history.add("cockpit", f"boot {self.boots} at {self.engine.state.seq}, snapshot {fold.snapshot}")
        self.inbox = Inbox()
        engine = self.engine
        if self._on("clock"):
            self.clock = WallClock(
                lambda: engine.state.now, wall_ns=self.hub.wall_ns, steady_ns=self.hub.steady_ns
            )
            self.session.keep_time(self.clock)
        self.crew = Crew(
            engine,
            self.store,
            self.session,
            self.inbox,
            self.clock,
            observe=self._observe,
            freeze=lambda: memory.freeze(engine),
            others={"feed": self._pump, "timer": self._ring},
            snapshot_every=SNAPSHOT_EVERY,
            chaos=self.chaos,
        )
        self.crew.boot(engine.state.boot + 1, "practice", "simulated", "", self.clock.now_ms())
        if self.plan.connecting:
            for channel in ("market", "private"):
                self.inbox.put(ev.Link(self.clock.now_ms(), channel, False, "connecting"))
        self._task = asyncio.create_task(self.crew.run(), name="cockpit")

    async def _open(self) -> InlineStore:
        if self.disk is None:
            return await InlineStore.open(self.path, mode="practice", chaos=self.chaos)
        return await plugged(self.path, self.disk, self.unplugged, self.chaos)

    async def _pump(self) -> None:
        """What the venue says goes through the one door, as a live feed's worker does it."""
        session, inbox = self.session, self.inbox
        while batch := await session.take():
            for event in batch:
                inbox.put(event)

    async def _ring(self) -> None:
        """Wake the engine when it asked to be woken. No task's turn for each look: there are 20 a second."""
        engine, inbox, loop = self.engine, self.inbox, self.loop
        now_ms = self.clock.now_ms
        rung = 0

        def beat() -> None:
            nonlocal waiting
            waiting = loop.call_soon(look)

        def look() -> None:
            nonlocal rung, waiting
            due = engine.deadline
            if due and due != rung and due <= (now := now_ms()):
                rung = due
                inbox.put(ev.Timer(now))
            waiting = loop.call_later(0.05, beat)

        def again() -> None:
            """After a step: when to look next, at the deadline itself or a little later."""
            nonlocal waiting, meant
            due = engine.deadline
            left = (due - now_ms()) / 1_000 if due and due != rung else REST_S
            at = loop.time() + min(max(left, 0.0), REST_S)
            if at < meant or meant <= loop.time():
                waiting.cancel()
                waiting, meant = loop.call_at(at, glance), at

        def glance() -> None:
            nonlocal rung
            due = engine.deadline
            if due and due != rung and due <= (now := now_ms()):
                rung = due
                inbox.put(ev.Timer(now))
            again()

        meant = 0.0
        waiting: Timer | Soon = loop.call_later(0.05, beat if self.pace == 1 else glance)
        if self.pace > 1:  # nothing is looked at 20 times a second when next to nothing happens
            self._again = again
        try:
            await loop.create_future()
        finally:
            waiting.cancel()
            self._again = None if self._again is again else self._again

    def _observe(self, event: ev.AnyEvent, outcome: Outcome) -> None:
        """The screen's seat: whoever reads a confirmed halt there must be able to rely on it."""
        if event.__class__ is ev.Fill:
            self.checker.heard(event)
        elif event.__class__ is ev.OrderReport and not event.found and self.plan.lonely:
            self.checker.unseen(event.cid)
        self.told.step(event, outcome, self.engine.state)
        self.checker.relied(reachable=self.session.reachable)
        if event.__class__ is ev.AccountReport:
            self._answered(event)
        for action in outcome.actions:
            if isinstance(action, ReadAccount):
                self._asked[action.request_id] = self.loop.time()
        if self._again is not None:
            self._again()
        for note in outcome.notes:
            self.history.add("cockpit", f"{note.message} {note.args}")

    def _answered(self, report: ev.AccountReport) -> None:
        """The account has been read: a halt may be confirmed by it."""
        if report.complete:  # it may have been answered as soon as it was asked for
            self._read_at = max(self._read_at, self._asked.get(report.request_id, 0.0))
        halted = self.engine.state.halt
        if halted is not None and halted.confirmed == report.ts:
            self.checker.confirmed(halted.flatten)
            self.checker.receipted(halted.receipt)

    def chaos(self, point: str) -> None:
        """A named instant inside the process: it may be the last one."""
        if self._dying:
            raise Killed(point)
        able = point in PRESSED and not self._pressing and self._on("press")
        if able and self.plan.visit(f"press:{point}") is not None:
            self._press(point)
        item = self.plan.visit(f"crash:{point}{self._named(self.store._batch)}")
        if item is not None:
            self._downtime = item.size
            self.kill(str(item), power=self._on("power") and item.nth % 2 == 1)
            raise Killed(point)

    def _named(self, batch: Batch) -> str:
        """What of a kind of its own is about to be written."""
        names = ""
        if facts := batch.facts:
            kinds = [event.__class__ for _, event in facts]
            for kind, name in NAMED:
                if kind in kinds:
                    names += name
        for outcome in batch.outcomes:
            for action in outcome.actions:
                if action.__class__ is Place:
                    return names + "/place"
        return names

    def _press(self, point: str) -> None:
        """Somebody presses the switch just now, on a thread of his own: what is behind it comes later."""
        self.history.add("person", f"presses the switch at {point}")
        self._pressing = True
        self.crew.kill.on = True
        self.checker.pressed()
        self._pressed.set()

    async def _presser(self) -> None:
        """Says what the switch means, and lifts it after a while; again and again."""
        while True:
            await self._pressed.wait()
            self._pressed.clear()
            await self._halt_for_a_while(flatten=False)
            self._pressing = False

    def _trouble(self, what: str) -> str:
        """The disk is asked for something: does it do it?"""
        if self._dying or self.plan.healed:
            return ""
        item = self.plan.visit("disk:sync" if what == "sync" else "disk:write")
        if item is not None:
            self.history.add("disk", str(item))
            self._downtime = item.size
            return "cut" if item.kind == "power" else "fail"
        full = what == "grow" and self.plan.during("disk_full", self.loop.time())
        return "full" if full else ""

    def unplugged(self) -> None:
        """The power went while the disk was at work."""
        if not self._dying:
            self.kill("the power is gone", power=True)
        raise Killed("power")

    def _thinks(self, strategy: str) -> None:
        """A strategy is called; a slow one holds up everything else in the process."""
        if self._folding or self._dying:
            return
        item = self.plan.visit(f"strategy:{strategy}")
        if item is not None:
            self.history.add("cockpit", str(item))
            self.loop.advance(item.size)

    def kill(self, why: str, *, power: bool = False, count: bool = True) -> None:
        """kill -9, or the plug: from here on nothing the process does reaches anyone."""
        self.history.add("crash", why + (" (power)" if power else ""))
        self._dying = True
        self.crashes += count
        if self.disk is not None:
            self.disk.die(power=power)
        if self.boots and hasattr(self, "session"):
            self.session.kill()
        self._dead.set()

    async def bury(self) -> None:
        """Everything the dead process left on the loop goes with it."""
        self._dying = True
        self.session.kill()
        for _ in range(100):
            left = asyncio.all_tasks() - self._before - self._mourners
            if not left:
                break
            for task in sorted(left, key=lambda t: t.get_name()):
                task.cancel()
            await asyncio.sleep(0)
        if not self._task.cancelled():
            self._task.exception()
        self._leave_disk()

    def _leave_disk(self) -> None:
        """What the dead process had open is closed."""
        if self._opened is not None:
            self._opened.abandon()
            self._opened = None

    @property
    def _mourners(self) -> set[asyncio.Task[object]]:
        """Tasks of the world itself, born after the process."""
        own = {task for task in asyncio.all_tasks() if task.get_name() in ("moments", "world")}
        current = asyncio.current_task()
        return own | {current} if current is not None else own

    async def live(self, seconds: float) -> None:
        """Let the world run, starting the cockpit again whenever it dies."""
        end = self.loop.time() + seconds
        while (left := end - self.loop.time()) > 0:
            waiter = asyncio.create_task(self._dead.wait(), name="world")
            done, _ = await asyncio.wait(
                {waiter, self._task}, timeout=left, return_when=asyncio.FIRST_COMPLETED
            )
            waiter.cancel()
            self._raise()
            if not done:
                return
            if not self._dying:
                self._ended()
            await self.bury()
            await asyncio.sleep(self._downtime)
            await self.boot()

    def _ended(self) -> None:
        error = None if self._task.cancelled() else self._task.exception()
        if error is not None:
            self.history.add("cockpit", "".join(traceback.format_exception(error)))
        self.checker.violate("I15", f"the cockpit ended by itself: {error!r}")
        self._raise()

    def _raise(self) -> None:
        if self.violation is not None:
            raise self.violation

    def _fail(self, violation: Violation) -> None:
        if self.violation is None:
            self.violation = violation
        self._dying = True
        if self.boots:
            self._dead.set()

    # --- people and accidents -------------------------------------------------------------------------

    async def say(self, verb: str, **args: str) -> None:
        """A person says something through the door, again and again until it is acknowledged."""
        self._commands += 1
        name = f"c{self._commands}"
        while True:
            while self._dying:
                await asyncio.sleep(0.1)
            self.history.add("person", f"{name} {verb} {args}")
            if verb == "halt":
                taken = self.crew.halt("person", flatten=args.get("flatten") == "1", command_id=name)
                self.checker.pressed()
            else:
                taken = self.crew.command(verb, args, "person", name)
            await asyncio.wait({taken}, timeout=5.0)
            if taken.done() and not taken.cancelled() and taken.exception() is None:
                self.checker.acknowledge(name, verb)
                return
            if taken.done():
                await asyncio.sleep(1.0)  # refused at once, by a full disk: nobody types faster

    async def _through(self, saying: object) -> None:
        """Keep the world alive while somebody talks."""
        talk = asyncio.create_task(saying, name="moments")  # type: ignore[arg-type]
        while not talk.done():
            await self.live(0.5)
        talk.result()

    async def _moments(self) -> None:
        """What the plan does by the clock: kill -9 anywhere, hand trades, halts."""
        for moment in self.plan.moments:
            await asyncio.sleep(max(0.0, moment.size - self.loop.time()))
            await self._happen(moment)

    async def _happen(self, moment: Item) -> None:
        now = self.hub.now_ms()
        first = self.market.instruments[0]
        if moment.kind in ("tick", "lot", "delist") and first.state is InstrumentState.EXPIRED:
            return
        if moment.kind == "crash" and not self._dying:
            self._downtime = 2.0
            self.kill(str(moment), power=self._on("power") and moment.nth % 2 == 1)
        elif moment.kind == "clock":
            self.hub.clock_ms += round(float(moment.point.partition(":")[2]) * 1_000)
            self.history.add("person", f"{moment}: the clock is {self.hub.clock_ms} ms off")
        elif moment.kind in ("adl", "liquidation"):
            self.history.add("venue", str(moment))
            takes = self.truth.deleverage if moment.kind == "adl" else self.truth.liquidate
            takes(LINEAR.symbol, now)
            self.hub.flush()
        elif moment.kind == "tick":
            self.hub.list(msgspec.structs.replace(first, tick=LINEAR.tick * (5 if moment.nth % 2 else 1)))
        elif moment.kind == "lot":
            lot = LINEAR.lot * (10 if moment.nth % 2 else 1)
            changed = msgspec.structs.replace(first, lot=lot, min_qty=lot)
            self.history.add("venue", f"{moment}: lot {lot}")
            self.checker.listed(changed)
            self.hub.list(changed)
        elif moment.kind == "delist":
            self._end(first, moment)
        elif moment.kind == "delist_coins":
            for coins in self.market.instruments:
                if not coins.derivative:
                    self._end(coins, moment)
        elif moment.kind == "hand_trade":
            side = ev.Side.BUY if moment.nth % 2 else ev.Side.SELL
            self.history.add("person", f"{moment}: trades {side} {UNITS} by hand")
            self.truth.hand_trade(LINEAR.symbol, side, UNITS, self.hub.now_ms())
            self.hub.flush()
        elif moment.kind == "held_trade":
            self._on_what_was_held(moment)
        elif moment.kind == "transfer":
            self.history.add("person", f"{moment}: money comes or goes")
            self.truth.exchange.transfer("USDT", Decimal(moment.point.partition(":")[2]), now)
            self.hub.flush()
        elif moment.kind == "hand_cancel":
            self.history.add("person", str(moment))
            self._cancel_by_hand(moment.nth)
        elif moment.kind == "halt" and not self._on("press"):
            await self._halt_for_a_while(flatten=bool(moment.nth % 2))

    def _held_before(self, moment: Item) -> None:
        """The account is as people left it, before the first process starts."""
        found = before.before(self.seed, money=moment.point == "at:money")
        self.history.add("person", f"{moment}: {found}")
        first = self.market.instruments[0]
        price = self.market.price[first.symbol]
        before.hold(self.truth, found, self.market.instruments, price, self.hub.now_ms())
        self.market.funding_ms = before.FUNDING_MS
        self.market._next_funding = self.hub.now_ms() + before.first_funding_ms(self.seed)
        self.hub.flush()

    def _on_what_was_held(self, moment: Item) -> None:
        """People close, halve, turn round or add to a position of theirs, or they take all they have away."""
        act, first = moment.point.partition(":")[2], self.market.instruments[0]
        if first.symbol in self.checker.taken:
            return  # whose the rest is nobody can say
        if act == "leave":
            self.truth.hands_off(first.symbol, self.hub.now_ms())
        qty = before.meant(act, self.truth.by_hand(first.symbol), first.lot)
        self.history.add("person", f"{moment}: trades {qty} by hand")
        if qty:
            side = ev.Side.BUY if qty > 0 else ev.Side.SELL
            self.truth.hand_trade(first.symbol, side, abs(qty), self.hub.now_ms())
        self.hub.flush()

    def _end(self, instrument: Instrument, moment: Item) -> None:
        """A market is gone for good."""
        self.history.add("venue", f"{moment}: {instrument.symbol} ends")
        over = msgspec.structs.replace(instrument, state=InstrumentState.EXPIRED)
        self.checker.listed(over)
        self.hub.list(over)

    async def _halt_for_a_while(self, *, flatten: bool) -> None:
        await self.say("halt", flatten=str(int(flatten)))
        if self.third:
            await self.say("resume", word="resume", reason="in a hurry")
        await asyncio.sleep(8.0)
        self.checker.lifted()
        await self.say("resume", word="RESUME", reason="drill")

    def _cancel_by_hand(self, nth: int, *, told: bool = True) -> None:
        """An order of ours is cancelled in the venue's own app; not the stop of one that has only that."""
        places = self.checker.places
        mine = [
            order
            for order in self.truth.open_orders()
            if (place := places.get(order.cid)) is not None
            and not (place.role is Role.PROTECT and place.sleeve.startswith(GUARDED))
        ]
        if mine:
            mine.sort(key=lambda order: places[order.cid].role is not Role.PROTECT)
            order = mine[nth % len(mine)]
            self.history.add(
                "person", f"cancels {order.cid} by hand{'' if told else ', and nobody hears of it'}"
            )
            self.truth.hand_cancel(order.cid, order.symbol, self.hub.now_ms())
            self.hub.flush(told=told)

    # --- the end --------------------------------------------------------------------------------------

    async def _last_halt(self) -> None:
        """A kill with flatten in quiet times must end, with everything of ours closed (I03)."""
        await self._through(self.say("halt", flatten="1"))
        deadline = self.loop.time() + KILLED
        while (halted := self.engine.state.halt) is None or not halted.confirmed:
            if self.loop.time() > deadline:
                self.checker.violate("I03", f"a flatten is not done after {KILLED:.0f} s: {halted}")
            self._raise()
            await self.live(1.0)
        await self.settle()

    async def settle(self) -> None:
        """Bounded time after the last fault nothing may be pending any more (I09)."""
        began = self.loop.time()
        deadline = began + SETTLE
        quiet = 0
        while quiet < STILL:
            await self.live(1.0)
            waiting = self.checker.unsettled(self.engine.state)
            if self._on("hand_cancel") and self._read_at < began:
                waiting.append("the account has not been read since")
            quiet = 0 if waiting else quiet + 1
            if waiting and self.loop.time() > deadline:
                self.checker.violate("I09", f"not settled {SETTLE:.0f} s after the last fault: {waiting[:6]}")
            self._raise()
