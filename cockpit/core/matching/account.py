"""The venue's own account books: cash, positions, isolated margin. Kept apart from ``core.ledger`` on
purpose, so that the two can be compared.

Money is exact: where a division cannot be avoided (part of a cost, coin value) the result is rounded once to
``GRAIN`` and the same amount is used on both sides. ``cash`` is free of what isolated positions lock.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

import msgspec

from cockpit.core.types import ONE, ZERO, Instrument, Kind, PosSide

GRAIN = Decimal("1e-18")
EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)
AVERAGE = Context(prec=28, rounding=ROUND_HALF_EVEN)


class Holding(msgspec.Struct):
    """One position. ``cost`` is the signed value of the open quantity at its entries, settle currency."""

    symbol: str
    pos_side: PosSide
    qty: Decimal = ZERO
    """Signed contracts."""
    cost: Decimal = ZERO
    margin: Decimal = ZERO
    """Isolated margin locked in it; 0 in cross mode."""


class Account(msgspec.Struct):
    """What the venue owes us, and what it has earned from us so far."""

    cash: dict[str, Decimal]
    holdings: dict[str, Holding] = {}
    """By ``symbol|pos_side``; flat ones are removed."""
    realised: dict[str, Decimal] = {}
    fees: dict[str, Decimal] = {}
    funding: dict[str, Decimal] = {}
    transfers: dict[str, Decimal] = {}

    def holding(self, symbol: str, pos_side: PosSide) -> Holding | None:
        return self.holdings.get(f"{symbol}|{pos_side}")

    def held(self, symbol: str) -> list[Holding]:
        """Open positions of one market: up to two in HEDGE mode."""
        return [holding for holding in self.holdings.values() if holding.symbol == symbol]

    def fee(self, currency: str, amount: Decimal) -> None:
        """Positive = we pay."""
        self._move(self.fees, currency, amount)
        self._pay(currency, -amount)

    def fund(self, holding: Holding, currency: str, amount: Decimal, isolated: bool) -> None:
        """Funding: an isolated position pays and receives in its own margin, cross in cash."""
        self._move(self.funding, currency, amount)
        if isolated:
            holding.margin = EXACT.add(holding.margin, amount)
        else:
            self._pay(currency, amount)

    def pledge(self, holding: Holding, currency: str, amount: Decimal) -> None:
        """Cash becomes margin of an isolated position; a negative amount comes back."""
        self._lock(currency, holding, amount)

    def transfer(self, currency: str, amount: Decimal) -> None:
        """Money from or to outside."""
        self._move(self.transfers, currency, amount)
        self._pay(currency, amount)

    def swap(self, instrument: Instrument, change: Decimal, price: Decimal) -> None:
        """A spot fill: base for quote, before the fee."""
        self._pay(instrument.base, change)
        self._pay(instrument.quote, -worth(instrument, change, price))

    def trade(
        self, instrument: Instrument, pos_side: PosSide, change: Decimal, price: Decimal, leverage: Decimal
    ) -> Decimal:
        """A derivative fill (``change`` signed); returns what it realised, settle currency, before the fee.

        ``leverage`` 0 = cross: nothing is locked. A flip closes at the price and opens the rest there.
        """
        key = f"{instrument.symbol}|{pos_side}"
        holding = self.holdings.get(key)
        if holding is None:
            holding = self.holdings[key] = Holding(instrument.symbol, pos_side)
        realised = ZERO
        with localcontext(EXACT):
            value = worth(instrument, change, price)
            if holding.qty * change < 0:
                closed = change if abs(change) <= abs(holding.qty) else -holding.qty
                out = worth(instrument, closed, price)
                realised = self._close(instrument, holding, closed, out)
                change -= closed
                value -= out
            if change:
                holding.qty += change
                holding.cost += value
                if leverage:
                    self._lock(instrument.settle, holding, portion(abs(value), ONE, leverage))
        if not holding.qty:
            self._lock(instrument.settle, holding, -holding.margin)
            del self.holdings[key]
        if realised:
            self._move(self.realised, instrument.settle, realised)
            self._pay(instrument.settle, realised)
        return realised

    def _close(self, instrument: Instrument, holding: Holding, change: Decimal, out: Decimal) -> Decimal:
        gone = portion(holding.cost, -change, holding.qty)
        freed = portion(holding.margin, abs(change), abs(holding.qty))
        holding.qty += change
        holding.cost -= gone
        self._lock(instrument.settle, holding, -freed)
        return out + gone if instrument.kind is Kind.INVERSE else -out - gone

    def _lock(self, currency: str, holding: Holding, amount: Decimal) -> None:
        if amount:
            holding.margin = EXACT.add(holding.margin, amount)
            self._pay(currency, -amount)

    def _pay(self, currency: str, amount: Decimal) -> None:
        self._move(self.cash, currency, amount)

    @staticmethod
    def _move(sums: dict[str, Decimal], currency: str, amount: Decimal) -> None:
        sums[currency] = EXACT.add(sums.get(currency, ZERO), amount)


def worth(instrument: Instrument, qty: Decimal, price: Decimal) -> Decimal:
    """Signed value of ``qty`` at ``price`` in the settle currency (quote for spot)."""
    face = EXACT.multiply(qty, instrument.contract_value)
    if instrument.kind is Kind.INVERSE:
        return EXACT.quantize(EXACT.divide(face, price), GRAIN)
    return EXACT.multiply(face, price)


def portion(amount: Decimal, share: Decimal, whole: Decimal) -> Decimal:
    """``amount * share / whole``, rounded to ``GRAIN``; all of it when the share is the whole."""
    if share == whole:
        return amount
    return EXACT.quantize(EXACT.divide(EXACT.multiply(amount, share), whole), GRAIN)


def unrealised(instrument: Instrument, holding: Holding, mark: Decimal) -> Decimal:
    """Profit (+) or loss at ``mark``, settle currency."""
    value = worth(instrument, holding.qty, mark)
    if instrument.kind is Kind.INVERSE:
        return EXACT.subtract(holding.cost, value)
    return EXACT.subtract(value, holding.cost)


def entry(instrument: Instrument, holding: Holding) -> Decimal:
    """Average entry price; for inverse contracts the harmonic one."""
    if not holding.qty or not holding.cost:
        return ZERO
    face = EXACT.multiply(holding.qty, instrument.contract_value)
    if instrument.kind is Kind.INVERSE:
        return AVERAGE.divide(face, holding.cost)
    return AVERAGE.divide(holding.cost, face)
