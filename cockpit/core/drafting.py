"""Decisions become part of what we know, before anything leaves: an order exists from its draft on."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from cockpit.core.intents import Action, Amend, Cancel, Place
from cockpit.core.orders import Order, OrderKind, Role
from cockpit.core.reconcile import Desk
from cockpit.core.state import Sleeve, State
from cockpit.core.types import ZERO, Instrument, PositionMode, PosSide, Side

RATE_WINDOW_MS = 60_000
CHANGES = (Cancel, Amend)


def draft(
    state: State,
    *,
    sleeve: str,
    symbol: str,
    side: Side,
    kind: OrderKind,
    qty: Decimal,
    role: Role,
    reduce_only: bool,
    pos_side: PosSide,
    tag: str,
    price: Decimal | None = None,
    trigger: Decimal | None = None,
    take: Decimal | None = None,
) -> Place:
    """A complete order with a fresh client id: deterministic, never reused, carrying mode and sleeve."""
    letter = state.mode[:1].lower() or "x"
    cid = f"ck{letter}{state.sleeves[sleeve].index:03d}{state.next_order:09d}"
    state.next_order += 1
    state.orders[cid] = Order(
        cid=cid,
        sleeve=sleeve,
        symbol=symbol,
        side=side,
        kind=kind,
        qty=qty,
        price=price,
        trigger=trigger,
        take=take,
        reduce_only=reduce_only,
        pos_side=pos_side,
        role=role,
        tag=tag,
        intent=state.seq,
        created=state.now,
        updated=state.now,
    )
    placed = state.placed
    placed.append(state.now)
    if placed[0] <= state.now - RATE_WINDOW_MS:
        state.placed = [ts for ts in placed if ts > state.now - RATE_WINDOW_MS]
    return Place(
        cid, sleeve, symbol, side, kind, qty, price, trigger, take, None, reduce_only, pos_side, role, tag
    )


def lay_out(state: State, sleeve: Sleeve, instrument: Instrument, have: Decimal, price: float) -> Desk:
    """A sleeve's situation at this instant, as reconcile needs it."""
    ledger = state.ledger
    hedge = ledger.mode is PositionMode.HEDGE and instrument.derivative
    return Desk(
        instrument,
        have,
        ledger.net_qty(sleeve.symbol),
        state.orders_of(sleeve.id),
        ledger.mode,
        partial(draft, state),
        may_enter=sleeve.retry_at <= state.now,
        may_reduce=sleeve.reduce_at <= state.now,
        held=state.holds,
        price=price,
        legs=state.legs(sleeve.id) if hedge else None,
        account_legs=state.account_legs(sleeve.symbol) if hedge else (ZERO, ZERO),
    )


def record(state: State, action: Action) -> None:
    """A cancel or amend is in flight from the moment it is decided."""
    if isinstance(action, CHANGES):
        order = state.orders.get(action.cid)
        if order is None:
            return
        order.updated = state.now
        if isinstance(action, Cancel):
            order.cancelling = True
        else:
            order.amending = (action.price, action.qty)
            order.tag = action.tag or order.tag
