"""Several timeframes: decide on short bars, look at long ones.

``timeframes=("4h",)`` lets ``on_bar`` hear longer bars too, made from the closed bars that the strategy
trades on. A longer bar comes when its last short bar has closed, just before that one, never earlier;
``bar.tf`` is its length in ms, ``view.tf`` that of the short ones. The settings may ask for others:
``timeframes = ["1d"]``.
"""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.app.rehearse import HOUR, START, candles, rehearse
from cockpit.sdk import Bar, View, Want, strategy


@strategy("lesson_07", timeframes=("4h",))
class Tide(msgspec.Struct):
    """Buys a dip of one hour while the last four-hour bar rose."""

    before: float = nan
    tide: int = 0
    heard: int = 0

    @classmethod
    def create(cls, _params: None) -> Tide:
        return cls()

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        if bar.tf > view.tf:
            self.heard += 1
            self.tide = 1 if bar.close > bar.open else -1
            return
        if self.tide > 0 and bar.close < self.before:
            want.long(0.3, tag="dip")
        elif self.tide < 0:
            want.flat("tide turned")
        self.before = bar.close


def test_a_dip_is_bought_only_when_four_hours_have_risen() -> None:
    run = rehearse("lesson_07", candles([100.0, 99.0, 101.0, 103.0, 102.0, 102.0]))
    assert [wish.tag for wish in run.wishes] == ["dip"]
    (fill,) = run.fills
    assert fill.ts >= START + 5 * HOUR
    strategy_ = next(iter(run.engine.slots.values())).strategy
    assert strategy_.heard == 1
