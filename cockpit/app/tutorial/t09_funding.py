"""Funding: what a perpetual pays, or takes, for being held.

``on_funding`` is called when a rate is announced (``settled`` False) and when one was settled (True); a
positive rate is paid by longs to shorts. The money itself is booked by the ledger, to the sleeve that
held the position; ``view.funding_rate`` is the last rate heard.
"""

from __future__ import annotations

import msgspec

from cockpit.app.rehearse import HOUR, MARKET, START, candles, rehearse
from cockpit.core.events import AnyEvent, Mark
from cockpit.sdk import FundingRate, View, Want, strategy


@strategy("lesson_09")
class Collector(msgspec.Struct):
    """Short while longs pay more than 0.05 % an interval."""

    heard: int = 0

    @classmethod
    def create(cls, _params: None) -> Collector:
        return cls()

    def on_funding(self, rate: FundingRate, view: View, want: Want) -> None:
        self.heard += 1
        if rate.rate > 0.0005:
            want.short(0.5, tag="funding")
        else:
            want.flat("cheap")


def test_it_is_paid_for_being_short() -> None:
    name = MARKET.symbol
    news: list[AnyEvent] = [
        Mark(START + HOUR, name, 100.0, 100.0),
        FundingRate(START + 2 * HOUR, name, 0.001, START + 8 * HOUR),
        Mark(START + 7 * HOUR, name, 100.0, 100.0),
        FundingRate(START + 8 * HOUR, name, 0.001, START + 8 * HOUR, True),
        FundingRate(START + 9 * HOUR, name, 0.0001, START + 16 * HOUR),
    ]
    run = rehearse("lesson_09", [*candles([100.0] * 12), *news])
    (trip,) = run.trips
    assert (trip.side, trip.why_out) == ("short", "cheap")
    assert abs(float(trip.funding) - 5_000 * 0.001) < 0.1
