"""Quotes and timers: earn the spread instead of paying it.

``want.quote(bid, bid_qty, ask, ask_qty)`` shows post-only orders; a quantity of 0 means none on that
side. The engine moves them when the wish changes. ``on_book`` hears that best bid or ask may have
changed; ``on_timer`` comes every ``timer_ms``, news or not: the place to notice silence.
"""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.app.rehearse import MARKET, START, rehearse
from cockpit.core.events import AnyEvent, BookSnapshot
from cockpit.sdk import Side, Trade, View, Want, strategy


@strategy("lesson_10")
class Quoter(msgspec.Struct):
    """Bids for one contract, offers it again one tick inside the ask; shows nothing to a silent market."""

    timer_ms: int = 1_000
    silent: int = 0

    @classmethod
    def create(cls, _params: None) -> Quoter:
        return cls()

    def on_book(self, view: View, want: Want) -> None:
        if not view.book_ok:
            want.pull("broken")
        elif view.position:
            want.quote(nan, 0.0, view.ask, view.position, "offer")
        else:
            want.quote(view.bid, 1.0, nan, 0.0, "bid")

    def on_timer(self, view: View, want: Want) -> None:
        if view.now - view.touch_ts > 5_000:
            self.silent += 1
            want.pull("silence")


def market(*steps: tuple[int, float, float]) -> list[AnyEvent]:
    """A thin book around a price; somebody sells through the bid, or buys through the ask, at ``hit``."""
    news: list[AnyEvent] = []
    for number, (second, price, hit) in enumerate(steps, 1):
        ts = START + second * 1_000
        bids, asks = ((price - 0.05, 5.0),), ((price + 0.05, 5.0),)
        news.append(BookSnapshot(ts, MARKET.symbol, ts, bids, asks, number))
        if hit:
            side = Side.SELL if hit < price else Side.BUY
            news.append(Trade(ts + 500, MARKET.symbol, ts + 500, hit, 20.0, side))
    return news


def test_it_buys_at_the_bid_and_sells_at_the_ask() -> None:
    run = rehearse("lesson_10", market((0, 100.0, 0.0), (1, 100.0, 99.9), (2, 100.0, 100.2), (3, 100.0, 0.0)))
    (trip, *_) = run.trips
    assert (trip.why_in, trip.why_out) == ("bid", "offer")
    assert trip.exit > trip.entry
    assert all(fill.maker for fill in run.fills)


def test_it_shows_nothing_to_a_silent_market() -> None:
    run = rehearse("lesson_10", market((0, 100.0, 0.0), (20, 100.0, 0.0)))
    strategy_ = next(iter(run.engine.slots.values())).strategy
    assert strategy_.silent > 0
    assert "silence" in [wish.tag for wish in run.wishes]
