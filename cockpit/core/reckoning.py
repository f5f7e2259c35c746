"""Reconciliation: our books against the venue's, at every start and every read-back.

A difference is an event with its resolution. Two read-backs that disagree with no fill in between stop
entries until they agree again (I02).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from cockpit.core import ended, strangers
from cockpit.core import events as ev
from cockpit.core.intents import Query
from cockpit.core.ledger.position import value
from cockpit.core.lifecycle import read_account
from cockpit.core.orders import Order, OrderKind, OrderState, Role
from cockpit.core.posture import Posture
from cockpit.core.state import State
from cockpit.core.turn import Turn
from cockpit.core.types import ONE, ZERO, Kind

BOOT = "boot"
BOOKS = "books"
SLACK = Decimal("1e-12")
"""Relative difference that the rounding of average prices explains."""
OVERLAP_MS = 60_000
"""Fills and bills are asked for again from this long before the last agreement: clocks differ."""
SOON_MS = 1_000
ADOPTIONS = 10
"""How often opening balance or positions are taken: if they are not at rest by then, a person must look."""
READ_MS = 5_000
"""A read-back without an answer is asked for again after this long."""


def on_boot(state: State, event: ev.Boot, turn: Turn) -> None:
    """A process starts on this journal: nothing is fresh, nothing is sent until the venue has been read."""
    state.boot = event.boot
    state.links.clear()
    state.pulse.down.clear()  # how long a line was down is counted while somebody listens
    state.reconciled = False
    state.suspicions = 0
    state.voices[BOOT] = Posture.REDUCE_ONLY
    turn.note("info", "boot.started", boot=event.boot, mode=event.mode, version=event.version)
    for order in state.orders.values():
        order.asked = state.now
        turn.actions.append(Query(order.cid, order.symbol))
    read_account(state, f"boot-{event.boot}-0", "start", turn)


def on_account(state: State, event: ev.AccountReport, turn: Turn) -> None:
    """Compare positions, balances and open orders; resolve, or ask again, or stop entries."""
    if not event.complete:
        state.read_at = state.now  # proves nothing: asked again a little later
        return
    state.read_at = 0
    if strangers.note_orders(state, event, turn):
        read_soon(state)
    differences = _differences(state, event)
    _ask_missing(state, event, turn)
    if differences and not state.fills_proven and _adopt(state, event, differences, turn):
        return
    if not differences and state.adopting is not None:
        if event.request_id not in state.adopting:
            state.read_at = state.now  # asked for before the balance was taken: it says the same once more
            return
        state.adopting = None
    if not differences:
        strangers.claim(state, turn)
        ended.settle_all(state, turn)
        state.suspicions = 0
        state.asked.clear()
        state.fills_proven = max(state.fills_proven, event.ts - OVERLAP_MS)
        if state.voices.pop(BOOKS, None) is not None or state.unread:
            state.unread = False
            for sleeve in state.sleeves:
                turn.touch(sleeve)
        if not state.reconciled:
            state.reconciled = True
            state.voices.pop(BOOT, None)
            turn.note("good", "reconcile.ok", orders=len(event.orders), positions=len(event.positions))
            for sleeve in state.sleeves:
                turn.touch(sleeve)
        return
    unchanged = state.fills == state.fills_at_read
    state.suspicions = state.suspicions + 1 if unchanged else 1
    state.fills_at_read = state.fills
    if state.suspicions >= 2 and _opens(state, event) and strangers.adopt(state, event, turn):
        # The books have never agreed yet and no fill is on its way: the account held this before us.
        state.suspicions = 0
        state.adoptions += 1
    elif state.suspicions >= 2:
        state.voices[BOOKS] = Posture.REDUCE_ONLY
        for what, ours, theirs in differences:
            turn.note("alarm", "reconcile.diff", what=what, ours=ours, theirs=theirs)
    # Asked again a little later: fills that are on their way must get the chance to arrive.
    state.read_at = state.now


def deadline(state: State) -> int:
    """When an unanswered read-back must be repeated; 0 = nothing is waited for."""
    return state.read_at + READ_MS if state.read_at else 0


def read_soon(state: State) -> None:
    """Read the account in ``SOON_MS``: what was just asked for will have happened by then."""
    state.read_at = state.now - READ_MS + SOON_MS


def on_timer(state: State, turn: Turn) -> None:
    """Repeat a read-back that got no answer."""
    if state.read_at and state.now >= state.read_at + READ_MS:
        read_account(state, f"retry-{state.boot}-{state.seq}", "no answer", turn)


def _opens(state: State, event: ev.AccountReport) -> bool:
    """May this reading say what the account held before the journal began?

    Until the books have agreed once, and only one that was asked for after the last fill was heard: the
    answers to older ones may have been overtaken by it, however many of them say the same.
    """
    fresh = event.request_id in state.asked
    return fresh and not state.fills_proven and state.adoptions < ADOPTIONS


def _adopt(
    state: State, event: ev.AccountReport, differences: list[tuple[str, Decimal, Decimal]], turn: Turn
) -> bool:
    """Until the books have agreed once, the opening balance is what the venue's cash says it must have been.

    Not while positions differ: then a fill is on its way, its fee is in the venue's cash already, and
    booking it later would count it twice. A position that was opened and closed again, a transfer or funding
    can still be on its way: so the account is read once more, with every fill and bill before it, and only
    when that reading agrees is the balance proven. Until then the next reading may correct it, and nothing
    is entered. An answer to what was asked before something was booked may be older than it: it says nothing
    here, and the account is read again.
    """
    money = set(state.ledger.balances) | set(event.balances)
    if state.adoptions >= ADOPTIONS or any(what not in money for what, _, _ in differences):
        return False
    if event.request_id not in state.asked:
        read_soon(state)
        return True
    for ccy, ours, theirs in differences:
        state.ledger.balances[ccy] = state.ledger.balances.get(ccy, ZERO) + theirs - ours
    state.adoptions += 1
    state.adopting = []
    turn.note("info", "reconcile.adopted", count=len(differences))
    read_account(state, f"adopt-{state.boot}-{state.seq}", "opening balance", turn)
    return True


def _differences(state: State, event: ev.AccountReport) -> list[tuple[str, Decimal, Decimal]]:
    """(what, ours, venue's) for every position that is not equal and every currency that does not add up.

    What an average-cost ledger calls realised depends on the order in which it heard of the fills; cash and
    open cost together do not. So fills heard late or out of order are no difference, a lost one is.
    """
    held = {k: p.qty for k, p in state.ledger.positions.items() if p.qty and _derivative(state, p.symbol)}
    real = {f"{p.symbol}|{p.pos_side}": p.qty for p in event.positions if p.qty}
    pairs = [(key, held.get(key, ZERO), real.get(key, ZERO)) for key in sorted(held.keys() | real.keys())]
    rows = [pair for pair in pairs if pair[1] != pair[2]]
    ours = _paid_in(state, state.ledger.balances, [(p.symbol, p.cost) for p in state.ledger.held()])
    costs = [(p.symbol, _cost(state, p)) for p in event.positions if p.qty]
    theirs = _paid_in(state, event.balances, costs)
    scale = sum((abs(cost) for _, cost in costs), ONE)
    for ccy in sorted(ours.keys() | theirs.keys()):
        mine, venue = ours.get(ccy, ZERO), theirs.get(ccy, ZERO)
        if abs(mine - venue) > SLACK * scale + event.rounding:
            rows.append((ccy, mine, venue))
    return rows


def _derivative(state: State, symbol: str) -> bool:
    """Spot is no position at the venue: what is held of it is compared as a balance."""
    instrument = state.instruments.get(symbol)
    return instrument is None or instrument.derivative


def _cost(state: State, position: ev.VenuePosition) -> Decimal:
    """Signed worth of the venue's position at its entry."""
    instrument = state.instruments.get(position.symbol)
    if instrument is None or not position.entry:
        return ZERO
    return value(instrument, position.qty, position.entry)


def _paid_in(
    state: State, balances: Mapping[str, Decimal], costs: Iterable[tuple[str, Decimal]]
) -> dict[str, Decimal]:
    """Cash per currency as if every open derivative had been paid for at its entry."""
    sums = dict(balances)
    for symbol, cost in costs:
        instrument = state.instruments.get(symbol)
        if instrument is not None and instrument.derivative:
            sign = 1 if instrument.kind is Kind.INVERSE else -1
            sums[instrument.settle] = sums.get(instrument.settle, ZERO) + sign * cost
    return sums


def _ask_missing(state: State, event: ev.AccountReport, turn: Turn) -> None:
    """An order that we believe rests and the venue does not list is asked about, not buried; likewise a stop
    that the venue lists with another size or price: a late amend of which we did not hear.
    """
    listed = {row.cid: row for row in event.orders}
    for order in state.orders.values():
        resting = order.state in {OrderState.LIVE, OrderState.PARTIAL}
        row = listed.get(order.cid)
        odd = row is None or (order.role is Role.PROTECT and _other(order, row))
        if resting and odd and not order.asked and order.updated < event.ts:
            order.asked = state.now
            turn.actions.append(Query(order.cid, order.symbol))


def _other(order: Order, row: ev.VenueOrder) -> bool:
    """Does a stop rest otherwise than we believe, with nothing under way?"""
    if order.amending is not None or order.state is not OrderState.LIVE or order.kind is OrderKind.TRAIL:
        return False
    return row.qty != order.qty or bool(row.price and row.price != order.trigger)
