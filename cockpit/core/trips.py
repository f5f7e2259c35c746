"""Round trips: from flat to flat, one sleeve on one market. What was entered why, left why, and what it
brought.

Money is read off the sleeve's own sub-book, so trips add up to the ledger to the last decimal.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from cockpit.core.events import AnyEvent, Fill, FillKind, Triggered
from cockpit.core.ledger import Position
from cockpit.core.orders import Order, Role
from cockpit.core.state import State
from cockpit.core.types import ZERO, Side, SleeveId


class Trip(msgspec.Struct, frozen=True):
    """One round trip. Money in the settle currency; ``net = gross - fees + funding``."""

    sleeve: SleeveId
    symbol: str
    side: str
    """long | short"""
    opened: int
    closed: int
    """UTC ms; 0 = still open when the run ended."""
    qty: Decimal
    """Largest size, contracts or base units."""
    entry: Decimal
    exit: Decimal
    gross: Decimal
    fees: Decimal
    funding: Decimal
    net: Decimal
    settle: str
    why_in: str
    """The entry's tag, in the strategy's words."""
    why_out: str
    """stop | take | trail | liquidation | the exit's tag | open"""
    notional: float
    """Largest worth at the entry price, quote currency."""
    inverse: bool = False
    """Paid in the coin that the contract is quoted for."""

    @property
    def held_ms(self) -> int:
        return max(0, self.closed - self.opened)

    @property
    def share(self) -> float:
        """Net result over what was at stake."""
        net = float(self.net * (self.exit or self.entry)) if self.inverse else float(self.net)
        return net / self.notional if self.notional else 0.0


class Sums(msgspec.Struct, frozen=True):
    realised: Decimal
    fees: Decimal
    funding: Decimal


class OpenTrip(msgspec.Struct):
    side: str
    opened: int
    why: str
    base: Sums
    qty: Decimal = ZERO
    entry: Decimal = ZERO


class Trips:
    """Watches a run's fills and triggers; ``closed`` fills up. Funding is read off the sub-books."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.closed: list[Trip] = []
        self.maker_fees = ZERO
        self.taker_fees = ZERO
        self.slippage = 0.0
        """What orders at market paid against the last price heard before, quote currency. Not stops: between
        their placing and their fill lies the market's own move."""
        self.sent = 0.0
        """Notional of those orders."""
        self.turnover = 0.0
        """Traded notional, quote currency."""
        self.open: dict[tuple[SleeveId, str], OpenTrip] = {}
        self._legs: dict[str, str] = {}
        self._seen: set[str] = set()

    def observe(self, event: AnyEvent) -> None:
        """Tell it every fact, after its step."""
        kind = event.__class__
        if kind is Fill:
            fact = f"{event.symbol}|{event.trade_id}"  # type: ignore[union-attr]
            if fact not in self._seen:  # the venue repeats fills when it is read back
                self._seen.add(fact)
                self.booked(event)  # type: ignore[arg-type]
        elif kind is Triggered:
            self._legs[event.cid] = event.leg  # type: ignore[union-attr]

    def finish(self) -> list[Trip]:
        """Closed trips, then those still open, valued as realised so far."""
        found = [*self.closed]
        for (sleeve, side), trip in self.open.items():
            books = self.state.ledger.sleeve_books(sleeve)
            found += [
                self._trip(sleeve, book, trip, self._sums(book), 0, ZERO, "open")
                for book in books
                if book.pos_side == side and book.qty
            ]
        return found

    def booked(self, fill: Fill) -> None:
        """A fill that is known to be new; for who looks at a run that never ends."""
        order = self.state.order(fill.cid) if fill.cid else None
        self._cost(fill, order)
        sleeve = order.sleeve if order is not None else f"external/{fill.symbol}"
        for book in self.state.ledger.sleeve_books(sleeve):
            if book.symbol == fill.symbol and book.pos_side is fill.pos_side:
                role = order.role if order is not None else Role.EXIT
                self._booked(sleeve, book, fill, order.tag if order is not None else "", role)

    def _booked(self, sleeve: SleeveId, book: Position, fill: Fill, tag: str, role: Role) -> None:
        key = (sleeve, str(book.pos_side))
        trip, after = self.open.get(key), self._sums(book)
        side = "long" if book.qty > 0 else "short" if book.qty < 0 else ""
        if trip is not None and trip.side != side:
            opened = min(abs(book.qty), fill.qty) if side else ZERO
            over = fill.fee * opened / fill.qty if opened else ZERO  # the part of the fee that opened anew
            end = msgspec.structs.replace(after, fees=after.fees - over)
            why = self._why(fill, tag, role)
            self.closed.append(self._trip(sleeve, book, trip, end, fill.ts, fill.price, why))
            del self.open[key]
            if side:
                self._begin(key, book, side, fill, tag, end)
        elif trip is None and side:
            before = msgspec.structs.replace(after, fees=after.fees - fill.fee)
            self._begin(key, book, side, fill, tag, before)
        elif trip is not None:
            trip.qty = max(trip.qty, abs(book.qty))
            trip.entry = book.entry

    def _begin(
        self, key: tuple[SleeveId, str], book: Position, side: str, fill: Fill, tag: str, base: Sums
    ) -> None:
        self.open[key] = OpenTrip(side, fill.ts, tag, base, abs(book.qty), book.entry)

    def _why(self, fill: Fill, tag: str, role: Role) -> str:
        if fill.kind is not FillKind.TRADE:
            return str(fill.kind)
        if role is Role.PROTECT:
            return self._legs.get(fill.cid, "stop")
        return tag or str(role)

    def _trip(
        self, sleeve: SleeveId, book: Position, trip: OpenTrip, end: Sums, ts: int, price: Decimal, why: str
    ) -> Trip:
        instrument = self.state.instruments[book.symbol]
        gross, fees = end.realised - trip.base.realised, end.fees - trip.base.fees
        funding = end.funding - trip.base.funding
        notional = float(instrument.quote_notional(trip.qty, trip.entry)) if trip.entry else 0.0
        net = gross - fees + funding
        money = (gross, fees, funding, net)
        times = (trip.opened, ts, trip.qty, trip.entry, price)
        return Trip(
            sleeve, book.symbol, trip.side, *times, *money, book.settle, trip.why, why, notional, book.inverse
        )

    @staticmethod
    def _sums(book: Position) -> Sums:
        return Sums(book.realised, book.fees, book.funding)

    def _cost(self, fill: Fill, order: Order | None) -> None:
        instrument = self.state.instruments.get(fill.symbol)
        if instrument is None:
            return
        worth = float(instrument.quote_notional(fill.qty, fill.price))
        self.turnover += worth
        fee = fill.fee if fill.fee_ccy != instrument.base or not fill.fee else fill.fee * fill.price
        if fill.maker:
            self.maker_fees += fee
            return
        self.taker_fees += fee
        heard = self.state.last.get(fill.symbol, 0.0)
        if heard > 0 and (order is None or order.role is not Role.PROTECT):
            sign = 1 if fill.side is Side.BUY else -1
            self.slippage += sign * (float(fill.price) / heard - 1.0) * worth
            self.sent += worth
