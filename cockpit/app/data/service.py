"""The one door to market history. Nobody else opens the archive, nobody writes SQL.

with open_data(folder, now_ms) as data:
    data.get_ohlcv("okx:BTC-USDT-SWAP", "1h", 500)                  the newest closed candles
    data.get_ohlcv("okx:BTC-USDT-SWAP", "1h", 500, as_of=instant)   as they could be known at that instant

Every call is point-in-time: ``as_of`` (UTC ms, default and at most now) hides what came later. A candle exists
from its close on, a funding rate from its settlement, anything else from when it was heard. A value that the
venue corrected afterwards is shown corrected: the archive keeps one word a row, not every word.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from math import log, sqrt
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import msgspec

from cockpit.adapters.archive.archive import FOREVER, Archive, Holding
from cockpit.adapters.archive.layout import Series
from cockpit.adapters.archive.months import facts
from cockpit.core.config import timeframe_ms, timeframe_text
from cockpit.core.errors import ConfigError, TapeError
from cockpit.core.events import AnyEvent, Bar, BookSnapshot, FundingRate, Mark, OpenInterest, Touch, Trade
from cockpit.core.types import Instrument
from cockpit.indicators.annualise import annualise_vol, decay_of
from cockpit.indicators.candle_quality import CandleQuality
from cockpit.indicators.ewma_var import EwmaVar
from cockpit.indicators.parkinson import Parkinson

FOLDER = "archive"
"""Under the data directory."""
HALF_LIFE = 24.0
"""Bars in which the EWMA volatility forgets half."""
T = TypeVar("T")


class Prices(msgspec.Struct, frozen=True):
    """The newest prices of a market, each with its own instant; 0 = never heard."""

    symbol: str
    last: float = 0.0
    """Of the newest trade, else the close of the newest candle."""
    last_ts: int = 0
    bid: float = 0.0
    ask: float = 0.0
    touch_ts: int = 0
    mark: float = 0.0
    index: float = 0.0
    mark_ts: int = 0


class DataService:
    """Reads only. Raises TapeError: no such market in the archive, damaged data. ConfigError: wrong arguments."""

    def __init__(self, archive: Archive, now_ms: Callable[[], int]) -> None:
        self._archive = archive
        self._now_ms = now_ms

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._archive.close()

    # --- the four calls ---------------------------------------------------------------------------

    def get_ohlcv(
        self, symbol: str, timeframe: str, limit: int, *, as_of: int | None = None, sound: bool = False
    ) -> list[Bar]:
        """The newest ``limit`` closed candles, oldest first. ``sound``: without those that cannot be
        (``candle_quality``), which then are not replaced by older ones."""
        if limit < 1:
            raise ConfigError(f"limit = {limit}: ask for one candle or more")
        series = self._candles(symbol, timeframe)
        bars = cast("list[Bar]", self._tail(series, self._end(as_of), limit))
        return _sound(bars) if sound else bars

    def get_candles_range(
        self,
        symbol: str,
        timeframe: str,
        start_ts: int,
        end_ts: int,
        *,
        as_of: int | None = None,
        sound: bool = False,
    ) -> list[Bar]:
        """Whole candles of [start, end]: opened at ``start_ts`` or later, closed at ``end_ts`` or earlier."""
        if end_ts < start_ts:
            raise ConfigError(f"the range ends ({end_ts}) before it starts ({start_ts})")
        series = self._candles(symbol, timeframe)
        end = min(end_ts + 1, self._end(as_of))
        bars = cast("list[Bar]", self._archive.events(series, start_ts + series.tf, end))
        return _sound(bars) if sound else bars

    def get_latest_funding(self, symbol: str, *, as_of: int | None = None) -> FundingRate | None:
        """The newest rate that was known, settled or running; None when there is none."""
        return self._newest("funding", symbol, FundingRate, as_of)

    def get_latest_prices(self, symbol: str, *, as_of: int | None = None) -> Prices:
        """Last, bid and ask, mark and index. A book sample stands in where no touch was recorded."""
        if not any(holding.series.symbol == symbol for holding in self.holdings()):
            raise TapeError(f"the archive holds nothing of {symbol}")
        trade = self._newest("trades", symbol, Trade, as_of)
        bars = [self._newest("bars", symbol, Bar, as_of, tf) for tf in self.timeframes(symbol)]
        last = max(
            [(one.ts, one.close) for one in bars if one] + ([(trade.ts, trade.price)] if trade else []),
            default=(0, 0.0),
        )
        touch = self._newest("touch", symbol, Touch, as_of)
        book = self._newest("books", symbol, BookSnapshot, as_of)
        best = (touch.ts, touch.bid, touch.ask) if touch else (0, 0.0, 0.0)
        if book and book.ts > best[0] and book.bids and book.asks:
            best = (book.ts, book.bids[0][0], book.asks[0][0])
        mark = self._newest("marks", symbol, Mark, as_of)
        prices = (mark.mark, mark.index, mark.ts) if mark else (0.0, 0.0, 0)
        return Prices(symbol, last[1], last[0], best[1], best[2], best[0], *prices)

    # --- and more ---------------------------------------------------------------------------------

    def get_funding(
        self, symbol: str, start_ts: int, end_ts: int, *, as_of: int | None = None
    ) -> list[FundingRate]:
        """Rates heard in [start, end]."""
        return self._range("funding", symbol, FundingRate, start_ts, end_ts, as_of)

    def get_trades(self, symbol: str, start_ts: int, end_ts: int, *, as_of: int | None = None) -> list[Trade]:
        """Public trades heard in [start, end]."""
        return self._range("trades", symbol, Trade, start_ts, end_ts, as_of)

    def get_marks(self, symbol: str, start_ts: int, end_ts: int, *, as_of: int | None = None) -> list[Mark]:
        """Mark and index prices heard in [start, end]."""
        return self._range("marks", symbol, Mark, start_ts, end_ts, as_of)

    def get_open_interest(
        self, symbol: str, start_ts: int, end_ts: int, *, as_of: int | None = None
    ) -> list[OpenInterest]:
        """Open interest heard in [start, end]."""
        return self._range("oi", symbol, OpenInterest, start_ts, end_ts, as_of)

    def get_books(
        self, symbol: str, start_ts: int, end_ts: int, *, as_of: int | None = None
    ) -> list[BookSnapshot]:
        """Sampled books of [start, end]; whole ones only, the archive keeps no chains of changes."""
        return self._range("books", symbol, BookSnapshot, start_ts, end_ts, as_of)

    def get_volatility(
        self, symbol: str, timeframe: str, limit: int, *, method: str = "ewma", as_of: int | None = None
    ) -> float:
        """Realised volatility a year (0.6 = 60 %) over the newest candles, impossible ones left out.

        ``method``: ewma (close to close) or parkinson (high to low). NaN: too few candles. A year has 365 days.
        """
        series = self._candles(symbol, timeframe)
        bars = self.get_ohlcv(symbol, timeframe, limit, as_of=as_of, sound=True)
        return volatility(bars, series.tf, method)

    def instruments(self) -> dict[str, Instrument]:
        """Symbol → terms, of every market that has any."""
        return self._archive.index.markets()

    def timeframes(self, symbol: str) -> list[str]:
        """Lengths of the candles that a market has, shortest first."""
        mine = [h.series for h in self._archive.holdings() if h.series.symbol == symbol]
        return [timeframe_text(series.tf) for series in sorted(mine) if series.kind == "bars"]

    def holdings(self) -> list[Holding]:
        """Every series with rows, span and size."""
        return self._archive.holdings()

    def lost_files(self) -> list[Path]:
        """Months that should be there and are not, under the archive's folder."""
        root = self._archive.root
        paths = [month.path(root) for month in self._archive.index.months()]
        return [path.relative_to(root) for path in paths if not path.exists()]

    # --- inside -----------------------------------------------------------------------------------

    def _end(self, as_of: int | None) -> int:
        """The first instant that is hidden. Nothing of the future is known, whatever is asked."""
        now = self._now_ms()
        return (now if as_of is None else min(as_of, now)) + 1

    def _candles(self, symbol: str, timeframe: str) -> Series:
        try:
            series = Series("bars", symbol, timeframe_ms(timeframe))
        except ValueError as error:
            raise ConfigError(str(error)) from error
        lengths = self.timeframes(symbol)
        if timeframe_text(series.tf) not in lengths:
            have = f"; there are {', '.join(lengths)}" if lengths else ""
            raise TapeError(f"the archive has no {timeframe} candles of {symbol}{have}")
        return series

    def _tail(self, series: Series, end: int, count: int) -> list[AnyEvent]:
        return facts(series.kind, self._archive.tail(series, end, count)).events

    def _newest(
        self, kind: str, symbol: str, what: type[T], as_of: int | None, timeframe: str = ""
    ) -> T | None:
        series = Series(kind, symbol, timeframe_ms(timeframe) if timeframe else 0)
        found: list[Any] = self._tail(series, self._end(as_of), 1)
        return cast("T", found[0]) if found else None

    def _range(
        self, kind: str, symbol: str, what: type[T], start_ts: int, end_ts: int, as_of: int | None
    ) -> list[T]:
        if end_ts < start_ts:
            raise ConfigError(f"the range ends ({end_ts}) before it starts ({start_ts})")
        end = min(end_ts + 1, self._end(as_of))
        return cast("list[T]", self._archive.events(Series(kind, symbol), start_ts, end))


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


def open_data(root: Path, now_ms: Callable[[], int] = wall_ms) -> DataService:
    """An archive's folder, to read. Raises TapeError when there is none."""
    return DataService(Archive(root), now_ms)


def _sound(bars: list[Bar]) -> list[Bar]:
    judge = CandleQuality()
    return [b for b in bars if not judge.update(b.open, b.high, b.low, b.close, b.volume)]


def volatility(bars: list[Bar], tf: int, method: str, half_life: float = HALF_LIFE) -> float:
    """A year's volatility from candles of ``tf`` ms. Raises ConfigError for an unknown method."""
    if method == "parkinson":
        ranges = Parkinson(max(1, len(bars)))
        for bar in bars:
            ranges.update(bar.high, bar.low)
        variance = ranges.value
    elif method == "ewma":
        moves = EwmaVar(decay_of(half_life))
        for before, bar in pairwise(bars):
            moves.update(log(bar.close / before.close))
        variance = moves.value
    else:
        raise ConfigError(f"no volatility is called {method!r}; there are ewma, parkinson")
    return annualise_vol(sqrt(variance), tf / 1000)
