"""Lines of the books → the kernel's own fills and ledger: the real ledger books each again, exactly."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from cockpit.core.events import Fill, FillKind, FundingPaid
from cockpit.core.ledger import Ledger
from cockpit.core.matching.account import EXACT, worth
from cockpit.core.matching.bars import AMBIGUOUS
from cockpit.core.types import Instrument, Kind, PosSide, Side, exact
from cockpit.lab.compiled.bars import AMBIGUOUS_BAR, AT_OPEN, AT_THE_OPEN, AT_TRIGGER
from cockpit.lab.compiled.records import BILL
from cockpit.lab.compiled.tape import Tape

LEGS = {1: "stop", 2: "take", 3: "trigger"}
NOTES = {
    AT_OPEN: "bar open",
    AMBIGUOUS_BAR: AMBIGUOUS,
    **{AT_THE_OPEN + leg: f"{word} at the open" for leg, word in LEGS.items()},
    **{AT_TRIGGER + leg: f"{word} at its trigger" for leg, word in LEGS.items()},
}


class Books(msgspec.Struct, frozen=True):
    """What happened, as the venue wrote it down and as the sleeve's ledger booked it."""

    fills: list[Fill]
    """The venue's own list; ``ts`` is exchange time."""
    bills: list[FundingPaid]
    ledger: Ledger


def fold(
    rows: Any, booked: int, instrument: Instrument, tape: Tape, ledger: Ledger, sleeve: str,
    prefix: str,
) -> Books:  # fmt: skip
    """Book every line into ``ledger`` (fresh, with its cash), for ``sleeve`` whose client ids begin so."""
    fills: list[Fill] = []
    bills: list[FundingPaid] = []
    for index in range(booked):
        row = rows[index]
        event = event_of(row, instrument, tape, prefix)
        heard = int(row.heard)
        if isinstance(event, FundingPaid):
            bills.append(event)
            ledger.apply_funding(msgspec.structs.replace(event, ts=heard), instrument)
        else:
            fills.append(event)
            ledger.apply_fill(msgspec.structs.replace(event, ts=heard), instrument, sleeve)
    return Books(fills, bills, ledger)


def event_of(row: Any, instrument: Instrument, tape: Tape, prefix: str) -> Fill | FundingPaid:
    """A line as the venue would tell it."""
    if row.kind == BILL:
        return _bill(row, instrument, tape)
    return fill_of(row, instrument, prefix)


def leg_of(row: Any) -> str:
    """Which leg of a stop order went off; empty for a market order."""
    note = int(row.note)
    if note == AMBIGUOUS_BAR:
        return "stop"
    return LEGS.get(note % 10, "") if note >= AT_THE_OPEN else ""


def fill_of(row: Any, instrument: Instrument, prefix: str) -> Fill:
    """The venue's own fill."""
    side = Side.BUY if row.sign > 0 else Side.SELL
    qty, price = instrument.lot * int(row.lots), instrument.tick * int(row.ticks)
    in_coin = instrument.kind is Kind.SPOT and side is Side.BUY
    fee = EXACT.multiply(qty if in_coin else worth(instrument, qty, price), instrument.taker_fee)
    return Fill(
        int(row.ts),
        f"{prefix}{int(row.number):09d}",
        str(int(row.venue_id)),
        str(int(row.trade)),
        instrument.symbol,
        side,
        price,
        qty,
        fee,
        instrument.base if in_coin else instrument.settle,
        False,
        PosSide.NET,
        FillKind.TRADE,
        NOTES[int(row.note)],
    )


def _bill(row: Any, instrument: Instrument, tape: Tape) -> FundingPaid:
    rate = exact(tape.rates[int(row.number)].rate)
    qty = instrument.lot * int(row.lots)
    amount = EXACT.multiply(-worth(instrument, qty, exact(float(row.price))), rate)
    at = int(row.ts)
    name = f"funding-{instrument.symbol}-{at}-{PosSide.NET}"
    return FundingPaid(at, instrument.symbol, amount, instrument.settle, rate, name, PosSide.NET)


def blank(instrument: Instrument, currency: str, cash: float, leverage: float) -> Ledger:
    """The books of a fresh account, as ``app.compose.fresh`` opens them."""
    ledger = Ledger()
    ledger.balances[currency] = Decimal(repr(cash))
    if instrument.derivative:
        ledger.set_leverage(instrument, Decimal(repr(leverage)))
    return ledger
