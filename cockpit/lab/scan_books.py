"""The money of a scan: one position, the cash, every fill and bill. Exact: the kernel's own arithmetic."""

from __future__ import annotations

from decimal import Decimal, localcontext

from cockpit.core.events import Fill, FundingPaid
from cockpit.core.ledger.position import MONEY, Position, value
from cockpit.core.types import ZERO, Instrument, Kind


class Books:
    """What the sleeve has heard of its money."""

    __slots__ = ("_equity", "_priced", "balances", "bills", "currency", "instrument", "position", "spot")

    def __init__(self, instrument: Instrument, currency: str, cash: Decimal, leverage: Decimal) -> None:
        self.instrument = instrument
        self.currency = currency
        self.balances = {currency: cash}
        self.spot = instrument.kind is Kind.SPOT
        inverse = instrument.kind is Kind.INVERSE
        self.position = Position(instrument.symbol, settle=instrument.settle, inverse=inverse)
        if not self.spot:
            self.position.leverage = leverage
        self.bills: list[FundingPaid] = []
        self._priced: float | None = None
        self._equity = 0.0

    def fill(self, fill: Fill, sign: int) -> None:
        """Book a fill, as ``Ledger.apply_fill`` does for the account."""
        instrument, position = self.instrument, self.position
        self._priced = None
        with localcontext(MONEY):
            change = fill.qty if sign > 0 else -fill.qty
            if self.spot:
                self._swap(fill, change)
                return
            worth = value(instrument, change, fill.price)
            realised = position.book(instrument, change, worth, fill.price, fill.ts).realised
            position.fees += fill.fee
            self.balances[self.currency] += realised - fill.fee

    def _swap(self, fill: Fill, change: Decimal) -> None:
        """A spot fill: coins against money; a buy pays its fee in the coin."""
        instrument, balances, price = self.instrument, self.balances, fill.price
        in_coin = fill.fee_ccy == instrument.base
        held = change - fill.fee if in_coin else change
        self.position.book(instrument, held, value(instrument, held, price), price, fill.ts)
        self.position.fees += value(instrument, fill.fee, price) if in_coin else fill.fee
        balances[instrument.base] = balances.get(instrument.base, ZERO) + change
        balances[instrument.quote] -= value(instrument, change, price)
        balances[fill.fee_ccy] -= fill.fee

    def funding(self, bill: FundingPaid) -> None:
        """Book a funding payment."""
        self.bills.append(bill)
        self._priced = None
        with localcontext(MONEY):
            self.position.funding += bill.amount
            self.balances[self.currency] += bill.amount

    def exact_equity(self, price: float) -> Decimal:
        """Everything in ``currency`` with the market at ``price``, to the last decimal."""
        cash = self.balances[self.currency]
        if not self.position.qty or not price > 0:
            return cash
        mark = Decimal(repr(price))
        if self.spot:
            return MONEY.fma(self.balances[self.instrument.base], mark, cash)
        return MONEY.add(cash, self.position.unrealised(self.instrument, mark))

    def equity(self, price: float) -> float:
        """The same as a float: what the sleeve sizes with."""
        if price != self._priced:
            self._priced = price
            self._equity = float(self.exact_equity(price))
        return self._equity
