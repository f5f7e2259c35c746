"""Living orders are cancelled and changed; positions are closed at market; dead man's switches go off."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cockpit.adapters.okx_exchange.figures import flag, number, text
from cockpit.adapters.okx_exchange.orders import Order
from cockpit.adapters.okx_exchange.placing import CLIENT_ID, choice, client_id, floor_of, place, tag_of
from cockpit.adapters.okx_exchange.positions import Position
from cockpit.adapters.okx_exchange.refusals import Refusal, missing, wrong
from cockpit.core.intents import Amend, Cancel
from cockpit.core.types import ZERO, MarginMode, PosSide, Side

if TYPE_CHECKING:
    from cockpit.adapters.okx_exchange.account import Account

TIMERS = 20
SHORTEST, LONGEST = 10, 120
"""Seconds of a dead man's switch."""


def named(account: Account, item: dict[str, Any]) -> Order | None:
    """The order an item means; an order id wins over a client id. Raises Refusal 51003, 51001."""
    floor = floor_of(account, item)
    ord_id, cl_ord_id = text(item, "ordId"), text(item, "clOrdId")
    if not ord_id and not cl_ord_id:
        raise Refusal("51003", "Either client order ID or order ID is required.")
    order = account.order_of(ord_id, cl_ord_id)
    return order if order is not None and order.listed is floor.listed else None


def cancel(account: Account, item: dict[str, Any], now: int, delay: int = 0) -> Order | None:
    """Take the rest of an order back, ``delay`` ms after the answer. Raises Refusal 51400, 51410."""
    order = named(account, item)
    if order is None or order.ended:
        raise Refusal(
            "51400", "Order cancellation failed as the order has been filled, canceled or does not exist."
        )
    if order.canceling:
        raise Refusal("51410", "Cancellation failed as the order is already under cancelling status.")
    if delay:
        order.canceling = True
        account.venue.later(delay, lambda: drop(account, order, account.venue.clock.now(), "1"))
    else:
        drop(account, order, now, "1")
    return order


def drop(account: Account, order: Order, now: int, source: str) -> None:
    """The order goes; ``source`` says why, in the venue's numbers."""
    if order.ended:
        return
    order.cancel_source = source
    desk = account.desk(order.mode)
    desk.request(Cancel(str(order.ord_id), order.listed.instrument.symbol, ""), now)
    account.settle(desk.rules.margin_mode)
    account.refused.pop(order.ord_id, None)


def amend(account: Account, item: dict[str, Any], now: int) -> Order | None:
    """Another price or total size. Raises Refusal with the order unchanged, or gone if the owner said so."""
    req_id = text(item, "reqId")
    if req_id and CLIENT_ID.fullmatch(req_id) is None:
        raise wrong("reqId")
    order = named(account, item)
    if order is None or order.ended:
        raise Refusal(
            "51503", "Order modification failed as the order has been filled, canceled or does not exist."
        )
    sz, px = number(item, "newSz"), number(item, "newPx")
    if sz is None and px is None:
        raise Refusal("51500", "You must enter a price, quantity, or TP/SL.")
    order.req_id, order.amend_result = req_id, "0"
    try:
        _change(account, order, sz, px, now)
    except Refusal:
        order.amend_result = "-1"
        if flag(item, "cxlOnFail"):
            order.amend_result = "1"
            drop(account, order, now, "1")
        else:
            account.tell(order)
        raise
    finally:
        order.req_id = order.amend_result = ""
    return order


def _change(account: Account, order: Order, sz: Decimal | None, px: Decimal | None, now: int) -> None:
    if order.px is None:
        raise Refusal("51506", "Order modification unavailable for the order type.")
    price, qty = px or order.px, sz or order.qty
    if price <= 0 or price % order.listed.instrument.tick:
        raise wrong("newPx")
    desk = account.desk(order.mode)
    desk.request(Amend(str(order.ord_id), order.listed.instrument.symbol, price, qty), now)
    account.settle(desk.rules.margin_mode)
    refusal = account.refused.pop(order.ord_id, None)
    if refusal is not None:
        raise Refusal(*refusal, 200)


