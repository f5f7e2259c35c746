"""Order-book markets: engine steps, matching alone, and the book alone as the floor."""

from __future__ import annotations

import itertools
import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time

import msgspec

from cockpit.adapters import practice
from cockpit.adapters.importers.intake import import_source
from cockpit.adapters.store import tape
from cockpit.core import events as ev
from cockpit.core.book import Book
from cockpit.core.config import SleeveConfig
from cockpit.core.intents import Place
from cockpit.core.matching import Exchange, Rules
from cockpit.core.orders import OrderKind, Role
from cockpit.core.types import Instrument, PosSide, Side
from tests.benchmarks.rows import Row, cpu, recorded, row
from tests.benchmarks.worlds import Stage
from tests.conftest import SHARED, no_market_data

RUNS = 3
PRACTICE = 60_000
RECORDED = (
    ("Coinbase 1 h", "coinbase_btcusd_l2_2018-04-24.parquet", "coinbase:BTC-USD"),
    ("Binance raw", "raw/binance_usdm_btcusdt_2024-08-08.jsonl.gz", "binance:BTCUSDT"),
)


class Stretch(msgspec.Struct, frozen=True):
    """A market in memory: reading it costs nothing."""

    name: str
    symbol: str
    events: Sequence[ev.AnyEvent]
    instruments: dict[str, Instrument]


def run() -> list[Row]:
    """Practice always; the recorded sessions where the shared data is."""
    rows = []
    for stretch in [_practice(), *_sessions()]:
        rows += _figures(stretch)
    rows.append(recorded("nautilus_trader 1.231, market maker", 111_000, "events/s"))
    rows.append(recorded("hftbacktest 2.4, njit strategy", 13.1e6, "events/s"))
    return rows


def _practice() -> Stretch:
    spec = practice.PracticeSpec(seed=7)
    events = list(itertools.islice(practice.stream(spec), PRACTICE))
    return Stretch("practice, 6 symbols", "practice:WIF-USDT-SWAP", events, practice.instruments(spec))


def _sessions() -> list[Stretch]:
    if no_market_data():
        return []
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name, source, symbol in RECORDED:
            path = Path(folder) / f"{symbol.partition(':')[0]}.tape"
            import_source([SHARED / "market" / "books" / source], path)
            instruments = {i.symbol: i for i in tape.read_info(path).instruments}
            found.append(Stretch(name, symbol, list(tape.read(path)), instruments))
    return found


def _figures(stretch: Stretch) -> list[Row]:
    count = len(stretch.events)
    floor = count / cpu(lambda: books_only(stretch.events), RUNS)[0]
    quiet = _median(lambda: Stage(stretch.events, stretch.instruments, [], {}))
    sleeves = [SleeveConfig("market_maker", stretch.symbol)]
    steps, stage = _steps(lambda: Stage(stretch.events, stretch.instruments, sleeves, {}))
    matching = _matching(stretch, resting=True)
    idle = _matching(stretch, resting=False)
    fills = stage.engine.state.fills
    return [
        row(f"{stretch.name}: the book alone ({count:,})", floor, "events/s", note="the floor"),
        row(f"{stretch.name}: engine and venue, no strategy", quiet, "steps/s", floor=floor),
        row(f"{stretch.name}: market_maker ({fills} fills)", steps, "steps/s", floor=floor),
        row(f"{stretch.name}: matching, nothing of ours", idle, "events/s", floor=floor),
        row(f"{stretch.name}: matching, two resting orders", matching, "events/s", floor=floor),
    ]


def _median(make: Callable[[], Stage]) -> float:
    return _steps(make)[0]


def _steps(make: Callable[[], Stage]) -> tuple[float, Stage]:
    """Median steps per CPU second (our orders' own events included)."""
    rates = []
    for _ in range(RUNS):
        stage = make()
        begin = process_time()
        done = stage.run()
        rates.append(done.events / (process_time() - begin))
    return statistics.median(rates), stage


def _matching(stretch: Stretch, *, resting: bool) -> float:
    """Market events per CPU second through the simulated venue, without engine or latency."""
    rates = []
    for _ in range(RUNS):
        venue = Exchange(stretch.instruments, {"USDT": 10**9, "USD": 10**9, "BTC": 10**6}, Rules())  # type: ignore[dict-item]
        events = iter(stretch.events)
        if resting:
            _settle_in(venue, stretch, events)
        begin = process_time()
        count = 0
        for event in events:
            venue.market(event, event.ts)
            count += 1
        rates.append(count / (process_time() - begin))
        venue.reports.clear()
    return statistics.median(rates)


def _settle_in(venue: Exchange, stretch: Stretch, events: itertools.chain | object) -> None:
    """A bid and an ask of ours, far enough out to stay: every event must look at them."""
    instrument = stretch.instruments[stretch.symbol]
    for event in events:  # type: ignore[attr-defined]
        venue.market(event, event.ts)
        if isinstance(event, ev.BookSnapshot | ev.Touch) and event.symbol == stretch.symbol:
            break
    middle = (event.bids[0][0] + event.asks[0][0]) / 2 if isinstance(event, ev.BookSnapshot) else event.bid
    for side, factor in ((Side.BUY, 0.5), (Side.SELL, 2.0)):
        price = instrument.price(middle * factor, side)
        place = Place(
            f"bench-{side}",
            "bench",
            stretch.symbol,
            side,
            OrderKind.LIMIT,
            instrument.min_qty,
            price,
            None,
            None,
            None,
            False,
            PosSide.NET,
            Role.ENTRY,
            "bench",
        )
        venue.request(place, event.ts)


def books_only(events: Sequence[ev.AnyEvent]) -> int:
    """Every book kept, nobody asking: what any engine must at least do."""
    books: dict[str, Book] = {}
    for event in events:
        kind = event.__class__
        if kind is ev.BookDelta:
            book = books.get(event.symbol) or books.setdefault(event.symbol, Book())
            book.apply_delta(event.bids, event.asks, event.seq, event.prev_seq, event.ts)
        elif kind is ev.BookSnapshot:
            book = books.get(event.symbol) or books.setdefault(event.symbol, Book())
            book.apply_snapshot(event.bids, event.asks, event.seq, event.ts)
        elif kind is ev.Touch:
            book = books.get(event.symbol) or books.setdefault(event.symbol, Book())
            book.set_touch(event.bid, event.bid_qty, event.ask, event.ask_qty, event.ts)
    return len(books)
