"""Reconciliation: our books against the venue's, at every start and every read-back.

A difference is an event with its resolution. Two read-backs that disagree with no fill in between stop
entries until they agree again (I02).
"""

from __future__ import annotations

from decimal import Decimal

from cockpit.core import events as ev
from cockpit.core.intents import Query
from cockpit.core.lifecycle import read_account
from cockpit.core.orders import OrderState
from cockpit.core.posture import Posture
from cockpit.core.state import State
from cockpit.core.turn import Turn
from cockpit.core.types import ZERO

BOOT = "boot"
BOOKS = "books"
OVERLAP_MS = 60_000
"""Fills and bills are asked for again from this long before the last agreement: clocks differ."""
READ_MS = 5_000
"""A read-back without an answer is asked for again after this long."""


def on_boot(state: State, event: ev.Boot, turn: Turn) -> None:
    """A process starts on this journal: nothing is fresh, nothing is sent until the venue has been read."""
    state.boot = event.boot
    state.links.clear()
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
    state.read_at = 0
    if not event.complete:
        return
    if not state.reconciled and not state.fills and not state.ledger.positions:
        _adopt(state, event, turn)
    differences = _differences(state, event)
    _ask_missing(state, event, turn)
    if not differences:
        state.suspicions = 0
        state.fills_proven = max(state.fills_proven, event.ts - OVERLAP_MS)
        state.voices.pop(BOOKS, None)
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
    if state.suspicions >= 2:
        state.voices[BOOKS] = Posture.REDUCE_ONLY
        for what, ours, theirs in differences:
            turn.note("alarm", "reconcile.diff", what=what, ours=ours, theirs=theirs)
    # Asked again a little later: fills that are on their way must get the chance to arrive.
    state.read_at = state.now


def deadline(state: State) -> int:
    """When an unanswered read-back must be repeated; 0 = nothing is waited for."""
    return state.read_at + READ_MS if state.read_at else 0


def on_timer(state: State, turn: Turn) -> None:
    """Repeat a read-back that got no answer."""
    if state.read_at and state.now >= state.read_at + READ_MS:
        read_account(state, f"retry-{state.boot}-{state.seq}", "no answer", turn)


def _adopt(state: State, event: ev.AccountReport, turn: Turn) -> None:
    """The first read of a fresh journal: the venue's cash is our opening balance."""
    if state.ledger.balances != event.balances:
        state.ledger.balances.clear()
        state.ledger.balances.update(event.balances)
        turn.note("info", "reconcile.adopted", count=len(event.balances))


def _differences(state: State, event: ev.AccountReport) -> list[tuple[str, Decimal, Decimal]]:
    """(what, ours, venue's) for every position and balance that is not equal to the last decimal."""
    rows: list[tuple[str, Decimal, Decimal]] = []
    ours = {k: p.qty for k, p in state.ledger.positions.items() if p.qty}
    theirs = {f"{p.symbol}|{p.pos_side}": p.qty for p in event.positions if p.qty}
    for mine, venue in ((ours, theirs), (state.ledger.balances, event.balances)):
        for key in sorted(mine.keys() | venue.keys()):
            pair = mine.get(key, ZERO), venue.get(key, ZERO)
            if pair[0] != pair[1]:
                rows.append((key, *pair))
    return rows


def _ask_missing(state: State, event: ev.AccountReport, turn: Turn) -> None:
    """An order that we believe rests and the venue does not list is asked about, not buried."""
    listed = {row.cid for row in event.orders}
    for order in state.orders.values():
        resting = order.state in {OrderState.LIVE, OrderState.PARTIAL}
        if resting and order.cid not in listed and not order.asked and order.updated < event.ts:
            order.asked = state.now
            turn.actions.append(Query(order.cid, order.symbol))
    for row in event.orders:
        if state.order(row.cid) is None:
            turn.note("warn", "order.foreign", cid=row.cid, what=row.symbol)
