"""What a strategy may want, what became of the wish, and what is done about it.

A strategy never orders. It says which position it wants and which quotes it would like to show; the
gate trims that and keeps every reason; ``reconcile`` turns the rest into actions.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from cockpit.core.orders import OrderKind, Role
from cockpit.core.types import PosSide, Side, SleeveId


class Quote(msgspec.Struct, frozen=True, array_like=True):
    """A resting post-only order the strategy would like to show."""

    side: Side
    price: Decimal
    qty: Decimal
    tag: str = ""


class Intent(msgspec.Struct, frozen=True, array_like=True):
    """A wish that stays in force until the strategy replaces it."""

    sleeve: SleeveId
    symbol: str
    target: Decimal | None = None
    """Signed position wanted (contracts or base units); None = the quotes are the whole wish."""
    quotes: tuple[Quote, ...] = ()
    stop: Decimal | None = None
    """Protective stop price for the wanted position; rests at the venue."""
    take: Decimal | None = None
    """Take-profit price; rests at the venue."""
    tag: str = ""
    """Why, in the strategy's words: shown, and used for the per-tag break-down."""
    confidence: float = 1.0


class Verdict(msgspec.Struct, frozen=True, array_like=True):
    """What one rule did to one wish. The chain of verdicts answers "why did we (not) trade?"."""

    sleeve: SleeveId
    rule: str
    action: str
    """trim | block | exit | note"""
    before: str
    after: str
    reason: str
    """Message id and its numbers, already words: ``max_notional: 24,000 > 20,000 USDT``."""


class Approved(msgspec.Struct, frozen=True, array_like=True):
    """A wish that passed every rule. Only ``gate.approve`` makes one; only this is acted upon."""

    intent: Intent
    entries: bool
    """False: nothing that could increase exposure may be sent now."""
    guard: str = ""
    """The stop layer whose price is in the wish; empty = the strategy's own."""


class Place(msgspec.Struct, frozen=True, array_like=True, tag="place"):
    """Send a new order. Complete: the execution worker needs nothing else to build the request."""

    cid: str
    sleeve: SleeveId
    symbol: str
    side: Side
    kind: OrderKind
    qty: Decimal
    price: Decimal | None
    trigger: Decimal | None
    take: Decimal | None
    callback: Decimal | None
    reduce_only: bool
    pos_side: PosSide
    role: Role
    tag: str
    watch: str = ""
    """Which price sets off an order that waits: mark | last | index; empty = as the venue likes."""


class Amend(msgspec.Struct, frozen=True, array_like=True, tag="amend"):
    """Change price and/or total size (including what has filled) of a resting order."""

    cid: str
    symbol: str
    price: Decimal
    """Limit price; of an order that waits for a price, its trigger."""
    qty: Decimal
    tag: str = ""
    """Why it rests from now on; ours, the venue does not hear it."""
    take: Decimal | None = None
    """Take-profit of an OCO; None = the order has none."""


class Cancel(msgspec.Struct, frozen=True, array_like=True, tag="cancel"):
    cid: str
    symbol: str
    reason: str


class Query(msgspec.Struct, frozen=True, array_like=True, tag="query"):
    """Ask the venue what became of an order; its fills are repeated before the answer."""

    cid: str
    symbol: str


class ReadAccount(msgspec.Struct, frozen=True, array_like=True, tag="read_account"):
    """Read balances, positions and open orders back from the venue.

    The venue first repeats its fills and bills since ``since`` (ms, 0 = from the start), so that
    nothing lost on the way stays lost; they are idempotent by id.
    """

    request_id: str
    reason: str
    since: int = 0


Action = Place | Amend | Cancel | Query | ReadAccount


class Note(msgspec.Struct, frozen=True, array_like=True):
    """Something a person should know. ``level``: info | good | warn | alarm."""

    level: str
    message: str
    """Message id of the catalogue."""
    args: dict[str, str] = {}
    sleeve: SleeveId = ""


class Outcome(msgspec.Struct, frozen=True, array_like=True):
    """Everything one event led to: the immutable record that audit, screen and alerts are made from."""

    seq: int
    ts: int
    cause: str
    """Kind of the event, e.g. ``bar``."""
    intents: tuple[Intent, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    actions: tuple[Action, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing was wanted, done or noticed: such an outcome makes no record."""
        return not (self.intents or self.verdicts or self.actions or self.notes)


OUTCOME_ENCODER = msgspec.msgpack.Encoder()
OUTCOME_DECODER: msgspec.msgpack.Decoder[Outcome] = msgspec.msgpack.Decoder(Outcome)
