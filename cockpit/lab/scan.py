"""One bar strategy over one market's candles, fast: the same fills and money as the kernel, or ``Unsupported``.

``backtest.run`` is the authority: it passes every fact through the engine that also trades live. The scan
runs the SAME strategy object (any Python, a debugger works) over the same semantics written out for one
sleeve, market orders and protective stops, in whole ticks and lots; it is for research that needs thousands
of runs. What it does not do (quotes, timers, refusals, partial fills, margin that gets short, old data, HEDGE,
isolated margin, jitter) it refuses to guess: ``Unsupported`` says what and when. ``tests/lab`` holds the two
together, fill by fill.

    for bar   what is in flight before it · the venue meets it · what that led to · the strategy hears it
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import repeat
from operator import sub
from typing import Any

import msgspec

from cockpit.core.book import Book
from cockpit.core.config import Config
from cockpit.core.events import Bar, Fill, FundingPaid, FundingRate
from cockpit.core.ledger import Position
from cockpit.core.matching import Rules
from cockpit.core.registry import RULES
from cockpit.core.types import Instrument, InstrumentState, Kind
from cockpit.core.view import View
from cockpit.lab.scan_books import Books
from cockpit.lab.scan_flight import DELIVERY, REQUEST, TAPE, Flight
from cockpit.lab.scan_gate import RULES as SCALAR_RULES
from cockpit.lab.scan_gate import Gate
from cockpit.lab.scan_grid import Grid
from cockpit.lab.scan_order import Unsupported, broken
from cockpit.lab.scan_trader import Trader
from cockpit.lab.scan_venue import Venue
from cockpit.risk.rules import max_leverage, max_notional, order_rate, price_band, stale_data, tradable

__all__ = ["Candles", "ScanResult", "Unsupported", "prepare", "scan", "scan_columns"]

BUILT_IN = (max_leverage, max_notional, order_rate, price_band, stale_data, tradable)
"""Named so that they are registered: the kernel beside us then has the same rules."""
SLOWEST_ANSWER_MS = 5_000
"""From here on the kernel would ask what became of each request."""


class Candles(msgspec.Struct, frozen=True):
    """Closed bars of one market and length, as a strategy hears them. Made by :func:`prepare`."""

    bars: Sequence[Bar]
    symbol: str
    tf: int
    lag: int
    """How much later than at the venue they are stamped (ms)."""


class ScanResult(msgspec.Struct, frozen=True):
    """What one scan did. Money in the account's currency, exact."""

    bars: int
    orders: int
    """Placed: entries, exits and protection."""
    trades: int
    """Times a position came back to zero."""
    fills: Sequence[Fill]
    """The venue's own list; ``ts`` is exchange time."""
    bills: Sequence[FundingPaid]
    """Funding, as it was booked."""
    position: Position
    """The account's book of the instrument, sums over its whole life included."""
    balances: dict[str, Decimal]
    equity: Decimal
    """Everything at the last close."""

    @property
    def realised(self) -> Decimal:
        """Profit of what was closed, before fees and funding."""
        return self.position.realised

    @property
    def fees(self) -> Decimal:
        """Paid; a rebate is negative."""
        return self.position.fees

    @property
    def funding(self) -> Decimal:
        """Received; paid is negative."""
        return self.position.funding


def prepare(bars: Sequence[Bar], config: Config | None = None) -> Candles:
    """Check bars once for many scans, and stamp them with the instant at which they are heard.

    Raises Unsupported when they are not of one market and length, in order and apart.
    """
    lag = (config or Config()).venue.feed_latency_ms
    if not bars:
        return Candles((), "", 0, lag)
    first = bars[0]
    if len({bar.symbol for bar in bars}) > 1 or len({bar.tf for bar in bars}) > 1:
        raise Unsupported("bars of more than one market or length")
    times = [bar.ts for bar in bars]
    if len(times) > 1 and min(map(sub, times[1:], times)) < first.tf:
        raise Unsupported("bars that overlap or go back in time")
    if lag >= first.tf:
        raise Unsupported("a feed slower than its bars")
    if lag:
        bars = [msgspec.structs.replace(bar, ts=bar.ts + lag) for bar in bars]
    return Candles(bars, first.symbol, first.tf, lag)


def scan(
    strategy: Any,
    instrument: Instrument,
    bars: Sequence[Bar] | Candles,
    funding: Sequence[FundingRate] = (),
    config: Config | None = None,
    share: float = 1.0,
) -> ScanResult:
    """Run a strategy object (``on_bar``, ``on_fill``, ``on_funding``) over closed bars and funding rates.

    Equal to ``backtest.run`` over the same tape, where funding comes before a bar of the same instant, with
    one sleeve on ``compose.fresh``. Raises Unsupported where it does not know what the kernel would do.
    """
    config = config or Config()
    candles = bars if isinstance(bars, Candles) else prepare(bars, config)
    _refuse(strategy, instrument, candles, config)
    return _Scan(strategy, instrument, candles, funding, config, share).run()


def scan_columns(
    strategy: Any,
    instrument: Instrument,
    tf: int,
    ts: Sequence[int],
    ohlcv: tuple[Sequence[float], Sequence[float], Sequence[float], Sequence[float], Sequence[float]],
    funding: Sequence[FundingRate] = (),
    config: Config | None = None,
    share: float = 1.0,
) -> ScanResult:
    """The same over columns: closes of the bars (UTC ms), then open, high, low, close and volume."""
    rows = list(map(Bar, ts, repeat(instrument.symbol), repeat(tf), *ohlcv))
    return scan(strategy, instrument, rows, funding, config, share)


