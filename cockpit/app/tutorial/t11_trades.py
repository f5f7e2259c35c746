"""Public trades: who is in a hurry?

``on_trade`` hears every public trade; ``trade.side`` is the side of the one who did not wait. Keep sums
that forget, never the trades themselves: a strategy's memory is stored with every snapshot.
"""

from __future__ import annotations

import msgspec

from cockpit.app.rehearse import MARKET, START, rehearse
from cockpit.core.events import AnyEvent, BookSnapshot
from cockpit.sdk import Side, Trade, View, Want, strategy


@strategy("lesson_11")
class Hurry(msgspec.Struct):
    """Goes with the side that has taken clearly more lately; flat when that is over."""

    bought: float = 0.0
    sold: float = 0.0

    @classmethod
    def create(cls, _params: None) -> Hurry:
        return cls()

    def on_trade(self, trade: Trade, view: View, want: Want) -> None:
        self.bought *= 0.9
        self.sold *= 0.9
        if trade.side is Side.BUY:
            self.bought += trade.qty
        else:
            self.sold += trade.qty
        total = self.bought + self.sold
        lean = (self.bought - self.sold) / total
        if total > 5 and lean > 0.6:
            want.long(0.1, tag="buyers")
        elif abs(lean) < 0.2:
            want.flat("balance")


def tape(sides: str) -> list[AnyEvent]:
    """``bbs``: buys and sells, a second apart, in a deep market at 100."""
    name = MARKET.symbol
    news: list[AnyEvent] = [BookSnapshot(START, name, START, ((99.9, 500.0),), ((100.1, 500.0),), 1)]
    for number, letter in enumerate(sides, 1):
        ts = START + number * 1_000
        side = Side.BUY if letter == "b" else Side.SELL
        news.append(Trade(ts, name, ts, 100.1 if letter == "b" else 99.9, 2.0, side))
    return news


def test_it_goes_with_the_buyers_until_they_stop() -> None:
    run = rehearse("lesson_11", tape("bbbbbb" + "ssssss" + "bb"))
    assert [wish.tag for wish in run.wishes][:2] == ["buyers", "balance"]
    assert (run.trips[0].why_in, run.trips[0].why_out) == ("buyers", "balance")
