"""From the wish in force to actions: stop layers, gate, reconcile. One sleeve, one instant."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from cockpit.core import breaking, closing, guarding, watch
from cockpit.core.closing import Closing
from cockpit.core.drafting import WAITS, lay_out, record
from cockpit.core.gate import GateContext, Rule, approve, gist, grows
from cockpit.core.intents import Action, Amend, Intent, Place
from cockpit.core.orders import Role
from cockpit.core.pairing import together
from cockpit.core.reconcile import reconcile
from cockpit.core.release import leaving
from cockpit.core.slots import Market, Slot
from cockpit.core.state import Sleeve, State
from cockpit.core.stops import sleeve_key
from cockpit.core.turn import Turn
from cockpit.core.types import ZERO, InstrumentState, Side

# Looked up once: naming a member of an enum is dear.
ENTRY = Role.ENTRY
ENDED = InstrumentState.EXPIRED
BUY = Side.BUY
STOP_FIRST = "stop_first"
WITHHELD = "a stop covers this position: on this market a closing quote would take what the stop needs"


def decide(state: State, slot: Slot, market: Market, rules: Sequence[Rule], turn: Turn) -> None:
    """Put the wish in force through everything that may change it, and do what follows."""
    sleeve = slot.sleeve
    if sleeve.armed:
        _tried_once(state, sleeve)
    intent = sleeve.intent
    if intent is None:
        if not state.position(sleeve.id):
            sleeve.trade = None
            return
        intent = Intent(sleeve.id, sleeve.symbol)
    price = state.price(sleeve.symbol)
    context = GateContext(state, sleeve, slot.instrument, price=price, heard=market.heard, book=market.book)
    guard = ""
    if slot.guard is not None or sleeve.unprotected:
        intent, guard = guarding.shape(state, slot, intent, context, turn)
    if intent.quotes:
        intent = _beside_the_stop(state, slot, intent, context)
    if state.trips:
        intent = breaking.held_back(state, sleeve, intent, context)
    if state.watch.cuts:
        intent = watch.held_down(state, sleeve, intent, context)
    if sleeve.leaving:
        intent = leaving.shape(sleeve, intent, context)
    if context.increases(intent):
        intent = _allowed_at_all(state, slot, intent, context)
        if len(slot.legs) > 1 and context.increases(intent):
            intent = together(state, slot, intent, context, rules)
    approved = approve(intent, context, rules, guard)
    verdicts = tuple(context.verdicts)
    if (verdicts or sleeve.verdicts) and gist(verdicts) != gist(sleeve.verdicts):
        turn.verdicts.extend(verdicts)
    sleeve.verdicts = verdicts
    if context.locking is not None:
        state.locks[sleeve_key(sleeve.id)] = lock = context.locking
        turn.note("alarm", "lock.set", sleeve.id, what=sleeve.id, by=lock.by, reason=lock.reason)
    sleeve.approved = approved.intent
    desk = lay_out(state, sleeve, slot.instrument, context.have, context.price)
    desk.closing = context.closing
    # A market that has ended takes nothing: its orders are gone, what was held is settled by the venue.
    actions = [] if slot.instrument.state is ENDED else reconcile(approved, desk)
    if actions:
        _cap(state, actions, _caps(approved.intent, context.have))
    taken = {getattr(a, "cid", "") for a in turn.actions} if turn.actions else ()
    for action in actions:
        if getattr(action, "cid", "?") in taken:
            continue
        turn.actions.append(action)
        record(state, action)
    slot.view.resting = len(state.orders_of(sleeve.id) if actions else desk.orders)


def _beside_the_stop(state: State, slot: Slot, intent: Intent, context: GateContext) -> Intent:
    """Quotes that would close what a stop closes: counted as entries, or not shown."""
    context.closing = closing.beside(state, slot.sleeve, slot.instrument, intent)
    if context.closing is not Closing.WITHHELD:
        return intent
    after = closing.withheld(state, slot.sleeve, slot.instrument, intent)
    return context.trim(STOP_FIRST, intent, after, WITHHELD)


def _tried_once(state: State, sleeve: Sleeve) -> None:
    """A person's entry is sent in the step of its plan or not at all: what a rule or the venue did not give
    is given up, for nobody looks at it any more. Exits go on until they are done.
    """
    intent, have = sleeve.intent, state.position(sleeve.id)
    if sleeve.armed == WAITS:
        sleeve.armed = state.seq
    if sleeve.armed == state.seq or intent is None or intent.target is None:
        return
    if grows(have, intent.target) and not any(o.role is ENTRY for o in state.orders_of(sleeve.id)):
        sleeve.intent = msgspec.structs.replace(intent, target=have)


def _cap(state: State, actions: list[Action], caps: tuple[Decimal, Decimal]) -> None:
    """Note on each entry what it may lead to, for the wire."""
    for action in actions:
        order = state.orders.get(action.cid) if isinstance(action, Place | Amend) else None
        if order is not None and order.role is ENTRY:
            state.caps[order.cid] = caps[0 if order.side is BUY else 1]


def _allowed_at_all(state: State, slot: Slot, intent: Intent, context: GateContext) -> Intent:
    """Switched off, benched or locked: nothing that increases."""
    sleeve = slot.sleeve
    if sleeve.benched or not sleeve.on:
        return context.block("sleeve", intent, sleeve.benched or "switched off")
    lock = state.lock_on(sleeve) if state.locks else None
    if lock is None:
        return intent
    until = (
        f", {(lock.until - state.now) / 1000:.0f} s left" if lock.until else ", off until switched on again"
    )
    return context.block(lock.by, intent, lock.reason + until)


def _caps(intent: Intent, have: Decimal) -> tuple[Decimal, Decimal]:
    """(long, short) that an approved wish may reach with every order filled."""
    target = intent.target or ZERO
    long, short = max(ZERO, have, target), max(ZERO, -have, -target)
    for quote in intent.quotes:
        if quote.side is BUY:
            long += quote.qty
        else:
            short += quote.qty
    return long, short
