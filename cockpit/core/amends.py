"""What an amend, or the venue's word about an order, makes of the order."""

from __future__ import annotations

from decimal import Decimal

from cockpit.core import events as ev
from cockpit.core.orders import Change, Order, OrderKind


def reshape(order: Order, price: Decimal, qty: Decimal, take: Decimal | None) -> None:
    """The order as the venue has it now."""
    order.qty = qty
    if not order.algo:
        order.price = price
    elif order.kind is not OrderKind.TRAIL:
        order.trigger = price
        order.take = order.take if take is None else take


def reported(order: Order, event: ev.OrderReport) -> None:
    """Size and price as the venue has them."""
    order.qty = event.qty
    waits = order.algo and event.state == "live"
    if event.price and (waits or order.price is not None):
        reshape(order, event.price, event.qty, event.take)


def done(order: Order, change: Change) -> bool:
    """Is the order what the amend wanted?"""
    trigger = order.trigger if order.algo else order.price
    return (trigger, order.qty, order.take) == (change.price, change.qty, change.take)
