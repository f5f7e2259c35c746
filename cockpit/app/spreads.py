"""How often was a market wide enough to make? Time-weighted, from the order books of a tape.

The first question before a market maker gets a symbol: BTC is almost never 0.1 % wide, and a spread that does
not pay both fees is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from cockpit.core.book import Book
from cockpit.core.events import AnyEvent, BookDelta, BookSnapshot, Touch
from cockpit.core.types import Instrument
from cockpit.strategies.market_maker import EPSILON, Params, break_even_hit_rate


class Eligibility(msgspec.Struct, frozen=True):
    """One market's spreads over a tape. Shares are of the time in which its book was whole, 0 to 1."""

    symbol: str
    seconds: float
    """How long its book was watched."""
    median: float
    """Spread that it was no wider than half of the time, fraction of the bid."""
    ticks: float
    """The same in ticks."""
    opens: float
    """Share with at least ``min_spread``."""
    works_off: float
    """Share with at least ``reentry_spread``."""
    pays: float
    """Share in which both maker fees and the margin of safety fit into the spread."""
    quotable: float
    """Share in which the market maker would quote: wide enough, and it pays."""
    hit_rate: float | None
    """Round trips that must succeed not to lose, at the spread it would quote at; None = never enough."""


class Watch:
    """One market's book, and how long each spread stood."""

    def __init__(self) -> None:
        self.book = Book()
        self.since = 0
        """When the spread of now began; 0 = the book is not whole."""
        self.spread = 0.0
        self.bid = 0.0
        self.stood: dict[float, int] = {}

    def hear(self, event: BookSnapshot | BookDelta | Touch) -> None:
        """The book changes: what stood until now is counted."""
        if self.since:
            self.stood[self.spread] = self.stood.get(self.spread, 0) + event.ts - self.since
        book = self.book
        if isinstance(event, BookSnapshot):
            book.apply_snapshot(event.bids, event.asks, event.seq, event.ts)
        elif isinstance(event, BookDelta):
            book.apply_delta(event.bids, event.asks, event.seq, event.prev_seq, event.ts)
        else:
            book.set_touch(event.bid, event.bid_qty, event.ask, event.ask_qty, event.ts)
        self.since = event.ts if book.ok else 0
        if book.ok:
            self.bid = book.best_bid
            self.spread = (book.best_ask - book.best_bid) / book.best_bid


def spreads(
    events: Iterable[AnyEvent], instruments: Mapping[str, Instrument], params: Params | None = None
) -> list[Eligibility]:
    """Every market with a book, the most quotable first. A market whose book never stood is left out."""
    watched: dict[str, Watch] = {}
    for event in events:
        if isinstance(event, BookSnapshot | BookDelta | Touch):
            watched.setdefault(event.symbol, Watch()).hear(event)
    found = [
        _judged(instruments[symbol], watch, params or Params())
        for symbol, watch in watched.items()
        if sum(watch.stood.values())
    ]
    return sorted(found, key=lambda row: (-row.quotable, -row.median, row.symbol))


def _judged(instrument: Instrument, watch: Watch, params: Params) -> Eligibility:
    rows = sorted(watch.stood.items())
    total = sum(ms for _, ms in rows)

    def share(least: float) -> float:
        return sum(ms for spread, ms in rows if spread + EPSILON >= least) / total

    passed, median = 0, rows[-1][0]
    for spread, ms in rows:
        passed += ms
        if 2 * passed >= total:
            median = spread
            break
    maker, taker = float(instrument.maker_fee), float(instrument.taker_fee)
    cost = 2 * maker + params.safety
    rate = break_even_hit_rate(params, maker, taker, max(params.min_spread, cost, median))
    return Eligibility(
        symbol=instrument.symbol,
        seconds=total / 1_000,
        median=median,
        ticks=median * watch.bid / float(instrument.tick),
        opens=share(params.min_spread),
        works_off=share(params.reentry_spread),
        pays=share(cost),
        quotable=share(max(params.min_spread, cost)),
        hit_rate=rate if rate <= 1 else None,
    )
