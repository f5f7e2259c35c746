"""Our actions → Bybit's requests. Pure.

Conditional orders live behind the same door as all others and keep their client id when they go off.
Protection goes off by the mark price, which one odd trade cannot move, unless it names another.

Source: Bybit V5, "Place Order", "Amend Order", "Cancel Order".
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cockpit.adapters.ccxt_venue.bybit.markets import LINEAR
from cockpit.adapters.ccxt_venue.dialect import Dialect
from cockpit.adapters.ccxt_venue.door import Call
from cockpit.adapters.ccxt_venue.values import plain
from cockpit.core.errors import VenueError
from cockpit.core.intents import Amend, Cancel, Place
from cockpit.core.orders import ALGO, OrderKind, Role
from cockpit.core.types import Instrument, PosSide, Side

IN_FORCE = {
    OrderKind.LIMIT: "GTC",
    OrderKind.POST_ONLY: "PostOnly",
    OrderKind.IOC: "IOC",
    OrderKind.FOK: "FOK",
}
SIDES = {PosSide.NET: 0, PosSide.LONG: 1, PosSide.SHORT: 2}
RISE, FALL = 1, 2
WATCHED = {"mark": "MarkPrice", "last": "LastPrice", "index": "IndexPrice"}


class Requests(Dialect):
    """Place, amend, cancel."""

    def place(self, action: Place, instrument: Instrument, *, hedge: bool) -> Call:
        body: dict[str, Any] = {
            **LINEAR,
            "symbol": instrument.native,
            "side": action.side.value.capitalize(),
            "qty": plain(action.qty),
            "orderLinkId": action.cid,
            "positionIdx": SIDES[action.pos_side] if hedge else 0,
        }
        if action.reduce_only:
            body["reduceOnly"] = True
        if action.kind in ALGO:
            body |= _waiting(action)
        elif action.kind is OrderKind.MARKET:
            body["orderType"] = "Market"
        else:
            body |= {"orderType": "Limit", "timeInForce": IN_FORCE[action.kind]}
            body["price"] = plain(_need(action.price, action, "price"))
        return Call("privatePostV5OrderCreate", body)

    def amend(self, action: Amend, side: Side, *, waits: bool) -> Call:
        key = "triggerPrice" if waits else "price"
        return Call(
            "privatePostV5OrderAmend", _named(action) | {"qty": plain(action.qty), key: plain(action.price)}
        )

    def cancel(self, action: Cancel, *, waits: bool, child: str) -> Call:
        return Call("privatePostV5OrderCancel", _named(action))


def _named(action: Amend | Cancel) -> dict[str, Any]:
    return {**LINEAR, "symbol": action.symbol.partition(":")[2], "orderLinkId": action.cid}


def _waiting(action: Place) -> dict[str, Any]:
    """What a conditional order waits for, and what it becomes."""
    if action.kind is OrderKind.TRAIL:
        raise VenueError("Bybit trails a position, not an order: a trailing stop is not offered there")
    if action.kind is OrderKind.TRIGGER and action.role is not Role.PROTECT:
        raise VenueError("an entry that waits for a price is not offered on Bybit")
    against = action.kind is OrderKind.STOP
    rises = (action.side is Side.BUY) is against
    found: dict[str, Any] = {
        "triggerPrice": plain(_need(action.trigger, action, "trigger")),
        "triggerDirection": RISE if rises else FALL,
        "triggerBy": WATCHED[action.watch or "mark"],
        "orderType": "Market" if action.price is None else "Limit",
    }
    if action.price is not None:
        found |= {"price": plain(action.price), "timeInForce": "GTC"}
    return found


def _need(value: Decimal | None, action: Place, what: str) -> Decimal:
    if value is None:
        raise VenueError(f"{action.kind} order {action.cid} has no {what}")
    return value
