"""One stand a venue: the adapter under test, connected, and hands on the venue behind it.

The cases ask nothing of a venue but what this class says; how it is done is each stand's own business.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from cockpit.adapters.ccxt_venue.binance import Binance
from cockpit.adapters.ccxt_venue.bybit import Bybit
from cockpit.adapters.ccxt_venue.dialect import Dialect, Terms
from cockpit.adapters.ccxt_venue.door import Address, Door
from cockpit.adapters.ccxt_venue.market import CcxtMarket
from cockpit.adapters.ccxt_venue.venue import CcxtVenue
from cockpit.adapters.connectivity.budget import Budget
from cockpit.adapters.okx_exchange import Options
from cockpit.adapters.okx_exchange.algos import drop
from cockpit.adapters.okx_exchange.faults import Fault
from cockpit.adapters.secret import Credentials, Secret
from cockpit.adapters.venues.paper import PaperVenue
from cockpit.adapters.venues.sim import SimVenue
from cockpit.core import events as ev
from cockpit.core.intents import Amend, Cancel, Place, Query, ReadAccount
from cockpit.core.matching import Latency, World
from cockpit.core.orders import OrderKind, Role
from cockpit.core.ports import Venue
from cockpit.core.types import Instrument, MarginMode, PositionMode, PosSide, Side
from tests.contract.fake_binance import FakeBinance
from tests.contract.fake_bybit import FakeBybit
from tests.contract.floor import Floor, wall_ms
from tests.contract.server import KEY, SECRET, Scripted
from tests.okx.desks import SWAP, OurClock, desk, exchange
from tests.okx.scripted import alive, until

PROTECT: dict[str, Any] = {"reduce_only": True, "role": Role.PROTECT, "side": Side.SELL, "price": None}


class Stand:
    """A connected venue."""

    name = ""
    wire = True
    """There is a road to it that can break."""
    unit = Decimal(1)
    """A size that every case can trade."""

    def __init__(self, venue: Venue, instrument: Instrument, heard: list[ev.AnyEvent]) -> None:
        self.venue = venue
        self.instrument = instrument
        self.heard = heard
        self.clock = OurClock()
        """Of the adapter, where there is a road."""
        self._count = 0

    # --- the venue's side, by stand ---------------------------------------------------------------

    def touch(self) -> tuple[Decimal, Decimal]:
        """Best bid and ask at the venue."""
        raise NotImplementedError

    def move(self, price: Decimal) -> None:
        """The market goes there."""
        raise NotImplementedError

    def arrived(self, cid: str) -> int:
        """How many placing requests with this client id the venue has seen."""
        raise NotImplementedError

    def resting(self) -> set[str]:
        """What rests or waits at the venue, by client id."""
        raise NotImplementedError

    def strangle(self, cid: str) -> None:
        """The venue takes an order away by itself."""
        raise NotImplementedError

    def fault(self, what: str) -> None:
        """The next order goes wrong: lose (done, no answer), unknown (a code that says nothing), rate."""
        raise NotImplementedError

    def cut(self, route: str) -> None:
        """The public or private connections break."""
        raise NotImplementedError

    def stall(self, route: str) -> None:
        """They stay open and say nothing."""
        raise NotImplementedError

    def double(self) -> None:
        """The account's stream says everything twice from now on."""
        raise NotImplementedError

    def lose_updates(self) -> None:
        """Some book updates are lost on the way."""
        raise NotImplementedError

    # --- the same everywhere ----------------------------------------------------------------------

    def said(self, kind: type[Any], cid: str = "") -> list[Any]:
        found = [e for e in self.heard if isinstance(e, kind)]
        return [e for e in found if e.cid == cid] if cid else found

    async def hears(self, kind: type[Any], cid: str = "", count: int = 1, seconds: float = 10.0) -> Any:
        """Wait for a fact; returns the newest."""
        await until(lambda: len(self.said(kind, cid)) >= count, seconds)
        return self.said(kind, cid)[-1]

    def below(self, part: str) -> Decimal:
        """A price at that part of the market, on the grid."""
        return self.instrument.price(self.touch()[0] * Decimal(part))

    def wish(self, kind: OrderKind = OrderKind.LIMIT, **changes: Any) -> Place:
        """A new order with a fresh client id; far from the market unless told otherwise."""
        self._count += 1
        fields: dict[str, Any] = {
            "cid": f"ckd001{wall_ms() % 10**9:09d}{self._count:03d}",
            "sleeve": "s",
            "symbol": self.instrument.symbol,
            "side": Side.BUY,
            "kind": kind,
            "qty": self.unit,
            "price": self.below("0.99"),
            "trigger": None,
            "take": None,
            "callback": None,
            "reduce_only": False,
            "pos_side": PosSide.NET,
            "role": Role.ENTRY,
            "tag": "",
        }
        return Place(**{**fields, **changes})

    def market_order(self, side: Side = Side.BUY, **changes: Any) -> Place:
        return self.wish(OrderKind.MARKET, side=side, price=None, **changes)

    async def place(self, wish: Place) -> None:
        await self.venue.submit(wish)

    async def cancel(self, cid: str) -> None:
        await self.venue.submit(Cancel(cid, self.instrument.symbol, "test"))

    async def amend(self, cid: str, price: Decimal, qty: Decimal) -> None:
        await self.venue.submit(Amend(cid, self.instrument.symbol, price, qty))

    async def ask(self, cid: str) -> ev.OrderReport:
        """What the venue says of an order now."""
        before = len(self.said(ev.OrderReport, cid))
        await self.venue.submit(Query(cid, self.instrument.symbol))
        await until(lambda: len(self.said(ev.OrderReport, cid)) > before)
        return self.said(ev.OrderReport, cid)[-1]

    async def read(self, since: int = 0) -> ev.AccountReport:
        before = len(self.said(ev.AccountReport))
        await self.venue.submit(ReadAccount("r", "test", since))
        await until(lambda: len(self.said(ev.AccountReport)) > before)
        return self.said(ev.AccountReport)[-1]

    def links(self, channel: str) -> list[bool]:
        return [e.up for e in self.said(ev.Link) if e.channel == channel]


