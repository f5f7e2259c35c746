"""The clock of the practice market: all symbols on one time line, as one endless stream of events."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heapreplace

from cockpit.adapters.practice.draws import Draws
from cockpit.adapters.practice.history import forming
from cockpit.adapters.practice.market import Market
from cockpit.adapters.practice.mood import STEP_MS, Walk
from cockpit.adapters.practice.spec import PROFILES, PracticeSpec, instruments
from cockpit.core.events import AnyEvent, FundingRate, Listing, Mark, OpenInterest

MARK_MS = 1_000
INTEREST_MS = 10_000
FUNDING_MS = 60_000
INTEREST_RATE = 0.0001
"""Per eight hours; the usual centre of a perpetual's funding."""


def stream(spec: PracticeSpec) -> Iterator[AnyEvent]:
    """Everything the venue says from the start on, in time order, without end.

    It begins with a Listing of every symbol, then their books. ``ts`` is exchange time; what a candle ending
    at T holds happened before T, and the candle is told before anything else that happens at T.
    """
    walks = {PROFILES[symbol].coin.name: PROFILES[symbol].coin for symbol in spec.symbols}
    coins = {name: Walk(spec.seed, coin, "walk") for name, coin in walks.items()}
    markets = [
        Market(spec.seed, PROFILES[symbol], coins[PROFILES[symbol].coin.name], spec.rate)
        for symbol in spec.symbols
    ]
    desks = [_Desk(spec, market) for market in markets]
    now = spec.start_ms
    yield from (Listing(now, instrument) for instrument in instruments(spec).values())
    yield from (market.snapshot(now) for market in markets)
    out: list[AnyEvent] = []
    for desk in desks:
        desk.begin(now, out)
    waiting = [(now * 1_000 + market.wait_us(), index) for index, market in enumerate(markets)]
    heapify(waiting)
    while True:
        now += STEP_MS
        border = now * 1_000
        at, index = waiting[0]
        while at < border:
            market = markets[index]
            market.step(at // 1_000, out)
            heapreplace(waiting, (at + market.wait_us(), index))
            at, index = waiting[0]
        for walk in coins.values():
            walk.step()
        for market in markets:
            market.follow()
        if now % MARK_MS == 0:
            for desk in desks:
                desk.second(now, out)
        yield from out
        out.clear()


class _Desk:
    """What a venue publishes about one market by the clock: candles, mark, open interest, funding."""

    def __init__(self, spec: PracticeSpec, market: Market) -> None:
        self._market = market
        instrument = market.profile.instrument
        self._derivative = instrument.derivative
        self._interval = instrument.funding_interval_ms
        self._open_interest = market.profile.open_interest
        # Drawn by the calendar, so it must not share the market's own draws.
        self._draws = Draws(spec.seed, f"interest/{market.symbol}")
        self._rate = 0.0
        market.candles = [forming(spec, market.symbol, tf) for tf in spec.bar_ms]

    def begin(self, now: int, out: list[AnyEvent]) -> None:
        """What is known at the start."""
        self._mark(now, out)
        if self._derivative:
            out.append(OpenInterest(now, self._market.symbol, float(self._open_interest)))
            self._predict(now, out)

    def second(self, now: int, out: list[AnyEvent]) -> None:
        """A second is over."""
        market = self._market
        out.extend([candle.close(now) for candle in market.candles if now % candle.tf == 0])
        market.each_second()
        self._mark(now, out)
        if not self._derivative:
            return
        if now % INTEREST_MS == 0:
            self._open_interest += int(self._open_interest * 0.0004 * self._draws.gauss())
            out.append(OpenInterest(now, market.symbol, float(self._open_interest)))
        if now % self._interval == 0:
            out.append(FundingRate(now, market.symbol, self._rate, now, True))
        if now % FUNDING_MS == 0:
            self._predict(now, out)

    def _mark(self, now: int, out: list[AnyEvent]) -> None:
        market = self._market
        price, per = market.walk.price, market.ticks_per_unit
        index = int(price * per) / per
        mark = int(price * (1.0 + market.basis) * per) / per
        out.append(Mark(now, market.symbol, mark, index))

    def _predict(self, now: int, out: list[AnyEvent]) -> None:
        """Funding = premium + clamp(interest - premium, ±0.05 %), for the interval's share of 8 hours."""
        premium = self._market.basis
        rate = premium + max(-0.0005, min(0.0005, INTEREST_RATE - premium))
        rate = max(-0.0075, min(0.0075, rate)) * self._interval / 28_800_000.0
        self._rate = int(rate * 100_000_000.0) / 100_000_000.0
        settle = (now // self._interval + 1) * self._interval
        out.append(FundingRate(now, self._market.symbol, self._rate, settle))
