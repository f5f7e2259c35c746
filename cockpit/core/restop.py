"""A stop that rests becomes another one where it rests: its size and its prices, by one amend at the venue.

Needed wherever two stops of one position could both go off and take more than there is (spot; a market that
other sleeves trade too): there the new one cannot be placed beside the old one. While the amend is under way
the old stop covers; refused, the old stop covers on. Not every stop can be changed:

    kind, side, watched price   another order: the old one goes, and the new one comes when it is dead
    reduce-only                 of no use any more because another sleeve went the other way: likewise
    fixed                       the venue refused an amend, or nobody knows whether it was done: likewise, so
                                that an amend which arrives late finds no order
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from cockpit.core.desk import Desk
from cockpit.core.dust import enough, whole
from cockpit.core.intents import Action, Amend, Cancel, Intent
from cockpit.core.orders import Order, OrderKind, Role
from cockpit.core.types import ZERO, Side


def levels(intent: Intent) -> tuple[Decimal | None, Decimal | None]:
    """(trigger, take-profit) of the order that protects as the wish says; a take alone is a trigger."""
    if intent.stop is None:
        return intent.take, None
    return intent.stop, intent.take


def kind_of(intent: Intent) -> OrderKind:
    """What kind of order that is."""
    if intent.stop is None:
        return OrderKind.TRIGGER
    return OrderKind.STOP if intent.take is None else OrderKind.OCO


def tag_of(intent: Intent, layer: str) -> str:
    """Why it rests."""
    return f"stop:{layer}" if layer else intent.tag


def change(
    intent: Intent,
    desk: Desk,
    guards: Sequence[Order],
    side: Side,
    cover: Decimal,
    *,
    shown: bool,
    layer: str,
) -> list[Action]:
    """None of ``guards`` is what is wanted: make one of them that.

    ``shown``: quotes rest that could close the same; they are being withdrawn, and no stop grows meanwhile.
    """
    pullable = [o for o in guards if desk.pullable(o)]
    under_way = [o for o in guards if o.amending is not None and not o.cancelling]
    if under_way:
        return [_replaced(o) for o in pullable if o not in under_way]
    fit = [o for o in pullable if _changeable(o, intent, desk, side, cover)]
    if not fit:
        return [_replaced(o) for o in pullable]
    keep = max(fit, key=lambda o: min(o.remaining, cover))
    if len(guards) > 1:
        return [_replaced(o) for o in pullable if o is not keep]
    if shown and cover > keep.remaining:
        return []
    return [_amend(keep, intent, cover, tag_of(intent, layer))]


def fits(stops: Sequence[Order], stays: Decimal) -> bool:
    """Do these stops close no more than what stays when an exit is done?"""
    return sum((o.remaining for o in stops), ZERO) <= stays


def make_room(intent: Intent, desk: Desk, stops: Sequence[Order], side: Side, stays: Decimal) -> list[Action]:
    """An exit of a part: the stop shrinks to what ``stays``, and only then the exit goes. Of all: it goes."""
    if len(stops) == 1 and stays > 0 and stops[0].amending is not None:
        return []
    cover = whole(desk.instrument, stays)
    wanted = intent.stop is not None or intent.take is not None
    (stop, *more) = stops
    large = enough(desk.instrument, cover, desk.price, reduce_only=stop.reduce_only)
    if wanted and large and not more and desk.pullable(stop) and _changeable(stop, intent, desk, side, cover):
        return [_amend(stop, intent, cover)]
    return [Cancel(o.cid, o.symbol, "leaving") for o in stops if desk.pullable(o)]


def _changeable(order: Order, intent: Intent, desk: Desk, side: Side, cover: Decimal) -> bool:
    """Can this very order become the wanted one?"""
    same = order.kind is kind_of(intent) and order.side is side
    waits_so = not (order.watch and desk.watch) or order.watch == desk.watch
    belongs = order.pos_side is desk.pos_side(side, Role.PROTECT)
    bears = not order.reduce_only or desk.covered(side, cover)
    able = not order.fixed and order.kind not in desk.rigid and order.amending is None
    whole_lots = (
        not order.filled % desk.instrument.lot
    )  # a coarser lot since: no size is its fills and whole lots
    return same and waits_so and belongs and bears and able and whole_lots


def _amend(order: Order, intent: Intent, cover: Decimal, tag: str = "") -> Amend:
    trigger, take = levels(intent)
    assert trigger is not None
    return Amend(order.cid, order.symbol, trigger, order.filled + cover, tag, take)


def _replaced(order: Order) -> Cancel:
    return Cancel(order.cid, order.symbol, "replaced")
