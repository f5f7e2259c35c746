"""What the machine needs from outside, as Protocols of at most five methods each."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from decimal import Decimal
from typing import Protocol

import msgspec

from cockpit.core.events import AnyEvent
from cockpit.core.intents import Action, Outcome
from cockpit.core.orders import Order


class Clock(Protocol):
    """Wall time. The core never sees it; workers stamp events with it."""

    def now_ms(self) -> int:
        """UTC milliseconds."""


class Venue(Protocol):
    """An exchange account as the execution worker sees it.

    Answers travel as events through the feed (acks, fills, cancels); the return of ``submit`` is only
    whether the request was delivered.
    """

    name: str

    async def submit(self, action: Action) -> None:
        """Deliver one request. Raises Transient (surely not done) or Ambiguous (perhaps done)."""

    async def close(self) -> None: ...


class Feed(Protocol):
    """A source of events, in the order in which we learn them."""

    async def take(self) -> Sequence[AnyEvent]:
        """The next batch; waits for at least one. An empty batch means the source has ended."""

    async def close(self) -> None: ...


class EquityPoint(msgspec.Struct, frozen=True):
    """One sample of the equity curve, in the account's currency."""

    ts: int
    currency: str
    equity: Decimal
    cash: Decimal
    """All of the equity that is not unrealised profit: free money, margin locked in isolated positions,
    and other coins (spot holdings too) at their mark."""
    realised: Decimal
    unrealised: Decimal
    fees: Decimal
    """Paid so far; > 0 is a cost."""
    funding: Decimal
    """Received so far; < 0 is a cost."""


class Store(Protocol):
    """The journal. One writer. Hand everything over in the order of the engine's steps.

    When a write fails (disk full), StoreError reaches whoever waits for it and the rows stay queued: they
    are written first by the next commit that succeeds, so the journal never has a hole. Never hand the same
    rows over twice.
    """

    def append_market(self, seq: int, event: AnyEvent) -> None:
        """Keep a market event for the next transaction; cheap, never waits."""

    def append(
        self,
        events: Sequence[tuple[int, AnyEvent]],
        outcomes: Sequence[Outcome] = (),
        orders: Sequence[Order] = (),
        equity: Sequence[EquityPoint] = (),
        *,
        label: str = "commit",
        now: bool = True,
    ) -> Awaitable[None]:
        """Queue (seq, event) facts and what they led to; await the result where they must be durable.

        An error that nobody awaits is kept by the store, and no complaint of the loop's.
        Not ``now``: nothing waits for these rows, so they may go with the next that something waits for, or
        a few milliseconds later.
        ``label`` names the kind of transaction: the simulator crashes at ``label.before``, ``.inside`` and
        ``.after``.
        """

    async def commit(
        self,
        events: Sequence[tuple[int, AnyEvent]],
        outcomes: Sequence[Outcome],
        orders: Sequence[Order] = (),
        equity: Sequence[EquityPoint] = (),
        *,
        label: str = "commit",
    ) -> None:
        """As ``append``; returns when it is durable, market data before it included. One transaction."""

    async def snapshot(self, seq: int, state: bytes, *, keep: bool = False) -> None:
        """Remember the folded state as of ``seq``.

        ``keep``: for ever, since something is in it that no fact tells (who decides has changed).
        """

    async def close(self) -> None: ...
