"""What differs between exchanges: requests, words, streams, records. Everything else is written once.

A dialect holds no state and sends nothing by itself: it turns our actions into calls, and what the exchange
says into facts. Quantities are base units, as these exchanges count them; a contract is worth one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from cockpit.adapters.ccxt_venue.door import Answer, Call, Door
from cockpit.adapters.connectivity.budget import Limits
from cockpit.core import events as ev
from cockpit.core.intents import Amend, Cancel, Place
from cockpit.core.orders import WATCHED
from cockpit.core.types import ZERO, Instrument, MarginMode, PositionMode, Side

MARK_STEP, MARKS = 300_000, 1_000
"""Past marks are the closes of five-minute candles, so many at a time."""


class OrderWord(msgspec.Struct, frozen=True):
    """The exchange's word on one order."""

    cid: str
    venue_id: str
    native: str
    side: Side
    state: str
    """live | partial | filled | cancelled"""
    price: Decimal
    """Its limit, or the price it waits for; 0 = none."""
    qty: Decimal
    filled: Decimal = ZERO
    created: int = 0
    """Venue ms; 0 = not told."""
    waits: bool = False
    """It lies behind the door of conditional orders."""
    child: str = ""
    """Id of the exchange's order that works for it, once it has gone off."""


class Timed(msgspec.Struct, frozen=True):
    """A fact of the exchange's records, and when it happened (venue ms)."""

    at: int
    fact: ev.AnyEvent
    key: str
    """Unique in its list."""


class Child(msgspec.Struct, frozen=True):
    """An order of the exchange's that works for a conditional order of ours."""

    cid: str
    venue_id: str


class Now(msgspec.Struct, frozen=True):
    """What an order is at present: the proof of an amend where the exchange sends no other."""

    cid: str
    price: Decimal
    qty: Decimal


class Hint(msgspec.Struct, frozen=True):
    """Something moved that only a read can tell exactly."""

    why: str


class Restart(msgspec.Struct, frozen=True):
    """The stream says itself that it is over."""

    why: str


News = ev.AnyEvent | Child | Now | Hint | Restart


class Snapshot(msgspec.Struct, frozen=True):
    """An order book read over REST."""

    event: ev.BookSnapshot
    newest: int
    """A number that grows with every change of the book, comparable with ``Heard.newest``."""


class Heard(msgspec.Struct, frozen=True):
    """Facts of one public message, and how new a book it shows."""

    facts: Sequence[ev.AnyEvent] = ()
    topic: str = ""
    newest: int = 0


class Terms(msgspec.Struct, frozen=True):
    """What the settings want the account to be."""

    position_mode: PositionMode
    margin_mode: MarginMode
    leverage: Decimal


class KeyFacts(msgspec.Struct, frozen=True):
    """What the exchange says of a key and its account."""

    uid: str
    permissions: frozenset[str]
    """read_only, trade, transfer, withdraw; what we do not know by its own name; empty = it is not told."""
    position_mode: str = ""
    account_level: str = ""
    bound_to_ip: bool = False


