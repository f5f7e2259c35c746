"""A stop layer of your own: one more way out, for any strategy.

A layer of kind ``level`` gives a price for the open trade: ``trade.side`` (+1, -1), ``entry``, ``best``
price and ``bars`` since. The engine takes the tightest of all layers, never lets it get looser, and rests
it at the venue. Settings and decorators name it like a built-in: ``{ layer = "lesson_16_patience", start
= 5.0 }``.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from cockpit.app.rehearse import candles, rehearse
from cockpit.core.orders import Role
from cockpit.sdk import Bar, OpenTrade, View, Want, dial, stop, strategy


class Params(msgspec.Struct, frozen=True):
    """How far at first, and how fast it comes closer."""

    start: Annotated[float, dial(0.1, 50.0, "% of the entry", "Distance at the entry")] = 4.0
    left: Annotated[float, dial(0.1, 1.0, "fraction", "What each bar leaves of it")] = 0.8


@stop("lesson_16_patience", Params, kind="level", letter="S", bars=True)
class Patience(msgspec.Struct):
    """Wide at first; every bar without success brings it closer to the entry."""

    params: Params

    @classmethod
    def create(cls, params: Params) -> Patience:
        """A fresh one."""
        return cls(params)

    def level(self, trade: OpenTrade) -> float:
        """The price at which it leaves now."""
        distance = self.params.start / 100.0 * self.params.left**trade.bars
        return trade.entry * (1.0 - trade.side * distance)


@strategy("lesson_16", stops=("lesson_16_patience",))
class Hopeful(msgspec.Struct):
    """Buys once and hopes."""

    bars: int = 0

    @classmethod
    def create(cls, _params: None) -> Hopeful:
        return cls()

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        self.bars += 1
        want.long(0.2, tag="hope")  # said again and again, it stays one wish


def test_the_stop_comes_closer_bar_by_bar() -> None:
    levels = []
    for count in (4, 5, 6):
        run = rehearse("lesson_16", candles([100.0] * count, wick=0.0))
        guards = [o for o in run.engine.state.orders.values() if o.role is Role.PROTECT]
        levels.append(max(float(o.trigger) for o in guards if o.trigger is not None))
    assert levels == sorted(levels)
    assert 96.0 < levels[0] < levels[-1] < 100.0


def test_patience_ends() -> None:
    run = rehearse("lesson_16", candles([100.0] * 5 + [98.0, 98.0]))
    assert run.position == 0
    assert run.trips[0].why_out == "stop"
