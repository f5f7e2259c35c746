"""What news about our orders and money does to the State. One function per kind of fact.

A refused transition is counted and shown, never applied. A fill is money in every state.
"""

from __future__ import annotations

from cockpit.core import events as ev
from cockpit.core.amends import done, reported, reshape
from cockpit.core.attribution import lower_wish, owners
from cockpit.core.ended import ENDED, settle
from cockpit.core.intents import Query, ReadAccount
from cockpit.core.orders import TERMINAL, Order, OrderKind, OrderState, Role, transition
from cockpit.core.patience import NOT_OFFERED, NOT_SENT, back_off, crossed, paused
from cockpit.core.paying import half_told
from cockpit.core.state import Sleeve, State
from cockpit.core.turn import Turn
from cockpit.core.types import ZERO

# Looked up once: naming a member of an enum is dear.
PENDING, SENT, LIVE, REJECTED = OrderState.PENDING, OrderState.SENT, OrderState.LIVE, OrderState.REJECTED
PROTECT = Role.PROTECT
TRADED = ev.FillKind.TRADE
TOLD_AS = {TRADED: "order.filled", ev.FillKind.DELIVERY: "delivered"}
ANSWER_MS = 5_000
"""An order that has not been answered for this long is asked about."""
ASK_MS = 2_000
"""How often an unknown order is asked about."""
UNANSWERED = frozenset((OrderState.PENDING, OrderState.SENT, OrderState.UNKNOWN))
AT_ONCE = frozenset((OrderKind.MARKET, OrderKind.IOC, OrderKind.FOK))
HOLD_MS = 500
"""Pause after a refused cancel or amend before the same is asked again."""


def on_ack(state: State, event: ev.Ack, turn: Turn) -> None:
    order = _known(state, event.cid, turn, "ack")
    if order is None:
        return
    order.venue_id = event.venue_id or order.venue_id
    if order.state in {PENDING, SENT}:
        _answered(state, order, order.created)
    if order.role is PROTECT and order.sleeve in state.sleeves:
        state.sleeves[order.sleeve].unprotected = 0
    _move(state, order, "ack", event.ts, turn)
    if order.cancelling is False and order.state is LIVE:
        turn.touch(order.sleeve)


def _answered(state: State, order: Order, asked: int) -> None:
    """How long the venue took, for strategies that must not quote on a slow line (HF-12)."""
    sleeve = state.sleeves.get(order.sleeve)
    if sleeve is not None:
        sleeve.latency = max(0, state.now - asked)
        sleeve.latency_ts = state.now


def on_sent(state: State, event: ev.Sent, turn: Turn) -> None:
    order = state.order(event.cid)
    if order is not None and event.request is ev.Request.PLACE:
        _move(state, order, "sent", event.ts, turn)


def on_reject(state: State, event: ev.Reject, turn: Turn) -> None:
    order = _known(state, event.cid, turn, "reject")
    again = order is not None and order.state is REJECTED and order.reason == event.reason
    if order is None or again or not _move(state, order, "reject", event.ts, turn):
        return  # told twice, it is one refusal
    order.reason = event.reason
    turn.note(
        "warn",
        "order.rejected",
        order.sleeve,
        symbol=order.symbol,
        side=order.side,
        qty=order.qty,
        reason=f"{event.code} {event.reason}".strip(),
    )
    ours = event.code in NOT_SENT or paused(state, order.symbol)
    back_off(state, order, turn, event.reason, ours=ours)
    if order.reduce_only and not ours:
        _doubt_books(state, order, turn)
    state.retire(order)
    turn.touch(order.sleeve)


def _doubt_books(state: State, order: Order, turn: Turn) -> None:
    """What may only reduce was refused: perhaps there is nothing left, and the fill that says so was lost.

    Read back at the first, second, fourth … refusal in a row.
    """
    sleeve = state.sleeves.get(order.sleeve)
    count = sleeve.rejects if sleeve is not None else 0
    if count and not count & (count - 1) and not state.read_at:
        read_account(state, f"refused-{state.boot}-{state.seq}", "refused", turn)


def on_fill(state: State, event: ev.Fill, turn: Turn) -> None:
    """Book a fill exactly once: ledger first, then the order, then the sleeve's wish."""
    instrument = state.instruments.get(event.symbol)
    if instrument is None:
        turn.note("alarm", "fill.unknown_symbol", symbol=event.symbol)
        return
    if half_told(state, event, instrument, turn) or state.ledger.has_fill(event):
        return
    order = state.order(event.cid) if event.cid else None
    parts = [(order.sleeve, event)] if order is not None else owners(state, event)
    for sleeve_id, share in parts:
        before = state.position(sleeve_id)
        state.ledger.apply_fill(share, instrument, sleeve_id)
        sleeve = state.sleeves.get(sleeve_id)
        if sleeve is not None:
            sleeve.rejects = sleeve.faulted = 0
            if before and before * state.position(sleeve_id) <= 0:
                _closed(state, sleeve)
            if order is None or order.role is PROTECT:
                lower_wish(state, sleeve_id, event)
            turn.touch(sleeve_id)
    _shrunk(state, event.symbol, turn)
    state.fills += 1
    state.booked()
    turn.note(
        "warn" if event.kind is not TRADED else "good",
        TOLD_AS.get(event.kind, "liquidation"),
        order.sleeve if order is not None else "",
        symbol=event.symbol,
        side=event.side,
        qty=event.qty,
        price=event.price,
        fee=event.fee,
        ccy=event.fee_ccy,
        note=event.note,
    )
    if order is not None:
        _fill_order(state, order, event, turn)
    if instrument.state is ENDED:
        settle(state, event.symbol, turn, event.price if event.kind is ev.FillKind.DELIVERY else None)


