"""OKX's private records as it spells them, and the few conversions every reader of them needs.

All numbers are texts and an empty text means "not applicable". Orders and money become Decimals, exactly as
written; nothing private ever passes through a float. Source: OKX API v5, order, algo, fill and bill records.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import msgspec

from cockpit.core.types import ZERO, PosSide, Side

VENUE = "okx"
FARTHEST = 40
"""Powers of ten from 1: what lies farther is no price, and as an int ``1e999999999`` takes all memory."""
OWN = "ck"
"""Client ids of ours begin with this; everything else is somebody else's."""


class OrderRow(msgspec.Struct, frozen=True, rename="camel"):
    """A normal order, of a push or of REST."""

    inst_id: str
    ord_id: str
    state: str
    side: str = ""
    inst_type: str = ""
    cl_ord_id: str = ""
    algo_id: str = ""
    algo_cl_ord_id: str = ""
    ord_type: str = ""
    pos_side: str = ""
    px: str = ""
    sz: str = ""
    acc_fill_sz: str = ""
    avg_px: str = ""
    fill_px: str = ""
    fill_sz: str = ""
    trade_id: str = ""
    fill_fee: str = ""
    fill_fee_ccy: str = ""
    fee: str = ""
    fee_ccy: str = ""
    exec_type: str = ""
    category: str = ""
    cancel_source: str = ""
    amend_result: str = ""
    req_id: str = ""
    reduce_only: str = ""
    code: str = ""
    msg: str = ""
    u_time: str = ""
    c_time: str = ""


class AlgoRow(msgspec.Struct, frozen=True, rename="camel"):
    """An order that waits for a price."""

    inst_id: str
    algo_id: str
    state: str
    side: str = ""
    inst_type: str = ""
    algo_cl_ord_id: str = ""
    cl_ord_id: str = ""
    ord_id: str = ""
    ord_id_list: list[str] = []
    ord_type: str = ""
    pos_side: str = ""
    sz: str = ""
    trigger_px: str = ""
    sl_trigger_px: str = ""
    tp_trigger_px: str = ""
    move_trigger_px: str = ""
    actual_px: str = ""
    actual_sz: str = ""
    actual_side: str = ""
    fail_code: str = ""
    amend_result: str = ""
    req_id: str = ""
    code: str = ""
    msg: str = ""
    c_time: str = ""
    u_time: str = ""


class FillRow(msgspec.Struct, frozen=True, rename="camel"):
    """One fill as GET trade/fills tells it."""

    inst_id: str
    trade_id: str
    ord_id: str
    fill_px: str
    fill_sz: str
    side: str
    fee: str = ""
    fee_ccy: str = ""
    cl_ord_id: str = ""
    bill_id: str = ""
    exec_type: str = ""
    pos_side: str = ""
    sub_type: str = ""
    ts: str = "0"
    inst_type: str = ""


class BillRow(msgspec.Struct, frozen=True, rename="camel"):
    """One movement of the account's money."""

    bill_id: str
    type: str
    ccy: str = ""
    bal_chg: str = ""
    pos_bal_chg: str = ""
    pnl: str = ""
    sub_type: str = ""
    inst_id: str = ""
    ts: str = "0"


class PositionRow(msgspec.Struct, frozen=True, rename="camel"):
    """One position; ``pos`` is signed in net mode and unsigned in hedge mode."""

    inst_id: str
    pos: str
    pos_side: str = "net"
    avg_px: str = ""
    mgn_mode: str = ""
    lever: str = ""


class Detail(msgspec.Struct, frozen=True, rename="camel"):
    """One currency of the account."""

    ccy: str
    cash_bal: str = ""


class BalanceRow(msgspec.Struct, frozen=True, rename="camel"):
    details: list[Detail] = []


def number(text: str) -> Decimal:
    """The exact number; an empty text is 0. Raises ValueError for a text that is no finite number."""
    if not text:
        return ZERO
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"not a number: {text!r}") from error
    if not value.is_finite() or (value and not -FARTHEST <= value.adjusted() <= FARTHEST):
        raise ValueError(f"not a finite number that a market has: {text!r}")
    return value or ZERO


def symbol(inst_id: str) -> str:
    """``BTC-USDT-SWAP`` → ``okx:BTC-USDT-SWAP``."""
    return f"{VENUE}:{inst_id}"


def side(text: str) -> Side:
    """Raises ValueError for anything but buy and sell."""
    return Side(text)


def pos_side(text: str) -> PosSide:
    """An empty text is one-way mode."""
    return PosSide(text) if text else PosSide.NET


def signed(row: PositionRow) -> Decimal:
    """The position's quantity, long > 0 in both modes."""
    quantity = number(row.pos)
    return -quantity if row.pos_side == "short" and quantity > 0 else quantity


def owner(*names: str, own: str = OWN) -> str:
    """The first of these client ids that is ours; empty = none is."""
    return next((name for name in names if name and name.startswith(own)), "")