def close_position(account: Account, item: dict[str, Any], now: int) -> dict[str, str]:
    """Close at market what is held. Raises Refusal 51023 when nothing is."""
    floor = floor_of(account, item)
    mode = MarginMode(choice(item, "mgnMode", frozenset(("cross", "isolated"))))
    side = PosSide(text(item, "posSide") or "net")
    if account.hedged == (side is PosSide.NET):
        raise wrong("posSide")
    position = account.positions.get((floor.listed.inst_id, mode, side))
    if position is None:
        raise Refusal("51023", "Position does not exist")
    closing = [o for o in account.live.values() if _closes(position, o)]
    if closing and not flag(item, "autoCxl"):
        raise Refusal("51115", "Cancel all pending close-orders before liquidation.", 200)
    for order in closing:
        drop(account, order, now, "1")
    cl_ord_id, tag = client_id(account, item), tag_of(item)
    qty = position.holding.qty
    wish = {
        "instId": floor.listed.inst_id,
        "tdMode": str(mode),
        "side": "sell" if qty > 0 else "buy",
        "posSide": str(side),
        "ordType": "market",
        "sz": str(abs(qty)),
        "reduceOnly": "true",
        "clOrdId": cl_ord_id,
        "tag": tag,
    }
    place(account, wish, now)
    return {"instId": floor.listed.inst_id, "posSide": str(side), "clOrdId": cl_ord_id, "tag": tag}


def _closes(position: Position, order: Order) -> bool:
    """A living order that can only reduce this position."""
    here = (order.listed, order.mode, order.pos_side) == (position.listed, position.mode, position.pos_side)
    if not here:
        return False
    if position.pos_side is PosSide.NET:
        return order.reduce_only
    return (order.side is Side.BUY) == (position.pos_side is PosSide.SHORT)


def arm(account: Account, item: dict[str, Any], now: int) -> dict[str, str]:
    """``cancel-all-after``: set, renew or (0) take away a switch. Raises Refusal 51000, 51071."""
    seconds = number(item, "timeOut")
    if seconds is None:
        raise missing("timeOut")
    if seconds and not SHORTEST <= seconds <= LONGEST:
        raise Refusal("51000", "Parameter timeOut error", 200)
    tag = tag_of(item)
    if not seconds:
        account.timers.pop(tag, None)
        return {"triggerTime": "0", "tag": tag, "ts": str(now)}
    if tag not in account.timers and len(account.timers) >= TIMERS:
        raise Refusal("51071", "You've reached the maximum number of tag level countdowns.")
    account.timers[tag] = now + int(seconds * 1000)
    return {"triggerTime": str(account.timers[tag]), "tag": tag, "ts": str(now)}


def expire(account: Account, now: int) -> None:
    """Switches whose time has come cancel what they guard, one by one; algo orders stay."""
    for tag, due in [*account.timers.items()]:
        if due > now:
            continue
        del account.timers[tag]
        for order in [*account.live.values()]:
            if not tag or order.tag == tag:
                drop(account, order, now, "20")


def margin_balance(account: Account, item: dict[str, Any]) -> dict[str, str]:
    """Move money into or out of an isolated position. Raises Refusal 51023, 59303, 51000."""
    floor = floor_of(account, item)
    side = PosSide(text(item, "posSide") or "net")
    what = choice(item, "type", frozenset(("add", "reduce")))
    amount = number(item, "amt")
    if amount is None or amount <= 0:
        raise wrong("amt")
    position = account.positions.get((floor.listed.inst_id, MarginMode.ISOLATED, side))
    if position is None:
        raise Refusal("51023", "Position does not exist")
    instrument = floor.listed.instrument
    if what == "add" and amount > account.free(instrument.settle):
        raise Refusal("59301", "Margin adjustment failed for exceeding the max limit")
    least = abs(position.holding.cost) / Decimal(position.lever)
    if what == "reduce" and position.holding.margin - amount < least:
        raise Refusal("59301", "Margin adjustment failed for exceeding the max limit")
    pledge(account, position, amount if what == "add" else -amount)
    return {
        "instId": floor.listed.inst_id, "posSide": str(side), "amt": str(amount), "type": what,
        "leverage": position.lever, "ccy": instrument.settle,
    }  # fmt: skip


def pledge(account: Account, position: Position, change: Decimal) -> None:
    """Cash becomes margin of an isolated position (> 0) or comes back."""
    instrument = position.listed.instrument
    account.desk(MarginMode.ISOLATED).pledge(instrument.symbol, position.pos_side, change)
    books = account.mirror(MarginMode.ISOLATED)
    books.pledge(position.holding, instrument.settle, change)
    now = account.venue.clock.now()
    sub_type = "160" if change > 0 else "161"
    account.bill(
        now, instrument.settle, "6", sub_type, -change, pos_change=change, inst_type="SWAP",
        inst_id=position.listed.inst_id, mode="isolated",
    )  # fmt: skip
    account.touch(position, "adjust_margin")


def relever(account: Account, position: Position, lever: Decimal) -> None:
    """An isolated position gets the margin that its new leverage wants. Raises Refusal 59103."""
    wanted = abs(position.holding.cost) / lever - position.holding.margin
    if wanted > account.free(position.listed.instrument.settle):
        raise Refusal("59103", "Leverage can't be changed: insufficient margin in account.")
    if wanted > ZERO:
        pledge(account, position, wanted)
