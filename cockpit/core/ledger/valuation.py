"""What the books are worth at given marks, in one currency."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

from cockpit.core.ledger.position import MONEY, Position
from cockpit.core.types import ONE, ZERO, Instrument, Kind

Instruments = Mapping[str, Instrument]
Marks = Mapping[str, Decimal]
DOLLARS = frozenset(("USD", "USDT", "USDC", "USDG", "FDUSD", "BUSD", "TUSD"))
"""Counted one for one where something must be told in another of them: a coin's price, a limit, a size."""


def total_in(worth: Mapping[str, Decimal], instruments: Instruments, marks: Marks, currency: str) -> Decimal:
    """Sum of ``worth`` in ``currency``; coins nobody prices are left out."""
    total = ZERO
    for coin, amount in worth.items():
        if coin == currency:
            total = MONEY.add(total, amount)
        elif amount and (price := coin_price(coin, currency, instruments, marks)):
            total = MONEY.add(total, MONEY.multiply(amount, price))
    return total


def worth_by_currency(
    cash: Mapping[str, Decimal], positions: Iterable[Position], instruments: Instruments, marks: Marks
) -> dict[str, Decimal]:
    """Cash, locked margin and the unrealised profit of derivatives, by the currency they settle in.

    Spot holdings are cash in their coin. A position without a mark counts at its entry.
    """
    worth = dict(cash)
    for position in positions:
        amount = position.margin
        instrument = instruments.get(position.symbol)
        if position.qty and instrument is not None and instrument.derivative:
            mark = known_mark(position.symbol, marks)
            if mark is not None:
                amount = MONEY.add(amount, position.unrealised(instrument, mark))
        if amount:
            worth[position.settle] = MONEY.add(worth.get(position.settle, ZERO), amount)
    return worth


def known_mark(symbol: str, marks: Marks) -> Decimal | None:
    """The mark, or None when there is none or it is no price."""
    mark = marks.get(symbol)
    return mark if mark is not None and mark.is_finite() and mark > 0 else None


def coin_price(coin: str, currency: str, instruments: Instruments, marks: Marks) -> Decimal | None:
    """Of one coin in ``currency``: by the first instrument with a mark; spot, then linear, then inverse.

    Where none is listed in that currency: the other way about, then both in dollars. One dollar is never
    priced in another: USDC that lies in an account of USDT is no money until USDC-USDT is followed.
    """
    found = _listed(coin, (currency,), instruments, marks)
    if found is not None or (coin in DOLLARS and currency in DOLLARS):
        return found
    found = _listed(currency, (coin,), instruments, marks)
    if found is not None:
        return MONEY.divide(ONE, found)
    here, there = _dollars(coin, instruments, marks), _dollars(currency, instruments, marks)
    return None if here is None or there is None else MONEY.divide(here, there)


def _dollars(coin: str, instruments: Instruments, marks: Marks) -> Decimal | None:
    return ONE if coin in DOLLARS else _listed(coin, DOLLARS, instruments, marks)


def _listed(coin: str, quotes: Collection[str], instruments: Instruments, marks: Marks) -> Decimal | None:
    """By the first instrument with a mark that is quoted in one of ``quotes``."""
    for kind in Kind:
        for symbol, instrument in instruments.items():
            if instrument.kind is kind and instrument.base == coin and instrument.quote in quotes:
                mark = known_mark(symbol, marks)
                if mark is not None:
                    return mark
    return None
