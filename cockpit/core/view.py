"""The read-only window a strategy sees: now and before, never later, never money it does not own.

Quantities are contracts (base units for spot) as floats: this is the signal path.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan

from cockpit.core.book import Book
from cockpit.core.types import Instrument, Side


class View:
    """One sleeve's window. The engine keeps it true; a strategy only reads."""

    __slots__ = (
        "book",
        "can_short",
        "contract_value",
        "entry",
        "equity_at",
        "equity_now",
        "equity_of",
        "funding_rate",
        "index",
        "inverse",
        "last",
        "latency",
        "latency_ts",
        "legs",
        "lot",
        "maker_fee",
        "mark",
        "min_qty",
        "news",
        "now",
        "open_interest",
        "position",
        "resting",
        "symbol",
        "taker_fee",
        "tf",
        "tick",
        "touch_ts",
    )

    def __init__(self, instrument: Instrument, book: Book) -> None:
        self.listed(instrument)
        self.book = book
        self.now = 0
        """UTC ms of the event being handled."""
        self.position = 0.0
        """This sleeve's own signed position."""
        self.entry = nan
        """Its average entry price; NaN when flat."""
        self.equity_of: Callable[[], float] = _no_equity
        """How the engine values the sleeve's capital; strategies read ``equity``."""
        self.equity_at = -1
        self.equity_now = 0.0
        self.last = nan
        """Last traded (or bar close) price."""
        self.mark = nan
        self.index = nan
        """Price of the index that the mark follows; NaN where nobody tells it."""
        self.funding_rate = nan
        self.open_interest = nan
        """Contracts outstanding (base units at venues that say so); NaN before it was heard of."""
        self.touch_ts = 0
        """When best bid/ask were last heard of; 0 = not since the start."""
        self.resting = 0
        """Own orders not proven dead."""
        self.latency = 0.0
        """Ms from our last order request to the venue's answer; 0 = none measured yet."""
        self.latency_ts = 0
        """When that answer came."""
        self.tf = 0
        """Length of the bars it decides on (ms); a longer one has a larger ``bar.tf``."""
        self.news = 0
        """Which leg the event being handled is about; 0 where there is only one."""
        self.legs: tuple[View, ...] = (self,)

    def listed(self, instrument: Instrument) -> None:
        """The venue's rules for this market as they are from now on."""
        self.symbol = instrument.symbol
        self.tick = float(instrument.tick)
        self.lot = float(instrument.lot)
        self.min_qty = float(instrument.min_qty)
        self.contract_value = float(instrument.contract_value)
        self.inverse = instrument.kind == "inverse"
        self.can_short = instrument.derivative
        """False for spot: nothing can be sold that is not held."""
        self.maker_fee = float(instrument.maker_fee)
        """The account's real rate, fraction of notional."""
        self.taker_fee = float(instrument.taker_fee)

    def leg(self, index: int) -> View:
        """The window on another leg of the same strategy; ``leg(0)`` is this one."""
        return self.legs[index]

    @property
    def equity(self) -> float:
        """Capital this sleeve may use, quote currency, marked to market at most a second ago."""
        second = self.now // 1_000
        if second != self.equity_at:
            self.equity_at = second
            self.equity_now = self.equity_of()
        return self.equity_now

    @property
    def bid(self) -> float:
        """Best bid, NaN when unknown."""
        return self.book.best_bid

    @property
    def ask(self) -> float:
        return self.book.best_ask

    @property
    def bid_qty(self) -> float:
        return self.book.best_bid_qty

    @property
    def ask_qty(self) -> float:
        return self.book.best_ask_qty

    @property
    def mid(self) -> float:
        return (self.book.best_bid + self.book.best_ask) / 2

    @property
    def book_ok(self) -> bool:
        """The book is complete, uncrossed and its sequence unbroken."""
        return self.book.ok

    def imbalance(self, levels: int) -> float:
        """(bids - asks) / (bids + asks) by size over ``levels``: +1 only bids, -1 only asks, NaN no book."""
        return self.book.imbalance(levels)

    def slippage(self, qty: float) -> float:
        """What taking ``qty`` (signed) at market now would lose against the touch, by the depth shown.

        Fraction of the touch price; inf when the visible book is too thin for it.
        """
        buy = qty > 0
        price, filled, _ = self.book.walk(Side.BUY if buy else Side.SELL, abs(qty))
        if filled < abs(qty) * (1 - 1e-9):
            return inf
        return price / self.ask - 1 if buy else 1 - price / self.bid

    def notional(self, qty: float, price: float) -> float:
        """Unsigned value of ``qty`` in quote currency."""
        return abs(qty) * self.contract_value * (1.0 if self.inverse else price)

    def qty_for(self, notional: float, price: float) -> float:
        """Contracts worth ``notional`` quote currency, not yet rounded to lots."""
        return notional / (self.contract_value * (1.0 if self.inverse else price))


def _no_equity() -> float:
    return 0.0