# --- in our own process ---------------------------------------------------------------------------


class FloorStand(Stand):
    """A stand whose venue is a ``Floor`` at hand."""

    floor: Floor

    def touch(self) -> tuple[Decimal, Decimal]:
        return self.floor.touch()

    def resting(self) -> set[str]:
        return {order.cid for order in self.floor.exchange.open_orders()}

    def strangle(self, cid: str) -> None:
        self.floor.strangle(cid)


class PracticeStand(FloorStand):
    """The simulated venue of practice and tapes, and the one of paper trading: no road, nothing to break."""

    name = "practice"
    wire = False

    def __init__(
        self, venue: Venue, floor: Floor, heard: list[ev.AnyEvent], pump: Callable[[], None]
    ) -> None:
        super().__init__(venue, floor.instrument, heard)
        self.floor = floor
        self._pump = pump
        self.placed: list[str] = []

    def move(self, price: Decimal) -> None:
        self.floor.mid = float(price)
        now = wall_ms()
        bids, asks = self.floor.levels()
        exchange = self.floor.exchange
        exchange.market(ev.BookSnapshot(now, self.floor.symbol, now, tuple(bids), tuple(asks), now), now)
        exchange.market(ev.Mark(now, self.floor.symbol, float(price), float(price)), now)
        self._pump()

    async def place(self, wish: Place) -> None:
        self.placed.append(wish.cid)
        await super().place(wish)

    def arrived(self, cid: str) -> int:
        return self.placed.count(cid)

    def strangle(self, cid: str) -> None:
        self.floor.exchange.request(Cancel(cid, self.floor.symbol, "venue"), wall_ms())
        self._pump()


@contextlib.asynccontextmanager
async def practice() -> AsyncIterator[Stand]:
    """``SimVenue`` over a world whose time is pumped by hand."""
    floor = Floor("practice")
    heard: list[ev.AnyEvent] = [ev.Link(wall_ms(), c, True) for c in ("market", "private")]
    world = World(iter(()), floor.exchange, Latency.constant(0, 0, 0), 1)

    def pump() -> None:
        while (event := world.next()) is not None:
            heard.append(event)
        heard.extend(floor.exchange.reports)
        floor.exchange.reports.clear()

    async def pumping() -> None:
        while True:
            pump()
            await asyncio.sleep(0.005)

    async with alive(pumping()):
        yield PracticeStand(SimVenue(world, wall_ms), floor, heard, pump)


@contextlib.asynccontextmanager
async def paper() -> AsyncIterator[Stand]:
    """``PaperVenue``: the same matching on the wall clock."""
    floor = Floor("paper")
    heard: list[ev.AnyEvent] = [ev.Link(wall_ms(), c, True) for c in ("market", "private")]
    venue = PaperVenue(floor.exchange, heard.append, wall_ms, Latency.constant(0, 1, 1))
    async with alive(venue.run()):
        yield PracticeStand(venue, floor, heard, venue._tell)


# --- OKX ------------------------------------------------------------------------------------------


