"""Decisions become part of what we know, before anything leaves: an order exists from its draft on."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from cockpit.core.intents import Action, Amend, Cancel, Place
from cockpit.core.orders import ALGO, Order, OrderKind, Role
from cockpit.core.reconcile import Desk
from cockpit.core.state import Sleeve, State
from cockpit.core.types import ZERO, Instrument, PositionMode, PosSide, Side

RATE_WINDOW_MS = 60_000
CHANGES = (Cancel, Amend)
REMEMBERED = 1_000
"""Entries of a sleeve whose instants are kept."""


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
    waits = kind in ALGO and kind is not OrderKind.TRAIL
    watch = state.watches(state.sleeves[sleeve], state.instruments[symbol]) if waits else ""
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
        watch=watch,
    )
    state.placed = _noted(state.placed, state.now)
    if role is Role.ENTRY and kind is not OrderKind.POST_ONLY:
        entries = state.sleeves[sleeve].entries
        entries.append(state.now)
        del entries[:-REMEMBERED]
    return Place(
        cid, sleeve, symbol, side, kind, qty, price, trigger, take, None, reduce_only, pos_side, role, tag,
        watch,
    )  # fmt: skip


def _noted(times: list[int], now: int) -> list[int]:
    """One more within the last minute."""
    times.append(now)
    return [ts for ts in times if ts > now - RATE_WINDOW_MS] if times[0] <= now - RATE_WINDOW_MS else times


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
        watch=state.watches(sleeve, instrument),
    )


def record(state: State, action: Action) -> None:
    """A cancel or amend is in flight from the moment it is decided."""
    if isinstance(action, CHANGES):
        order = state.orders.get(action.cid)
        if order is None:
            return
        order.updated = state.now
        if not order.cancelling and order.amending is None:
            state.changed = _noted(state.changed, state.now)
        if isinstance(action, Cancel):
            order.cancelling = True
        else:
            order.amending = (action.price, action.qty)
            order.tag = action.tag or order.tag
