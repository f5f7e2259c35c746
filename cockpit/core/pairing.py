"""Legs enter together: what the gate leaves of one leg's wish, it leaves of the others' too.

Half a pair is a bet. So before a leg enters, the gate is asked what it would leave of each other leg that
wants to enter now, and the wish is scaled by the smallest share. Ways out are never held up by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from cockpit.core.gate import GateContext, Rule, approve, scaled
from cockpit.core.intents import Intent
from cockpit.core.slots import Slot
from cockpit.core.state import State
from cockpit.core.types import ZERO, Side

RULE = "group"
WHOLE = Decimal(1)


def together(state: State, slot: Slot, intent: Intent, context: GateContext, rules: Sequence[Rule]) -> Intent:
    """The wish of one leg after a look at the others; the verdict names the leg and what held it."""
    if intent.target is None:
        return intent
    share, reason = WHOLE, ""
    more = context.notional(intent.target) - context.worst((slot.sleeve,))
    for other in slot.legs:
        if other is not slot:
            left, why = _left(state, other, rules, max(0.0, more) / context.rate)
            if left < share:
                share, reason = left, f"{other.sleeve.symbol}: {why}"
    if share == WHOLE:
        return intent
    after = scaled(intent, abs(intent.target) * share, context)
    if after == intent:
        return intent
    if not share:
        context.later()
    return context.trim(RULE, intent, after, reason)


def _left(state: State, other: Slot, rules: Sequence[Rule], beside: float) -> tuple[Decimal, str]:
    """(share of its wish that a leg may have now, what takes the rest); 1 when it is there already.

    ``beside`` is in the account's currency: legs may be quoted in different ones.
    """
    wish = other.sleeve.intent
    if wish is None or not wish.target:
        return WHOLE, ""
    sleeve, waits = other.sleeve, other.sleeve.retry_at
    context = GateContext(
        state,
        sleeve,
        other.instrument,
        price=state.price(sleeve.symbol),
        heard=other.heard(),
        book=other.view.book,
    )
    context.beside = beside * context.rate
    sign = 1 if wish.target > 0 else -1
    way = context.entering(Side.BUY if sign > 0 else Side.SELL)
    if not context.increases(wish) or context.have * sign + way >= abs(wish.target):
        return WHOLE, ""
    after = approve(wish, context, rules).intent
    sleeve.retry_at = waits  # only asked: its own turn decides when it is looked at again
    if after.target == wish.target:
        return WHOLE, ""
    left = after.target if after.target is not None and after.target * wish.target > 0 else ZERO
    why = context.verdicts[0].reason if context.verdicts else "held"
    return min(WHOLE, abs(left) / abs(wish.target)), why