def _refuse(strategy: Any, instrument: Instrument, candles: Candles, config: Config) -> None:
    """Raise Unsupported for what can be told before the first bar."""
    venue, spot = config.venue, instrument.kind is Kind.SPOT
    money = instrument.quote if spot else instrument.settle
    strangers = sorted(set(RULES) - SCALAR_RULES)
    reasons = {
        "a strategy without on_bar": not hasattr(strategy, "on_bar"),
        "a strategy with timers": bool(getattr(strategy, "timer_ms", 0)),
        f"rules without a scalar form: {', '.join(strangers)}": bool(strangers),
        "trading is switched off": not config.run.trading_enabled,
        "long/short position mode": venue.position_mode != "net" and not spot,
        "isolated margin": venue.margin_mode != "cross" and not spot,
        "latency that varies": bool(venue.latency_jitter_ms),
        "answers that take seconds": venue.order_latency_ms + venue.report_latency_ms >= SLOWEST_ANSWER_MS,
        "another feed delay than the bars were prepared for": candles.lag != venue.feed_latency_ms,
        f"bars of {candles.symbol}": candles.symbol not in ("", instrument.symbol),
        f"an account in {config.run.currency} where {money} is needed": money != config.run.currency,
        f"an instrument that is {instrument.state}": instrument.state is not InstrumentState.LIVE,
    }
    for reason, holds in reasons.items():
        if holds:
            raise Unsupported(reason)


class _Scan:
    """One run."""

    def __init__(
        self,
        strategy: Any,
        instrument: Instrument,
        candles: Candles,
        funding: Sequence[FundingRate],
        config: Config,
        share: float,
    ) -> None:
        cash, lever = Decimal(repr(config.run.equity)), Decimal(repr(config.venue.leverage))
        rules = Rules(leverage=lever, slippage_ticks=config.venue.slippage_ticks)
        grid = Grid(instrument)
        self.candles = candles
        self.strategy = strategy
        self.view = View(instrument, Book())
        self.books = Books(instrument, config.run.currency, cash, lever)
        self.flight = Flight(config.venue.order_latency_ms, config.venue.report_latency_ms)
        self.venue = Venue(instrument, grid, rules, cash, self.flight, candles.bars, candles.lag)
        gate = Gate(grid, config.risk, self.books, self.flight, candles.tf, self.venue.atoms)
        self.trader = Trader(strategy, self.view, self.books, gate, self.flight, self.venue, share)
        self.venue.trader = self.trader
        self.flight.timer = self.trader.wake
        self.view.equity_of = lambda: self.books.equity(self.view.last) * share
        self.rates: Iterator[FundingRate] = iter(funding)
        self.met = -1
        """The newest bar that was not passed by."""
        self.last = 0
        """The newest instant of the tape."""
        self._next_rate(None)

    def run(self) -> ScanResult:
        """All bars, and what is still in flight after them."""
        candles, books, trader = self.candles, self.books, self.trader
        self._boot()
        self._bars(self.strategy.on_bar)
        if candles.bars:
            self._catch_up(len(candles.bars))
            self.last = max(self.last, candles.bars[-1].ts - candles.lag)
        self.flight.drain(self.last)
        return ScanResult(
            len(candles.bars),
            trader.number,
            trader.trades,
            self.venue.fills,
            books.bills,
            books.position,
            books.balances,
            books.exact_equity(self.view.last),
        )

    def _boot(self) -> None:
        """The account is read back first; until its answer nothing may be entered."""
        flight, candles = self.flight, self.candles
        starts = [row[0] for row in flight.heap]
        if candles.bars:
            starts.append(candles.bars[0].ts - candles.lag)
        flight.now = min(starts, default=0) + candles.lag
        flight.request(lambda at, _: flight.report(at, self.trader.ready, None), None)

    def _bars(self, on_bar: Callable[..., None]) -> None:
        """The loop: a bar that can touch nothing costs two comparisons besides the strategy."""
        view, venue, flight, trader = self.view, self.venue, self.flight, self.trader
        want = trader.want
        due, busy, low, high = flight.due, False, 0.0, 0.0
        for index, bar in enumerate(self.candles.bars):
            ts = bar.ts
            if ts >= due or (
                busy and not (low < bar.low and low < bar.open and bar.high < high and bar.open < high)
            ):
                self._meet(index, bar)
                busy = venue.watch()
                due, low, high = flight.due, venue.low, venue.high
            view.now = ts
            view.last = bar.close
            try:
                on_bar(bar, view, want)
            except Exception as error:
                raise broken(error, ts) from error
            if want.dirty:
                flight.now = flight.heard = ts
                trader.wish()
                trader.settle()
                due = flight.due

    def _meet(self, index: int, bar: Bar) -> None:
        """A bar before which, or in which, something of ours happens."""
        flight, venue = self.flight, self.venue
        self._catch_up(index)
        self.met = index
        flight.until((bar.ts - self.candles.lag, REQUEST))
        venue.meet(bar)
        venue.next = index + 1
        flight.count += 1
        flight.until((bar.ts, DELIVERY, flight.count))
        flight.now = flight.heard = bar.ts

    def _catch_up(self, index: int) -> None:
        """The bars up to ``index`` have happened and been heard."""
        flight, venue = self.flight, self.venue
        if index:
            if self.met != index - 1:
                venue.reference = self.view.last
            before = self.candles.bars[index - 1].ts
            flight.heard = before
            flight.learn(before)
        venue.next = index

    def _next_rate(self, _before: FundingRate | None) -> None:
        event = next(self.rates, None)
        if event is not None:
            if event.ts < self.last or event.symbol != self.view.symbol:
                raise Unsupported("funding that goes back in time or belongs to another market", event.ts)
            self.last = event.ts
            self.flight.push(event.ts, TAPE, self._rate, event)

    def _rate(self, at: int, event: FundingRate) -> None:
        self.venue.rate(at, event)
        self._next_rate(event)