def _shrunk(state: State, symbol: str, turn: Turn) -> None:
    """Whose reduce-only stop the net position no longer bears, looks again: another went the other way."""
    net = state.ledger.net_qty(symbol)
    for order in state.orders.values():
        mine = order.reduce_only and order.role is PROTECT and order.symbol == symbol
        if mine and (net * order.side.sign >= 0 or abs(net) < order.remaining):
            turn.touch(order.sleeve)


def _closed(state: State, sleeve: Sleeve) -> None:
    """A trade is over: was it a loss?"""
    sleeve.trades += not state.position(sleeve.id)
    books = state.ledger.sleeve_books(sleeve.id)
    total = float(sum((b.realised - b.fees + b.funding for b in books), ZERO))
    if total < sleeve.banked:
        sleeve.losses += 1
        sleeve.lost_at = state.now
    else:
        sleeve.losses = 0
    sleeve.banked = total


def _fill_order(state: State, order: Order, event: ev.Fill, turn: Turn) -> None:
    order.filled += event.qty
    order.cost += event.qty * event.price
    order.fees += event.fee
    order.venue_id = event.venue_id or order.venue_id
    size = max(order.qty, order.amending.qty) if order.amending else order.qty
    _move(state, order, "filled" if order.filled >= size else "fill", event.ts, turn)
    if order.state in TERMINAL:
        state.retire(order)


def on_cancelled(state: State, event: ev.Cancelled, turn: Turn) -> None:
    order = _known(state, event.cid, turn, "cancelled")
    if order is None:
        return
    if event.filled > order.filled:
        # A fill we have not heard of: the venue will tell it when asked. Until then the order lives.
        _ask(state, order, turn)
        return
    if order.state in TERMINAL:
        return
    asked = order.cancelling or _asked_for(event.reason)
    if order.cancelling:
        _answered(state, order, order.updated)
    _move(state, order, "cancelled", event.ts, turn)
    order.reason = event.reason
    turn.note(
        "info", "order.cancelled", order.sleeve, symbol=order.symbol, side=order.side, reason=event.reason
    )
    if not asked and (order.role is Role.ENTRY or order.algo or order.price is None):
        # What the venue throws out again and again must not be sent at the speed of the road.
        # Two sleeves that meet are no fault of either.
        ours = order.role is not Role.ENTRY or event.reason == "self_trade"
        back_off(state, order, turn, event.reason, ours=ours)
    elif event.reason == "post_only":
        crossed(state, order)
    state.retire(order)
    turn.touch(order.sleeve)


def _asked_for(reason: str) -> bool:
    return reason in {"user", "post_only", "ioc", "oco", "expired"}


def on_cancel_reject(state: State, event: ev.CancelReject, turn: Turn) -> None:
    """Refusal of a cancel proves nothing: ask."""
    order = state.orders.get(event.cid)
    if order is not None:
        order.cancelling = False
        state.holds[order.cid] = state.now + HOLD_MS
        _ask(state, order, turn)


def on_amended(state: State, event: ev.Amended, turn: Turn) -> None:
    order = state.orders.get(event.cid)
    if order is None:
        return
    asked = order.amending
    if event.qty < order.qty if asked is None else event.qty != asked.qty:
        order.qty = max(order.qty, event.qty)  # old news, or the venue's own doing: it has to say
        _ask(state, order, turn)
        return
    if asked is not None:
        _answered(state, order, order.updated)
    reshape(order, event.price, event.qty, event.take)
    order.amending, order.fixed = None, False
    if order.filled >= order.qty and order.filled:
        _move(state, order, "filled", event.ts, turn)
        state.retire(order)
    turn.touch(order.sleeve)


def on_amend_reject(state: State, event: ev.AmendReject, turn: Turn) -> None:
    """The order rests as it was, unless it went off meanwhile: ask. A stop is replaced next."""
    order = state.orders.get(event.cid)
    if order is None:
        return
    order.amending = None
    if not order.algo or event.code in NOT_SENT:
        state.holds[order.cid] = state.now + 2 * HOLD_MS
        _ask(state, order, turn)
        return
    order.fixed = True
    if event.code == NOT_OFFERED:
        state.rigid += [order.kind] * (order.kind not in state.rigid)
    else:
        _ask(state, order, turn)
    turn.note(
        "warn", "order.not_amended", order.sleeve, symbol=order.symbol, cid=order.cid,
        reason=f"{event.code} {event.reason}".strip(),
    )  # fmt: skip
    turn.touch(order.sleeve)


