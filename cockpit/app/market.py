"""Where a run's market comes from: the embedded practice market, or a tape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from cockpit.app.simulated import cash_of, charged, latency_of, relisted, rules_of
from cockpit.core import events as ev
from cockpit.core.book import Book
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.engine import Engine
from cockpit.core.errors import ConfigError
from cockpit.core.matching import Exchange, World
from cockpit.core.types import Instrument, Side

WARM_BARS = 300
WARM_LONGER = 120
"""Of the longer frames: working out their past is a quarter of what a start costs."""


class RunSource(Protocol):
    """What recovery, the runtime and the summary need to know of a market, wherever it is."""

    name: str
    venue: str
    instruments: Mapping[str, Instrument]
    frames: Mapping[str, Sequence[int]]
    sleeves: Sequence[SleeveConfig]
    warm: Sequence[ev.Bar]
    info: dict[str, Any]

    def warm_up(self, engine: Engine) -> None:
        """Let strategies hear the bars from before the start; nothing they want then is done."""


def warm_up(engine: Engine, bars: Iterable[ev.Bar]) -> None:
    """Play closed bars to the strategies, then wipe what they wrote: it never happened."""
    rows = sorted(bars, key=lambda bar: (bar.ts, -bar.tf))  # of one moment, the longer first, as in the run
    given = frozenset((bar.symbol, bar.tf) for bar in rows)
    for bar in rows:
        for slot in engine.markets[bar.symbol].bars:
            slot.warm(bar, given)
    for slot in engine.slots.values():
        slot.want.forget()


class MarketSource(msgspec.Struct):
    """A world ready to run: instruments, simulated venue, merged stream."""

    name: str
    venue: str
    world: World
    exchange: Exchange
    instruments: Mapping[str, Instrument]
    frames: Mapping[str, Sequence[int]]
    """Bar lengths (ms) on offer, by symbol."""
    sleeves: Sequence[SleeveConfig]
    warm: Sequence[ev.Bar] = ()
    """Closed bars from before the start: indicators and charts begin warm."""
    info: dict[str, Any] = {}

    def warm_up(self, engine: Engine) -> None:
        """See :func:`warm_up`."""
        warm_up(engine, self.warm)


class PracticeSession(msgspec.Struct):
    """Remembered beside the journal, so that the market goes on where it was after a restart."""

    seed: int
    rate: float
    start_ms: int


LONGEST_CATCH_UP = 600_000
"""Market messages (about 10 s of work) that a restart plays through; after a longer pause it begins anew."""
MESSAGES_PER_S = 200


def practice(
    config: Config, now_ms: int, folder: Path | None = None, sleeves: Sequence[SleeveConfig] = ()
) -> MarketSource:
    """The embedded practice market: beginning now, or going on where ``folder`` says that it was."""
    from cockpit.adapters import practice as generator
    from cockpit.app.settings import default_sleeves

    run = config.run
    session, goes_on = _session(run.seed, run.practice_rate, now_ms, folder)
    spec = generator.PracticeSpec(seed=run.seed, start_ms=session.start_ms, rate=run.practice_rate)
    instruments = charged(generator.instruments(spec), config)
    frames = {symbol: tuple(spec.bar_ms) for symbol in instruments}
    exchange = _exchange(config, instruments)
    stream: Iterator[ev.AnyEvent] = generator.stream(spec)
    if goes_on:
        stream = fast_forward(stream, now_ms)
    world = World(relisted(stream, config), exchange, latency_of(config), run.seed)
    chosen = tuple(sleeves or config.sleeves) or default_sleeves(tuple(instruments), tuple(spec.bar_ms))
    warm = [
        bar
        for symbol in instruments
        for tf in spec.bar_ms
        for bar in generator.history(spec, symbol, tf, WARM_BARS if tf == min(spec.bar_ms) else WARM_LONGER)
    ]
    warm.sort(key=lambda bar: bar.ts)
    return MarketSource(
        f"practice seed {run.seed}", "practice", world, exchange, instruments, frames, chosen, warm
    )


def _session(seed: int, rate: float, now_ms: int, folder: Path | None) -> tuple[PracticeSession, bool]:
    """The session to run, and whether it is one that goes on."""
    fresh = PracticeSession(seed, rate, now_ms - now_ms % 5_000)
    if folder is None:
        return fresh, False
    path = folder / "practice.json"
    try:
        known = msgspec.json.decode(path.read_bytes(), type=PracticeSession)
    except (OSError, msgspec.DecodeError):
        known = None
    if known is not None and (known.seed, known.rate) == (seed, rate):
        missed = (now_ms - known.start_ms) / 1_000 * MESSAGES_PER_S * rate
        if 0 <= missed <= LONGEST_CATCH_UP:
            return known, True
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_bytes(msgspec.json.encode(fresh))
    return fresh, False


def fast_forward(stream: Iterator[ev.AnyEvent], until: int) -> Iterator[ev.AnyEvent]:
    """The stream from ``until`` on, opened by what it had led to: listings, whole books, marks, rates."""
    listings: dict[str, ev.Listing] = {}
    books: dict[str, Book] = {}
    latest: dict[tuple[str, str], ev.AnyEvent] = {}
    for event in stream:
        if event.ts >= until:
            break
        if isinstance(event, ev.Listing):
            listings[event.instrument.symbol] = event
        elif isinstance(event, ev.BookSnapshot):
            book = books.setdefault(event.symbol, Book())
            book.apply_snapshot(event.bids, event.asks, event.seq, event.ts)
        elif isinstance(event, ev.BookDelta):
            books[event.symbol].apply_delta(event.bids, event.asks, event.seq, event.prev_seq, event.ts)
        elif isinstance(event, ev.Mark | ev.FundingRate | ev.OpenInterest):
            latest[(type(event).__name__, event.symbol)] = event
    else:
        return
    ts = event.ts
    yield from (msgspec.structs.replace(row, ts=ts) for row in listings.values())
    for symbol, book in books.items():
        bids, asks = (tuple(book.levels(side, 1_000)) for side in (Side.BUY, Side.SELL))
        yield ev.BookSnapshot(ts, symbol, ts, bids, asks, book.seq)
    yield from (msgspec.structs.replace(row, ts=ts) for row in latest.values())
    yield event
    yield from stream


def from_tape(
    config: Config, path: Path, start_ms: int = 0, end_ms: int = 0, sleeves: Sequence[SleeveConfig] = ()
) -> MarketSource:
    """A recorded market. Raises TapeError when it cannot be read, ConfigError when nothing is in range."""
    from cockpit.adapters.store import tape
    from cockpit.app.settings import default_sleeves

    info = tape.read_info(path)
    instruments = charged({i.symbol: i for i in info.instruments}, config)
    if not instruments:
        raise ConfigError(f"{path} holds no instrument")
    frames = {symbol: tuple(tfs) for symbol, tfs in info.bar_lengths.items()}
    exchange = _exchange(config, instruments)
    stream: Iterable[ev.AnyEvent] = tape.read(path, start_ms=start_ms, end_ms=end_ms)
    world = World(relisted(stream, config), exchange, latency_of(config), config.run.seed)
    books = [symbol for symbol, kinds in info.symbols.items() if kinds.keys() & {"books", "touch"}]
    chosen = tuple(sleeves or config.sleeves) or default_sleeves(tuple(instruments), (), frames, books)
    return MarketSource(str(path), "tape", world, exchange, instruments, frames, chosen)


def _exchange(config: Config, instruments: Mapping[str, Instrument]) -> Exchange:
    return Exchange(instruments, cash_of(config), rules_of(config), config.run.seed)
