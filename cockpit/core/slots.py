"""The live side of a sleeve and of a market: what the engine needs at hand and a snapshot does not hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from math import isnan, nan
from typing import Any

import msgspec

from cockpit.core.book import Book
from cockpit.core.events import Bar
from cockpit.core.intents import Intent, Quote
from cockpit.core.resample import Resampler
from cockpit.core.sizing import Sizer
from cockpit.core.state import Sleeve, State
from cockpit.core.stops import Guard
from cockpit.core.types import ZERO, Instrument, Side
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.core.worth import quote_rate

# Looked up once: naming a member of an enum is dear.
BUY, SELL = Side.BUY, Side.SELL
Hook = Callable[..., None]


class Slot:
    """A sleeve with its strategy object, its window and its pen."""

    __slots__ = (
        "guard",
        "instrument",
        "lead",
        "legs",
        "longer",
        "market",
        "on_bar",
        "on_book",
        "on_fill",
        "on_funding",
        "on_timer",
        "on_trade",
        "only",
        "plain",
        "sizer",
        "sleeve",
        "strategy",
        "tf",
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
        self.market: Market | None = None
        self.view.equity_of = lambda: self._capital(state)
        self.want = Want()
        self.lead = self
        """The first leg of its group: its window and pen are what the hooks are given."""
        self.legs: tuple[Slot, ...] = (self,)
        self.tf = self.view.tf = sleeve.tf
        self.longer = [Resampler(tf) for tf in sleeve.frames]
        self.plain = not self.longer
        """One leg, one timeframe: the engine's short way."""
        self.only = self.tf if self.plain else -1
        """The one length of bars that goes the short way."""
        self.guard: Guard | None = None
        """Its stop layers; None = none."""
        self.sizer: Sizer | None = None
        """Its sizing; None = the strategy's own weights."""
        self.timer_ms = int(getattr(strategy, "timer_ms", 0))
        self.on_bar: Hook | None = getattr(strategy, "on_bar", None)
        self.on_book: Hook | None = getattr(strategy, "on_book", None)
        self.on_trade: Hook | None = getattr(strategy, "on_trade", None)
        self.on_fill: Hook | None = getattr(strategy, "on_fill", None)
        self.on_funding: Hook | None = getattr(strategy, "on_funding", None)
        self.on_timer: Hook | None = getattr(strategy, "on_timer", None)

    def hear(self, now: int) -> None:
        """News about this leg: the strategy's window says which it is and how late it is."""
        self.lead.view.news = self.sleeve.leg
        for leg in self.legs:
            leg.view.now = now

    def heard(self) -> int:
        """When market data of its instrument last arrived; 0 = not since the start."""
        return self.market.heard if self.market is not None else 0

    def warm(self, bar: Bar, given: frozenset[tuple[str, int]]) -> None:
        """Let the strategy hear a closed bar from before the start; its pen is wiped when that is over.

        ``given`` are the (symbol, timeframe) that come by themselves: those longer bars are not made here.
        """
        if self.tf and self.tf != bar.tf and bar.tf not in self.sleeve.frames:
            return
        self.view.last = bar.close
        self.hear(bar.ts)
        if self.sizer is not None and bar.tf == self.sleeve.stop_tf:
            self.sizer.learn(bar, 0)
        heard = [bar]
        if self.tf == bar.tf:
            made = [longer for resampler in self.longer for longer in resampler.update(bar)]
            heard = [*(b for b in made if (b.symbol, b.tf) not in given), bar]
        for one in heard:
            if self.on_bar is not None:
                self.on_bar(one, self.lead.view, self.lead.want)

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
        before = self.sleeve.intent
        if want.kept and before is not None and before.target is not None:
            target = before.target
        elif want.sized:
            target = instrument.qty(want.qty)
        elif not isnan(want.weight):
            target = self._weighed(state, price)
        quotes: list[Quote] = []
        if want.quoting:
            for side, px, qty in (
                (BUY, want.bid, want.bid_qty),
                (SELL, want.ask, want.ask_qty),
            ):
                size = instrument.qty(qty) if qty > 0 and px > 0 else ZERO
                if size > 0:
                    quotes.append(Quote(side, instrument.price(px, side), size, want.tag))
        closing = SELL if (target or ZERO) >= 0 else BUY
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

    def _capital(self, state: State) -> float:
        """What the sleeve may use, quote currency of its market; nothing while that has no price."""
        rate = quote_rate(state, self.instrument)
        return 0.0 if isnan(rate) else state.equity() * self.sleeve.share * rate

    def _weighed(self, state: State, price: float) -> Decimal:
        """A wish in weights as a quantity; without a rate to convert by, what is held on its side stays."""
        weight, rate = self.want.weight, quote_rate(state, self.instrument)
        if weight and isnan(rate):
            have = state.position(self.sleeve.id)
            return have if (have > 0) == (weight > 0) else ZERO
        money = abs(weight) * state.equity() * self.sleeve.share * rate
        target = self.instrument.qty_for(money, price) if price > 0 and money > 0 else ZERO
        return -target if weight < 0 else target


def on_grid(intent: Intent, instrument: Instrument) -> Intent:
    """A wish in force after the venue has changed tick or lot: as it was, or it would be refused for ever."""
    closing = SELL if (intent.target or ZERO) >= 0 else BUY
    return msgspec.structs.replace(
        intent,
        target=None if intent.target is None else instrument.qty(intent.target),
        quotes=tuple(
            Quote(q.side, instrument.price(q.price, q.side), size, q.tag)
            for q in intent.quotes
            if (size := instrument.qty(q.qty))
        ),
        stop=None if intent.stop is None else instrument.price(intent.stop, closing),
        take=None if intent.take is None else instrument.price(intent.take, closing),
    )


def join(slots: Sequence[Slot]) -> None:
    """Make one group of the sleeves that share a strategy object; the first of them leads."""
    legs = tuple(slots)
    lead = legs[0]
    lead.view.legs = tuple(slot.view for slot in legs)
    lead.want.legs = tuple(slot.want for slot in legs)
    for slot in legs:
        slot.lead = lead
        slot.legs = legs
        slot.plain = False
        slot.only = -1
        if slot is not lead:
            slot.timer_ms = 0  # one object, one timer


class Market:
    """One instrument's live data and who listens to it."""

    __slots__ = ("bars", "book", "books", "guarded", "heard", "instrument", "slots", "trades")

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.book = Book()
        self.heard = 0
        self.slots: list[Slot] = []
        self.bars: list[Slot] = []
        self.books: list[Slot] = []
        self.trades: list[Slot] = []
        self.guarded: list[Slot] = []
        """Sleeves whose stop layers or sizing listen."""

    def attach(self, slot: Slot) -> None:
        """Let a sleeve listen to what its hooks can hear."""
        slot.market = self
        self.slots.append(slot)
        if slot.on_bar is not None:
            self.bars.append(slot)
        if slot.on_book is not None:
            self.books.append(slot)
        if slot.on_trade is not None:
            self.trades.append(slot)
