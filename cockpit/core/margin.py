"""How much a position locks, how much it must keep, and at which mark the venue takes it away.

Everything is in the settle currency (coin for inverse contracts) and at the *mark* price, never the last
trade. The venue liquidates when what the position (isolated) or the account (cross) is worth falls to its
maintenance margin plus the taker fee of closing it; ratios here are 1 at that point and large when safe.
Source: quant reference section 13, OKX v5 reference section 12.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, localcontext

import msgspec

from cockpit.core.ledger import Ledger, Position
from cockpit.core.ledger.position import MONEY, SHOWN, part, value
from cockpit.core.ledger.valuation import known_mark
from cockpit.core.types import ONE, ZERO, Instrument, Kind, MarginMode, MarginTier

NEVER = Decimal("Infinity")
"""The liquidation price of an inverse short that holds more coin than it can lose."""
UNSTATED = MarginTier(max_qty=NEVER, maintenance=Decimal("0.01"), max_leverage=Decimal(50))
"""Assumed where the venue's table is unknown (old tapes): stricter than the first tier of a major coin."""


def tier_of(instrument: Instrument, qty: Decimal) -> MarginTier | None:
    """The tier that contains the WHOLE position (upper bound inclusive).

    None above the last one: the venue refuses an order that would lead there.
    """
    if not instrument.tiers:
        return UNSTATED
    size = abs(qty)
    return next((tier for tier in instrument.tiers if size <= tier.max_qty), None)


def maintenance_rate(instrument: Instrument, qty: Decimal) -> Decimal:
    """Maintenance margin as a fraction of position value; beyond the table the last row holds."""
    tier = tier_of(instrument, qty) or instrument.tiers[-1]
    return tier.maintenance


def initial_margin(instrument: Instrument, qty: Decimal, price: Decimal, leverage: Decimal) -> Decimal:
    """What holding (mark price) or ordering (limit price) ``qty`` locks. Spot is paid in full."""
    with localcontext(MONEY):
        worth = abs(value(instrument, qty, price))
        return part(worth, ONE, leverage) if instrument.derivative else worth


def maintenance_margin(instrument: Instrument, qty: Decimal, mark: Decimal) -> Decimal:
    """What must be left of the position's money; 0 for spot, which nobody takes away."""
    if not instrument.derivative:
        return ZERO
    with localcontext(MONEY):
        return abs(value(instrument, qty, mark)) * maintenance_rate(instrument, qty)


def required(instrument: Instrument, qty: Decimal, mark: Decimal) -> Decimal:
    """Maintenance margin plus the taker fee of closing: below this the venue liquidates."""
    if not instrument.derivative:
        return ZERO
    with localcontext(MONEY):
        rate = maintenance_rate(instrument, qty) + instrument.taker_fee
        return abs(value(instrument, qty, mark)) * rate


def isolated_ratio(position: Position, instrument: Instrument, mark: Decimal) -> Decimal | None:
    """(margin + unrealised) / required; at 1 or below the venue liquidates. None when flat."""
    needed = required(instrument, position.qty, mark)
    if not needed:
        return None
    with localcontext(MONEY):
        return SHOWN.divide(position.margin + position.unrealised(instrument, mark), needed)


def cross_ratio(
    ledger: Ledger,
    instruments: Mapping[str, Instrument],
    marks: Mapping[str, Decimal],
    currency: str,
    reserved: Decimal = ZERO,
) -> Decimal | None:
    """(cash + unrealised - reserved) / required over all that settles in ``currency``; None = nothing does.

    ``reserved`` is cash that resting orders and pending fees lay claim to. Positions without a mark count
    at their entry.
    """
    pool = _pool(ledger, instruments, marks, currency)
    if not pool.required:
        return None
    with localcontext(MONEY):
        return SHOWN.divide(pool.equity - reserved, pool.required)


def cross_pool(
    ledger: Ledger, instruments: Mapping[str, Instrument], marks: Mapping[str, Decimal], currency: str
) -> Decimal:
    """Cash + unrealised of one settle currency: what stands behind every cross position of it."""
    return _pool(ledger, instruments, marks, currency).equity


