"""The account's bills: every change of money, with the balance it led to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from cockpit.adapters.okx_exchange.figures import money, plain
from cockpit.adapters.okx_exchange.orders import Fill
from cockpit.core.types import ZERO

TRANSFER, TRADE, LIQUIDATION, MARGIN, FUNDING, CLAWBACK = "1", "2", "5", "6", "8", "10"


class Bill(msgspec.Struct, frozen=True):
    """One change of one currency."""

    bill_id: int
    ts: int
    ccy: str
    type: str
    sub_type: str
    change: Decimal
    """Of the free balance."""
    balance: Decimal
    """Free balance afterwards."""
    pos_change: Decimal = ZERO
    """Of an isolated position's margin."""
    pnl: Decimal = ZERO
    fee: Decimal = ZERO
    inst_type: str = ""
    inst_id: str = ""
    mode: str = ""
    sz: Decimal = ZERO
    px: Decimal = ZERO
    fill: Fill | None = None


def bill_record(bill: Bill) -> dict[str, Any]:
    """The record of ``account/bills``."""
    fill = bill.fill
    return {
        "billId": str(bill.bill_id),
        "type": bill.type,
        "subType": bill.sub_type,
        "ts": str(bill.ts),
        "balChg": money(bill.change),
        "posBalChg": money(bill.pos_change),
        "bal": money(bill.balance),
        "posBal": "0",
        "sz": plain(bill.sz),
        "px": plain(bill.px) if bill.px else "",
        "ccy": bill.ccy,
        "pnl": money(bill.pnl),
        "fee": money(bill.fee),
        "mgnMode": bill.mode,
        "instType": bill.inst_type,
        "instId": bill.inst_id,
        "ordId": str(fill.ord_id) if fill else "",
        "execType": fill.exec_type if fill else "",
        "from": "6" if bill.type == TRANSFER else "",
        "to": "18" if bill.type == TRANSFER else "",
        "notes": "",
        "interest": "0",
        "tag": fill.tag if fill else "",
        "fillTime": str(fill.ts) if fill else "",
        "tradeId": fill.trade_id if fill else "",
        "clOrdId": fill.cl_ord_id if fill else "",
        "fillIdxPx": fill.index if fill else "",
        "fillMarkPx": fill.mark if fill else "",
        "fillPxVol": "",
        "fillPxUsd": "",
        "fillMarkVol": "",
        "fillFwdPx": "",
        "earnAmt": "",
        "earnApr": "",
    }