def on_triggered(state: State, event: ev.Triggered, turn: Turn) -> None:
    order = state.order(event.cid)
    if order is not None:
        turn.note(
            "warn",
            "stop.triggered",
            order.sleeve,
            symbol=order.symbol,
            leg=event.leg,
            price=event.price,
        )


def on_unknown(state: State, event: ev.Unknown, turn: Turn) -> None:
    order = state.order(event.cid)
    if order is None:
        return
    if event.request is ev.Request.PLACE:
        _move(state, order, "unknown", event.ts, turn)
    elif event.request is ev.Request.AMEND:
        order.fixed = order.algo  # it may still be done, however late: nothing else is asked of it
    turn.note("warn", "order.unknown", order.sleeve, symbol=order.symbol, reason=event.reason)
    if order.open:
        _ask(state, order, turn)


def on_report(state: State, event: ev.OrderReport, turn: Turn) -> None:
    """The venue's answer about one order. Only it (or proof of absence) resolves UNKNOWN."""
    order = state.order(event.cid)
    if order is None or not order.open:
        return
    if not event.found:
        if event.proof:
            word = "reject" if not order.filled and not order.venue_id else "cancelled"
            _move(state, order, word, event.ts, turn)
            order.reason = "never arrived"
            turn.note("info", "order.absent", order.sleeve, symbol=order.symbol, cid=order.cid)
            state.retire(order)
            turn.touch(order.sleeve)
        elif order.role is PROTECT and order.state in UNANSWERED and not order.fixed:
            # It may still come, but until then nothing protects: another one goes beside it (``reconcile``).
            _move(state, order, "unknown", event.ts, turn)
            order.fixed = True
            turn.note("warn", "order.unseen", order.sleeve, symbol=order.symbol, cid=order.cid)
            turn.touch(order.sleeve)
        return
    if event.venue_id:
        order.venue_id = event.venue_id
    if event.filled > order.filled:
        _ask(state, order, turn)
        return
    answered = order.updated <= order.asked  # what was asked of it later is not in this answer
    order.asked = 0
    if event.qty and order.amending is None:
        reported(order, event)
    _settle(state, order, event, turn, answered=answered)


def _settle(state: State, order: Order, event: ev.OrderReport, turn: Turn, *, answered: bool) -> None:
    words = {"live": "ack", "partial": "fill", "cancelled": "cancelled", "rejected": "reject"}
    word = words.get(event.state)
    if event.state == "filled":
        word = "filled"
    if word is None:
        return
    if answered and event.state in {"live", "partial"}:
        # The venue still works it: whatever was being asked of it did not happen (yet).
        order.cancelling = False
        if order.amending is not None and event.qty:
            reported(order, event)
            # An amend that has not been done may still come, and overtake the next one.
            order.fixed = order.algo and not done(order, order.amending)
        order.amending = None
    _move(state, order, word, event.ts, turn)
    if order.state in TERMINAL:
        state.retire(order)
    turn.touch(order.sleeve)


def overdue(state: State, turn: Turn) -> None:
    """Ask about every order whose answer is late."""
    for order in list(state.orders.values()):
        due = due_at(order)
        if due and due <= state.now:
            _ask(state, order, turn)


def release(state: State, turn: Turn) -> None:
    """Look again at orders that the venue refused to cancel or change a moment ago."""
    for cid in [cid for cid, at in state.holds.items() if at <= state.now]:
        del state.holds[cid]
        turn.touch(state.orders[cid].sleeve)


def due_at(order: Order) -> int:
    """When an order must be asked about next; 0 = no need."""
    if order.asked:
        return order.asked + ASK_MS
    waiting = order.state in UNANSWERED
    # What trades at once and says nothing has probably traded: its fill was lost on the way.
    waiting = waiting or order.kind in AT_ONCE
    if waiting or order.cancelling or order.amending is not None:
        return max(order.updated, order.created) + ANSWER_MS
    return 0


def _ask(state: State, order: Order, turn: Turn) -> None:
    if order.asked and state.now < order.asked + ASK_MS // 4:
        return
    order.asked = state.now
    turn.actions.append(Query(order.cid, order.symbol))


def _known(state: State, cid: str, turn: Turn, what: str) -> Order | None:
    order = state.order(cid)
    if order is None:
        turn.note("warn", "order.foreign", cid=cid, what=what)
    return order


def _move(state: State, order: Order, word: str, ts: int, turn: Turn) -> bool:
    before = order.state
    if transition(order, word, ts):
        if word in {"ack", "fill", "filled"}:
            order.asked = 0
        return True
    state.illegal += 1
    turn.note("warn", "order.illegal", order.sleeve, cid=order.cid, state=before, what=word)
    return False


def read_account(state: State, request_id: str, reason: str, turn: Turn) -> None:
    """Ask for balances, positions and orders; the venue also repeats fills since the last known fact."""
    turn.actions.append(ReadAccount(request_id, reason, state.fills_proven))
    state.asks(request_id)
