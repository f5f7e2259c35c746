"""One sleeve's situation at an instant, and what the venue would let its orders do there."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from decimal import Decimal
from math import nan

from cockpit.core.closing import Closing
from cockpit.core.intents import Place, Quote
from cockpit.core.orders import Order, OrderKind, OrderState, Role
from cockpit.core.types import ZERO, Instrument, PositionMode, PosSide, Side

CHANGEABLE = frozenset((OrderState.LIVE, OrderState.PARTIAL))
# Looked up once: naming a member of an enum is dear.
SELL, BUY = Side.SELL, Side.BUY
PROTECT, ENTRY, EXIT = Role.PROTECT, Role.ENTRY, Role.EXIT
BOUND, COUNTED = Closing.BOUND, Closing.COUNTED
NET_MODE, HEDGE = PositionMode.NET, PositionMode.HEDGE
NET = PosSide.NET
Draft = Callable[..., Place]
"""Makes a complete Place with a fresh client id; given by the engine."""


class Desk:
    """One sleeve's situation at this instant, as reconcile needs it."""

    __slots__ = (
        "account",
        "account_legs",
        "alone",
        "closing",
        "draft",
        "have",
        "held",
        "instrument",
        "legs",
        "may_enter",
        "may_reduce",
        "mode",
        "orders",
        "price",
        "rigid",
        "watch",
    )

    def __init__(
        self,
        instrument: Instrument,
        have: Decimal,
        account: Decimal,
        orders: Iterable[Order],
        mode: PositionMode,
        draft: Draft,
        *,
        may_enter: bool = True,
        may_reduce: bool = True,
        held: Container[str] = (),
        price: float = nan,
        legs: tuple[Decimal, Decimal] | None = None,
        account_legs: tuple[Decimal, Decimal] = (ZERO, ZERO),
        watch: str = "",
        alone: Callable[[], bool] = lambda: True,
        rigid: Container[OrderKind] = (),
    ) -> None:
        self.instrument = instrument
        self.have = have
        """The sleeve's own signed position."""
        self.account = account
        """The account's net position in the instrument (all sleeves)."""
        self.orders = list(orders)
        self.mode = mode
        self.draft = draft
        self.may_enter = may_enter
        """False: entries were refused lately, or a rule asked to be heard again later."""
        self.may_reduce = may_reduce
        """False: an exit or stop was refused a moment ago."""
        self.held = held
        """Orders that the venue has just refused to cancel or change."""
        self.price = price
        """Reference price; NaN = unknown."""
        self.legs = legs or ((have, ZERO) if have > 0 else (ZERO, -have if have < 0 else ZERO))
        """(long, short) of the sleeve: both at once, or one below 0, only on a long/short account."""
        self.account_legs = account_legs
        self.alone = alone
        """Does no other sleeve hold the same market, or enter it now?"""
        self.rigid = rigid
        """Kinds of waiting orders that the venue does not change: they are replaced."""
        self.watch = watch
        """Which price sets off its stops; empty = it does not matter."""
        self.closing = BOUND
        """How its quotes stand beside its stop (``core.closing``)."""

    def closable(self, side: Side) -> Decimal:
        """How much an order of ``side`` could close."""
        held, other = self.legs if side is SELL else self.legs[::-1]
        return held if held > 0 else max(ZERO, -other)

    def pos_side(self, side: Side, role: Role) -> PosSide:
        """Which position of a long/short account the order belongs to; spot has only one."""
        if self.mode is NET_MODE or not self.instrument.derivative:
            return NET
        own, other = (PosSide.LONG, PosSide.SHORT) if side is BUY else (PosSide.SHORT, PosSide.LONG)
        if role is ENTRY:
            return own
        long, short = self.legs
        owed = long < 0 <= -short if side is BUY else short < 0 <= -long
        return own if owed else other

    def covered(self, side: Side, qty: Decimal) -> bool:
        """May the venue be told "reduce only"? Not when another sleeve holds the other side."""
        if not self.instrument.derivative or self.mode is HEDGE:
            return False
        return self.account * side.sign < 0 and abs(self.account) >= qty

    def bears(self, guard: Order) -> bool:
        """Would the venue let this stop close all that it is for?"""
        return not guard.reduce_only or self.covered(guard.side, guard.remaining)

    def clipped(self, side: Side, qty: Decimal) -> bool:
        """Does the venue itself keep closing orders from taking more than this sleeve has?"""
        if self.mode is NET_MODE or not self.instrument.derivative:
            return self.covered(side, qty) and self.account == self.have and self.alone()
        at = 0 if side is Side.SELL else 1
        return self.account_legs[at] == self.legs[at] >= qty and self.alone()

    def pullable(self, order: Order, role: Role | None = None) -> bool:
        """May a cancel be sent for it now? (resting, none on its way, none refused a moment ago)"""
        if role is not None and order.role is not role:
            return False
        return order.state in CHANGEABLE and not order.cancelling and order.cid not in self.held

    def role(self, quote: Quote) -> Role:
        """Why a quote is shown."""
        counted = self.closing is COUNTED
        return EXIT if not counted and quote.qty <= self.closable(quote.side) else ENTRY

    def may_show(self, role: Role, side: Side, entries: bool) -> bool:
        """May a new quote be placed now? One that is counted as an entry was judged beside the stop of what
        it closes; a stop on the side of one that closes nothing is that of an old position.
        """
        if role is ENTRY and self.closing is COUNTED and self.closable(side) > 0:
            return entries and self.may_enter
        return self.may(role, side, entries)

    def may(self, role: Role, side: Side, entries: bool) -> bool:
        """May a new order of this role be placed now?"""
        if role is ENTRY:
            return entries and self.may_enter and not self._stop_on(side)
        return self.may_reduce

    def _stop_on(self, side: Side) -> bool:
        """May a stop still go off on the side of an entry? Together they would be twice the wish."""
        return bool([o for o in self.orders if o.role is PROTECT and o.side is side])
