"""Our actions → Binance's requests. Pure.

Plain orders go to ``order``; since December 2025 everything that waits for a price goes to ``algoOrder``,
which has ids and client ids of its own and cannot be changed (the machine places a new one, then cancels).
Protection goes off by the mark price, which one odd trade cannot move, or by the last ("contract") price.

Source: Binance Open Platform, USDⓈ-M Futures, "New Order", "New Algo Order", "Modify Order", "Cancel Order".
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cockpit.adapters.ccxt_venue.dialect import Dialect
from cockpit.adapters.ccxt_venue.door import Call
from cockpit.adapters.ccxt_venue.values import plain
from cockpit.core.errors import VenueError
from cockpit.core.intents import Amend, Cancel, Place
from cockpit.core.orders import ALGO, OrderKind, Role
from cockpit.core.types import Instrument, PosSide, Side

IN_FORCE = {OrderKind.LIMIT: "GTC", OrderKind.POST_ONLY: "GTX", OrderKind.IOC: "IOC", OrderKind.FOK: "FOK"}
WATCHED = {"mark": "MARK_PRICE", "last": "CONTRACT_PRICE"}
SIDES = {PosSide.LONG: "LONG", PosSide.SHORT: "SHORT", PosSide.NET: "BOTH"}


class Requests(Dialect):
    """Place, amend, cancel."""

    watched = frozenset(WATCHED)

    def place(self, action: Place, instrument: Instrument, *, hedge: bool) -> Call:
        params: dict[str, Any] = {
            "symbol": instrument.native,
            "side": action.side.value.upper(),
            "quantity": plain(action.qty),
        }
        if hedge and action.pos_side is not PosSide.NET:
            params["positionSide"] = SIDES[action.pos_side]
        elif action.reduce_only:
            params["reduceOnly"] = "true"
        if action.kind in ALGO:
            return Call("fapiPrivatePostAlgoOrder", params | _waiting(action))
        params["newClientOrderId"] = action.cid
        params["newOrderRespType"] = "ACK"
        if action.kind is OrderKind.MARKET:
            return Call("fapiPrivatePostOrder", {**params, "type": "MARKET"})
        price = plain(_need(action.price, action, "price"))
        more = {"type": "LIMIT", "timeInForce": IN_FORCE[action.kind], "price": price}
        return Call("fapiPrivatePostOrder", params | more)

    def amend(self, action: Amend, side: Side, *, waits: bool) -> Call:
        if waits:
            raise VenueError("Binance does not change an order that waits for a price")
        params = {
            "symbol": action.symbol.partition(":")[2],
            "origClientOrderId": action.cid,
            "side": side.value.upper(),
            "quantity": plain(action.qty),
            "price": plain(action.price),
        }
        return Call("fapiPrivatePutOrder", params)

    def cancel(self, action: Cancel, *, waits: bool, child: str) -> Call:
        if waits:
            return Call("fapiPrivateDeleteAlgoOrder", {"clientAlgoId": action.cid})
        which = {"orderId": child} if child else {"origClientOrderId": action.cid}
        return Call("fapiPrivateDeleteOrder", {"symbol": action.symbol.partition(":")[2], **which})


def _waiting(action: Place) -> dict[str, Any]:
    """What a conditional order waits for, and what it becomes."""
    found: dict[str, Any] = {
        "algoType": "CONDITIONAL",
        "clientAlgoId": action.cid,
        "workingType": WATCHED[action.watch or "mark"],
    }
    if action.kind is OrderKind.TRAIL:
        percent = _need(action.callback, action, "callback") * 100
        found |= {"type": "TRAILING_STOP_MARKET", "callbackRate": plain(percent.normalize())}
        if action.trigger is not None:
            found["activatePrice"] = plain(action.trigger)
        return found
    if action.kind is OrderKind.TRIGGER and action.role is not Role.PROTECT:
        raise VenueError("an entry that waits for a price is not offered on Binance")
    word = "STOP" if action.kind is OrderKind.STOP else "TAKE_PROFIT"
    found["triggerPrice"] = plain(_need(action.trigger, action, "trigger"))
    if action.price is None:
        return {**found, "type": f"{word}_MARKET"}
    return {**found, "type": word, "price": plain(action.price), "timeInForce": "GTC"}


def _need(value: Decimal | None, action: Place, what: str) -> Decimal:
    if value is None:
        raise VenueError(f"{action.kind} order {action.cid} has no {what}")
    return value
