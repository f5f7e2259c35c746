"""A new order: what the venue checks at the door, and its way to a desk."""

from __future__ import annotations

import re
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from cockpit.adapters.okx_exchange.figures import flag, number, text
from cockpit.adapters.okx_exchange.floor import Floor
from cockpit.adapters.okx_exchange.orders import Order
from cockpit.adapters.okx_exchange.refusals import Refusal, missing, unknown_instrument, wrong
from cockpit.core.intents import Place
from cockpit.core.orders import OrderKind, Role
from cockpit.core.types import ONE, ZERO, Kind, MarginMode, PosSide, Side

if TYPE_CHECKING:
    from cockpit.adapters.okx_exchange.account import Account

KINDS = {
    "market": OrderKind.MARKET,
    "limit": OrderKind.LIMIT,
    "post_only": OrderKind.POST_ONLY,
    "ioc": OrderKind.IOC,
    "fok": OrderKind.FOK,
    "optimal_limit_ioc": OrderKind.MARKET,
}
CLIENT_ID = re.compile(r"[A-Za-z0-9]{1,32}")
TAG = re.compile(r"[A-Za-z0-9]{1,16}")
STP = frozenset(("cancel_maker", "cancel_taker", "cancel_both"))
SIDES = {"buy": Side.BUY, "sell": Side.SELL}
PER_INSTRUMENT, PER_ACCOUNT = 500, 4_000
"""Open orders an account may have."""
CODES = {"51120": "51020"}
"""Where the desk's code and the venue's differ."""


def floor_of(account: Account, item: dict[str, Any]) -> Floor:
    """The market an item names, by ``instId`` or by ``instIdCode``. Raises Refusal 51001, 50014."""
    code, inst_id = text(item, "instIdCode"), text(item, "instId")
    floor = account.venue.by_code.get(code) if code else account.venue.floors.get(inst_id)
    if not code and not inst_id:
        raise missing("instId")
    if floor is None:
        raise unknown_instrument()
    return floor


def choice(item: dict[str, Any], name: str, words: frozenset[str], default: str = "") -> str:
    """A parameter that is one of ``words``. Raises Refusal 50014, 51000."""
    found = text(item, name) or default
    if not found:
        raise missing(name)
    if found not in words:
        raise wrong(name)
    return found


def mode_of(floor: Floor, item: dict[str, Any]) -> MarginMode:
    """``tdMode``. Raises Refusal."""
    word = choice(item, "tdMode", frozenset(("cash", "cross", "isolated", "spot_isolated")))
    if not floor.listed.swap:
        if word != "cash":
            raise Refusal("51010", "You can't complete this request under your current account mode.")
        return MarginMode.CASH
    if word not in ("cross", "isolated"):
        raise wrong("tdMode")
    return MarginMode(word)


def side_of(account: Account, floor: Floor, item: dict[str, Any]) -> PosSide:
    """``posSide`` as the account's position mode wants it. Raises Refusal 51000."""
    word = text(item, "posSide")
    if not floor.listed.swap:
        return PosSide.NET
    if not account.hedged:
        if word not in ("", "net"):
            raise wrong("posSide")
        return PosSide.NET
    if word not in ("long", "short"):
        raise wrong("posSide")
    return PosSide(word)


def client_id(account: Account, item: dict[str, Any]) -> str:
    """``clOrdId``, unique among living orders. Raises Refusal 51000, 51016."""
    found = text(item, "clOrdId")
    if not found:
        return ""
    if CLIENT_ID.fullmatch(found) is None:
        raise wrong("clOrdId")
    known = account.by_client.get(found)
    if known is not None and known in account.live:
        raise Refusal("51016", "Client order ID already exists.")
    return found


def tag_of(item: dict[str, Any]) -> str:
    found = text(item, "tag")
    if found and TAG.fullmatch(found) is None:
        raise wrong("tag")
    return found


def place(account: Account, item: dict[str, Any], now: int, **origin: str) -> Order:
    """Take an order and let it meet the market. Raises Refusal; nothing has happened then.

    ``origin`` (source, algo_id, algo_cl_ord_id) says which algo order sent it.
    """
    floor = floor_of(account, item)
    order = _order(account, floor, item, now)
    for name, value in origin.items():
        setattr(order, name, value)
    _checked(account, floor, order)
    if text(item, "ordType") not in ("market", "optimal_limit_ioc") and text(item, "pxAmendType") == "1":
        order.px = _clamped(floor, order)
    account.orders[order.ord_id] = account.live[order.ord_id] = order
    before = account.by_client.get(order.cl_ord_id)
    if order.cl_ord_id:
        account.by_client[order.cl_ord_id] = order.ord_id
    _send(account, floor, order, now)
    refusal = account.refused.pop(order.ord_id, None)
    if refusal is not None:
        del account.orders[order.ord_id], account.live[order.ord_id]
        if before is not None:
            account.by_client[order.cl_ord_id] = before
        elif order.cl_ord_id:
            del account.by_client[order.cl_ord_id]
        code, reason = refusal
        raise Refusal(CODES.get(code, code), reason, 200)
    return order