class Dialect(ABC):
    """One exchange."""

    name: str
    """As in symbols: ``binance:BTCUSDT``."""
    title: str
    """As people write it."""
    host: str
    """Where real orders go."""
    ccxt_id: str
    limits: Limits
    untimely: frozenset[str]
    """Codes of "signed too long ago, or in the future": one of the two clocks is not where we believe."""
    asks_snapshot: bool = False
    """Its book stream has no snapshot: one is read over REST."""
    frames: Mapping[int, str]
    """Length of a bar (ms) → its name at the exchange."""
    watched: frozenset[str] = frozenset(WATCHED)
    """Prices that a stop may wait for."""
    page: int = 1_000
    """Most candles of one answer."""
    interest_s: float = 0.0
    """How often open interest must be read over REST; 0 = it is streamed."""

    # --- words ------------------------------------------------------------------------------------

    @abstractmethod
    def judge(self, status: int, body: Any) -> Answer:
        """The verdict of an answer: HTTP status and decoded JSON (None = it was none)."""

    @abstractmethod
    def absent(self, code: str) -> bool:
        """Does a refusal with this code say that the order does not exist?"""

    @abstractmethod
    def ended(self, code: str) -> str:
        """Why an order that was refused with this code counts as cancelled (``post_only``); empty = it was
        refused."""

    @abstractmethod
    def hosts(self, rest: str, socket: str) -> dict[str, Any]:
        """ccxt's ``urls.api`` for another place that speaks this protocol."""

    @abstractmethod
    async def clock(self, door: Door) -> int:
        """The exchange's clock (UTC ms)."""

    # --- markets ----------------------------------------------------------------------------------

    @abstractmethod
    async def load(self, door: Door, natives: Sequence[str], *, private: bool) -> dict[str, Instrument]:
        """The perpetuals named, by symbol, with tiers and (``private``) the account's fees.

        What the exchange does not list, or lists as another kind, is left out.
        """

    @abstractmethod
    async def candles(self, door: Door, native: str, length: int, count: int, end: int) -> list[ev.Bar]:
        """Closed bars before ``end`` (venue ms), oldest first."""

    funding_span: int
    """Longest span (ms) of one answer about settled funding."""

    @abstractmethod
    async def funding(self, door: Door, native: str, lo: int, hi: int) -> list[ev.FundingRate]:
        """Settled rates of [lo, hi) (venue ms), in any order."""

    interest_span: int
    """Longest span (ms) of one answer about past open interest."""
    interest_kept: int
    """How far back (ms) the exchange tells it; 0 = all of it."""

    @abstractmethod
    async def interests(self, door: Door, native: str, lo: int, hi: int) -> list[ev.OpenInterest]:
        """Open interest by the hour, of rows stamped within [lo, hi), oldest first; ``ts`` as stamped."""

    @abstractmethod
    async def marks(self, door: Door, native: str, end: int) -> list[ev.Mark]:
        """Mark and index: closes of five minutes that closed before ``end``, oldest first."""

    @abstractmethod
    async def snapshot(self, door: Door, native: str, now: int) -> Snapshot:
        """The book over REST."""

    async def interest(self, door: Door, native: str, now: int) -> ev.OpenInterest | None:
        """Open interest over REST, where it is not streamed."""
        return None

    # --- streams ----------------------------------------------------------------------------------

    @abstractmethod
    def topics(self, natives: Sequence[str], frames: Mapping[str, Sequence[int]]) -> dict[str, list[str]]:
        """Public route → its subscriptions. The first topics of a market are ``book_topic``'s."""

    @abstractmethod
    def book_topic(self, native: str) -> str: ...

    @abstractmethod
    def mark_topic(self, native: str) -> str: ...

    @abstractmethod
    def subscribe(self, topics: Sequence[str], *, off: bool = False) -> list[dict[str, Any]]:
        """The frames that ask for topics (``off``: that end them)."""

    @abstractmethod
    def refused(self, message: dict[str, Any]) -> str:
        """What is wrong, if the message says that a subscription was refused."""

    @abstractmethod
    def hear(self, message: dict[str, Any], ts: int, memory: dict[str, Any]) -> Heard:
        """A public message learned at ``ts``. ``memory`` keeps what later messages only change.

        Raises ``msgspec.MsgspecError``, KeyError or ValueError when it is not what it should be.
        """

    @abstractmethod
    async def route(self, exchange: Any, route: str, door: Door | None) -> str:
        """The address of a route; for ``private`` with whatever opens it."""

    @abstractmethod
    async def enter(self, exchange: Any, client: Any, url: str) -> list[dict[str, Any]]:
        """Log in where the private stream wants it; returns the frames to send then."""

    def entered(self, message: dict[str, Any]) -> bool:
        """Does this message prove that the private stream is subscribed?"""
        return True

    @abstractmethod
    def news(self, message: dict[str, Any], ts: int) -> list[News]:
        """A message of the private stream. Raises as ``hear`` does."""

    async def keep(self, door: Door) -> None:
        """Called every 20 minutes while the private stream is open."""
        return

    # --- requests ---------------------------------------------------------------------------------

    @abstractmethod
    def place(self, action: Place, instrument: Instrument, *, hedge: bool) -> Call:
        """Raises VenueError for an order that this exchange does not offer: nothing may be sent then."""

    @abstractmethod
    def amend(self, action: Amend, side: Side, *, waits: bool) -> Call:
        """Raises VenueError where it cannot be changed."""

    @abstractmethod
    def cancel(self, action: Cancel, *, waits: bool, child: str) -> Call: ...

    # --- records ----------------------------------------------------------------------------------

    @abstractmethod
    async def find(self, door: Door, cid: str, native: str, waits: bool | None) -> OrderWord | None:
        """An order by client id, behind every door where it may be (``waits`` None = not known)."""

    @abstractmethod
    async def owner(self, door: Door, native: str, venue_id: str) -> str:
        """The client id under which an order of the exchange's was asked for; empty = none."""

    @abstractmethod
    async def fills(
        self, door: Door, natives: Sequence[str], begin: int, end: int, order: str = ""
    ) -> list[Timed]:
        """Fills of a span (venue ms), or of one order; ``cid`` may be empty."""

    @abstractmethod
    async def bills(self, door: Door, begin: int, end: int) -> list[Timed]:
        """Funding, transfers and whatever else moved money without a fill."""

    @abstractmethod
    async def balances(self, door: Door) -> dict[str, Decimal]:
        """Cash by currency: what is not unrealised."""

    @abstractmethod
    async def positions(self, door: Door) -> list[ev.VenuePosition]: ...

    @abstractmethod
    async def orders(self, door: Door) -> list[OrderWord]:
        """Every order that is open or waits for a price."""

    @abstractmethod
    async def equity(self, door: Door) -> Decimal:
        """What the whole account is worth, in USD as the exchange counts."""

    @abstractmethod
    async def key_facts(self, door: Door, *, demo: bool) -> KeyFacts: ...

    @abstractmethod
    async def differences(self, door: Door, terms: Terms, natives: Sequence[str]) -> list[str]:
        """How the account is not what the settings say, in words."""

    # --- the same everywhere ----------------------------------------------------------------------

    def symbol(self, native: str) -> str:
        """``BTCUSDT`` → ``binance:BTCUSDT``."""
        return f"{self.name}:{native}"
