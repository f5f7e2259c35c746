"""Two instruments: one object, two legs, one step.

``legs=("rich", "cheap")`` gives names to the instruments that the settings list as ``symbols``. Hooks
hear the events of every leg; ``view.news`` says whose it is, ``view.leg(1)`` and ``want.leg(1)`` reach
the second leg (``view`` and ``want`` are those of the first). Wishes on both legs are taken up in the
same step. Each leg has its own orders, stop and book; they are switched off, and benched after an error,
together.

Bars of one moment arrive one after the other: compare only when both have closed, or you compare today with
yesterday. ``Aligned`` does just that.
"""

from __future__ import annotations

import msgspec

from cockpit.app.rehearse import MARKET, OTHER, candles, rehearse
from cockpit.sdk import Aligned, Bar, View, Want, strategy


@strategy("lesson_08", legs=("rich", "cheap"))
class Pair(msgspec.Struct):
    """Sells the first and buys the second when they are 2 % apart; both flat when they meet."""

    closes: Aligned

    @classmethod
    def create(cls, _params: None) -> Pair:
        return cls(Aligned.of(2))

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        if not self.closes.update(view.news, bar.end, bar.close):
            return
        rich, cheap = self.closes.value
        if rich / cheap > 1.02:
            want.short(0.3, tag="apart")
            want.leg(1).long(0.3, tag="apart")
        elif rich <= cheap and (view.position or view.leg(1).position):
            want.flat("met")
            want.leg(1).flat("met")


def test_both_legs_in_both_out() -> None:
    rich = candles([100.0, 103.0, 103.0, 101.0, 101.0], symbol=MARKET.symbol)
    cheap = candles([100.0, 100.0, 100.0, 101.0, 101.0], symbol=OTHER.symbol)
    run = rehearse("lesson_08", rich + cheap, instrument=(MARKET, OTHER))
    assert {(trip.symbol, trip.side, trip.why_out) for trip in run.trips} == {
        (MARKET.symbol, "short", "met"),
        (OTHER.symbol, "long", "met"),
    }
    assert sum(trip.gross for trip in run.trips) > 0
