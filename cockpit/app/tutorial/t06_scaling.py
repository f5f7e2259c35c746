"""Scaling: grow a position in steps, take part of the profit, keep the stop true to what is held.

A wish is the whole position you want, not an order: wanting 0.2 of the equity and then 0.4 buys the second
half only; wanting less sells the difference. The protective stop is renewed to the new size each time, and
the old one stays until the new one is confirmed.
"""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.app.rehearse import candles, rehearse
from cockpit.core.orders import Role
from cockpit.sdk import Bar, View, Want, strategy


@strategy("lesson_06")
class Ladder(msgspec.Struct):
    """One step more at every higher close, at most three; half of it off at +5 %; stop 4 % under the last."""

    before: float = nan
    steps: int = 0

    @classmethod
    def create(cls, _params: None) -> Ladder:
        return cls()

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        if not view.position:
            self.steps = 0
        stop = bar.close * 0.96
        if view.position and bar.close > view.entry * 1.05:
            want.position(view.position / 2, stop=stop, tag="half off")
        elif bar.close > self.before and self.steps < 3:
            self.steps += 1
            want.long(0.1 * self.steps, stop=stop, tag=f"step {self.steps}")
        self.before = bar.close


def test_three_steps_in_half_out_one_stop() -> None:
    run = rehearse("lesson_06", candles([100.0, 101.0, 102.0, 103.0, 103.0, 109.0, 109.0, 109.0]))
    assert [wish.tag for wish in run.wishes][:4] == ["step 1", "step 2", "step 3", "half off"]
    sides = [str(fill.side) for fill in run.fills]
    assert sides[:4] == ["buy", "buy", "buy", "sell"]
    state = run.engine.state
    guards = [order for order in state.orders.values() if order.role is Role.PROTECT]
    assert [order.remaining for order in guards] == [run.position]
    assert all(order.reduce_only for order in guards)
