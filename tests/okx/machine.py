"""The whole machine on the local exchange: settings, keys, journal, engine, workers, real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator
from decimal import Decimal
from math import isnan
from pathlib import Path
from typing import Any

import msgspec

from cockpit.adapters.okx_exchange import Running
from cockpit.adapters.okx_exchange.admin import truth
from cockpit.adapters.okx_exchange.faults import Fault
from cockpit.adapters.store.sqlite import SqliteStore
from cockpit.app.books import mend
from cockpit.app.discover import discover
from cockpit.app.okx import OkxSession, open_okx, ring
from cockpit.app.recovery import recover
from cockpit.app.runtime import WallClock
from cockpit.core import events as ev
from cockpit.core.config import Config, OkxConfig, RiskConfig, RunConfig, SleeveConfig
from cockpit.core.engine import Engine
from cockpit.core.intents import Outcome
from cockpit.core.registry import strategy
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.workers.crew import Crew
from cockpit.workers.inbox import Inbox
from tests.okx.desks import credentials
from tests.okx.scripted import alive, until

SWAP = "okx:BTC-USDT-SWAP"
BEAT_MS = 250
PROVEN_S = 45.0
"""A request that died with its process can no longer arrive after 31 s: so long an order may be unknown."""


@strategy("okx_churn", None, version=1, wakes=("book",))
class Churn(msgspec.Struct):
    """Never content: turns its position, moves its stop and its quotes all the time."""

    beat: int = 0

    @classmethod
    def create(cls, _params: Any) -> Churn:
        return cls()

    def on_book(self, view: View, want: Want) -> None:
        beat = view.now // BEAT_MS
        if beat == self.beat or not view.book_ok or isnan(view.bid):
            return
        self.beat = beat
        step = beat % 8
        far = 300 * view.tick
        if step in (0, 4):
            want.position(3.0, stop=view.bid - far, tag="long")
        elif step in (2, 6):
            want.position(-2.0, stop=view.ask + far, tag="short")
        elif step in (1, 5):
            want.quote(view.bid - 20 * view.tick, 1.0, view.ask + 20 * view.tick, 1.0, tag="quotes")
        elif step == 3:
            want.quote(view.bid - view.tick, 1.0, view.ask + view.tick, 1.0, tag="closer")
        else:
            want.pull("away")


class OneKey:
    """A store that holds the local exchange's demo key."""

    place = "test"

    def __init__(self, running: Running) -> None:
        self._keys = credentials(running)

    def names(self) -> list[Any]:
        return []

    def get(self, which: Any) -> Any:
        return self._keys if (which.environment, which.purpose) == ("demo", "trade") else None

    def put(self, keys: Any) -> None:
        raise NotImplementedError

    def remove(self, which: Any) -> bool:
        return False


def settings(running: Running, execution: str = "demo") -> Config:
    return Config(
        run=RunConfig(feed="okx", execution=execution, equity=100_000.0),
        risk=RiskConfig(max_orders_per_second=50, max_orders_per_minute=3_000, min_confidence=0.0),
        okx=OkxConfig(rest=running.rest, socket=running.ws),
        sleeves=(SleeveConfig("okx_churn", SWAP),),
    )


