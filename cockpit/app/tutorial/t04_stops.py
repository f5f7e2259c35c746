"""Stops and takes: prices that rest at the venue and work while you sleep.

``stop`` and ``take`` go with the wish and are placed when the position is there; no crash of ours takes
them away. When one is hit, ``on_fill`` hears of it: the wish behind it is spent, and it is the strategy's
business not to buy the same again at once. ``want.protect(stop=…)`` moves a stop without sizing the
position anew.
"""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.app.rehearse import candles, rehearse
from cockpit.sdk import Bar, Fill, View, Want, strategy


@strategy("lesson_04")
class Guarded(msgspec.Struct):
    """Buys a rise once, 3 % stop, 6 % target; from 2 % profit on the stop stands at the entry."""

    before: float = nan
    spent: bool = False

    @classmethod
    def create(cls, _params: None) -> Guarded:
        return cls()

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        if not view.position and not self.spent and bar.close > self.before:
            want.long(0.5, stop=bar.close * 0.97, take=bar.close * 1.06, tag="rise")
        elif view.position and bar.close > view.entry * 1.02:
            want.protect(stop=view.entry, take=want.take, tag="no loss any more")
        self.before = bar.close

    def on_fill(self, fill: Fill, view: View, want: Want) -> None:
        """``view.position`` is already the new one."""
        if not view.position:
            self.spent = True
            want.flat("spent")


def test_the_stop_ends_it_and_nothing_is_bought_back() -> None:
    run = rehearse("lesson_04", candles([100.0, 101.0, 101.0, 97.0, 98.0, 99.0, 100.0]))
    (trip,) = run.trips
    assert (trip.why_in, trip.why_out) == ("rise", "stop")
    assert [wish.tag for wish in run.wishes] == ["rise", "spent"]


def test_the_take_ends_it() -> None:
    run = rehearse("lesson_04", candles([100.0, 101.0, 101.0, 102.0, 110.0, 110.0]))
    assert run.trips[0].why_out == "take"


def test_a_stop_that_was_moved_saves_the_entry() -> None:
    run = rehearse("lesson_04", candles([100.0, 101.0, 101.0, 104.0, 104.0, 98.0, 98.0]))
    (trip,) = run.trips
    assert trip.why_out == "stop"
    assert abs(float(trip.exit / trip.entry) - 1) < 0.001
