"""What trading has brought, in the account's currency.

An inverse contract and a coin-quoted spot market pay in coin. Limits, breakers, shares and screens compare
profit with equity, so every sum of it is told in the account's currency, coin at its price of now, exactly as
equity counts the coin itself. A coin that nobody prices is left out of both.
"""

from __future__ import annotations

from decimal import Decimal, localcontext

from cockpit.core.ledger import Position
from cockpit.core.ledger.position import MONEY
from cockpit.core.ledger.valuation import coin_price, known_mark
from cockpit.core.ports import EquityPoint
from cockpit.core.state import State
from cockpit.core.types import ONE, ZERO, SleeveId


def rate(state: State, coin: str) -> Decimal:
    """What one ``coin`` is worth in the account's currency; 0 = nobody prices it."""
    if coin == state.currency:
        return ONE
    return coin_price(coin, state.currency, state.instruments, state.mark_prices()) or ZERO


def pnl(state: State) -> Decimal:
    """What trading has brought since the journal began: realised + unrealised - fees + funding.

    Money paid in, and coins that were there before, are no profit. A position without a mark counts what is
    realised only.
    """
    with localcontext(MONEY):
        return sum((_brought(state, position) for position in state.ledger.positions.values()), ZERO)


def sleeve_pnl(state: State, sleeve: SleeveId) -> Decimal:
    """The same of one sleeve."""
    with localcontext(MONEY):
        return sum((_brought(state, book) for book in state.ledger.sleeve_books(sleeve)), ZERO)


def equity_point(state: State) -> EquityPoint:
    """One sample of the equity curve, exact: ``equity = cash + unrealised`` to the last decimal."""
    marks = state.mark_prices()
    with localcontext(MONEY):
        unrealised = ZERO
        for position in state.ledger.held():
            mark = known_mark(position.symbol, marks)
            instrument = state.instruments[position.symbol]
            if mark is not None and instrument.derivative:
                unrealised += position.unrealised(instrument, mark) * rate(state, position.settle)
        sums = [ZERO, ZERO, ZERO]
        for position in state.ledger.positions.values():
            worth = rate(state, position.settle)
            for at, amount in enumerate((position.realised, position.fees, position.funding)):
                sums[at] += amount * worth
        equity = state.exact_equity()
        return EquityPoint(
            ts=state.now,
            currency=state.currency,
            equity=equity,
            cash=equity - unrealised,
            realised=sums[0],
            unrealised=unrealised,
            fees=sums[1],
            funding=sums[2],
        )


def _brought(state: State, position: Position) -> Decimal:
    """By one book, of the account or of a sleeve."""
    instrument = state.instruments.get(position.symbol)
    if instrument is None:
        return ZERO
    price = state.price(position.symbol)
    made = position.realised - position.fees + position.funding
    if position.qty and price > 0:
        made += position.unrealised(instrument, Decimal(repr(price)))
    return made if not made or position.settle == state.currency else made * rate(state, position.settle)