class Machine:
    """One process of the cockpit."""

    def __init__(self, running: Running, session: OkxSession, engine: Engine, crew: Crew) -> None:
        self.running = running
        self.session = session
        self.engine = engine
        self.crew = crew
        self.heard: list[ev.AnyEvent] = []
        self.when: list[tuple[float, ev.AnyEvent]] = []
        """The same with the moment (monotonic seconds) at which the machine knew."""
        self.notes: Counter[str] = Counter()

    def observe(self, event: ev.AnyEvent, outcome: Outcome) -> None:
        if event.__class__ not in ev.MARKET:
            self.heard.append(event)
            self.when.append((time.monotonic(), event))
        for note in outcome.notes:
            self.notes[note.message] += 1

    def fault(self, on: str, do: str, **more: Any) -> None:
        """Break something at the exchange."""
        venue = self.running.server.venue
        venue.faults.add(Fault(on, do, **more), venue.clock.now())

    def strike(self, on: str, do: str, **more: Any) -> None:
        """Break the open sockets now."""
        self.running.server.strike(Fault(on, do, **more))

    def cut(self, door: str, on: str, **more: Any) -> None:
        """Refuse at ``on``, and cut the sockets of a door so that they come there."""
        self.fault(on, "refuse", **more)
        self.strike(f"sockets {door}", "abort")

    def relisted(self, seconds: float, **terms: Any) -> None:
        """The market's terms change, and change back after so long."""
        venue = self.running.server.venue
        known = venue.floors["BTC-USDT-SWAP"].listed.instrument
        back = {name: getattr(known, name) for name in terms}
        venue.relist("BTC-USDT-SWAP", **terms)
        asyncio.get_running_loop().call_later(seconds, lambda: venue.relist("BTC-USDT-SWAP", **back))

    def heal(self) -> None:
        """Nothing is broken any more."""
        self.running.server.venue.settling.clear()
        self.running.server.venue.faults.clear()
        self.running.server.venue.clock.skew = 0

    @property
    def account(self) -> Any:
        return next(a for a in self.running.server.venue.accounts if a.demo)

    def truth(self) -> dict[str, Any]:
        """The venue's own books, as far as both sides speak of the same."""
        told = truth(self.account)
        return {
            "fills": {(f["instId"], f["tradeId"]): Decimal(f["fillSz"]) for f in told["fills"]},
            "positions": {p["instId"]: Decimal(p["pos"]) for p in told["positions"] if Decimal(p["pos"])},
            "cash": Decimal(told["cash"]["USDT"]),
        }

    def books(self) -> dict[str, Any]:
        """Our ledger, in the same words."""
        state = self.engine.state
        fills = {e.trade_id: e.qty for e in self.heard if isinstance(e, ev.Fill)}
        held = {p.symbol.partition(":")[2]: p.qty for p in state.ledger.held() if p.qty}
        return {
            "fills": {("BTC-USDT-SWAP", trade): qty for trade, qty in fills.items()},
            "positions": held,
            "cash": state.ledger.balances["USDT"],
        }

    def open_orders(self) -> tuple[set[str], set[str]]:
        """Client ids of living orders: ours, the venue's."""
        ours = {o.cid for o in self.engine.state.orders.values()}
        theirs = {o.cl_ord_id or o.algo_cl_ord_id for o in self.account.live.values()}
        return ours, theirs | {a.name for a in self.account.live_algos.values()}

    def sent_twice(self) -> list[str]:
        """Client ids that the venue saw in more than one order request."""
        seen = Counter(row["clOrdId"] for row in self.running.server.venue.log)
        return [cid for cid, count in seen.items() if cid and count > 1]

    async def quiet(self, seconds: float = PROVEN_S) -> None:
        """Halt and flatten; then both sides are flat, nothing rests, and the books have been read back."""
        await self.crew.halt("test", flatten=True)
        await until(self._settled, seconds)

    def _settled(self) -> bool:
        halt = self.engine.state.halt
        ours, theirs = self.open_orders()
        return halt is not None and halt.phase == "confirmed" and not ours and not theirs

    def assert_equal_books(self) -> None:
        """Fill for fill, position for position, to the venue's last printed decimal of cash."""
        told, mine = self.truth(), self.books()
        assert mine["fills"] == told["fills"]
        assert mine["positions"] == told["positions"] == {}
        assert abs(mine["cash"] - told["cash"]) < Decimal("1e-9")
        assert self.sent_twice() == []


@contextlib.asynccontextmanager
async def machine(
    running: Running, folder: Path, config: Config | None = None, *, orderly: bool = True
) -> AsyncIterator[Machine]:
    """A cockpit that trades on the local exchange; not ``orderly``: at the end it is cut off in the act."""
    discover()
    config = config or settings(running)
    session = await open_okx(config, folder, OneKey(running))
    store = await SqliteStore.open(folder / "cockpit.db", mode=config.run.execution, synchronous="OFF")
    try:
        engine, _ = await recover(store, config, config.run.execution, session)
        clock, inbox = WallClock(), Inbox()
        live = session.connect(inbox.put, clock.now_ms, engine.state.orders.values())
        made: list[Machine] = []
        crew = Crew(
            engine,
            store,
            live.venue,
            inbox,
            clock,
            observe=lambda event, outcome: made[0].observe(event, outcome),
            others={
                **live.jobs,
                "ring": lambda: ring(lambda: engine.deadline, inbox.put, clock.now_ms),
                "books": lambda: mend(engine.markets, live.feed.mend, inbox.put, clock.now_ms),
            },
        )
        made.append(Machine(running, session, engine, crew))
        crew.boot(engine.state.boot + 1, config.run.execution, "test", "", clock.now_ms())
        async with alive(crew.run()):
            await until(lambda: engine.state.reconciled and engine.state.links.get("private"), 20)
            yield made[0]
            if orderly:
                await crew.drain()
    finally:
        await store.close()
        await session.close()


async def trade(made: Machine, fills: int, seconds: float = 20.0) -> None:
    """Until so many more fills have happened."""
    goal = made.engine.state.fills + fills
    await until(lambda: made.engine.state.fills >= goal, seconds)
