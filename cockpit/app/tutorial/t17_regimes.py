"""What kind of market is it: regimes, from candles alone or from what else is known.

``indicators.regime`` names six kinds of market from candles. ``indicators.regime_factors`` also takes depth
and cost of the book, settled funding and open interest, NaN for what is not known. ``view.open_interest``,
``view.mark``, ``view.index`` and ``view.funding_rate`` are what was heard last: live from the exchange, in a
backtest from the tape or, with ``--archive``, from what ``cockpit data ingest --kinds bars,funding,marks,oi``
has gathered. Nothing is known before its time there: an hour's open interest comes when the hour is over.
"""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.app.rehearse import HOUR, MARKET, START, candles, rehearse
from cockpit.core.events import AnyEvent, Mark, OpenInterest
from cockpit.indicators.regime_factors import CROWDED, RegimeFactors
from cockpit.sdk import Bar, FundingRate, View, Want, strategy


@strategy("lesson_17")
class Contrarian(msgspec.Struct):
    """Sells when longs pay more than they usually do and still grow in number; out when that is over."""

    market: RegimeFactors
    settled: float = nan
    basis: float = nan
    kinds: list[float] = []

    @classmethod
    def create(cls, _params: None) -> Contrarian:
        return cls(RegimeFactors(window=20, hold=1), kinds=[])

    def on_funding(self, rate: FundingRate, view: View, want: Want) -> None:
        if rate.settled:
            self.settled = rate.rate

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        self.basis = view.mark / view.index - 1.0
        kind = self.market.update(bar.high, bar.low, bar.close, nan, nan, self.settled, view.open_interest)
        self.settled = nan  # told once: the next bar has none unless another is settled
        self.kinds.append(kind)
        if kind == CROWDED and self.basis > 0.0:
            want.short(0.2, tag="crowded")
        elif kind == kind:
            want.flat("calm again")


def test_a_crowd_is_seen_in_funding_and_open_interest() -> None:
    name, news, hours = MARKET.symbol, list[AnyEvent](), 8 * 110
    prices = [100.0 + (hour % 5) * 0.1 for hour in range(hours)]
    for hour in range(hours):
        at = START + hour * HOUR
        late = hour >= 8 * 100
        news.append(OpenInterest(at, name, 1_000.0 + hour + (hour * 5 if late else 0)))
        news.append(Mark(at, name, 100.2, 100.0))
        if hour and hour % 8 == 0:
            rate = 0.002 if late else 0.0001 + (hour % 3) * 0.00001
            news.append(FundingRate(at, name, rate, at, True))
    run = rehearse("lesson_17", [*candles(prices), *news])
    strategy_ = next(iter(run.engine.slots.values())).strategy
    crowded = [hour for hour, kind in enumerate(strategy_.kinds) if kind == CROWDED]
    assert crowded
    assert crowded[0] >= 8 * 100 - 1
    assert {trip.why_in for trip in run.trips} == {"crowded"}
    assert abs(strategy_.basis - 0.002) < 1e-9
