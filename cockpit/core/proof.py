"""From a read-back to a receipt: what the venue must have said before a halt counts as done.

Four things, all in one complete answer: no entry order of ours rests; the venue holds what our books say;
what was to be closed is flat; what is kept is covered by the stop that its strategy or its layers wanted.
"""

from __future__ import annotations

from decimal import Decimal

from cockpit.core import events as ev
from cockpit.core import strangers
from cockpit.core.attribution import OURS
from cockpit.core.dust import dust
from cockpit.core.ended import ENDED
from cockpit.core.orders import Order, OrderKind, OrderState, Role
from cockpit.core.receipt import Closed, Foreign, Kept, Receipt
from cockpit.core.state import HaltState, Sleeve, State
from cockpit.core.types import ZERO, PosSide

HOLDING = frozenset((OrderState.LIVE, OrderState.PARTIAL))


def door_of(actor: str) -> str:
    """The way a halt came in, from whoever is said to have asked."""
    if actor.startswith("SIG"):
        return "signal"
    if actor == "halt file":
        return "file"
    return actor.partition(":")[0].partition(" ")[0]


def books(state: State) -> dict[str, Decimal]:
    """What every sleeve holds now: ``sleeve|symbol|pos_side`` → signed quantity."""
    return {
        f"{name}|{book.symbol}|{book.pos_side}": book.qty
        for name in state.sleeves
        for book in state.ledger.sleeve_books(name)
        if book.qty
    }


def disagree(state: State, event: ev.AccountReport) -> list[str]:
    """Derivatives of which the venue does not hold what our books say: a fill is still on its way."""
    held = {
        key: position.qty
        for key, position in state.ledger.positions.items()
        if position.qty and _derivative(state, position.symbol)
    }
    real = {f"{row.symbol}|{row.pos_side}": row.qty for row in event.positions if row.qty}
    return sorted(
        {key.partition("|")[0] for key in held.keys() | real.keys() if held.get(key) != real.get(key)}
    )


def _derivative(state: State, symbol: str) -> bool:
    instrument = state.instruments.get(symbol)
    return instrument is None or instrument.derivative


def unsettled(state: State) -> list[str]:
    """Requests of ours of which nobody knows yet what became of them: they may change what was just read."""
    return [order.cid for order in state.orders.values() if order.state not in HOLDING]


def uncovered(state: State, kept: tuple[Kept, ...]) -> list[str]:
    """Markets whose position should have a stop at the venue and has none, or too small a one."""
    found = []
    for row in kept:
        sleeve = state.sleeves[row.sleeve]
        instrument = state.instruments[row.symbol]
        short = abs(row.qty) - row.covered
        if not dust(instrument, short, state.price(row.symbol)) and stop_wanted(sleeve, row.qty):
            found.append(row.symbol)
    return list(dict.fromkeys(found))


def stop_wanted(sleeve: Sleeve, qty: Decimal) -> bool:
    """Does the wish in force keep this position, with a stop for it?"""
    wish = sleeve.approved
    return wish is not None and wish.stop is not None and (wish.target is None or wish.target * qty > 0)


def keeping(state: State, event: ev.AccountReport) -> tuple[Kept, ...]:
    """Every open position of ours with the stops that the venue lists for it in this read-back."""
    listed = {row.cid for row in event.orders}
    rows = []
    for key, qty in books(state).items():
        name, symbol, side = key.split("|")
        if dust(state.instruments[symbol], qty, state.price(symbol)):
            continue
        stops = [o for o in state.orders_of(name) if o.cid in listed and _protects(o, qty, side)]
        covered = min(abs(qty), sum((o.sure for o in stops), ZERO))
        words = tuple(f"{o.cid} @ {o.trigger}" for o in stops)
        rows.append(Kept(name, symbol, side, qty, covered, words, _layer(state.sleeves[name], qty)))
    return tuple(rows)


def _protects(order: Order, qty: Decimal, side: str) -> bool:
    """A stop of this very position, confirmed by the venue and not on its way out."""
    return (
        order.role is Role.PROTECT
        and order.kind is not OrderKind.TRIGGER
        and order.state in HOLDING
        and not order.cancelling
        and order.side.sign * qty < 0
        and (side == PosSide.NET or str(order.pos_side) == side)
    )


def _layer(sleeve: Sleeve, qty: Decimal) -> str:
    if not stop_wanted(sleeve, qty):
        return ""
    return sleeve.trade.owner if sleeve.trade is not None and sleeve.trade.owner else "hard"


def left_alone(state: State, event: ev.AccountReport) -> tuple[Foreign, ...]:
    """Strangers' orders and positions, as this read-back shows them (I21); coins of ended markets."""
    rows = [
        Foreign(row.symbol, "order", row.qty - row.filled, row.cid)
        for row in event.orders
        if state.order(row.cid) is None and not row.cid.startswith(OURS)
    ]
    for symbol, instrument in state.instruments.items():
        what = "position" if instrument.derivative else "coins"
        if instrument.derivative or instrument.state is ENDED:
            for side in PosSide:
                qty = strangers.held(state, symbol, side)
                if qty:
                    rows.append(Foreign(symbol, what, qty))
    return tuple(rows)


def issue(state: State, halted: HaltState, event: ev.AccountReport, kept: tuple[Kept, ...]) -> Receipt:
    """The receipt of a halt that has just been proven by ``event``."""
    known = {cid: order for cid in halted.entries if (order := state.order(cid)) is not None}

    def ended(word: OrderState) -> tuple[str, ...]:
        return tuple(cid for cid, order in known.items() if order.state is word)

    return Receipt(
        asked=halted.asked,
        by=halted.asker,
        door=door_of(halted.asker),
        closed=halted.closed,
        flatten=halted.flatten,
        cancelled=ended(OrderState.CANCELLED),
        never=ended(OrderState.REJECTED),
        filled=ended(OrderState.FILLED),
        orphans=tuple(cid for cid in halted.entries if cid not in known),
        flattened=tuple(_flattened(state, halted)),
        kept=kept,
        remains=left_alone(state, event),
        took={
            "cancelled": halted.clean_at - halted.asked,
            "flat": halted.flat_at - halted.asked,
            "read": state.now - halted.asked,
        },
        reads=halted.reads,
        read=event.request_id,
        read_ts=event.ts,
        seq=state.seq,
    )


def _flattened(state: State, halted: HaltState) -> list[Closed]:
    """Positions that have become smaller since the halt was asked for."""
    now = books(state)
    found = []
    for key, before in halted.held.items():
        after = now.get(key, ZERO)
        if abs(after) < abs(before):
            sleeve, symbol, side = key.split("|")
            found.append(Closed(sleeve, symbol, side, before, after))
    return found
