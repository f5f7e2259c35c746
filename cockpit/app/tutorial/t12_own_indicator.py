"""An indicator of your own: numbers in, one number out, NaN until it has something to say.

A Struct of plain numbers and lists, so that it travels in a snapshot. Inputs and lines are named in the
decorator: ``cockpit help indicators`` lists it with the built-in ones, and
``cockpit.indicators.batch.batch`` runs the same code over a whole series, so research and trading cannot
differ.
"""

from __future__ import annotations

from math import isnan, nan

import msgspec

from cockpit.app.rehearse import candles, rehearse
from cockpit.sdk import Bar, View, Want, indicator, strategy


@indicator("lesson_streak", inputs=("x",), lines=("value",))
class Streak(msgspec.Struct):
    """Rises in a row (> 0) or falls in a row (< 0); an equal value starts again at 0."""

    before: float = nan
    value: float = nan

    def update(self, x: float) -> float:
        """Take one value; the streak with it. NaN at the first."""
        if isnan(self.before):
            self.before = x
            return nan
        sign = (x > self.before) - (x < self.before)
        self.value = self.value + sign if sign * self.value > 0 else float(sign)
        self.before = x
        return self.value


@strategy("lesson_12")
class AfterThree(msgspec.Struct):
    """Buys after three falls in a row, leaves at the first rise."""

    streak: Streak

    @classmethod
    def create(cls, _params: None) -> AfterThree:
        return cls(Streak())

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        streak = self.streak.update(bar.close)
        if streak <= -3:
            want.long(0.2, tag="three falls")
        elif streak > 0 and view.position:
            want.flat("rise")


def test_the_indicator_by_itself() -> None:
    streak = Streak()
    assert isnan(streak.update(5.0))
    assert [streak.update(x) for x in (6.0, 7.0, 7.0, 6.0, 5.0)] == [1.0, 2.0, 0.0, -1.0, -2.0]


def test_the_strategy_with_it() -> None:
    run = rehearse("lesson_12", candles([100.0, 99.0, 98.0, 97.0, 97.5, 98.0, 98.0]))
    assert [(trip.why_in, trip.why_out) for trip in run.trips] == [("three falls", "rise")]