def _order(account: Account, floor: Floor, item: dict[str, Any], now: int) -> Order:
    listed = floor.listed
    side = SIDES[choice(item, "side", frozenset(SIDES))]
    mode = mode_of(floor, item)
    kind = choice(item, "ordType", frozenset(KINDS))
    pos_side = side_of(account, floor, item)
    px = None
    if KINDS[kind] is not OrderKind.MARKET:
        px = number(item, "px")
        if px is None:
            raise missing("px")
        if px <= 0 or px % listed.instrument.tick:
            raise wrong("px")
    elif kind == "optimal_limit_ioc" and not listed.swap:
        raise wrong("ordType")
    sz = number(item, "sz")
    if sz is None:
        raise missing("sz")
    if sz <= 0:
        raise wrong("sz")
    tgt = text(item, "tgtCcy")
    if not listed.swap and kind == "market":
        tgt = choice(
            item,
            "tgtCcy",
            frozenset(("base_ccy", "quote_ccy")),
            "quote_ccy" if side is Side.BUY else "base_ccy",
        )
    stp = choice(item, "stpMode", STP, account.stp_mode)
    if kind == "fok" and stp == "cancel_both":
        raise Refusal("54036", "You can't place fill or kill orders when self-trade is set to cancel both.")
    cl_ord_id = client_id(account, item)
    return Order(
        account.venue.number(),
        cl_ord_id,
        tag_of(item),
        listed,
        mode,
        side,
        pos_side,
        kind,
        px,
        sz,
        _size(floor, sz, side) if tgt == "quote_ccy" and kind == "market" else sz,
        now,
        now,
        tgt_ccy=tgt if not listed.swap else "",
        ccy=text(item, "ccy") or (listed.instrument.settle if listed.swap else ""),
        reduce_only=flag(item, "reduceOnly") and listed.swap and not account.hedged,
        stp_mode=stp,
        attached=_attached(account, item, side, floor, px),
        lever=account.lever(listed.inst_id, mode, pos_side) if listed.swap else "",
    )


def _size(floor: Floor, quote: Decimal, side: Side) -> Decimal:
    """Base units that ``quote`` buys (or brings) by the book of now."""
    instrument = floor.listed.instrument
    left, found = quote, ZERO
    for ticks, lots in floor.top(side.opposite, 400):
        price, there = instrument.price_of(ticks), instrument.qty_of(lots)
        part = min(there, left / price)
        found += part
        left -= part * price
        if left <= 0:
            break
    size = (found / instrument.lot).quantize(ONE, rounding=ROUND_FLOOR) * instrument.lot
    if size <= 0:
        raise Refusal("51020", "Order amount should be greater than the min available amount.")
    return size


def _clamped(floor: Floor, order: Order) -> Decimal | None:
    high, low = floor.band()
    if order.px is None or not high:
        return order.px
    return min(order.px, Decimal(high)) if order.side is Side.BUY else max(order.px, Decimal(low))


def _attached(
    account: Account, item: dict[str, Any], side: Side, floor: Floor, px: Decimal | None
) -> list[dict[str, Any]]:
    """Stops and targets that come with the order; kept as the venue shows them."""
    given = item.get("attachAlgoOrds")
    if given is None or given == "":
        given = [item] if any(text(item, name) for name in ("tpTriggerPx", "slTriggerPx")) else []
    if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
        raise wrong("attachAlgoOrds")
    rows = []
    for row in given:
        name = text(row, "attachAlgoClOrdId")
        if name and CLIENT_ID.fullmatch(name) is None:
            raise wrong("attachAlgoClOrdId")
        kept = {key: text(row, key) for key in (
            "attachAlgoClOrdId", "tpOrdKind", "tpTriggerPx", "tpTriggerPxType", "tpOrdPx", "slTriggerPx",
            "slTriggerPxType", "slOrdPx", "sz", "amendPxOnTriggerType", "tpTriggerRatio", "slTriggerRatio",
        )}  # fmt: skip
        kept["tpOrdKind"] = kept["tpOrdKind"] or ("condition" if kept["tpTriggerPx"] else "")
        _against(kept, side, px or Decimal(repr(floor.mark_price)))
        kept |= {"attachAlgoId": str(account.venue.number()), "failCode": "", "failReason": ""}
        rows.append(kept)
    return rows


