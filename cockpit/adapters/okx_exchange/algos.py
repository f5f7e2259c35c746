"""Orders that wait for a price: conditional, oco, trigger, trailing. They freeze no margin.

Each leg watches the last, the mark or the index price. When it goes off, a normal order is placed that names
the algo order as its origin; what becomes of that order is that order's own story.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from cockpit.adapters.okx_exchange.figures import money, plain
from cockpit.adapters.okx_exchange.listed import Listed
from cockpit.adapters.okx_exchange.news import News
from cockpit.adapters.okx_exchange.orders import Order
from cockpit.adapters.okx_exchange.placing import place
from cockpit.adapters.okx_exchange.refusals import Refusal
from cockpit.core.types import MarginMode, PosSide, Side

if TYPE_CHECKING:
    from cockpit.adapters.okx_exchange.account import Account
    from cockpit.adapters.okx_exchange.floor import Floor

LIVE, EFFECTIVE, FAILED, CANCELED = "live", "effective", "order_failed", "canceled"
ADVANCED = frozenset(("move_order_stop", "iceberg", "twap", "chase", "smart_iceberg"))
"""Kinds that the ``algo-advance`` channel tells instead of ``orders-algo``."""
EMPTY = (
    "quickMgnType",
    "isTradeBorrowMode",
    "pxVar",
    "pxSpread",
    "szLimit",
    "pxLimit",
    "timeInterval",
    "chaseType",
    "chaseVal",
    "maxChaseType",
    "maxChaseVal",
)
"""Keys of kinds that nobody can place here."""
SOURCES = {"trigger": "6", "sl": "7", "tp": "7", "trail": "25"}


class Leg(msgspec.Struct):
    """A price to be reached, and the order it then sends."""

    trigger: str = ""
    kind: str = ""
    """last | mark | index"""
    px: str = ""
    """Limit price of the order; "-1" = market."""
    rising: bool = False
    """Goes off at or above the trigger; otherwise at or below."""

    @property
    def set(self) -> bool:
        return bool(self.trigger)

    def due(self, kind: str, price: float) -> bool:
        """Is it reached?"""
        if not self.trigger or self.kind != kind or not price:
            return False
        level = float(self.trigger)
        return price >= level if self.rising else price <= level


class Algo(msgspec.Struct):
    """One algo order."""

    algo_id: int
    name: str
    """``algoClOrdId``."""
    listed: Listed
    mode: MarginMode
    side: Side
    pos_side: PosSide
    ord_type: str
    sz: str
    c_time: int
    u_time: int
    tag: str = ""
    reduce_only: bool = False
    whole: bool = False
    """``closeFraction`` 1: whatever the position is then."""
    until_closed: bool = False
    """``cxlOnClosePos``: it goes with the position."""
    tp: Leg = msgspec.field(default_factory=Leg)
    sl: Leg = msgspec.field(default_factory=Leg)
    entry: Leg = msgspec.field(default_factory=Leg)
    """The leg of a ``trigger`` order."""
    ratio: str = ""
    spread: str = ""
    active_px: str = ""
    active: bool = True
    best: float = 0.0
    attached: list[dict[str, Any]] = []
    tgt_ccy: str = ""
    lever: str = ""
    state: str = LIVE
    orders: list[str] = []
    actual_px: str = ""
    actual_sz: str = "0"
    actual_side: str = ""
    trigger_time: str = ""
    fail_code: str = ""
    last: str = ""


def watch(account: Account, floor: Floor, kind: str, price: float, now: int) -> None:
    """The ``kind`` (last, mark, index) price of a market is now ``price``."""
    for algo in [*account.live_algos.values()]:
        if algo.listed is not floor.listed or algo.state != LIVE:
            continue
        if algo.ord_type == "move_order_stop":
            if kind == "last" and trail(algo, price):
                fire(account, algo, "trail", "-1", price, now)
            continue
        for name, leg in (("sl", algo.sl), ("tp", algo.tp), ("trigger", algo.entry)):
            if leg.due(kind, price):
                fire(account, algo, name, leg.px, price, now)
                break


def trail(algo: Algo, price: float) -> bool:
    """Follow the best price; True when it has come back far enough.

    Sell: highest since activation less the spread (or the ratio of it); buy: lowest plus it.
    """
    sells = algo.side is Side.SELL
    if not algo.active:
        level = float(algo.active_px)
        algo.active = price >= level if sells else price <= level
        if not algo.active:
            return False
    if not algo.best or (price > algo.best) == sells:
        algo.best = price
    level = turn(algo)
    return price <= level if sells else price >= level


def turn(algo: Algo) -> float:
    """Where a trailing order goes off now."""
    away = float(algo.spread) if algo.spread else algo.best * float(algo.ratio)
    return algo.best - away if algo.side is Side.SELL else algo.best + away


def fire(account: Account, algo: Algo, leg: str, px: str, price: float, now: int) -> None:
    """A leg goes off: the order is placed, or the failure is told."""
    algo.u_time = now
    algo.trigger_time = str(now)
    algo.actual_side = leg if leg in ("tp", "sl") else ""
    size = _held(account, algo) if algo.whole else algo.sz
    market = px in ("", "-1")
    wish = {
        "instId": algo.listed.inst_id,
        "tdMode": str(algo.mode),
        "side": str(algo.side),
        "posSide": str(algo.pos_side),
        "ordType": "market" if market else "limit",
        "sz": size,
        "px": "" if market else px,
        "tgtCcy": algo.tgt_ccy or ("base_ccy" if not algo.listed.swap and market else ""),
        "reduceOnly": "true" if algo.reduce_only else "",
        "tag": algo.tag,
        "attachAlgoOrds": algo.attached,
    }
    try:
        if not size:
            raise Refusal("51058", "No available position for this algo order")
        order = place(
            account, wish, now, source=SOURCES[leg], algo_id=str(algo.algo_id), algo_cl_ord_id=algo.name
        )
    except Refusal as refusal:
        algo.state, algo.fail_code = FAILED, refusal.code
    else:
        algo.state = EFFECTIVE
        algo.orders = [str(order.ord_id)]
        algo.actual_sz = plain(order.qty)
        algo.actual_px = money(order.cost / order.filled) if order.filled else str(price)
    account.live_algos.pop(algo.algo_id, None)
    tell(account, algo)


def _held(account: Account, algo: Algo) -> str:
    position = account.positions.get((algo.listed.inst_id, algo.mode, algo.pos_side))
    if position is None or position.holding.qty * algo.side.sign >= 0:
        return ""
    return plain(abs(position.holding.qty))


def drop(account: Account, algo: Algo, now: int) -> None:
    """It no longer waits."""
    algo.state, algo.u_time = CANCELED, now
    account.live_algos.pop(algo.algo_id, None)
    tell(account, algo)


def ended(account: Account, inst_id: str, now: int) -> None:
    """A market is gone for good, and with it what waits there."""
    for algo in [*account.live_algos.values()]:
        if algo.listed.inst_id == inst_id:
            drop(account, algo, now)


def orphans(account: Account, now: int) -> None:
    """Whole-position stops and those that said so go when the position has gone."""
    for algo in [*account.live_algos.values()]:
        if (algo.whole or algo.until_closed) and not _held(account, algo):
            drop(account, algo, now)


def attach(account: Account, order: Order) -> None:
    """The parent is filled: what it brought along begins to wait."""
    for row in order.attached:
        tp = Leg(
            row["tpTriggerPx"] or row["tpOrdPx"], row["tpTriggerPxType"] or "last", row["tpOrdPx"] or "-1"
        )
        sl = Leg(row["slTriggerPx"], row["slTriggerPxType"] or "last", row["slOrdPx"] or "-1")
        side = order.side.opposite
        tp.rising, sl.rising = side is Side.SELL, side is Side.BUY
        algo = Algo(
            int(row["attachAlgoId"]),
            row["attachAlgoClOrdId"],
            order.listed,
            order.mode,
            side,
            order.pos_side,
            "oco" if tp.set and sl.set else "conditional",
            row["sz"] or plain(order.filled),
            order.u_time,
            order.u_time,
            order.tag,
            reduce_only=order.listed.swap and not account.hedged,
            tp=tp,
            sl=sl,
            lever=order.lever,
        )
        add(account, algo)


def add(account: Account, algo: Algo) -> None:
    """It begins to wait."""
    account.algos[algo.algo_id] = account.live_algos[algo.algo_id] = algo
    tell(account, algo)


def tell(account: Account, algo: Algo) -> None:
    account.news.append(News("advance" if algo.ord_type in ADVANCED else "algo", algo_record(algo)))


def algo_record(algo: Algo) -> dict[str, Any]:
    """The REST and channel record of an algo order."""
    trailing = algo.ord_type == "move_order_stop"
    at = algo.sl.trigger or algo.tp.trigger or algo.entry.trigger or algo.last
    worth = algo.listed.instrument.quote_notional(Decimal(algo.sz or 0), Decimal(at or 0))
    return {
        **dict.fromkeys(EMPTY, ""),
        "instType": algo.listed.inst_type,
        "instId": algo.listed.inst_id,
        "ccy": algo.listed.instrument.settle if algo.listed.swap else "",
        "ordId": algo.orders[0] if algo.orders else "",
        "ordIdList": algo.orders,
        "algoId": str(algo.algo_id),
        "algoClOrdId": algo.name,
        "clOrdId": algo.name,
        "tag": algo.tag,
        "sz": algo.sz,
        "notionalUsd": money(worth),
        "closeFraction": "1" if algo.whole else "",
        "ordType": algo.ord_type,
        "side": str(algo.side),
        "posSide": str(algo.pos_side) if algo.listed.swap else "",
        "tdMode": str(algo.mode),
        "tgtCcy": algo.tgt_ccy,
        "state": algo.state,
        "lever": algo.lever,
        "tpTriggerPx": algo.tp.trigger,
        "tpTriggerPxType": algo.tp.kind if algo.tp.set else "",
        "tpOrdPx": algo.tp.px if algo.tp.set else "",
        "slTriggerPx": algo.sl.trigger,
        "slTriggerPxType": algo.sl.kind if algo.sl.set else "",
        "slOrdPx": algo.sl.px if algo.sl.set else "",
        "triggerPx": algo.entry.trigger,
        "triggerPxType": algo.entry.kind if algo.entry.set else "",
        "ordPx": algo.entry.px if algo.entry.set else "",
        "actualSz": algo.actual_sz,
        "actualPx": algo.actual_px,
        "actualSide": algo.actual_side,
        "triggerTime": algo.trigger_time,
        "callbackRatio": algo.ratio,
        "callbackSpread": algo.spread,
        "activePx": algo.active_px,
        "moveTriggerPx": money(Decimal(repr(turn(algo)))) if trailing and algo.best else "",
        "failCode": algo.fail_code,
        "last": algo.last,
        "reduceOnly": "true" if algo.reduce_only else "false",
        "amendPxOnTriggerType": "0",
        "attachAlgoOrds": algo.attached,
        "linkedOrd": {"ordId": ""},
        "cxlOnClosePos": "true" if algo.until_closed else "false",
        "tradeQuoteCcy": algo.listed.instrument.quote if not algo.listed.swap else "",
        "cTime": str(algo.c_time),
        "uTime": str(algo.u_time),
    }
