"""Stand-ins for the workers' neighbours: a venue that is told what to do, a journal that can be held up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from cockpit.core import events as ev
from cockpit.core.errors import StoreError
from cockpit.core.intents import Action, Outcome, Place
from cockpit.core.orders import Order, OrderKind, Role
from cockpit.core.ports import EquityPoint
from cockpit.core.types import PosSide, Side
from tests.core.stand import D

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """On a fresh loop; a test that hangs fails."""

    async def bounded() -> T:
        return await asyncio.wait_for(work, 20)

    return asyncio.run(bounded())


async def turns(count: int = 20) -> None:
    """Let the other tasks work."""
    for _ in range(count):
        await asyncio.sleep(0)


class Clock:
    ts = 1_000

    def now_ms(self) -> int:
        return self.ts


class Venue:
    """Remembers what was delivered; ``fate`` says what becomes of it."""

    name = "fake"

    def __init__(self) -> None:
        self.got: list[Action] = []
        self.fate: Callable[[Action], Awaitable[None]] | None = None

    async def submit(self, action: Action) -> None:
        self.got.append(action)
        if self.fate is not None:
            await self.fate(action)

    async def close(self) -> None:
        """Nothing to close."""


class Journal:
    """Keeps what it is given; commits wait for ``release`` while ``held``."""

    def __init__(self, *, held: bool = False) -> None:
        self.held = held
        self.commits: list[asyncio.Future[None]] = []
        self.facts: list[tuple[int, ev.AnyEvent]] = []
        self.market: list[tuple[int, ev.AnyEvent]] = []
        self.outcomes: list[Outcome] = []
        self.orders: list[Order] = []
        self.equity: list[EquityPoint] = []
        self.snapshots: list[tuple[int, bytes]] = []
        self.handed: list[list[int]] = []
        """Sequence numbers of each hand-over: between two of them a real journal may have written."""
        self.full = False

    def append_market(self, seq: int, event: ev.AnyEvent) -> None:
        self.market.append((seq, event))
        self.handed.append([seq])

    def append(
        self,
        events: Sequence[tuple[int, ev.AnyEvent]],
        outcomes: Sequence[Outcome] = (),
        orders: Sequence[Order] = (),
        equity: Sequence[EquityPoint] = (),
        *,
        label: str = "commit",
        now: bool = True,
    ) -> Awaitable[None]:
        self.facts += [row for row in events if type(row[1]) not in ev.MARKET]
        self.market += [row for row in events if type(row[1]) in ev.MARKET]
        self.handed.append([seq for seq, _ in events])
        self.outcomes += outcomes
        self.orders += orders
        self.equity += equity
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.commits.append(done)
        if self.full:
            done.set_exception(StoreError("disk full"))
        elif not self.held:
            done.set_result(None)
        return done

    async def commit(self, *args: Any, **kwargs: Any) -> None:
        await self.append(*args, **kwargs)

    async def snapshot(self, seq: int, state: bytes, *, keep: bool = False) -> None:
        if self.full:
            raise StoreError("disk full")
        self.snapshots.append((seq, state))

    async def close(self) -> None:
        """Nothing to close."""

    def release(self) -> None:
        """The disk answers."""
        for done in self.commits:
            if not done.done():
                done.set_result(None)


class Script:
    """A source of batches."""

    def __init__(self, *batches: Sequence[ev.AnyEvent], lockstep: bool = False) -> None:
        self.lockstep = lockstep
        self.batches = list(batches)
        self.extra: list[ev.AnyEvent] = []
        self.more = asyncio.Event()
        self.ended = False

    def put(self, event: ev.AnyEvent) -> None:
        self.extra.append(event)
        self.more.set()

    def end(self) -> None:
        self.ended = True
        self.more.set()

    async def take(self) -> Sequence[ev.AnyEvent]:
        while True:
            if self.batches:
                return self.batches.pop(0)
            if self.extra:
                taken, self.extra = self.extra, []
                return taken
            if self.ended:
                return ()
            self.more.clear()
            await self.more.wait()


def place(cid: str, role: Role = Role.ENTRY) -> Place:
    return Place(
        cid, "p1", "sim:BTC-USDT-SWAP", Side.BUY, OrderKind.MARKET, D(1), None, None, None, None,
        False, PosSide.NET, role, "",
    )  # fmt: skip


def order(cid: str, role: Role = Role.ENTRY) -> Order:
    return Order(cid, "p1", "sim:BTC-USDT-SWAP", Side.BUY, OrderKind.MARKET, D(1), role=role)
