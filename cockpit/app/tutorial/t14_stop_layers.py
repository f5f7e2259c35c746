"""Stop layers: several independent ways out, declared, not programmed.

``stops=`` names layers and their numbers; ``cockpit help stops`` lists them. Every layer gives its own
level; the tightest of all rests at the venue, and it never gets looser while the trade lasts. A sleeve's
settings may name others instead: ``stops = [{ layer = "chandelier", n = 22, k = 3.0 }]``. The strategy
stays free of it.
"""

from __future__ import annotations

import msgspec

from cockpit.app.rehearse import candles, rehearse
from cockpit.core.orders import Role
from cockpit.sdk import Bar, View, Want, strategy


@strategy("lesson_14", stops=({"layer": "percent", "percent": 2.0}, {"layer": "time", "bars": 6}))
class Layered(msgspec.Struct):
    """Buys once and leaves the way out to its layers."""

    bars: int = 0

    @classmethod
    def create(cls, _params: None) -> Layered:
        return cls()

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        self.bars += 1
        want.long(0.2, tag="in")  # said again and again, it stays one wish


def test_the_level_rests_at_the_venue() -> None:
    run = rehearse("lesson_14", candles([100.0] * 4))
    (guard,) = [o for o in run.engine.state.orders.values() if o.role is Role.PROTECT]
    assert guard.trigger is not None
    assert abs(float(guard.trigger) - 98.0) < 0.1


def test_time_runs_out() -> None:
    run = rehearse("lesson_14", candles([100.0] * 12))
    assert run.position == 0
    assert "time" in run.trips[0].why_out
