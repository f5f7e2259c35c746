"""Quotes that close what a stop also closes: which may be shown, and as what (I17).

A stop covers the whole position, always. So a quote on its side that would close the same position is

    BOUND     an exit like any other, where the venue itself keeps both from taking more than there is: the
              sleeve is alone on the market of a netted account, and both are reduce-only
    COUNTED   an entry, where other sleeves share such a market: reduce-only is measured there on the position
              of all. Whatever trades first, the worst is the quote's size on the other side, and for that the
              gate was asked: no credit is given for the position, and a halt takes the quote away
    WITHHELD  not shown. On spot the venue freezes the coins that a quote promises, and a stop that goes off
              fails for lack of them; on a shared long/short account the quote could take what others hold
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from cockpit.core.intents import Intent
from cockpit.core.meant import MANUAL
from cockpit.core.orders import Order, OrderKind, Role
from cockpit.core.types import ZERO, Instrument, PositionMode, Side

if TYPE_CHECKING:
    from cockpit.core.state import Sleeve, State


# Looked up once: naming a member of an enum is dear.
PROTECT = Role.PROTECT


class Closing(StrEnum):
    """How a quote that closes may stand beside a stop."""

    BOUND = "bound"
    COUNTED = "counted"
    WITHHELD = "withheld"


def beside(state: State, sleeve: Sleeve, instrument: Instrument, intent: Intent) -> Closing:
    """What holds for the quotes of a wish now. BOUND, too, where no stop is wanted and none rests."""
    if not intent.quotes:
        return Closing.BOUND
    mine = state.orders_of(sleeve.id)
    stopped = intent.stop is not None or intent.take is not None
    guarded = [o.side for o in mine if o.role is PROTECT]
    if not (stopped or guarded):
        return Closing.BOUND
    sides = [q.side for q in intent.quotes if closable(state, sleeve, instrument, q.side) > 0]
    if not sides or not (stopped or any(side in sides for side in guarded)):
        return Closing.BOUND
    if not instrument.derivative:
        return Closing.WITHHELD
    shared = any(uses(state, other) for other in others_on(state, sleeve))
    if state.ledger.mode is PositionMode.HEDGE:
        theirs = state.account_legs(sleeve.symbol) != state.legs(sleeve.id)
        return Closing.WITHHELD if shared or theirs else Closing.BOUND
    loose = any(_closes(o) and not o.reduce_only and o.side in sides for o in mine)
    theirs = state.ledger.net_qty(sleeve.symbol) != state.position(sleeve.id)
    return Closing.COUNTED if shared or theirs or loose else Closing.BOUND


def closable(state: State, sleeve: Sleeve, instrument: Instrument, side: Side) -> Decimal:
    """How much of the sleeve's position an order of ``side`` closes."""
    if instrument.derivative and state.ledger.mode is PositionMode.HEDGE:
        long, short = state.legs(sleeve.id)
        return max(ZERO, long if side is Side.SELL else short)
    return max(ZERO, -side.sign * state.position(sleeve.id))


def withheld(state: State, sleeve: Sleeve, instrument: Instrument, intent: Intent) -> Intent:
    """The wish without the quotes that would close what its stop covers."""
    quotes = tuple(q for q in intent.quotes if not closable(state, sleeve, instrument, q.side) > 0)
    return intent if quotes == intent.quotes else msgspec.structs.replace(intent, quotes=quotes)


def others_on(state: State, sleeve: Sleeve) -> list[Sleeve]:
    """The other sleeves of the same market."""
    return [s for s in state.sleeves.values() if s.symbol == sleeve.symbol and s is not sleeve]


def uses(state: State, sleeve: Sleeve) -> bool:
    """Does it hold or work anything on its market, or may it enter there at any moment?"""
    if sleeve.strategy == MANUAL:
        awake = sleeve.intent is not None and bool(sleeve.intent.target)
    else:
        awake = sleeve.on and not sleeve.benched
    return awake or bool(state.position(sleeve.id)) or bool(state.orders_of(sleeve.id))


def _closes(order: Order) -> bool:
    return order.role is Role.PROTECT or shown_exit(order)


def shown_exit(order: Order) -> bool:
    """Is it a quote that was placed as an exit?"""
    return order.kind is OrderKind.POST_ONLY and order.role is Role.EXIT
