"""Where importers put what they found. The rules for real defects live here, once for all formats.

duplicate   the first one is kept                        counted
late        sorted in (the recorder learned it late)     counted
gap         nothing is invented                          counted, and a fact on the tape
crossed     the book is not repaired                     counted, and a fact on the tape
checksum, garbage   the row is dropped                   counted, and a fact on the tape
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from cockpit.adapters.importers.instruments import TABLE, infer, refine, symbol_of
from cockpit.adapters.store.tape_writer import TapeWriter
from cockpit.core.book import Book
from cockpit.core.errors import TapeError
from cockpit.core.events import (
    Bar,
    BookDelta,
    BookSnapshot,
    FundingRate,
    Mark,
    OpenInterest,
    Touch,
    Trade,
)
from cockpit.core.types import Instrument, Side

NS = 1_000_000
SAMPLE = 3_000
"""Prices per market that its grid is read off."""
TICK = 20_000
"""Facts between two calls of ``progress``."""
ALL_LEVELS = 1 << 30

Progress = Callable[[str, int], None]
"""Called with the file's name and the number of facts taken from it so far."""
Fact = Bar | Trade | Touch | Mark | FundingRate | OpenInterest


class Sink:
    """One import: names, window, rules, counts; facts go through to the tape."""

    def __init__(
        self,
        writer: TapeWriter,
        *,
        venue: str = "",
        symbol_map: Mapping[str, str] | None = None,
        symbols: Collection[str] | None = None,
        instruments: Mapping[str, Instrument] | None = None,
        tf: int | None = None,
        start: int | None = None,
        end: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.tf = tf
        self.inferred: set[str] = set()
        self._writer = writer
        self._venue = venue
        self._map = dict(symbol_map or {})
        self._symbols = frozenset(symbols or ())
        self._given = dict(instruments or {})
        self._recorded: dict[str, Instrument] = {}
        self._start = start or 0
        self._end = end or (1 << 62)
        self._progress = progress
        self._books: dict[str, Book] = {}
        self._opened: set[str] = set()
        self._heard: dict[tuple[type, str], int] = {}
        self._ids: dict[str, set[str]] = {}
        self._once: set[tuple[str, str, int]] = set()
        self._bars: dict[tuple[str, int], list[Sequence[int]]] = {}
        self._prices: dict[str, list[float]] = {}
        self._sizes: dict[str, list[float]] = {}
        self.begin(Path())

    # --- sources and names -------------------------------------------------------------------------

    def begin(self, path: Path) -> None:
        """A new source file."""
        self.path = path
        self.facts = 0
        self._lag = 0
        self._orphans: Counter[str] = Counter()

    def finish(self) -> None:
        """The source file is through: say what no single row shows."""
        if self._lag < 0:
            self._writer.note(
                f"{self.path.name}: the recorder's clock is behind the exchange's by up to {-self._lag} ms"
            )
        for symbol, count in sorted(self._orphans.items()):
            self._writer.count(symbol, "gap")
            self._writer.note(f"{self.path.name}: {count} book updates of {symbol} before any snapshot")

    def symbol(self, native: str, venue: str = "") -> str:
        """Our name of a market. A mapping given by the user wins over the file's own name."""
        name = self._map.get(native) or self._map.get("*", "")
        if name:
            return name
        if not native:
            if len(self._symbols) == 1:
                (only,) = self._symbols
                return symbol_of(only, self._venue or venue)
            raise TapeError(f"{self.path}: no column names the market; say which it is")
        found = symbol_of(native, self._venue or venue)
        if found.startswith("binance:") and not venue and not self._venue and "spot" in self.path.name:
            return found.replace("binance:", "binance-spot:")
        return found

    def wanted(self, symbol: str) -> bool:
        """Is this market part of the import? Users may name it with or without its venue."""
        if not self._symbols:
            return True
        return symbol in self._symbols or symbol.partition(":")[2] in self._symbols

    def define(self, instrument: Instrument) -> None:
        """Terms found in the recording itself: better than the table, for its own day."""
        self._recorded[instrument.symbol] = instrument

    def define_all(self) -> None:
        """Give the tape an instrument for every market that got facts."""
        for symbol in sorted(self._prices):
            self._writer.instrument(self._terms(symbol))

    def _terms(self, symbol: str) -> Instrument:
        if symbol in self._given:
            return self._given[symbol]
        prices = self._prices[symbol]
        known = self._recorded.get(symbol) or TABLE.get(symbol)
        if known is None:
            self.inferred.add(symbol)
            self._writer.note(f"{symbol}: no definition is known; its grid was read off the data")
            return infer(symbol, prices, self._sizes[symbol])
        finer = refine(known, prices)
        if finer.tick != known.tick:
            self._writer.note(f"{symbol}: tick {finer.tick:f} instead of {known.tick:f}, as in the data")
        return finer

    # --- defects -----------------------------------------------------------------------------------

    def inside(self, ts_ms: int) -> bool:
        """Is this instant part of the import?"""
        return self._start <= ts_ms < self._end

    def fault(self, symbol: str, what: str, ts_ns: int, detail: str = "") -> None:
        """A defect worth a fact on the tape."""
        if self.inside(ts_ns // NS):
            self._writer.fault(symbol, what, ts_ns, detail)

    def count(self, symbol: str, what: str, times: int = 1) -> None:
        """A defect that is only counted."""
        if times:
            self._writer.count(symbol, what, times)

    # --- facts -------------------------------------------------------------------------------------

    def bars(self, symbol: str, tf: int, close_ms: Sequence[int], ohlcv: Sequence[Sequence[float]]) -> None:
        """Sorted, deduplicated bars of one market; only those that another source did not bring."""
        keep = [i for i, ts in enumerate(close_ms) if self.inside(ts)]
        before = self._bars.setdefault((symbol, tf), [])
        if before:
            known = {ts for times in before for ts in times}
            fresh = [i for i in keep if close_ms[i] not in known]
            self.count(symbol, "duplicate", len(keep) - len(fresh))
            keep = fresh
        if not keep:
            return
        if len(keep) < len(close_ms):
            close_ms = [close_ms[i] for i in keep]
            ohlcv = [[column[i] for i in keep] for column in ohlcv]
        before.append(close_ms)
        self._writer.add_bars(symbol, tf, close_ms, ohlcv)
        stride = max(1, len(close_ms) // SAMPLE)
        self._sample(symbol, ohlcv[3][::stride], ())
        self._count_facts(len(close_ms))

    def put(self, fact: Fact, ts_ns: int = 0) -> None:
        """Anything but books and columns of bars."""
        symbol = fact.symbol
        if not self.inside(fact.ts):
            return
        if isinstance(fact, Trade):
            if self._again(symbol, fact.trade_id):
                return
            self._clock(fact)
            self._sample(symbol, (fact.price,), (fact.qty,))
        elif isinstance(fact, Touch):
            self._clock(fact)
            self._sample(symbol, (fact.bid,) if fact.bid > 0 else (), ())
        else:
            self._sample(symbol, (fact.close,) if isinstance(fact, Bar) else (), ())
        self._writer.add(fact, ts_ns)
        self._count_facts(1)

    def once(self, fact: Bar | Mark | FundingRate | OpenInterest) -> None:
        """A fact of which there is one per instant."""
        kind = f"bar {fact.tf}" if isinstance(fact, Bar) else type(fact).__name__
        key = (kind, fact.symbol, fact.ts)
        if key in self._once:
            self.count(fact.symbol, "duplicate")
            return
        self._once.add(key)
        self.put(fact)

    def book(self, event: BookSnapshot | BookDelta, ts_ns: int) -> None:
        """A book message: folded here as the cockpit will, so that breaks are found at import."""
        symbol = event.symbol
        book = self._books.get(symbol)
        if book is None:
            if isinstance(event, BookDelta):
                self._orphans[symbol] += 1
                return
            book = self._books[symbol] = Book()
        within = self.inside(event.ts)
        if within and self._start and symbol not in self._opened:
            self._open(symbol, book, event.venue_ts)
        gaps, crossed, last = book.gaps, book.crossed, book.seq
        if isinstance(event, BookSnapshot):
            book.apply_snapshot(event.bids, event.asks, event.seq, event.ts)
        else:
            book.apply_delta(event.bids, event.asks, event.seq, event.prev_seq, event.ts)
            if book.gaps > gaps:
                self.fault(symbol, "gap", ts_ns, f"{event.prev_seq} does not follow {last}")
        if book.crossed > crossed:
            self.fault(symbol, "crossed", ts_ns, f"{book.best_bid} bid, {book.best_ask} asked")
        if not within:
            return
        self._clock(event)
        levels = event.bids[:1] + event.asks[:1]
        self._sample(symbol, [price for price, _ in levels], [size for _, size in levels])
        self._writer.add(event, ts_ns)
        self._count_facts(1)

    def _open(self, symbol: str, book: Book, venue_ts: int) -> None:
        """The import begins inside a recording: begin with the book as it then stood."""
        self._opened.add(symbol)
        if book.ok:
            bids = tuple(book.levels(Side.BUY, ALL_LEVELS))
            asks = tuple(book.levels(Side.SELL, ALL_LEVELS))
            self._writer.add(BookSnapshot(self._start, symbol, venue_ts, bids, asks, book.seq))

    # --- bookkeeping -------------------------------------------------------------------------------

    def _again(self, symbol: str, trade_id: str) -> bool:
        if not trade_id:
            return False
        known = self._ids.setdefault(symbol, set())
        if trade_id in known:
            self.count(symbol, "duplicate")
            return True
        known.add(trade_id)
        return False

    def _clock(self, fact: Trade | Touch | BookSnapshot | BookDelta) -> None:
        """The venue's time against the recorder's, and against itself."""
        if not fact.venue_ts:
            return
        self._lag = min(self._lag, fact.ts - fact.venue_ts)
        if isinstance(fact, BookSnapshot):
            # A REST snapshot is younger than the updates that were waiting for it.
            return
        key = (type(fact), fact.symbol)
        last = self._heard.get(key, 0)
        if fact.venue_ts < last:
            self.count(fact.symbol, "late")
        else:
            self._heard[key] = fact.venue_ts

    def _seen(self, symbol: str) -> list[float]:
        prices = self._prices.get(symbol)
        if prices is None:
            prices = self._prices[symbol] = []
            self._sizes[symbol] = []
        return prices

    def _sample(self, symbol: str, prices: Sequence[float], sizes: Sequence[float]) -> None:
        known = self._seen(symbol)
        if len(known) < SAMPLE:
            known += prices
            self._sizes[symbol] += sizes

    def _count_facts(self, count: int) -> None:
        before = self.facts // TICK
        self.facts += count
        if self._progress and self.facts // TICK > before:
            self._progress(self.path.name, self.facts)