class OkxStand(Stand):
    """The OKX adapter at the local exchange."""

    name = "okx"

    def __init__(self, made: Any) -> None:
        super().__init__(made.venue, made.venue.markets[SWAP].instrument, made.heard)
        self.made = made

    def _add(self, on: str, do: str, **more: Any) -> None:
        venue = self.made.running.server.venue
        venue.faults.add(Fault(on, do, **more), venue.clock.now())

    def touch(self) -> tuple[Decimal, Decimal]:
        return self.made.touch()

    def move(self, price: Decimal) -> None:
        self.made.running.server.venue.move_to("BTC-USDT-SWAP", price.quantize(Decimal(1)))

    def arrived(self, cid: str) -> int:
        return len(self.made.log(cid))

    def resting(self) -> set[str]:
        account = self.made.truth
        return {o.cl_ord_id for o in account.live.values()} | {a.name for a in account.live_algos.values()}

    def strangle(self, cid: str) -> None:
        account = self.made.truth
        algo = next(a for a in account.live_algos.values() if a.name == cid)
        drop(account, algo, self.made.running.server.venue.clock.now())

    def fault(self, what: str) -> None:
        if what == "lose":
            self._add("op order", "lose")
        elif what == "unknown":
            self._add("op order", "refuse", code="51149")
        else:
            self._add("op order", "refuse", code="50011")

    def cut(self, route: str) -> None:
        self.made.running.server.strike(Fault(f"sockets {route}", "abort"))

    def stall(self, route: str) -> None:
        self.made.running.server.strike(Fault(f"sockets {route}", "stall"))

    def double(self) -> None:
        self._add("push orders", "duplicate", times=0)

    def lose_updates(self) -> None:
        self._add("push books", "drop", times=2)


@contextlib.asynccontextmanager
async def okx(clock: OurClock) -> AsyncIterator[Stand]:
    options = Options(symbols=("BTC-USDT-SWAP",), history=5)
    async with exchange(options) as running, desk(running, clock=clock) as made:
        yield OkxStand(made)


# --- through ccxt ---------------------------------------------------------------------------------


class CcxtStand(FloorStand):
    """A ccxt dialect at its scripted exchange."""

    unit = Decimal("0.1")

    def __init__(
        self, server: Scripted, venue: CcxtVenue, market: CcxtMarket, heard: list[ev.AnyEvent]
    ) -> None:
        super().__init__(venue, next(iter(venue.instruments.values())), heard)
        self.name = server.venue
        self.server = server
        self.floor = server.floor
        self.market = market

    def move(self, price: Decimal) -> None:
        self.floor.move(float(price))

    def arrived(self, cid: str) -> int:
        return len(self.server.requests(cid))

    def fault(self, what: str) -> None:
        self.server.fault("POST /fapi/v1/order" if self.name == "binance" else "order/create", what)

    def cut(self, route: str) -> None:
        self.server.cut(route)

    def stall(self, route: str) -> None:
        self.server.stall(route)

    def double(self) -> None:
        self.server.doubled = True

    def lose_updates(self) -> None:
        self.server.skip = 2


FAKES: dict[str, tuple[type[Scripted], type[Dialect]]] = {
    "binance": (FakeBinance, Binance),
    "bybit": (FakeBybit, Bybit),
}


def credentials(venue: str) -> Credentials:
    return Credentials(venue, "demo", "trade", Secret(KEY), Secret(SECRET), Secret(""))


def door_of(server: Scripted, *, keys: bool = True) -> Door:
    dialect = FAKES[server.venue][1]()
    budget = Budget(dialect.limits, asyncio.get_running_loop().time)
    address = Address(demo=True, rest=server.rest, socket=server.socket)
    return Door(dialect, address, credentials(server.venue) if keys else None, budget)


@contextlib.asynccontextmanager
async def ccxt_stand(
    venue: str, bars: dict[str, tuple[int, ...]] | None = None, clock: Callable[[], int] = wall_ms
) -> AsyncIterator[CcxtStand]:
    """A scripted exchange, its adapter, both halves up."""
    async with FAKES[venue][0]().running() as server:
        door = door_of(server)
        heard: list[ev.AnyEvent] = []
        try:
            await door.sync(clock, tries=1)
            instruments = await door.dialect.load(door, ["BTCUSDT"], private=True)
            terms = Terms(PositionMode.NET, MarginMode.CROSS, Decimal(3))
            account = CcxtVenue(door, instruments, terms, heard.append, clock, rng=Random(2))
            market = CcxtMarket(door, instruments, bars or {}, heard.append, clock, rng=Random(1))
            async with alive(account.run()), alive(market.run()):
                stand = CcxtStand(server, account, market, heard)
                await until(lambda: stand.links("market")[-1:] == stand.links("private")[-1:] == [True])
                yield stand
        finally:
            await door.close()


@contextlib.asynccontextmanager
async def stand_of(name: str) -> AsyncIterator[Stand]:
    """The stand of a venue by name."""
    clock = OurClock()
    made = {
        "practice": practice, "paper": paper, "okx": lambda: okx(clock)
    }.get(name, lambda: ccxt_stand(name, clock=clock))  # fmt: skip
    async with made() as stand:  # type: ignore[operator]
        stand.clock = clock
        yield stand


VENUES = ("practice", "paper", "okx", "binance", "bybit")


def needs_a_road(stand: Stand) -> None:
    """Skip what only a venue behind a network can show."""
    if not stand.wire:
        pytest.skip("this venue is in our own process: there is no road to break")
