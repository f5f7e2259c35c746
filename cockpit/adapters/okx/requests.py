"""Our actions → OKX's request bodies. Pure.

Sizes are contracts (base units for spot), as everywhere. Protection goes off by the price that it names: the
mark, which one odd trade cannot move, unless the settings say otherwise; spot has no mark, so by the last.
Every order carries a tag for its role: the dead man's switch cancels by tag, so it never touches an exit or a
stop.

Source: OKX API v5, "Place order", "Place algo order", "Amend order", "Cancel order".
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cockpit.core.errors import VenueError
from cockpit.core.intents import Amend, Cancel, Place
from cockpit.core.orders import ALGO, OrderKind, Role
from cockpit.core.types import Instrument, MarginMode, PosSide

TAGS = {Role.ENTRY: "ckin", Role.EXIT: "ckout", Role.PROTECT: "ckstop"}
MARKET_PRICE = "-1"
STRANGER = "okx-"
"""Before the venue's id, where an order that is not ours has no client id."""
ORD_TYPES = {
    OrderKind.MARKET: "market",
    OrderKind.LIMIT: "limit",
    OrderKind.POST_ONLY: "post_only",
    OrderKind.IOC: "ioc",
    OrderKind.FOK: "fok",
    OrderKind.STOP: "conditional",
    OrderKind.OCO: "oco",
    OrderKind.TRIGGER: "trigger",
    OrderKind.TRAIL: "move_order_stop",
}


KINDS = {word: kind for kind, word in ORD_TYPES.items() if kind in ALGO}
"""What OKX's word for an order that waits means to us."""


def plain(value: Decimal) -> str:
    """Digits and a point, never an exponent."""
    return format(value, "f")


def is_algo(action: Place) -> bool:
    """Does it wait at the venue for a price?"""
    return action.kind in ALGO


def place(action: Place, instrument: Instrument, margin: MarginMode, *, hedge: bool) -> dict[str, Any]:
    """The body of an order; without ``instId``, which WebSocket and REST spell differently.

    Raises VenueError for an order that lacks what its kind needs: nothing may be sent then.
    """
    body: dict[str, Any] = {
        "tdMode": (margin if instrument.derivative else MarginMode.CASH).value,
        "side": action.side.value,
        "ordType": ORD_TYPES[action.kind],
        "sz": plain(action.qty),
        "tag": TAGS[action.role],
    }
    if hedge and action.pos_side is not PosSide.NET:
        body["posSide"] = action.pos_side.value
    elif action.reduce_only and instrument.derivative:
        body["reduceOnly"] = True
    if not is_algo(action):
        body["clOrdId"] = action.cid
        if action.kind is not OrderKind.MARKET:
            body["px"] = plain(_need(action.price, action, "price"))
        elif not instrument.derivative:
            body["tgtCcy"] = "base_ccy"
        return body
    body["algoClOrdId"] = action.cid
    # ccxt gives an order without clOrdId one of its broker's; OKX echoes this one as algoClOrdId too.
    body["clOrdId"] = action.cid
    return body | _waiting(action, action.watch or ("mark" if instrument.derivative else "last"))


def _waiting(action: Place, source: str) -> dict[str, Any]:
    """What an algo order waits for, and what it becomes."""
    price = MARKET_PRICE if action.price is None else plain(action.price)
    if action.kind is OrderKind.TRAIL:
        found: dict[str, Any] = {"callbackRatio": plain(_need(action.callback, action, "callback"))}
        if action.trigger is not None:
            found["activePx"] = plain(action.trigger)
        return found
    trigger = plain(_need(action.trigger, action, "trigger"))
    if action.kind is OrderKind.TRIGGER:
        return {"triggerPx": trigger, "orderPx": price, "triggerPxType": source}
    found = {"slTriggerPx": trigger, "slOrdPx": price, "slTriggerPxType": source}
    if action.kind is OrderKind.OCO:
        take = plain(_need(action.take, action, "take"))
        found |= {"tpTriggerPx": take, "tpOrdPx": MARKET_PRICE, "tpTriggerPxType": source}
    return found


def _need(value: Decimal | None, action: Place, what: str) -> Decimal:
    if value is None:
        raise VenueError(f"{action.kind} order {action.cid} has no {what}")
    return value


def amend(action: Amend) -> dict[str, Any]:
    """New price and new total size of a resting order."""
    return {"clOrdId": action.cid, "newPx": plain(action.price), "newSz": plain(action.qty)}


def amend_algo(action: Amend, kind: OrderKind) -> dict[str, Any]:
    """New trigger (of an OCO: of both legs) and new size of an order that waits."""
    key = "newTriggerPx" if kind is OrderKind.TRIGGER else "newSlTriggerPx"
    body = {"algoClOrdId": action.cid, key: plain(action.price), "newSz": plain(action.qty)}
    return body if action.take is None else body | {"newTpTriggerPx": plain(action.take)}


def cancel(action: Cancel) -> dict[str, Any]:
    """By our client id; a stranger's order by the venue's."""
    if action.cid.startswith(STRANGER):
        return {"ordId": action.cid.removeprefix(STRANGER)}
    return {"clOrdId": action.cid}


def cancel_algo(action: Cancel) -> dict[str, Any]:
    """The same for an order that waits for a price."""
    if action.cid.startswith(STRANGER):
        return {"algoId": action.cid.removeprefix(STRANGER)}
    return {"algoClOrdId": action.cid}
