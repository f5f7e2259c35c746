"""Tags: why you went in, why you came out, and which of them earns money.

A tag goes with a wish to its orders and fills. A backtest's report breaks the result down by entry tag
and by exit (stop, take, liquidation, or the tag of the wish that closed). Choose few, fixed words.
"""

from __future__ import annotations

from collections import Counter
from math import nan

import msgspec

from cockpit.app.rehearse import candles, rehearse
from cockpit.sdk import Bar, View, Want, strategy


@strategy("lesson_05")
class Tagged(msgspec.Struct):
    """Buys a jump or a crash; leaves after a rise, or when it has waited too long."""

    before: float = nan
    waited: int = 0

    @classmethod
    def create(cls, _params: None) -> Tagged:
        return cls()

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        change = bar.close / self.before - 1
        self.before = bar.close
        if view.position:
            self.waited += 1
            if change > 0.005:
                want.flat("rose")
            elif self.waited == 2:
                want.flat("waited")
        elif change > 0.02:
            self.waited = 0
            want.long(0.2, tag="jump")
        elif change < -0.02:
            self.waited = 0
            want.long(0.2, tag="crash")


def test_every_round_trip_says_why() -> None:
    closes = [100.0, 103.0, 103.0, 103.0, 103.0, 100.0, 100.0, 101.0, 101.0, 101.0]
    run = rehearse("lesson_05", candles(closes))
    assert [(trip.why_in, trip.why_out) for trip in run.trips] == [("jump", "waited"), ("crash", "rose")]
    earned: Counter[str] = Counter()
    for trip in run.trips:
        earned[trip.why_in] += round(float(trip.net))
    assert earned["crash"] > 0 > earned["jump"]
