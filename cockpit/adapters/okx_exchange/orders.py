"""Orders and fills as the venue tells them: one record for REST, one with this update for the socket."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from cockpit.adapters.okx_exchange.figures import money, plain
from cockpit.adapters.okx_exchange.listed import Listed
from cockpit.core.types import ZERO, MarginMode, PosSide, Side

LIVE, PARTIAL, FILLED, CANCELED = "live", "partially_filled", "filled", "canceled"
ENDED = frozenset((FILLED, CANCELED))


class Fill(msgspec.Struct, frozen=True):
    """One trade of an account."""

    trade_id: str
    bill_id: int
    ord_id: int
    cl_ord_id: str
    tag: str
    listed: Listed
    side: Side
    pos_side: PosSide
    px: Decimal
    sz: Decimal
    maker: bool
    fee: Decimal
    """Signed: negative = charged."""
    fee_ccy: str
    pnl: Decimal
    sub_type: str
    ts: int
    mark: str
    index: str

    @property
    def exec_type(self) -> str:
        return "M" if self.maker else "T"


class Order(msgspec.Struct):
    """One order from acceptance to end."""

    ord_id: int
    cl_ord_id: str
    tag: str
    listed: Listed
    mode: MarginMode
    side: Side
    pos_side: PosSide
    ord_type: str
    px: Decimal | None
    sz: Decimal
    """As it was asked for: a spot market order may name quote currency."""
    qty: Decimal
    """Contracts or base units that it works for."""
    c_time: int
    u_time: int
    tgt_ccy: str = ""
    ccy: str = ""
    reduce_only: bool = False
    stp_mode: str = "cancel_maker"
    attached: list[dict[str, Any]] = []
    state: str = LIVE
    filled: Decimal = ZERO
    cost: Decimal = ZERO
    """Σ price × size."""
    fee: Decimal = ZERO
    rebate: Decimal = ZERO
    pnl: Decimal = ZERO
    fee_ccy: str = ""
    last: Fill | None = None
    lever: str = ""
    cancel_source: str = ""
    amend_source: str = ""
    req_id: str = ""
    amend_result: str = ""
    source: str = ""
    category: str = "normal"
    algo_id: str = ""
    algo_cl_ord_id: str = ""
    canceling: bool = False
    """A cancel was taken and has not happened yet."""

    @property
    def ended(self) -> bool:
        return self.state in ENDED


def order_record(order: Order) -> dict[str, Any]:
    """The REST record; the fill fields speak of the last fill."""
    listed, last = order.listed, order.last
    first = order.attached[0] if len(order.attached) == 1 else {}
    return {
        "instType": listed.inst_type,
        "instId": listed.inst_id,
        "ccy": order.ccy,
        "ordId": str(order.ord_id),
        "clOrdId": order.cl_ord_id,
        "tag": order.tag,
        "px": "" if order.px is None else plain(order.px),
        "pxUsd": "",
        "pxVol": "",
        "pxType": "",
        "sz": plain(order.sz),
        "pnl": money(order.pnl),
        "ordType": order.ord_type,
        "side": str(order.side),
        "posSide": str(order.pos_side) if listed.swap else "",
        "tdMode": str(order.mode),
        "tgtCcy": order.tgt_ccy,
        "accFillSz": plain(order.filled),
        "fillPx": plain(last.px) if last else "",
        "tradeId": last.trade_id if last else "",
        "fillSz": plain(last.sz) if last else "0",
        "fillTime": str(last.ts) if last else "",
        "avgPx": money(order.cost / order.filled) if order.filled else "",
        "state": order.state,
        "lever": order.lever,
        "attachAlgoClOrdId": str(first.get("attachAlgoClOrdId", "")),
        "tpTriggerPx": str(first.get("tpTriggerPx", "")),
        "tpTriggerPxType": str(first.get("tpTriggerPxType", "")),
        "tpOrdPx": str(first.get("tpOrdPx", "")),
        "slTriggerPx": str(first.get("slTriggerPx", "")),
        "slTriggerPxType": str(first.get("slTriggerPxType", "")),
        "slOrdPx": str(first.get("slOrdPx", "")),
        "attachAlgoOrds": order.attached,
        "linkedAlgoOrd": {"algoId": ""},
        "stpId": "",
        "stpMode": order.stp_mode,
        "feeCcy": order.fee_ccy,
        "fee": money(order.fee),
        "rebateCcy": order.fee_ccy,
        "rebate": money(order.rebate),
        "source": order.source,
        "category": order.category,
        "reduceOnly": "true" if order.reduce_only else "false",
        "isTpLimit": "false",
        "cancelSource": order.cancel_source,
        "cancelSourceReason": "",
        "quickMgnType": "",
        "algoClOrdId": order.algo_cl_ord_id,
        "algoId": order.algo_id,
        "tradeQuoteCcy": listed.instrument.quote if not listed.swap else "",
        "uTime": str(order.u_time),
        "cTime": str(order.c_time),
    }


def order_push(
    order: Order, fill: Fill | None, last_px: str, worth: Decimal, fill_worth: Decimal
) -> dict[str, Any]:
    """The ``orders`` record: the fill fields speak of this update alone.

    ``worth`` and ``fill_worth`` are the order's and the fill's value in quote currency.
    """
    row = order_record(order)
    row.update(
        notionalUsd=money(worth),
        fillNotionalUsd=money(fill_worth) if order.filled else "",
        fillPx=plain(fill.px) if fill else "",
        fillSz=plain(fill.sz) if fill else "0",
        tradeId=fill.trade_id if fill else "",
        fillTime=str(fill.ts) if fill else "",
        fillPnl=money(fill.pnl) if fill else "0",
        fillFee=money(fill.fee) if fill else "0",
        fillFeeCcy=fill.fee_ccy if fill else "",
        fillMarkPx=fill.mark if fill else "",
        fillIdxPx=fill.index if fill else "",
        fillPxVol="",
        fillPxUsd="",
        fillMarkVol="",
        fillFwdPx="",
        execType=fill.exec_type if fill else "",
        amendSource=order.amend_source,
        reqId=order.req_id,
        amendResult=order.amend_result,
        lastPx=last_px,
        code="0",
        msg="",
    )
    return row


def fill_record(fill: Fill) -> dict[str, Any]:
    """The record of ``trade/fills``."""
    listed = fill.listed
    return {
        "instType": listed.inst_type,
        "instId": listed.inst_id,
        "tradeId": fill.trade_id,
        "ordId": str(fill.ord_id),
        "clOrdId": fill.cl_ord_id,
        "billId": str(fill.bill_id),
        "subType": fill.sub_type,
        "tag": fill.tag,
        "fillPx": plain(fill.px),
        "fillSz": plain(fill.sz),
        "fillIdxPx": fill.index,
        "fillPnl": money(fill.pnl),
        "fillPxVol": "",
        "fillPxUsd": "",
        "fillMarkVol": "",
        "fillFwdPx": "",
        "fillMarkPx": fill.mark if listed.swap else "",
        "side": str(fill.side),
        "posSide": str(fill.pos_side),
        "execType": fill.exec_type,
        "feeCcy": fill.fee_ccy,
        "fee": money(fill.fee),
        "feeRate": "",
        "ts": str(fill.ts),
        "fillTime": str(fill.ts),
        "tradeQuoteCcy": listed.instrument.quote if not listed.swap else "",
    }
