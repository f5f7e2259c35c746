"""A rule of your own: what no strategy may do, whatever it wants.

Rules stand in the gate, between every wish and every order. A rule may trim or block, never enlarge (the
gate refuses that), and says why in words: the screen's *why not*, ``cockpit explain`` and the journal
keep them. ``order`` is its place among the others. A rule that breaks lets nothing through that increases
exposure.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from cockpit.app.rehearse import candles, rehearse
from cockpit.sdk import Bar, GateContext, Intent, View, Want, rule, scaled, strategy

HOUR = 3_600_000
CLOSED = range(3)
"""Hours of the day (UTC) in which nothing is opened."""
MOST = Decimal(5)


@strategy("lesson_13")
class Greedy(msgspec.Struct):
    """Wants ten contracts, always."""

    heard: int = 0

    @classmethod
    def create(cls, _params: None) -> Greedy:
        return cls()

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        self.heard += 1
        want.position(10.0, tag=f"{self.heard}")


@rule("lesson_13_night", order=900)
def night(intent: Intent, context: GateContext, _limits: object) -> Intent:
    """Nothing is opened at night, and never more than five contracts."""
    if context.sleeve.strategy != "lesson_13":
        return intent
    hour = context.now // HOUR % 24
    if hour in CLOSED:
        context.later(HOUR)  # look at the wish again in an hour: nobody repeats it
        return context.block("lesson_13_night", intent, f"{hour} h is night")
    after = scaled(intent, MOST, context)
    if after == intent:
        return intent
    return context.trim("lesson_13_night", intent, after, f"more than {MOST}")


def test_the_night_blocks_the_morning_trims() -> None:
    run = rehearse("lesson_13", candles([100.0] * 2))
    sleeve = next(iter(run.engine.state.sleeves.values()))
    assert run.fills == ()
    assert sleeve.verdicts[0].reason == "1 h is night"
    later = rehearse("lesson_13", candles([100.0] * 6))
    assert later.position == MOST
    assert later.fills[0].ts % (24 * HOUR) >= 3 * HOUR
