"""A new algo order, or another price for one: what the venue checks at the door."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cockpit.adapters.okx_exchange.algos import Algo, Leg, add, drop, tell, watch
from cockpit.adapters.okx_exchange.figures import flag, number, plain, text
from cockpit.adapters.okx_exchange.floor import Floor
from cockpit.adapters.okx_exchange.placing import (
    CLIENT_ID,
    SIDES,
    choice,
    floor_of,
    mode_of,
    side_of,
    tag_of,
)
from cockpit.adapters.okx_exchange.refusals import Refusal, missing, wrong
from cockpit.core.types import ONE, Side

if TYPE_CHECKING:
    from cockpit.adapters.okx_exchange.account import Account

KINDS = frozenset(("conditional", "oco", "trigger", "move_order_stop"))
CAPS = {"conditional": 100, "oco": 100, "trigger": 500, "move_order_stop": 50}
WATCHED = frozenset(("last", "mark", "index"))
CHANGES = (
    "newSz", "newTpTriggerPx", "newTpOrdPx", "newTpTriggerPxType", "newSlTriggerPx", "newSlOrdPx",
    "newSlTriggerPxType", "newTriggerPx", "newOrdPx", "newTriggerPxType",
)  # fmt: skip
"""What an amend may name; one of them it must."""


def place_algo(account: Account, item: dict[str, Any], now: int) -> Algo:
    """Take an algo order; it may go off at once. Raises Refusal."""
    floor = floor_of(account, item)
    kind = choice(item, "ordType", KINDS)
    side = SIDES[choice(item, "side", frozenset(SIDES))]
    algo = Algo(
        account.venue.number(), _name(account, item), floor.listed, mode_of(floor, item), side,
        side_of(account, floor, item), kind, "", now, now, tag_of(item),
        reduce_only=flag(item, "reduceOnly") and floor.listed.swap and not account.hedged,
        until_closed=flag(item, "cxlOnClosePos"), tgt_ccy=text(item, "tgtCcy"),
        last=floor.px(floor.ticks(floor.last)),
    )  # fmt: skip
    algo.lever = account.lever(floor.listed.inst_id, algo.mode, algo.pos_side) if floor.listed.swap else ""
    _size(account, floor, algo, item)
    {"conditional": _exits, "oco": _exits, "trigger": _trigger, "move_order_stop": _trailing}[kind](
        floor, algo, item
    )
    waiting = sum(a.ord_type == kind and a.listed is floor.listed for a in account.live_algos.values())
    if waiting >= CAPS[kind]:
        raise Refusal("51311", "The number of pending algo orders of this kind has reached the limit.")
    add(account, algo)
    for what, price in (("last", floor.last), ("mark", floor.mark_price), ("index", floor.index_price)):
        watch(account, floor, what, price, now)
    return algo


def _name(account: Account, item: dict[str, Any]) -> str:
    found = text(item, "algoClOrdId") or text(item, "clOrdId")
    if found and CLIENT_ID.fullmatch(found) is None:
        raise wrong("algoClOrdId")
    if found and any(algo.name == found for algo in account.live_algos.values()):
        raise Refusal("51065", "algoClOrdId already exists.")
    return found


def _size(account: Account, floor: Floor, algo: Algo, item: dict[str, Any]) -> None:
    """``sz`` or the whole position."""
    fraction, instrument = number(item, "closeFraction"), floor.listed.instrument
    if fraction is not None:
        if fraction != ONE or not floor.listed.swap:
            raise Refusal("51327", "closeFraction is only available for Futures and Perpetual swaps")
        if not account.hedged and not algo.reduce_only:
            raise Refusal("51328", "closeFraction is only available for reduceOnly orders")
        if any(other.whole and _same(other, algo) for other in account.live_algos.values()):
            raise Refusal("51088", "You can only place 1 TP/SL order to close an entire position")
        algo.whole = True
        return
    sz = number(item, "sz")
    if sz is None:
        raise missing("sz")
    if sz <= 0 or (sz % instrument.lot and algo.tgt_ccy != "quote_ccy"):
        raise Refusal("51121", "Order quantity must be a multiple of the lot size.")
    if sz < instrument.min_qty:
        raise Refusal("51020", "Order amount should be greater than the min available amount.")
    algo.sz = plain(sz)


def _same(one: Algo, other: Algo) -> bool:
    return (one.listed, one.mode, one.pos_side) == (other.listed, other.mode, other.pos_side)


def _exits(floor: Floor, algo: Algo, item: dict[str, Any]) -> None:
    """Target and stop of ``conditional`` and ``oco``; with both, a conditional one keeps only the stop."""
    algo.tp, algo.sl = _leg(floor, item, "tp"), _leg(floor, item, "sl")
    algo.tp.rising, algo.sl.rising = algo.side is Side.SELL, algo.side is Side.BUY
    if algo.ord_type == "oco" and not (algo.tp.set and algo.sl.set):
        raise missing("slTriggerPx" if algo.tp.set else "tpTriggerPx")
    if not (algo.tp.set or algo.sl.set):
        raise Refusal("50015", "Either parameter tpTriggerPx or slTriggerPx is required.", 200)
    if algo.ord_type == "conditional" and algo.sl.set:
        algo.tp = Leg()
    if algo.whole and any(leg.set and leg.px != "-1" for leg in (algo.tp, algo.sl)):
        raise Refusal("51330", "closeFraction is only available for TP/SL market orders")
    _not_gone(floor, algo.side, algo.tp, algo.sl)


def _not_gone(floor: Floor, side: Side, tp: Leg, sl: Leg) -> None:
    """Raises Refusal for an exit that would go off at once."""
    if tp.set and _gone(floor, tp):
        code, what = ("51279", "lower") if side is Side.SELL else ("51277", "higher")
        raise Refusal(code, f"TP trigger price can't be {what} than the last price")
    if sl.set and _gone(floor, sl):
        code, what = ("51280", "higher") if side is Side.SELL else ("51278", "lower")
        raise Refusal(code, f"SL trigger price can't be {what} than the last price")


def _gone(floor: Floor, leg: Leg) -> bool:
    """The market is already there."""
    return leg.due(leg.kind, price_of(floor, leg.kind))


def price_of(floor: Floor, kind: str) -> float:
    return {"last": floor.last, "mark": floor.mark_price, "index": floor.index_price}[kind]


def _leg(floor: Floor, item: dict[str, Any], side: str) -> Leg:
    trigger = number(item, f"{side}TriggerPx")
    if trigger is None:
        return Leg()
    _on_grid(floor, trigger, f"{side}TriggerPx")
    px = number(item, f"{side}OrdPx")
    if px is None:
        raise missing(f"{side}OrdPx")
    if px != -1:
        _on_grid(floor, px, f"{side}OrdPx")
    return Leg(plain(trigger), choice(item, f"{side}TriggerPxType", WATCHED, "last"), plain(px))


def _on_grid(floor: Floor, px: Decimal, name: str) -> None:
    if px <= 0 or px % floor.listed.instrument.tick:
        raise wrong(name)


def _trigger(floor: Floor, algo: Algo, item: dict[str, Any]) -> None:
    trigger, px = number(item, "triggerPx"), number(item, "orderPx")
    if trigger is None or px is None:
        raise missing("orderPx" if trigger is not None else "triggerPx")
    _on_grid(floor, trigger, "triggerPx")
    if px != -1:
        _on_grid(floor, px, "orderPx")
    kind = choice(item, "triggerPxType", WATCHED, "last")
    algo.entry = Leg(plain(trigger), kind, plain(px), float(trigger) > price_of(floor, kind))
    given = item.get("attachAlgoOrds")
    algo.attached = given if isinstance(given, list) else []


def _trailing(floor: Floor, algo: Algo, item: dict[str, Any]) -> None:
    ratio, spread, active = (number(item, name) for name in ("callbackRatio", "callbackSpread", "activePx"))
    if (ratio is None) == (spread is None):
        raise Refusal("51258", "Either callbackRatio or callbackSpread is required.")
    if ratio is not None and not Decimal("0.001") <= ratio <= 1:
        raise Refusal("51257", "Trailing stop: callback rate should be within the range of 0.1 % to 100 %.")
    if spread is not None and spread <= 0:
        raise Refusal("51259", "Trailing stop: the price variance must be above 0.")
    algo.ratio = "" if ratio is None else plain(ratio)
    algo.spread = "" if spread is None else plain(spread)
    if active is not None:
        _on_grid(floor, active, "activePx")
        algo.active_px, algo.active = plain(active), False


def named_algo(account: Account, item: dict[str, Any]) -> Algo | None:
    """By ``algoId`` or ``algoClOrdId``. Raises Refusal 50015 when neither is there."""
    algo_id, name = text(item, "algoId"), text(item, "algoClOrdId")
    if not algo_id and not name:
        raise Refusal("50015", "Either parameter algoId or algoClOrdId is required.", 200)
    if algo_id:
        return account.algos.get(int(algo_id)) if algo_id.isdecimal() else None
    return next((a for a in reversed(account.algos.values()) if a.name == name), None)


def amend_algo(account: Account, item: dict[str, Any], now: int) -> Algo:
    """New size or prices of a waiting conditional, oco or trigger order.

    Raises Refusal with the order unchanged, or gone if the owner said so (``cxlOnFail``).
    """
    req_id = text(item, "reqId")
    if req_id and CLIENT_ID.fullmatch(req_id) is None:
        raise wrong("reqId")
    floor = floor_of(account, item)
    algo = named_algo(account, item)
    if algo is None or algo.algo_id not in account.live_algos or algo.listed is not floor.listed:
        raise Refusal(
            "51503", "Order modification failed as the order has been filled, canceled or does not exist."
        )
    if algo.ord_type == "move_order_stop":
        raise Refusal("51506", "Order modification unavailable for the order type.")
    if not any(text(item, name) for name in CHANGES):
        raise Refusal("51500", "You must enter a price, quantity, or TP/SL.")
    try:
        _change(floor, algo, item)
    except Refusal:
        if flag(item, "cxlOnFail"):
            drop(account, algo, now)
        raise
    algo.u_time = now
    tell(account, algo)
    return algo


def _change(floor: Floor, algo: Algo, item: dict[str, Any]) -> None:
    sz = number(item, "newSz")
    legs = {"Tp": algo.tp, "Sl": algo.sl, "": algo.entry}
    fresh = {name: _amended(floor, item, name, leg) for name, leg in legs.items()}
    if algo.ord_type in ("conditional", "oco"):
        _not_gone(floor, algo.side, fresh["Tp"], fresh["Sl"])
    if not any(leg.set for leg in fresh.values()):
        raise Refusal("50015", "Either parameter tpTriggerPx or slTriggerPx is required.", 200)
    if sz is not None:
        if sz <= 0 or sz % floor.listed.instrument.lot:
            raise Refusal("51121", "Order quantity must be a multiple of the lot size.")
        if sz < floor.listed.instrument.min_qty:
            raise Refusal("51020", "Order amount should be greater than the min available amount.")
        algo.sz = plain(sz)
    algo.tp, algo.sl, algo.entry = fresh["Tp"], fresh["Sl"], fresh[""]


def _amended(floor: Floor, item: dict[str, Any], name: str, leg: Leg) -> Leg:
    """The leg with what the request changes; a new price of 0 takes the leg away."""
    trigger, px = number(item, f"new{name}TriggerPx"), number(item, f"new{name}OrdPx")
    kind = text(item, f"new{name}TriggerPxType")
    if not leg.set or (trigger is None and px is None and not kind):
        return leg
    if trigger == 0 or px == 0:
        return Leg()
    for value, what in ((trigger, "TriggerPx"), (px, "OrdPx")):
        if value is not None and value != -1:
            _on_grid(floor, value, f"new{name}{what}")
    if kind and kind not in WATCHED:
        raise wrong(f"new{name}TriggerPxType")
    fresh = Leg(
        plain(trigger) if trigger is not None else leg.trigger,
        kind or leg.kind,
        plain(px) if px is not None else leg.px,
        leg.rising,
    )
    if not name:
        fresh.rising = float(fresh.trigger) > price_of(floor, fresh.kind)
    return fresh