def _against(row: dict[str, Any], side: Side, px: Decimal) -> None:
    """A target lies beyond the order's price, a stop before it. Raises Refusal 51046-51049."""
    tp, sl = number(row, "tpTriggerPx"), number(row, "slTriggerPx")
    buys = side is Side.BUY
    if tp is not None and (tp - px) * side.sign <= 0:
        what = "higher" if buys else "lower"
        raise Refusal(
            "51046" if buys else "51048",
            f"The take profit trigger price should be {what} than the order price",
        )
    if sl is not None and (sl - px) * side.sign >= 0:
        what = "lower" if buys else "higher"
        raise Refusal(
            "51047" if buys else "51049", f"The stop loss trigger price should be {what} than the order price"
        )


def _checked(account: Account, floor: Floor, order: Order) -> None:
    """Rules that concern the account as a whole."""
    here = sum(o.listed is order.listed for o in account.live.values())
    if here >= PER_INSTRUMENT:
        raise Refusal("51102", "Number of pending orders of the instrument has reached the limit.")
    if len(account.live) >= PER_ACCOUNT:
        raise Refusal("51103", "Number of pending orders has reached the limit.")
    if floor.listed.inst_id in account.venue.settling:
        raise Refusal("51030", "Funding fee is being settled.")
    if order.reduce_only and order.listed.swap:
        position = account.positions.get((order.listed.inst_id, order.mode, order.pos_side))
        if position is None:
            raise Refusal(
                "51169", "Order failed because you don't have any positions in this direction to reduce."
            )
        if position.holding.qty * order.side.sign > 0:
            raise Refusal(
                "51170", "Failed to place order: a reduce-only order can't be in the same direction."
            )
    if order.mode is MarginMode.ISOLATED or account.desk(MarginMode.ISOLATED).locked(
        order.listed.instrument.settle
    ):
        _affordable(account, floor, order)


def _affordable(account: Account, floor: Floor, order: Order) -> None:
    """Two desks share the purse, and each knows only its own orders: what both lock must fit into it."""
    instrument = floor.listed.instrument
    if instrument.kind is Kind.SPOT or order.reduce_only or _closing(account, order):
        return
    price = order.px or Decimal(repr(floor.mark_price))
    if not price:
        return
    value = instrument.notional(order.qty, price)
    need = value / Decimal(order.lever) + value * max(instrument.taker_fee, ZERO)
    if need > account.free(instrument.settle):
        raise Refusal("51008", "Order failed. Insufficient margin in account.")


def _closing(account: Account, order: Order) -> bool:
    position = account.positions.get((order.listed.inst_id, order.mode, order.pos_side))
    return position is not None and position.holding.qty * order.side.sign < 0


def _send(account: Account, floor: Floor, order: Order, now: int) -> None:
    """Hand it to the desk; self-trade prevention is the taker's choice."""
    desk = account.desk(order.mode)
    action = Place(
        cid=str(order.ord_id), sleeve="", symbol=floor.listed.instrument.symbol, side=order.side,
        kind=KINDS[order.ord_type], qty=order.qty, price=order.px, trigger=None, take=None, callback=None,
        reduce_only=order.reduce_only, pos_side=order.pos_side, role=Role.ENTRY, tag="",
    )  # fmt: skip
    usual = desk.rules
    desk.adopt(msgspec.structs.replace(usual, self_trade=order.stp_mode))
    desk.request(action, now)
    desk.adopt(usual)
    account.settle(usual.margin_mode)


def largest(
    account: Account, floor: Floor, mode: MarginMode, px: Decimal, lever: Decimal
) -> tuple[Decimal, Decimal]:
    """(buy, sell) that the free money allows to open, in contracts or base units."""
    instrument = floor.listed.instrument
    if not px:
        return ZERO, ZERO
    if instrument.kind is Kind.SPOT:
        quote = account.free(instrument.quote)
        return instrument.qty(quote / px / (1 + instrument.taker_fee)), instrument.qty(
            account.free(instrument.base)
        )
    each = instrument.notional(ONE, px)
    free = account.free(instrument.settle)
    size = instrument.qty(free / (each / lever + each * max(instrument.taker_fee, ZERO)))
    position = account.positions.get((floor.listed.inst_id, mode, PosSide.NET))
    held = position.holding.qty if position else ZERO
    return size + max(-held, ZERO), size + max(held, ZERO)
