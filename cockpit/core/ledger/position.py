"""One position and its arithmetic: what a fill adds, what it closes, what that earned.

The position keeps its *cost* (what the open quantity was worth when it was bought or sold), not an average
price: sums stay exact, an average would be rounded at every fill. Where a division cannot be avoided
(closing a part, coin-margined value) the result is rounded once, to ``ATOM``, and the same rounded amount
is used on both sides of the books, so that nothing is created or lost.
Source of the rules: average cost; a flip closes at the price and opens the rest there; inverse contracts
earn ``contracts * value * (1/entry - 1/exit)`` in coin.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

import msgspec

from cockpit.core.types import ONE, ZERO, Instrument, Kind, PosSide

# Looked up once: naming a member of an enum is dear.
INVERSE = Kind.INVERSE
ATOM = Decimal("1e-18")
"""The grain of money that had to be divided: far below any venue's own."""
MONEY = Context(prec=80, rounding=ROUND_HALF_EVEN)
"""Digits enough for every sum and product of a ledger to be exact."""
SHOWN = Context(prec=28, rounding=ROUND_HALF_EVEN)
"""For average prices, which are shown and compared but never summed."""


class Change(msgspec.Struct, frozen=True):
    """What one fill did to one position. Quantities unsigned, money in the settle currency."""

    realised: Decimal
    """Profit (+) or loss of the closed part, before fees."""
    opened: Decimal
    closed: Decimal
    flipped: bool
    """It closed everything and opened the other side."""
    value: Decimal = ZERO
    """Unsigned worth of the opened part at the fill price."""


class Position(msgspec.Struct):
    """What is held of one instrument, by the account or by one sleeve, and what it has brought so far.

    It stays in the books when flat: ``realised``, ``fees`` and ``funding`` are sums over its whole life.
    """

    symbol: str
    pos_side: PosSide = PosSide.NET
    qty: Decimal = ZERO
    """Signed contracts (base units for spot); LONG is never below 0 and SHORT never above."""
    entry: Decimal = ZERO
    """Average entry price, quote per base: arithmetic, for inverse contracts harmonic. 0 when flat."""
    realised: Decimal = ZERO
    """Settle currency, before fees and funding."""
    fees: Decimal = ZERO
    """Settle currency, positive = paid. A fee taken in the bought coin counts at the fill price."""
    funding: Decimal = ZERO
    """Settle currency, positive = received."""
    opened: int = 0
    """UTC ms since when it has been on its present side; 0 when flat."""
    fills: int = 0
    """How many fills it has seen in its life."""
    margin: Decimal = ZERO
    """Isolated margin locked in it, settle currency; always 0 in cross mode and for sleeves."""
    leverage: Decimal = ONE
    cost: Decimal = ZERO
    """Signed worth of the open quantity at its entries, settle currency: exact, unlike ``entry``."""
    settle: str = ""
    inverse: bool = False

    def unrealised(self, instrument: Instrument, mark: Decimal) -> Decimal:
        """Profit (+) or loss if it were valued at ``mark``, settle currency, before fees."""
        worth = value(instrument, self.qty, mark) if self.qty else ZERO
        return MONEY.subtract(self.cost, worth) if self.inverse else MONEY.subtract(worth, self.cost)

    def net(self, instrument: Instrument, mark: Decimal) -> Decimal:
        """Everything it has brought since it was first opened: realised + unrealised - fees + funding."""
        with localcontext(MONEY):
            return self.realised + self.unrealised(instrument, mark) - self.fees + self.funding

    def book(
        self, instrument: Instrument, change: Decimal, worth: Decimal, price: Decimal, ts: int
    ) -> Change:
        """Add ``change`` (signed quantity, worth ``worth`` signed settle money at ``price``)."""
        self.fills += 1
        before = self.qty
        if not change:
            return Change(ZERO, ZERO, ZERO, False)
        if before * change >= 0:
            self._add(instrument, change, worth, price, ts)
            return Change(ZERO, abs(change), ZERO, False, abs(worth))
        if abs(change) <= abs(before):
            return Change(self._reduce(change, worth, ts), ZERO, abs(change), False)
        out = value(instrument, -before, price)
        realised = self._reduce(-before, out, ts)
        rest = change + before
        self._add(instrument, rest, worth - out, price, ts)
        return Change(realised, abs(rest), abs(before), True, abs(worth - out))

    def _add(self, instrument: Instrument, change: Decimal, worth: Decimal, price: Decimal, ts: int) -> None:
        fresh = not self.qty
        self.qty += change
        self.cost += worth
        if fresh:
            self.entry = price
            self.opened = ts
        elif self.cost:
            face = self.qty * instrument.contract_value
            self.entry = SHOWN.divide(face, self.cost) if self.inverse else SHOWN.divide(self.cost, face)

    def _reduce(self, change: Decimal, worth: Decimal, ts: int) -> Decimal:
        """Close part or all; the average entry of the rest is what it was."""
        if change == -self.qty:
            gone = self.cost
            self.entry = ZERO
            self.opened = 0
        else:
            gone = (self.cost * -change / self.qty).quantize(ATOM)
        self.qty += change
        self.cost -= gone
        realised = worth + gone if self.inverse else -worth - gone
        self.realised += realised
        return realised


def value(instrument: Instrument, qty: Decimal, price: Decimal) -> Decimal:
    """Signed worth of ``qty`` at ``price`` in the settle currency; coin values are rounded to ``ATOM``."""
    face = MONEY.multiply(qty, instrument.contract_value)
    if instrument.kind is INVERSE:
        return MONEY.quantize(MONEY.divide(face, price), ATOM)
    return MONEY.multiply(face, price)


def part(amount: Decimal, share: Decimal, whole: Decimal) -> Decimal:
    """``amount * share / whole``, rounded to ``ATOM``; exactly ``amount`` when the share is the whole."""
    if share == whole:
        return amount
    return MONEY.quantize(MONEY.divide(MONEY.multiply(amount, share), whole), ATOM)
