"""Hello, bar: a strategy is a small class, and it says what it wants.

``on_bar`` is called when a candle has CLOSED. ``bar`` is that candle, ``view`` what may be known now,
``want`` the pen. A wish stays in force until another is written, and saying it again costs nothing. The
order goes out after the decision, so it fills in the next candle, never in this one.

``rehearse`` runs a strategy on candles of your own through the real engine, gate and simulated venue.
"""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.app.rehearse import candles, rehearse
from cockpit.sdk import Bar, View, Want, strategy


@strategy("lesson_01")
class HelloBar(msgspec.Struct):
    """Long after a rise, flat after a fall."""

    before: float = nan
    """The last close. Fields are the memory: they survive a restart, anything else does not."""

    @classmethod
    def create(cls, _params: None) -> HelloBar:
        """A fresh one, knowing nothing."""
        return cls()

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        """NaN compares false both ways, so the first bar says nothing."""
        if bar.close > self.before:
            want.long(0.5)  # half of the equity, as notional
        elif bar.close < self.before:
            want.flat()
        self.before = bar.close


def test_it_buys_a_rise_and_sells_a_fall() -> None:
    run = rehearse("lesson_01", candles([100.0, 101.0, 102.0, 101.0, 100.0]))
    assert [str(fill.side) for fill in run.fills] == ["buy", "sell"]
    assert run.position == 0
