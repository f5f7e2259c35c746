"""Parameters: typed, with a range, a unit and a meaning.

``dial(low, high, unit, says)`` puts all four where people need them: a wrong value is refused at the
start in plain words, ``cockpit help lesson_02`` and the screen show them, the optimizer searches within
the range.

In ``cockpit.toml``: ``params = { rise = 0.02 }``; on the command line: ``--strategy
lesson_02:rise=0.02@…``.
"""

from __future__ import annotations

from math import nan
from typing import Annotated

import msgspec

from cockpit.app.rehearse import candles, rehearse
from cockpit.sdk import Bar, ConfigError, View, Want, dial, strategy


class Params(msgspec.Struct, frozen=True):
    """Whatever may be tuned. Checks over several values go into ``__post_init__``: raise ValueError."""

    rise: Annotated[float, dial(0.0, 0.5, "fraction", "Rise of one bar that is bought")] = 0.01
    hold: Annotated[int, dial(1, 1_000, "bars", "How long it is held")] = 2


@strategy("lesson_02", Params)
class Jump(msgspec.Struct):
    """Buys a jump and holds it for a while."""

    params: Params
    before: float = nan
    left: int = 0

    @classmethod
    def create(cls, params: Params) -> Jump:
        return cls(params)

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        if self.left:
            self.left -= 1
            if not self.left:
                want.flat()
        elif bar.close / self.before - 1 > self.params.rise:
            self.left = self.params.hold
            want.long(0.2)
        self.before = bar.close


JUMP = candles([100.0, 103.0, 103.0, 103.0, 103.0, 103.0])


def test_it_holds_as_long_as_it_was_told() -> None:
    short, long = (rehearse("lesson_02", JUMP, {"hold": bars}) for bars in (1, 3))
    assert [run.trips[0].held_ms // 3_600_000 for run in (short, long)] == [1, 3]


def test_a_value_out_of_range_is_refused_in_words() -> None:
    said = ""
    try:
        rehearse("lesson_02", JUMP, {"hold": 0})
    except ConfigError as error:
        said = str(error)
    assert "hold: must be" in said
