"""Decisions become part of what we know, before anything leaves: an order exists from its draft on."""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal
from functools import partial

from cockpit.core.closing import others_on, shown_exit, uses
from cockpit.core.desk import Desk
from cockpit.core.intents import Action, Amend, Cancel, Place
from cockpit.core.orders import ALGO, Change, Order, OrderKind, Role
from cockpit.core.state import Sleeve, State
from cockpit.core.types import ZERO, Instrument, PositionMode, PosSide, Side

# Looked up once: naming a member of an enum is dear.
ENTRY = Role.ENTRY
POST_ONLY = OrderKind.POST_ONLY
HEDGE = PositionMode.HEDGE
RATE_WINDOW_MS = 60_000
CHANGES = (Cancel, Amend)
LOOK_AGAIN_MS = 100
"""How soon an entry that waits for the stops of another sleeve looks again."""
WAITS = -1
"""``Sleeve.armed`` of an entry by hand that has to wait for them: its try is yet to come."""
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
        version=state.sleeves[sleeve].release,
    )
    state.placed = _noted(state.placed, state.now)
    if role is ENTRY and kind is not POST_ONLY:
        entries = state.sleeves[sleeve].entries
        entries.append(state.now)
        del entries[:-REMEMBERED]
    return Place(
        cid, sleeve, symbol, side, kind, qty, price, trigger, take, None, reduce_only, pos_side, role, tag,
        watch,
    )  # fmt: skip


def recorded(place: Place, seq: int, ts: int) -> Order:
    """The order as it was when outcome ``seq`` decided it at ``ts``; its version is not told by that."""
    given = {name: getattr(place, name) for name in Place.__struct_fields__}
    return Order(**given, intent=seq, created=ts, updated=ts)


def _noted(times: list[int], now: int) -> list[int]:
    """One more within the last minute."""
    times.append(now)
    old = now - RATE_WINDOW_MS
    return times[bisect_right(times, old) :] if times[0] <= old else times


def lay_out(state: State, sleeve: Sleeve, instrument: Instrument, have: Decimal, price: float) -> Desk:
    """A sleeve's situation at this instant, as reconcile needs it."""
    ledger = state.ledger
    hedge = ledger.mode is HEDGE and instrument.derivative
    mine = state.orders_of(sleeve.id)
    shared = len(mine) < len(state.orders)
    if shared and _doubled(state, sleeve):
        sleeve.retry_at = max(sleeve.retry_at, state.now + LOOK_AGAIN_MS)
        if sleeve.armed:
            sleeve.armed = WAITS
    return Desk(
        instrument,
        have,
        ledger.net_qty(sleeve.symbol),
        mine,
        ledger.mode,
        partial(draft, state),
        may_enter=sleeve.retry_at <= state.now,
        may_reduce=sleeve.reduce_at <= state.now,
        held=state.holds,
        price=price,
        legs=state.legs(sleeve.id) if hedge else None,
        account_legs=state.account_legs(sleeve.symbol) if hedge else (ZERO, ZERO),
        watch=state.watches(sleeve, instrument),
        alone=partial(_alone, state, sleeve),
        rigid=state.rigid,
    )


def _alone(state: State, sleeve: Sleeve) -> bool:
    """Does no other sleeve hold the same market, or have an entry there that is not proven dead?"""
    for order in state.orders.values():
        if order.role is ENTRY and order.symbol == sleeve.symbol and order.sleeve != sleeve.id:
            return False
    others = (s for s in state.sleeves.values() if s.symbol == sleeve.symbol and s is not sleeve)
    return not any(book.qty for other in others for book in state.ledger.sleeve_books(other.id))


def _doubled(state: State, sleeve: Sleeve) -> bool:
    """Could another sleeve on the same market close more than it holds: by two stops, because one is being
    replaced, or by a stop and an exit or a quote beside it? Until that is over the venue bounds them only as
    long as nobody else enters there. A sleeve with such a quote looks at it again at once.
    """
    cover: dict[str, Decimal] = {}
    quoting = False
    for order in state.orders.values():
        if order.symbol != sleeve.symbol or order.sleeve == sleeve.id:
            continue
        shown = shown_exit(order)
        quoting = quoting or shown
        if order.role is not ENTRY:
            cover[order.sleeve] = cover.get(order.sleeve, ZERO) + order.remaining
    if quoting and not uses(state, sleeve):
        return False
    doubled = [name for name, qty in cover.items() if qty > abs(state.position(name))]
    for other in others_on(state, sleeve) if quoting else ():
        if other.id in doubled:
            other.retry_at = max(other.retry_at, state.now + 1)
    return bool(doubled)


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
            order.amending = Change(action.price, action.qty, action.take)
            order.tag = action.tag or order.tag
