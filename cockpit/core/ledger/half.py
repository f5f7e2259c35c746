"""Half a fact: what a venue must have said of money before it can be booked exactly once."""

from __future__ import annotations

from cockpit.core.events import Fill, FundingPaid, Transfer
from cockpit.core.types import Instrument, PosSide


def left_out(
    fact: Fill | FundingPaid | Transfer, instrument: Instrument | None, *, hedged: bool = False
) -> str:
    """What is missing, as the end of a message id; empty = it can be booked. ``hedged``: long and short are
    held side by side, so a fill must say whose it is."""
    if not isinstance(fact, Fill):
        odd = isinstance(fact, FundingPaid) and instrument is not None and fact.ccy != instrument.settle
        return "no_id" if not fact.bill_id else "other_money" if odd else ""
    if not fact.trade_id:
        return "no_id"
    if fact.qty <= 0 or fact.price <= 0:
        return "no_price"
    sided = hedged and instrument is not None and instrument.derivative
    return "no_side" if sided and fact.pos_side is PosSide.NET else ""
