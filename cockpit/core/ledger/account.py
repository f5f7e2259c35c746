"""The account's books, and the same facts once more divided among the sleeves that caused them.

Two identities hold after every fact, to the last decimal (tests/properties/test_ledger_identities.py):

    equity = cash + locked margin + unrealised                                       (what we have)
           = opening cash + transfers - sum of signed fill value - fees + funding + position at mark

and for every instrument the sleeves' quantities, fees, funding and profit add up to the account's. What no
sleeve caused (liquidation, a hand trade, rounding of shared funding) belongs to the ``foreign`` sleeve.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, localcontext
from itertools import islice

import msgspec

from cockpit.core.errors import InvariantError
from cockpit.core.events import Fill, FundingPaid, Transfer
from cockpit.core.ledger.half import left_out
from cockpit.core.ledger.position import MONEY, Change, Position, part, value
from cockpit.core.ledger.valuation import coin_price, known_mark, total_in, worth_by_currency
from cockpit.core.types import (
    ONE,
    ZERO,
    Instrument,
    Kind,
    MarginMode,
    PositionMode,
    PosSide,
    SleeveId,
)

# Looked up once: naming a member of an enum is dear.
SPOT = Kind.SPOT
ISOLATED = MarginMode.ISOLATED
NET = PosSide.NET
NET_MODE = PositionMode.NET
REMEMBERED = 100_000
"""At least so many of the newest fill and bill ids are known, so that none of them is booked twice."""
SLACK = 10_000
"""Forgotten in one go: a dict that loses its first key again and again becomes slow."""


class FillEffect(msgspec.Struct, frozen=True):
    """What a fill did to the account, and to the sleeve it belongs to. Quantities unsigned."""

    realised: Decimal
    """Profit (+) or loss of the closed part, settle currency, before fees."""
    opened: Decimal
    closed: Decimal
    flipped: bool
    fee: Decimal
    """Settle currency, positive = paid; 0 when it was taken in a third currency."""
    sleeve: SleeveId
    sleeve_realised: Decimal
    sleeve_closed: Decimal


class Flows(msgspec.Struct):
    """Why one currency's balance is what it is: sums since the start."""

    transfers: Decimal = ZERO
    traded: Decimal = ZERO
    """Paid for and received from spot trades."""
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    """Positive = paid, whatever was traded."""
    funding: Decimal = ZERO