def liquidation_linear(
    qty: Decimal, entry_value: Decimal, margin: Decimal, maintenance: Decimal, fee: Decimal
) -> Decimal:
    """Mark at which a linear position of signed base ``qty`` is liquidated; 0 = at no price.

    ``entry_value`` = abs(qty) * entry. Long: (EV - M)/(q(1-m-f)); short: (EV + M)/(q(1+m+f)).
    """
    with localcontext(MONEY):
        if qty > 0:
            left = ONE - maintenance - fee
            price = (entry_value - margin) / (qty * left) if left > 0 else ZERO
        else:
            price = (entry_value + margin) / (-qty * (ONE + maintenance + fee))
        return SHOWN.plus(max(price, ZERO))


def liquidation_inverse(
    face: Decimal, entry_coin: Decimal, margin: Decimal, maintenance: Decimal, fee: Decimal
) -> Decimal:
    """Mark at which an inverse position of signed quote ``face`` is liquidated; ``NEVER`` = at no price.

    ``entry_coin`` = abs(face) / entry. Long: N(1+m+f)/(M + N/E); short: N(1-m-f)/(N/E - M).
    """
    with localcontext(MONEY):
        sign = 1 if face > 0 else -1
        coin = entry_coin + sign * margin
        if coin <= 0:
            return NEVER
        price = abs(face) * (ONE + sign * (maintenance + fee)) / coin
        return SHOWN.plus(max(price, ZERO))


def liquidation_price(position: Position, instrument: Instrument, margin: Decimal) -> Decimal | None:
    """Mark at which ``margin`` (settle currency) no longer carries the position.

    None when no mark divides safe from lost: it is flat, spot, or the margin is enough at any price.
    """
    if not position.qty or not instrument.derivative:
        return None
    rate = maintenance_rate(instrument, position.qty)
    with localcontext(MONEY):
        size = position.qty * instrument.contract_value
    closed_form = liquidation_inverse if instrument.kind is Kind.INVERSE else liquidation_linear
    price = closed_form(size, abs(position.cost), margin, rate, instrument.taker_fee)
    return price if ZERO < price < NEVER else None


def liquidation(
    position: Position,
    ledger: Ledger,
    instruments: Mapping[str, Instrument],
    marks: Mapping[str, Decimal],
) -> Decimal | None:
    """The mark at which this account position is taken away; None = at no price.

    Isolated: exact for its tier. Cross: an ESTIMATE, because it lets only this position's price move: the
    margin is all free cash of the settle currency plus what the others are worth above their own need.
    """
    instrument = instruments[position.symbol]
    if ledger.margin_mode is MarginMode.ISOLATED:
        return liquidation_price(position, instrument, position.margin)
    others = _pool(ledger, instruments, marks, position.settle, without=position)
    with localcontext(MONEY):
        return liquidation_price(position, instrument, others.equity - others.required)


class _Pool(msgspec.Struct):
    equity: Decimal
    required: Decimal


def _pool(
    ledger: Ledger,
    instruments: Mapping[str, Instrument],
    marks: Mapping[str, Decimal],
    currency: str,
    without: Position | None = None,
) -> _Pool:
    """Cash of one currency with everything that settles in it, as cross margin sees it."""
    pool = _Pool(ledger.balances.get(currency, ZERO), ZERO)
    with localcontext(MONEY):
        for position, instrument in _derivatives(ledger, instruments, currency):
            if position is not without:
                mark = known_mark(position.symbol, marks) or position.entry
                pool.equity += position.unrealised(instrument, mark)
                pool.required += required(instrument, position.qty, mark)
    return pool


def _derivatives(
    ledger: Ledger, instruments: Mapping[str, Instrument], currency: str
) -> Iterator[tuple[Position, Instrument]]:
    for position in ledger.held():
        instrument = instruments.get(position.symbol)
        if instrument is not None and instrument.derivative and position.settle == currency:
            yield position, instrument
