"""Indicators: fields of the strategy, one ``update`` per closed bar.

They answer NaN until they have seen enough. NaN is neither above nor below anything, so a comparison
keeps silent by itself while warming up. At a live start the cockpit first plays older bars to ``on_bar``
and throws away what was wanted then: indicators are warm, positions come only from what happens now. So
whether you hold something is what ``view.position`` says, never a flag of your own.

``cockpit help indicators`` lists them; all of them are part of the public face.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from cockpit.app.rehearse import candles, rehearse
from cockpit.indicators.ema import Ema
from cockpit.sdk import Bar, View, Want, dial, strategy


class Params(msgspec.Struct, frozen=True):
    """Two averages."""

    fast: Annotated[int, dial(2, 200, "bars", "Fast average")] = 3
    slow: Annotated[int, dial(3, 500, "bars", "Slow average")] = 6

    def __post_init__(self) -> None:
        if self.fast >= self.slow:
            raise ValueError("fast must be shorter than slow")


@strategy("lesson_03", Params)
class Cross(msgspec.Struct):
    """Long while the fast average is above the slow one, short while it is below."""

    params: Params
    fast: Ema
    slow: Ema

    @classmethod
    def create(cls, params: Params) -> Cross:
        return cls(params, Ema(params.fast), Ema(params.slow))

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        fast, slow = self.fast.update(bar.close), self.slow.update(bar.close)
        if fast > slow:
            want.long(0.3, tag="up")
        elif fast < slow:
            want.short(0.3, tag="down")


def test_it_is_silent_until_the_slow_average_speaks() -> None:
    assert rehearse("lesson_03", candles([100.0 + n for n in range(5)])).wishes == ()
    assert len(rehearse("lesson_03", candles([100.0 + n for n in range(6)])).wishes) == 1


def test_a_turn_is_one_wish_and_turns_the_position_round() -> None:
    closes = [100.0 + n for n in range(8)] + [107.0 - 2 * n for n in range(8)]
    run = rehearse("lesson_03", candles(closes))
    assert [wish.tag for wish in run.wishes] == ["up", "down"]
    assert run.position < 0
