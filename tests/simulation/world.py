"""One seed: a market, an exchange, a bad network, and the cockpit, from its first second to quiescence."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable
from pathlib import Path

from cockpit.adapters.store.inline import InlineStore
from cockpit.core import events as ev
from cockpit.core.config import RiskConfig
from cockpit.core.engine import Engine
from cockpit.core.gate import Rule
from cockpit.core.intents import Outcome, Place
from cockpit.core.ledger import Ledger
from cockpit.core.registry import RULES
from cockpit.core.state import Sleeve, new_state
from cockpit.core.types import ZERO
from cockpit.workers.crew import Crew
from cockpit.workers.inbox import Inbox
from tests.simulation.faults import Plan
from tests.simulation.history import History, Violation
from tests.simulation.invariants import Checker, Journal
from tests.simulation.market import LINEAR, Market
from tests.simulation.probe import LIMITS, Barber, Flipper, Quoter
from tests.simulation.toy import ToyExchange
from tests.simulation.venue_link import EPOCH, Hub, Killed, Session, SimClock
from tests.simulation.vloop import VLoop

SECONDS = 120.0
SETTLE = 90.0
SLEEVES = (("flipper", Flipper, 0), ("quoter", Quoter, 0), ("barber", Barber, 10_000))


class World:
    def __init__(
        self, seed: int, *, off: Iterable[str] = (), rate: float = 1.0, seconds: float = SECONDS
    ) -> None:
        self.seed = seed
        self.seconds = seconds
        self.loop = VLoop(seed)
        self.history = History(self.loop.time)
        self.plan = Plan(seed, seconds, rate=rate, off=off)
        self.truth = ToyExchange((LINEAR,))
        self.market = Market(seed, (LINEAR,), EPOCH)
        limits = {sleeve_id(name): limit for name, limit in LIMITS.items()}
        self.checker = Checker(self.history, self.truth, limits, self._fail)
        self.hub = Hub(self.loop, self.truth, self.market, self.plan, self.history, self.checker)
        self.clock = SimClock(self.hub)
        self.crashes = 0
        self.boots = 0
        self.violation: Violation | None = None
        self._over = asyncio.Event()
        self._dead = asyncio.Event()
        self._commands = 0

    def run(self) -> str:
        with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
            self.path = Path(folder) / "journal.db"
            try:
                self.loop.run(self._main())
            except Violation as violation:
                self.violation = self.violation or violation
        return str(self.violation) if self.violation else ""

    def _fail(self, violation: Violation) -> None:
        if self.violation is None:
            self.violation = violation
        self._dying = True
        self._dead.set()

    # --- the cockpit's life ---------------------------------------------------------------------------

    def chaos(self, point: str) -> None:
        """A named instant inside the process: it may be the last one."""
        if self._dying:
            raise Killed(point)
        batch = self.store._batch
        kinds = ["fill"] if any(type(e) is ev.Fill for _, e in batch.facts) else []
        kinds += ["place"] if any(isinstance(a, Place) for o in batch.outcomes for a in o.actions) else []
        name = f"crash:{point}" + "".join(f"/{kind}" for kind in kinds)
        item = self.plan.visit(name)
        if item is not None:
            self._downtime = item.size
            self.kill(str(item))
            raise Killed(point)

    def kill(self, why: str) -> None:
        self.history.add("crash", why)
        self._dying = True
        self.crashes += 1
        self.session.kill()
        self._dead.set()

    async def boot(self) -> None:
        self.boots += 1
        self._dying = False
        self._dead = asyncio.Event()
        self._before = asyncio.all_tasks()
        self.store = await InlineStore.open(self.path, mode="practice", chaos=self.chaos)
        self.checker.reopened(Journal(self.store._connection))
        self.session: Session = self.hub.connect()
        self.engine = new_engine()
        async for _, event in self.store.facts():
            self.engine.step(event)
        self.history.add("cockpit", f"boot {self.boots} at seq {self.engine.state.seq}")
        self.inbox = Inbox()
        self.crew = Crew(
            self.engine,
            self.store,
            self.session,
            self.inbox,
            self.clock,
            observe=self._observe,
            others={"feed": self._pump, "timer": self._ring},
            chaos=self.chaos,
        )
        self.crew.boot(self.engine.state.boot + 1, "practice", "simulated", "", self.clock.now_ms())
        self._task = asyncio.create_task(self.crew.run())

    async def _pump(self) -> None:
        """What the venue says goes through the one door, as a live feed's worker does it."""
        session, inbox = self.session, self.inbox
        while batch := await session.take():
            for event in batch:
                inbox.put(event)

    async def _ring(self) -> None:
        """Wake the engine when it asked to be woken."""
        engine, inbox = self.engine, self.inbox
        rung = 0
        while True:
            await asyncio.sleep(0.05)
            now, due = self.clock.now_ms(), engine.deadline
            if due and due <= now and due != rung:
                rung = due
                inbox.put(ev.Timer(now))

    def _observe(self, event: ev.AnyEvent, outcome: Outcome) -> None:
        """Every screen, alert and client sees outcomes as they are made."""

    async def bury(self) -> None:
        """Everything the dead process left on the loop goes with it."""
        self.session.kill()
        for _ in range(100):
            left = asyncio.all_tasks() - self._before - {asyncio.current_task()}
            if not left:
                break
            for task in left:
                task.cancel()
            await asyncio.sleep(0)
        if not self._task.cancelled():
            self._task.exception()
        self.store.abandon()

    async def live(self, seconds: float) -> None:
        """Let the world run, starting the cockpit again whenever it dies."""
        end = self.loop.time() + seconds
        while self.loop.time() < end:
            left = end - self.loop.time()
            waiter = asyncio.create_task(self._dead.wait())
            done, _ = await asyncio.wait(
                {waiter, self._task}, timeout=left, return_when=asyncio.FIRST_COMPLETED
            )
            waiter.cancel()
            if self.violation:
                raise self.violation
            if not done:
                return
            if not self._dying:
                error = self._task.exception() if not self._task.cancelled() else "cancelled"
                self._fail(Violation("I15", f"the cockpit ended by itself: {error!r}"))
                if isinstance(error, BaseException):
                    import traceback

                    self.history.add("cockpit", "".join(traceback.format_exception(error)))
                raise self.violation
            await self.bury()
            await asyncio.sleep(self._downtime)
            await self.boot()

    async def _main(self) -> None:
        self._downtime = 1.0
        market = asyncio.create_task(self.hub.run())
        moments = asyncio.create_task(self._moments())
        await asyncio.sleep(TICK_FIRST)
        await self.boot()
        await self.live(self.seconds)
        moments.cancel()
        self.plan.heal()
        self.history.add("world", "healed")
        self.hub.frozen = True
        for sleeve in sorted(LIMITS):
            await self.command("sleeve_off", sleeve=sleeve_id(sleeve))
        await self.settle()
        self.checker.quiet(self.engine.state)
        if self.violation:
            raise self.violation
        self.kill("the last crash")
        await self.bury()
        market.cancel()

    async def settle(self) -> None:
        deadline = self.loop.time() + SETTLE
        quiet = 0
        while True:
            await self.live(1.0)
            waiting = self.checker.unsettled(self.engine.state)
            quiet = 0 if waiting else quiet + 1
            if quiet >= 20:
                return
            if self.loop.time() > deadline:
                self.checker.violate("I09", f"not settled {SETTLE:.0f} s after the last fault: {waiting[:6]}")
                raise self.violation

    async def _moments(self) -> None:
        for moment in self.plan.moments:
            await asyncio.sleep(max(0.0, moment.size - self.loop.time()))
            if moment.kind == "crash" and not self._dying:
                self._downtime = 2.0
                self.kill(str(moment))

    async def command(self, verb: str, **args: str) -> None:
        """A person says something through the door and waits until it is acknowledged."""
        self._commands += 1
        name = f"c{self._commands}"
        while name not in self.engine.state.commands:
            if not self._dying:
                self.crew.command(verb, args, "person", name)
            await self.live(1.0)


TICK_FIRST = 1.0


def sleeve_id(name: str) -> str:
    return f"{name}@1/{LINEAR.symbol}"


def new_engine() -> Engine:
    import cockpit.risk.rules.max_leverage
    import cockpit.risk.rules.order_rate
    import cockpit.risk.rules.price_band
    import cockpit.risk.rules.stale_data  # noqa: F401

    state = new_state("USDT", "practice", ZERO, Ledger())
    state.instruments[LINEAR.symbol] = LINEAR
    rules = [
        Rule(name, RULES[name].target, RiskConfig(max_orders_per_minute=1000, max_orders_per_second=100))
        for name in RULES
        if name != "tradable"
    ]
    engine = Engine(state, rules)
    for index, (name, strategy, tf) in enumerate(SLEEVES):
        engine.add_sleeve(Sleeve(sleeve_id(name), index, name, 1, LINEAR.symbol, tf), strategy())
    return engine