class Ledger(msgspec.Struct):
    """Cash, positions and their division among sleeves. Serialisable as it is, for snapshots."""

    mode: PositionMode = PositionMode.NET
    margin_mode: MarginMode = MarginMode.CROSS
    balances: dict[str, Decimal] = {}
    """Free cash per currency; margin locked by isolated positions is not in it."""
    positions: dict[str, Position] = {}
    """The account's, by ``symbol|pos_side``; flat ones stay for their sums."""
    sleeves: dict[str, Position] = {}
    """Virtual sub-books, by ``sleeve|pos_side``. In HEDGE mode a sub-book may cross zero; the account never
    does, unless facts arrive out of order, and then it is right again when the missing one is booked."""
    leverages: dict[str, Decimal] = {}
    """By symbol; 1 when unset. Only isolated margin is locked by it."""
    flows: dict[str, Flows] = {}
    seen: dict[str, None] = {}
    """Ids already booked, oldest first."""

    def apply_fill(self, fill: Fill, instrument: Instrument, sleeve: SleeveId = "") -> FillEffect | None:
        """Book a fill once. None: it was booked before.

        ``sleeve`` empty: not ours (liquidation, ADL, a hand trade). Raises InvariantError on a fill that
        cannot be booked exactly once (no trade id, no price or quantity, wrong instrument).
        """
        if left_out(fill, instrument) or fill.symbol != instrument.symbol:
            raise InvariantError(f"fill cannot be booked: {fill}")
        side = self._side(fill.pos_side, instrument)
        owner = sleeve or foreign(fill.symbol)
        if self.has_fill(fill):
            return None
        own = self._sleeve(owner, side, instrument)
        self._remember(_id(fill))
        with localcontext(MONEY):
            change = fill.qty * fill.side.sign
            fee = _settled_fee(fill, instrument)
            held = change
            if instrument.kind is SPOT and fill.fee_ccy == instrument.base:
                held -= fill.fee
            worth = value(instrument, held, fill.price)
            account = self._account(side, instrument)
            before, locked = abs(account.qty), account.margin
            effect = account.book(instrument, held, worth, fill.price, fill.ts)
            mine = own.book(instrument, held, worth, fill.price, fill.ts)
            account.fees += fee
            own.fees += fee
            if instrument.derivative:
                self._pay(instrument.settle, effect.realised).realised += effect.realised
                self._lock(account, before, locked, effect)
            else:
                paid = value(instrument, change, fill.price)
                self._pay(instrument.base, change).traded += change
                self._pay(instrument.quote, -paid).traded -= paid
            if fill.fee:
                self._pay(fill.fee_ccy, -fill.fee).fees += fill.fee
        return FillEffect(
            realised=effect.realised,
            opened=effect.opened,
            closed=effect.closed,
            flipped=effect.flipped,
            fee=fee,
            sleeve=owner,
            sleeve_realised=mine.realised,
            sleeve_closed=mine.closed,
        )

    def apply_funding(self, paid: FundingPaid, instrument: Instrument) -> bool:
        """Book funding once, shared by the sleeves in proportion to what they hold; False: known already.

        Cross margin pays from cash, isolated from the position's margin. Raises InvariantError when it is
        not in the settle currency or has no bill id.
        """
        if left_out(paid, instrument) or paid.symbol != instrument.symbol:
            raise InvariantError(f"funding cannot be booked: {paid}")
        side = self._funded(paid, instrument)
        if not self._remember(f"bill|{paid.bill_id}"):
            return False
        with localcontext(MONEY):
            account = self._account(side, instrument)
            account.funding += paid.amount
            if self.margin_mode is ISOLATED and account.qty:
                account.margin += paid.amount
                self._flow(paid.ccy).funding += paid.amount
            else:
                self._pay(paid.ccy, paid.amount).funding += paid.amount
            rest = paid.amount
            sharers = [p for p in self._books(paid.symbol, side) if p.qty] if account.qty else []
            for book in sharers[1:]:
                share = part(paid.amount, book.qty, account.qty)
                book.funding += share
                rest -= share
            book = sharers[0] if sharers else self._sleeve(foreign(paid.symbol), side, instrument)
            book.funding += rest
        return True

    def apply_transfer(self, transfer: Transfer) -> bool:
        """Book money that came in or went out, once; False: known already."""
        if left_out(transfer, None):
            raise InvariantError(f"transfer cannot be booked: {transfer}")
        if not self._remember(f"bill|{transfer.bill_id}"):
            return False
        with localcontext(MONEY):
            self._pay(transfer.ccy, transfer.amount).transfers += transfer.amount
        return True

    def hand_over(
        self, instrument: Instrument, pos_side: PosSide, sleeve: SleeveId, ts: int, giver: SleeveId = ""
    ) -> None:
        """Give what no sleeve caused (or ``giver`` has) to another, at its entry. The account's stay."""
        side = self._side(pos_side, instrument)
        book = self.sleeves.get(f"{giver or foreign(instrument.symbol)}|{side}")
        if book is None or not book.qty:
            return
        own = self._sleeve(sleeve, side, instrument)
        with localcontext(MONEY):
            qty, price = book.qty, book.entry
            worth = value(instrument, qty, price)
            book.book(instrument, -qty, -worth, price, ts)
            own.book(instrument, qty, worth, price, ts)

    def even_out(
        self, instrument: Instrument, pos_side: PosSide, price: Decimal | None, ts: int, heir: SleeveId = ""
    ) -> list[tuple[SleeveId, Decimal]]:
        """Close every sub-book at one price: (whose, what it had). The account's books do not change.

        Without a price each is closed at its own entry. Where the account still has something, it goes to
        the ``heir``'s sub-book at that price.
        """
        closed = []
        with localcontext(MONEY):
            books = [(key.rpartition("|")[0], book) for key, book in self.sleeves.items()]
            for owner, book in books:
                mine = book.symbol == instrument.symbol and book.pos_side is pos_side and owner != heir
                if mine and (qty := book.qty):
                    at = price or book.entry
                    worth = value(instrument, qty, at)
                    book.book(instrument, -qty, -worth, at, ts)
                    if heir:
                        self._sleeve(heir, pos_side, instrument).book(instrument, qty, worth, at, ts)
                    closed.append((owner, qty))
        return closed

    def set_leverage(self, instrument: Instrument, leverage: Decimal) -> None:
        """What isolated positions lock from now on; an open one is topped up or relieved at once."""
        if leverage <= 0:
            raise InvariantError(f"leverage {leverage} of {instrument.symbol}")
        self.leverages[instrument.symbol] = leverage
        for position in (*self.positions.values(), *self.sleeves.values()):
            if position.symbol == instrument.symbol:
                position.leverage = leverage
        if self.margin_mode is ISOLATED and instrument.derivative:
            with localcontext(MONEY):
                for position in self.held(instrument.symbol):
                    needed = part(abs(position.cost), ONE, leverage)
                    self._move(position, needed - position.margin)

    # --- reading ----------------------------------------------------------------------------------

    def has_fill(self, fill: Fill) -> bool:
        """Has this fill been booked already?"""
        return _id(fill) in self.seen

    def position(self, symbol: str, pos_side: PosSide = NET) -> Position | None:
        """The account's position, or None when it never had one there."""
        return self.positions.get(f"{symbol}|{pos_side}")

    def held(self, symbol: str = "") -> list[Position]:
        """The account's open positions, of one instrument or of all."""
        return [p for p in self.positions.values() if p.qty and symbol in ("", p.symbol)]

    def net_qty(self, symbol: str) -> Decimal:
        """The account's signed quantity, both sides together."""
        if self.mode is NET_MODE:
            book = self.positions.get(f"{symbol}|net")
            return book.qty if book is not None else ZERO
        return sum((p.qty for p in self.held(symbol)), ZERO)

    def sleeve(self, sleeve: SleeveId, pos_side: PosSide = NET) -> Position | None:
        """A sleeve's own sub-book, or None when it never traded there."""
        return self.sleeves.get(f"{sleeve}|{pos_side}")

    def sleeve_books(self, sleeve: SleeveId) -> list[Position]:
        """Every sub-book of a sleeve: one, or in HEDGE mode up to two."""
        if self.mode is NET_MODE:
            book = self.sleeves.get(f"{sleeve}|net")
            return [book] if book is not None else []
        found = (self.sleeves.get(f"{sleeve}|{side}") for side in ("net", "long", "short"))
        return [book for book in found if book is not None]

    def sleeve_qty(self, sleeve: SleeveId) -> Decimal:
        """A sleeve's signed quantity, both sides together."""
        if self.mode is NET_MODE:
            book = self.sleeves.get(f"{sleeve}|net")
            return book.qty if book is not None else ZERO
        return sum((book.qty for book in self.sleeve_books(sleeve)), ZERO)

    def equity(
        self, instruments: Mapping[str, Instrument], marks: Mapping[str, Decimal], currency: str
    ) -> Decimal:
        """What everything is worth in ``currency``: cash, margin, unrealised, other coins at their mark.

        A coin is priced by an instrument that quotes it in ``currency`` (spot first). What has no mark is
        left at its entry (positions) or out (coins); :meth:`unpriced` names it.
        """
        worth = worth_by_currency(self.balances, self.positions.values(), instruments, marks)
        return total_in(worth, instruments, marks, currency)

    def unpriced(
        self, instruments: Mapping[str, Instrument], marks: Mapping[str, Decimal], currency: str
    ) -> tuple[str, ...]:
        """Symbols and coins that :meth:`equity` cannot value now; empty = the number is complete."""
        derivatives = {symbol for symbol, instrument in instruments.items() if instrument.derivative}
        blind = [p.symbol for p in self.held() if p.symbol in derivatives and not known_mark(p.symbol, marks)]
        worth = worth_by_currency(self.balances, self.positions.values(), instruments, marks)
        for coin, amount in worth.items():
            if amount and coin != currency and coin_price(coin, currency, instruments, marks) is None:
                blind.append(coin)
        return tuple(dict.fromkeys(blind))

    def opening(self, currency: str) -> Decimal:
        """The balance before the first booked fact, worked out backwards from today's.

        It never changes: if it does, money was created or lost (invariant I19).
        """
        with localcontext(MONEY):
            flow = self.flows.get(currency) or Flows()
            locked = sum((p.margin for p in self.positions.values() if p.settle == currency), ZERO)
            came = flow.transfers + flow.traded + flow.realised - flow.fees + flow.funding
            return self.balances.get(currency, ZERO) + locked - came

    def discrepancies(self) -> list[str]:
        """Where the sleeves do not add up to the account; empty when the books are right."""
        with localcontext(MONEY):
            sums: dict[str, list[Decimal]] = {}
            for sign, books in ((1, self.positions), (-1, self.sleeves)):
                for book in books.values():
                    row = sums.setdefault(f"{book.symbol}|{book.pos_side}", [ZERO] * 4)
                    earned = book.realised + book.cost if book.inverse else book.realised - book.cost
                    for at, amount in enumerate((book.qty, book.fees, book.funding, earned)):
                        row[at] += sign * amount
        words = ("qty", "fees", "funding", "profit")
        return [f"{key} {words[i]} {d}" for key, row in sums.items() for i, d in enumerate(row) if d]

    # --- writing ----------------------------------------------------------------------------------

    def _remember(self, fact: str) -> bool:
        if fact in self.seen:
            return False
        self.seen[fact] = None
        if len(self.seen) >= REMEMBERED + SLACK:
            self.seen = dict(islice(self.seen.items(), SLACK, None))
        return True

    def _side(self, side: PosSide, instrument: Instrument) -> PosSide:
        if self.mode is NET_MODE or not instrument.derivative:
            return NET
        if side is NET:
            raise InvariantError(f"{instrument.symbol}: a fact without side on a long/short account")
        return side

    def _funded(self, paid: FundingPaid, instrument: Instrument) -> PosSide:
        """Whose funding it is. A bill names no side, but who receives at a positive rate is short."""
        if paid.pos_side is NET and self.mode is PositionMode.HEDGE:
            return PosSide.SHORT if (paid.amount > 0) == (paid.rate > 0) else PosSide.LONG
        return self._side(paid.pos_side, instrument)

    def _account(self, side: PosSide, instrument: Instrument) -> Position:
        return self._open(self.positions, f"{instrument.symbol}|{side}", side, instrument)

    def _sleeve(self, sleeve: SleeveId, side: PosSide, instrument: Instrument) -> Position:
        book = self._open(self.sleeves, f"{sleeve}|{side}", side, instrument)
        if book.symbol != instrument.symbol:
            raise InvariantError(f"sleeve {sleeve} trades {book.symbol}, not {instrument.symbol}")
        return book

    def _open(self, books: dict[str, Position], key: str, side: PosSide, instrument: Instrument) -> Position:
        book = books.get(key)
        if book is None:
            book = books[key] = Position(
                symbol=instrument.symbol,
                pos_side=side,
                leverage=self.leverages.get(instrument.symbol, ONE),
                settle=instrument.settle,
                inverse=instrument.kind is Kind.INVERSE,
            )
        return book

    def _books(self, symbol: str, side: PosSide) -> Iterator[Position]:
        return (p for p in self.sleeves.values() if p.symbol == symbol and p.pos_side is side)

    def _flow(self, currency: str) -> Flows:
        return self.flows.setdefault(currency, Flows())

    def _pay(self, currency: str, amount: Decimal) -> Flows:
        """Change the cash; the caller says why in the flows it gets back."""
        self.balances[currency] = self.balances.get(currency, ZERO) + amount
        return self._flow(currency)

    def _lock(self, position: Position, before: Decimal, locked: Decimal, effect: Change) -> None:
        """Isolated: what is closed gives its part of the margin back, what is opened locks its own."""
        if self.margin_mode is ISOLATED:
            freed = part(locked, effect.closed, before) if effect.closed else ZERO
            self._move(position, part(effect.value, ONE, position.leverage) - freed)

    def _move(self, position: Position, amount: Decimal) -> None:
        position.margin += amount
        self.balances[position.settle] = self.balances.get(position.settle, ZERO) - amount


def foreign(symbol: str) -> SleeveId:
    """The sub-book of everything in ``symbol`` that no sleeve caused."""
    return f"-|{symbol}"


def _id(fill: Fill) -> str:
    """A trade with oneself has one id at the venue and is two fills."""
    return f"{fill.symbol}|{fill.trade_id}|{fill.side}"


def _settled_fee(fill: Fill, instrument: Instrument) -> Decimal:
    if fill.fee_ccy == instrument.settle:
        return fill.fee
    if instrument.kind is SPOT and fill.fee_ccy == instrument.base:
        return value(instrument, fill.fee, fill.price)
    return ZERO
