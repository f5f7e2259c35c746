"""The live side of a sleeve and of a market: what the engine needs at hand and a snapshot does not hold."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan, nan
from typing import Any

from cockpit.core.book import Book
from cockpit.core.intents import Intent, Quote
from cockpit.core.state import Sleeve, State
from cockpit.core.types import ZERO, Instrument, Side
from cockpit.core.view import View
from cockpit.core.want import Want

Hook = Callable[..., None]


class Slot:
    """A sleeve with its strategy object, its window and its pen."""

    __slots__ = (
        "instrument",
        "on_bar",
        "on_book",
        "on_fill",
        "on_funding",
        "on_timer",
        "on_trade",
        "sleeve",
        "strategy",
        "timer_ms",
        "view",
        "want",
    )

    def __init__(
        self, sleeve: Sleeve, strategy: Any, instrument: Instrument, book: Book, state: State
    ) -> None:
        self.sleeve = sleeve
        self.strategy = strategy
        self.instrument = instrument
        self.view = View(instrument, book)
        self.view.equity_of = lambda: state.equity() * sleeve.share
        self.want = Want()
        self.timer_ms = int(getattr(strategy, "timer_ms", 0))
        self.on_bar: Hook | None = getattr(strategy, "on_bar", None)
        self.on_book: Hook | None = getattr(strategy, "on_book", None)
        self.on_trade: Hook | None = getattr(strategy, "on_trade", None)
        self.on_fill: Hook | None = getattr(strategy, "on_fill", None)
        self.on_funding: Hook | None = getattr(strategy, "on_funding", None)
        self.on_timer: Hook | None = getattr(strategy, "on_timer", None)

    def refresh(self, state: State) -> None:
        """Bring the window's own numbers up to date after a fill or an order event."""
        view = self.view
        have = state.position(self.sleeve.id)
        view.position = float(have)
        books = [b for b in state.ledger.sleeve_books(self.sleeve.id) if b.qty]
        view.entry = float(books[0].entry) if len(books) == 1 else nan
        view.resting = len(state.orders_of(self.sleeve.id)) if state.orders else 0
        view.latency = float(self.sleeve.latency)
        view.latency_ts = self.sleeve.latency_ts
        view.equity_at = -1

    def intent(self, state: State) -> Intent:
        """The pen's scalars, sized and on the grid: the one crossing from wish to order path."""
        want, instrument = self.want, self.instrument
        price = state.price(instrument.symbol)
        target = None
        if want.sized:
            target = instrument.qty(want.qty)
        elif not isnan(want.weight):
            money = abs(want.weight) * state.equity() * self.sleeve.share
            target = instrument.qty_for(money, price) if price > 0 and money > 0 else ZERO
            target = -target if want.weight < 0 else target
        quotes = []
        if want.quoting:
            for side, px, qty in (
                (Side.BUY, want.bid, want.bid_qty),
                (Side.SELL, want.ask, want.ask_qty),
            ):
                size = instrument.qty(qty) if qty > 0 and px > 0 else ZERO
                if size > 0:
                    quotes.append(Quote(side, instrument.price(px, side), size))
        closing = Side.SELL if (target or ZERO) >= 0 else Side.BUY
        return Intent(
            self.sleeve.id,
            instrument.symbol,
            target,
            tuple(quotes),
            None if isnan(want.stop) or not target else instrument.price(want.stop, closing),
            None if isnan(want.take) or not target else instrument.price(want.take, closing),
            want.tag,
            want.confidence,
        )


class Market:
    """One instrument's live data and who listens to it."""

    __slots__ = ("bars", "book", "books", "heard", "instrument", "slots", "trades")

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.book = Book()
        self.heard = 0
        self.slots: list[Slot] = []
        self.bars: list[Slot] = []
        self.books: list[Slot] = []
        self.trades: list[Slot] = []

    def attach(self, slot: Slot) -> None:
        """Let a sleeve listen to what its hooks can hear."""
        self.slots.append(slot)
        if slot.on_bar is not None:
            self.bars.append(slot)
        if slot.on_book is not None:
            self.books.append(slot)
        if slot.on_trade is not None:
            self.trades.append(slot)
