"""Our adapter at the local exchange, over real sockets; everything it says is kept in order."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable
from decimal import Decimal
from random import Random
from typing import Any

from cockpit.adapters.okx import instruments
from cockpit.adapters.okx.adapter import OkxVenue
from cockpit.adapters.okx.agreement import Terms
from cockpit.adapters.okx.budget import Budget
from cockpit.adapters.okx.endpoints import Endpoints, endpoints
from cockpit.adapters.okx.market import OkxMarket
from cockpit.adapters.okx.rest import Rest
from cockpit.adapters.okx_exchange import Options, Running, serve
from cockpit.adapters.secret import Credentials, Secret
from cockpit.core import events as ev
from cockpit.core.intents import Amend, Cancel, Place, Query, ReadAccount
from cockpit.core.orders import Order, OrderKind, Role
from cockpit.core.types import MarginMode, PositionMode, PosSide, Side
from tests.okx.scripted import alive, until

SWAP = "okx:BTC-USDT-SWAP"
SPOT = "okx:BTC-USDT"
OPTIONS = Options(symbols=("BTC-USDT-SWAP",), history=30)


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


class OurClock:
    """This machine's clock, which somebody may set while we run."""

    ahead_ms = 0

    def __call__(self) -> int:
        return wall_ms() + self.ahead_ms


def credentials(running: Running, permission: str = "trade") -> Credentials:
    """The demo account's keys."""
    account = next(a for a in running.server.venue.accounts if a.demo)
    key = running.server.venue.secrets[account.uid][permission]
    purpose = "read" if permission == "read" else "trade"
    return Credentials("okx", "demo", purpose, Secret(key.key), Secret(key.secret), Secret(key.passphrase))


def doors(running: Running) -> Endpoints:
    return endpoints("global", demo=True, rest=running.rest, socket=running.ws)


class Desk:
    """One process's adapter, and what it said."""

    def __init__(
        self, running: Running, venue: OkxVenue, market: OkxMarket, heard: list[ev.AnyEvent]
    ) -> None:
        self.running = running
        self.venue = venue
        self.market = market
        self.heard = heard
        self._count = 0

    def said(self, kind: type[ev.Event], cid: str = "") -> list[Any]:
        """Facts of one kind, about one order if named."""
        found = [e for e in self.heard if isinstance(e, kind)]
        return [e for e in found if e.cid == cid] if cid else found

    async def hears(self, kind: type[ev.Event], cid: str = "", count: int = 1, seconds: float = 10.0) -> Any:
        """Wait for a fact; returns the newest."""
        await until(lambda: len(self.said(kind, cid)) >= count, seconds)
        return self.said(kind, cid)[-1]

    async def up(self) -> None:
        """Both halves hear the venue."""
        await until(lambda: {e.channel for e in self.said(ev.Link) if e.up} >= {"market", "private"})

    def touch(self) -> tuple[Decimal, Decimal]:
        """Best bid and ask of the swap, at the venue itself."""
        floor = self.running.server.venue.floors["BTC-USDT-SWAP"]
        tick = floor.listed.instrument.tick
        return tick * max(floor.bids), tick * min(floor.asks)

    def wish(self, kind: OrderKind = OrderKind.LIMIT, **changes: Any) -> Place:
        """A new order with a fresh client id; far from the market unless told otherwise."""
        self._count += 1
        bid, _ = self.touch()
        fields: dict[str, Any] = {
            "cid": f"ckd001{wall_ms() % 10**9:09d}{self._count:03d}",
            "sleeve": "s",
            "symbol": SWAP,
            "side": Side.BUY,
            "kind": kind,
            "qty": Decimal(1),
            "price": (bid * Decimal("0.99")).quantize(Decimal(1)),
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

    async def cancel(self, cid: str) -> None:
        await self.venue.submit(Cancel(cid, SWAP, "test"))

    async def amend(self, cid: str, price: Decimal, qty: Decimal) -> None:
        await self.venue.submit(Amend(cid, SWAP, price, qty))

    async def ask(self, cid: str) -> ev.OrderReport:
        """What the venue says of an order now."""
        before = len(self.said(ev.OrderReport, cid))
        await self.venue.submit(Query(cid, SWAP))
        return self.said(ev.OrderReport, cid)[before:][-1]

    async def read(self, since: int = 0) -> ev.AccountReport:
        await self.venue.submit(ReadAccount("r", "test", since))
        return self.said(ev.AccountReport)[-1]

    @property
    def truth(self) -> Any:
        """The account at the venue."""
        return next(a for a in self.running.server.venue.accounts if a.demo)

    def log(self, cid: str) -> list[dict[str, Any]]:
        """Every order request about this order that the venue looked at."""
        return [row for row in self.running.server.venue.log if cid in str(row)]


@contextlib.asynccontextmanager
async def desk(
    running: Running,
    *,
    symbols: tuple[str, ...] = (SWAP,),
    bars: dict[str, tuple[int, ...]] | None = None,
    leverage: Decimal | None = None,
    position_mode: PositionMode = PositionMode.NET,
    born: int = 0,
    orders: Iterable[Order] = (),
    clock: Callable[[], int] = wall_ms,
    tune: Callable[[OkxVenue, OkxMarket], None] | None = None,
) -> AsyncIterator[Desk]:
    """An adapter that is connected and up."""
    where, keys = doors(running), credentials(running)
    budget = Budget(asyncio.get_running_loop().time)
    rest = Rest(where, keys, budget)
    heard: list[ev.AnyEvent] = []
    try:
        markets = await instruments.load(rest, symbols, MarginMode.CROSS, private=True)
        terms = Terms(position_mode, MarginMode.CROSS, leverage or Decimal(3))
        venue = OkxVenue(
            where,
            keys,
            markets,
            terms,
            heard.append,
            clock,
            rest=rest,
            budget=budget,
            born=born,
            orders=orders,
            rng=Random(2),
        )
        market = OkxMarket(where, markets, bars or {}, heard.append, clock, rest=rest, rng=Random(1))
        if tune is not None:
            tune(venue, market)
        async with alive(venue.run()), alive(market.run()):
            made = Desk(running, venue, market, heard)
            await made.up()
            yield made
    finally:
        await rest.close()


@contextlib.asynccontextmanager
async def exchange(options: Options = OPTIONS) -> AsyncIterator[Running]:
    """The local exchange in this loop."""
    running = await serve(options)
    try:
        yield running
    finally:
        await running.close()
