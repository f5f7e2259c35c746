"""REST's records of our fills and bills, turned into facts. Pure.

Source: OKX API v5, "Get transaction details", "Get bills details".
"""

from __future__ import annotations

from decimal import Decimal

from cockpit.adapters.okx.rows import BillRow, FillRow, number, pos_side, side, symbol
from cockpit.core import events as ev
from cockpit.core.types import ZERO

TRANSFER, TRADE, LIQUIDATION, MARGIN, FUNDING, ADL = "1", "2", "5", "6", "8", "9"
TOLD_BY_FILLS = frozenset((TRADE, LIQUIDATION, ADL))
"""Their profit and fee stand in the fills."""


def fill(row: FillRow, cid: str, ts: int) -> ev.Fill:
    """One fill. Sub-types 100-107 are liquidation, 125-128 auto-deleveraging."""
    sub = int(row.sub_type) if row.sub_type.isdigit() else 0
    if 100 <= sub <= 107:
        kind = ev.FillKind.LIQUIDATION
    elif 125 <= sub <= 128:
        kind = ev.FillKind.ADL
    else:
        kind = ev.FillKind.TRADE if cid else ev.FillKind.EXTERNAL
    return ev.Fill(
        ts,
        cid,
        row.ord_id,
        row.trade_id,
        symbol(row.inst_id),
        side(row.side),
        number(row.fill_px),
        number(row.fill_sz),
        -number(row.fee),
        row.fee_ccy,
        row.exec_type == "M",
        pos_side(row.pos_side),
        kind,
    )


def bill(row: BillRow, ts: int, rate: Decimal = ZERO) -> list[ev.AnyEvent]:
    """Money that moved without a fill. Kinds that we do not know move the cash too, and are shown."""
    if row.type in TOLD_BY_FILLS or row.type == MARGIN:
        return []
    amount = number(row.bal_chg)
    if row.type == FUNDING:
        paid = amount or number(row.pos_bal_chg) or number(row.pnl)
        return [ev.FundingPaid(ts, symbol(row.inst_id), paid, row.ccy, rate, row.bill_id)]
    if not amount:
        return []
    events: list[ev.AnyEvent] = [ev.Transfer(ts, row.ccy, amount, row.bill_id)]
    if row.type != TRANSFER:
        detail = f"type {row.type}/{row.sub_type} {amount} {row.ccy}"
        events.append(ev.DataFault(ts, symbol(row.inst_id), "bill", detail))
    return events
