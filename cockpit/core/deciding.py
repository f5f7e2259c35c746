"""From the wish in force to actions: stop layers, gate, reconcile. One sleeve, one instant."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.core import guarding
from cockpit.core.drafting import lay_out, record
from cockpit.core.gate import GateContext, Rule, approve, gist
from cockpit.core.intents import Intent
from cockpit.core.pairing import together
from cockpit.core.reconcile import reconcile
from cockpit.core.slots import Market, Slot
from cockpit.core.state import State
from cockpit.core.turn import Turn


def decide(state: State, slot: Slot, market: Market, rules: Sequence[Rule], turn: Turn) -> None:
    """Put the wish in force through everything that may change it, and do what follows."""
    sleeve = slot.sleeve
    intent = sleeve.intent
    if intent is None:
        if not state.position(sleeve.id):
            sleeve.trade = None
            return
        intent = Intent(sleeve.id, sleeve.symbol)
    price = state.price(sleeve.symbol)
    context = GateContext(state, sleeve, slot.instrument, price=price, heard=market.heard)
    guard = ""
    if slot.guard is not None or sleeve.unprotected:
        intent, guard = guarding.shape(state, slot, intent, context, turn)
    if context.increases(intent):
        intent = _allowed_at_all(state, slot, intent, context)
        if len(slot.legs) > 1 and context.increases(intent):
            intent = together(state, slot, intent, context, rules)
    approved = approve(intent, context, rules, guard)
    verdicts = tuple(context.verdicts)
    if (verdicts or sleeve.verdicts) and gist(verdicts) != gist(sleeve.verdicts):
        turn.verdicts.extend(verdicts)
    sleeve.verdicts = verdicts
    sleeve.approved = approved.intent
    desk = lay_out(state, sleeve, slot.instrument, context.have, context.price)
    actions = reconcile(approved, desk)
    taken = {getattr(a, "cid", "") for a in turn.actions} if turn.actions else ()
    for action in actions:
        if getattr(action, "cid", "?") in taken:
            continue
        turn.actions.append(action)
        record(state, action)
    slot.view.resting = len(state.orders_of(sleeve.id) if actions else desk.orders)


def _allowed_at_all(state: State, slot: Slot, intent: Intent, context: GateContext) -> Intent:
    """Switched off, benched or locked: nothing that increases."""
    sleeve = slot.sleeve
    if sleeve.benched or not sleeve.on:
        return context.block("sleeve", intent, sleeve.benched or "switched off")
    lock = state.lock_on(sleeve) if state.locks else None
    if lock is None:
        return intent
    until = f", {(lock.until - state.now) / 1000:.0f} s left" if lock.until else ", until switched on again"
    return context.block(lock.by, intent, lock.reason + until)
