"""Orders and the law of their lives.

The law: an order's state changes only by a row of ``TRANSITIONS``; a state never regresses; only the
venue ends an order (or our own proof that it never arrived); a fill is true in every state, because the
venue may tell us about it before, after or instead of anything else. UNKNOWN is alive for risk.

    PENDING ──sent──► SENT ──ack──► LIVE ──fill──► PARTIAL ──fill──► FILLED
       │               │  └─unknown─► UNKNOWN ──report/ack/fill──► LIVE, PARTIAL, FILLED, …
       └─(never sent)──┴──reject──► REJECTED        LIVE, PARTIAL ──cancelled──► CANCELLED

A cancel or amend in flight is a flag beside the state, not a state: the order still trades meanwhile.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from cockpit.core.types import ZERO, PosSide, Side, SleeveId, Word


class OrderKind(Word):
    """How it trades. The last four rest at the venue and go off by price."""

    MARKET = "market"
    LIMIT = "limit"
    POST_ONLY = "post_only"
    IOC = "ioc"
    FOK = "fok"
    STOP = "stop"
    """Trigger against us: becomes a market (or limit) order when ``trigger`` is reached."""
    TRIGGER = "trigger"
    """Enter on a price being reached, from either side."""
    OCO = "oco"
    """A stop (``trigger``) and a take-profit (``take``); one firing removes the other."""
    TRAIL = "trail"
    """A stop that follows the best price at ``callback`` (fraction)."""


WATCHED = ("mark", "last", "index")
"""Prices that an order may wait for."""
ALGO = frozenset((OrderKind.STOP, OrderKind.TRIGGER, OrderKind.OCO, OrderKind.TRAIL))


class Role(Word):
    """Why it exists. ENTRY may increase risk; EXIT and PROTECT may only reduce it."""

    ENTRY = "entry"
    EXIT = "exit"
    PROTECT = "protect"


class OrderState(Word):
    PENDING = "pending"
    """Decided and journalled; nothing has left."""
    SENT = "sent"
    """Request on its way."""
    UNKNOWN = "unknown"
    """Request sent, no answer. Being asked about."""
    LIVE = "live"
    PARTIAL = "partial"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


TERMINAL = frozenset((OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED))

S = OrderState
TRANSITIONS: dict[tuple[OrderState, str], OrderState] = {
    (S.PENDING, "sent"): S.SENT,
    (S.PENDING, "ack"): S.LIVE,
    (S.PENDING, "fill"): S.PARTIAL,
    (S.PENDING, "filled"): S.FILLED,
    (S.PENDING, "reject"): S.REJECTED,
    (S.PENDING, "cancelled"): S.CANCELLED,
    (S.PENDING, "unknown"): S.UNKNOWN,
    (S.SENT, "sent"): S.SENT,
    (S.SENT, "ack"): S.LIVE,
    (S.SENT, "fill"): S.PARTIAL,
    (S.SENT, "filled"): S.FILLED,
    (S.SENT, "reject"): S.REJECTED,
    (S.SENT, "cancelled"): S.CANCELLED,
    (S.SENT, "unknown"): S.UNKNOWN,
    (S.UNKNOWN, "sent"): S.UNKNOWN,
    (S.UNKNOWN, "ack"): S.LIVE,
    (S.UNKNOWN, "fill"): S.PARTIAL,
    (S.UNKNOWN, "filled"): S.FILLED,
    (S.UNKNOWN, "reject"): S.REJECTED,
    (S.UNKNOWN, "cancelled"): S.CANCELLED,
    (S.UNKNOWN, "unknown"): S.UNKNOWN,
    (S.LIVE, "sent"): S.LIVE,
    (S.LIVE, "ack"): S.LIVE,
    (S.LIVE, "unknown"): S.LIVE,
    (S.LIVE, "fill"): S.PARTIAL,
    (S.LIVE, "filled"): S.FILLED,
    (S.LIVE, "cancelled"): S.CANCELLED,
    (S.PARTIAL, "sent"): S.PARTIAL,
    (S.PARTIAL, "ack"): S.PARTIAL,
    (S.PARTIAL, "unknown"): S.PARTIAL,
    (S.PARTIAL, "fill"): S.PARTIAL,
    (S.PARTIAL, "filled"): S.FILLED,
    (S.PARTIAL, "cancelled"): S.CANCELLED,
    # Late news about the dead: a fill that was on its way when the order ended is still true money.
    (S.CANCELLED, "fill"): S.CANCELLED,
    (S.CANCELLED, "filled"): S.FILLED,
    (S.CANCELLED, "ack"): S.CANCELLED,
    (S.CANCELLED, "sent"): S.CANCELLED,
    (S.CANCELLED, "unknown"): S.CANCELLED,
    (S.CANCELLED, "cancelled"): S.CANCELLED,
    (S.FILLED, "ack"): S.FILLED,
    (S.FILLED, "sent"): S.FILLED,
    (S.FILLED, "unknown"): S.FILLED,
    (S.FILLED, "cancelled"): S.FILLED,
    (S.REJECTED, "sent"): S.REJECTED,
    (S.REJECTED, "unknown"): S.REJECTED,
    (S.REJECTED, "reject"): S.REJECTED,
}
"""(state, event word) → next state. A missing row is illegal: it is counted and shown, never applied."""


class Change(msgspec.Struct, frozen=True, array_like=True):
    """What an order is to become: asked for, and not yet confirmed."""

    price: Decimal
    """Limit price; of an order that waits for a price, its trigger."""
    qty: Decimal
    """Total size, what has filled included."""
    take: Decimal | None = None
    """Take-profit of an OCO."""


class Order(msgspec.Struct):
    """One order of ours, from decision to end. Mutable only through :func:`transition` and ``State``."""

    cid: str
    """Our client id: deterministic, alphanumeric, ≤ 32 characters, never reused."""
    sleeve: SleeveId
    symbol: str
    side: Side
    kind: OrderKind
    qty: Decimal
    price: Decimal | None = None
    """Limit price; None for market."""
    trigger: Decimal | None = None
    take: Decimal | None = None
    callback: Decimal | None = None
    reduce_only: bool = False
    pos_side: PosSide = PosSide.NET
    role: Role = Role.ENTRY
    tag: str = ""
    intent: int = 0
    """Sequence number of the Outcome that decided it."""
    created: int = 0
    state: OrderState = OrderState.PENDING
    venue_id: str = ""
    filled: Decimal = ZERO
    cost: Decimal = ZERO
    """Sum of price × quantity over its fills; average price = cost / filled."""
    fees: Decimal = ZERO
    updated: int = 0
    cancelling: bool = False
    amending: Change | None = None
    asked: int = 0
    """When the venue was last asked about it; 0 = never."""
    reason: str = ""
    watch: str = ""
    """Which price sets it off while it waits: mark | last | index; empty = none is known."""
    version: str = ""
    """Id of the strategy version that decided it (``core.release``); empty = a person."""
    fixed: bool = False
    """The venue would not change it, or left open whether it has: next time it is replaced instead."""

    @property
    def open(self) -> bool:
        """Not proven dead: it counts for risk."""
        return self.state not in TERMINAL

    @property
    def remaining(self) -> Decimal:
        """What may still trade; after an amend in flight the larger of the two sizes."""
        if not self.open:
            return ZERO
        size = max(self.qty, self.amending.qty) if self.amending else self.qty
        return max(ZERO, size - self.filled)

    @property
    def sure(self) -> Decimal:
        """What rests whatever becomes of an amend in flight: the smaller of the two sizes."""
        if self.amending is None:
            return self.remaining
        return max(ZERO, min(self.qty, self.amending.qty) - self.filled) if self.open else ZERO

    @property
    def average(self) -> Decimal | None:
        """Average fill price, or None before the first fill."""
        return self.cost / self.filled if self.filled else None

    @property
    def algo(self) -> bool:
        return self.kind in ALGO


def transition(order: Order, word: str, ts: int) -> bool:
    """Apply ``word`` to ``order``; False (and nothing changed) when the table has no such row."""
    after = TRANSITIONS.get((order.state, word))
    if after is None:
        return False
    order.state = after
    order.updated = ts
    if after in TERMINAL:
        order.cancelling = False
        order.amending = None
    return True
