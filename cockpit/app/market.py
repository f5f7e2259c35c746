"""Where a run's market comes from: the embedded practice market, or a tape."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from cockpit.adapters.candles import recipe, with_candles
from cockpit.app.simulated import cash_of, charged, latency_of, relisted, rules_of
from cockpit.app.wildcards import spelled_out
from cockpit.core import events as ev
from cockpit.core import guarding, returns
from cockpit.core.blame import blame
from cockpit.core.book import Book
from cockpit.core.config import Config, SleeveConfig, timeframe_ms
from cockpit.core.engine import Engine
from cockpit.core.errors import ConfigError
from cockpit.core.matching import Exchange, World
from cockpit.core.types import Instrument, Side
from cockpit.core.unreadable import UNREADABLE

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
    """Play closed bars to the strategies, then wipe what they wrote: it never happened.

    A strategy that breaks there begins benched, and hears no more of it; the others warm up.
    """
    rows = sorted(bars, key=lambda bar: (bar.ts, -bar.tf))  # of one moment, the longer first, as in the run
    given = frozenset((bar.symbol, bar.tf) for bar in rows)
    for bar in rows:
        market = engine.markets[bar.symbol]
        guarding.on_bar(engine.state, market.guarded, bar, None)
        if engine.state.history_bars:
            returns.learn(engine.state.history, engine.state.history_bars, bar)
        for slot in market.bars:
            if slot.sleeve.benched:
                continue
            try:
                slot.warm(bar, given)
            except Exception as error:  # noqa: BLE001 - the fence around plug-ins, as in the run
                engine.state.bench(slot.sleeve, blame(error, slot.strategy, bar))
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
    past: Callable[[], Iterable[ev.Bar]] | None = None
    """Older hourly bars of every market, for whoever needs days: slow to make."""

    def warm_up(self, engine: Engine) -> None:
        """See :func:`warm_up`."""
        warm_up(engine, self.warm)


class PracticeSession(msgspec.Struct):
    """Remembered beside the journal, so that the market goes on where it was after a restart."""

    seed: int
    rate: float
    start_ms: int


LONGEST_PAST_MS = 6 * 86_400_000
"""Of the practice market, made up for long candles: more would make a start slow."""
LONGEST_CATCH_UP = 600_000
"""Market messages (about 10 s of work) that a restart plays through; after a longer pause it begins anew."""
MESSAGES_PER_S = 200
COARSE = frozenset(("bars", "faults", "funding", "marks", "oi"))
"""Parts of a tape that can be read market by market; books are read as they were recorded."""


def practice(
    config: Config, now_ms: int, folder: Path | None = None, sleeves: Sequence[SleeveConfig] = ()
) -> MarketSource:
    """The embedded practice market: beginning now, or going on where ``folder`` says that it was."""
    from cockpit.adapters import practice as generator
    from cockpit.app import practice_past
    from cockpit.app.settings import default_sleeves

    run = config.run
    session, goes_on = _session(run.seed, run.practice_rate, now_ms, folder)
    spec = generator.PracticeSpec(seed=run.seed, start_ms=session.start_ms, rate=run.practice_rate)
    instruments = charged(generator.instruments(spec), config)
    named = asked(sleeves or config.sleeves)
    lengths = {tf for tfs in named.values() for tf in tfs if tf % generator.SLOT_MS == 0}
    spec = msgspec.structs.replace(spec, bar_ms=tuple(sorted({*spec.bar_ms, *lengths})))
    frames, recipes = offered(named, dict.fromkeys(instruments, spec.bar_ms), instruments)
    exchange = _exchange(config, instruments)
    stream: Iterator[ev.AnyEvent] = generator.stream(spec)
    if goes_on:
        stream = fast_forward(stream, now_ms)
    stream = with_candles(stream, recipes, instruments)
    world = World(relisted(stream, config), exchange, latency_of(config), run.seed)
    chosen = tuple(sleeves or config.sleeves) or default_sleeves(tuple(instruments), tuple(spec.bar_ms))
    warm = [
        bar
        for symbol in instruments
        for tf in spec.bar_ms
        for bar in generator.history(spec, symbol, tf, _warm(tf, spec.bar_ms))
    ]
    warm.sort(key=lambda bar: bar.ts)

    wanted = practice_past.Wanted(spec, tuple(instruments))
    return MarketSource(
        f"practice seed {run.seed}",
        "practice",
        world,
        exchange,
        instruments,
        frames,
        chosen,
        warm,
        past=lambda: practice_past.hours(wanted),
    )


def _session(seed: int, rate: float, now_ms: int, folder: Path | None) -> tuple[PracticeSession, bool]:
    """The session to run, and whether it is one that goes on."""
    fresh = PracticeSession(seed, rate, now_ms - now_ms % 5_000)
    if folder is None:
        return fresh, False
    path = folder / "practice.json"
    try:
        known = msgspec.json.decode(path.read_bytes(), type=PracticeSession)
    except (OSError, *UNREADABLE):
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
    config: Config,
    path: Path,
    start_ms: int = 0,
    end_ms: int = 0,
    sleeves: Sequence[SleeveConfig] = (),
    alter: Callable[[Iterator[ev.AnyEvent]], Iterator[ev.AnyEvent]] = iter,
    *,
    alone: bool = False,
) -> MarketSource:
    """A recorded market; ``alter`` may tell another story (bias checks do).

    ``alone``: only the markets of the sleeves, where nothing else could concern them (``_concerned``): a
    trial. Raises TapeError when it cannot be read, ConfigError when nothing is in range.
    """
    from cockpit.adapters.store import tape
    from cockpit.app.settings import default_sleeves

    info = tape.read_info(path)
    instruments = charged({i.symbol: i for i in info.instruments}, config)
    if not instruments:
        raise ConfigError(f"{path} holds no instrument")
    traded = [symbol for symbol, kinds in info.symbols.items() if "trades" in kinds]
    barred = [symbol for symbol in instruments if info.bar_lengths.get(symbol) or symbol in traded]
    named = spelled_out(sleeves or config.sleeves, tuple(instruments), barred)
    frames, recipes = offered(asked(named), info.bar_lengths, traded)
    only: Collection[str] | None = None
    if alone and info.parts.keys() <= COARSE and (own := _concerned(instruments, named, config)):
        instruments, only = own, own.keys()
        frames = {symbol: tfs for symbol, tfs in frames.items() if symbol in own}
    exchange = _exchange(config, instruments)
    recorded = alter(iter(tape.read(path, start_ms=start_ms, end_ms=end_ms, symbols=only)))
    stream = with_candles(recorded, recipes, instruments)
    world = World(relisted(stream, config), exchange, latency_of(config), config.run.seed)
    books = [symbol for symbol, kinds in info.symbols.items() if kinds.keys() & {"books", "touch"}]
    chosen = named or default_sleeves(tuple(instruments), (), frames, books)
    return MarketSource(str(path), "tape", world, exchange, instruments, frames, chosen)


def _concerned(
    instruments: dict[str, Instrument], named: Sequence[SleeveConfig], config: Config
) -> dict[str, Instrument]:
    """The markets that sleeves trade; empty where the price of another one could matter.

    That is where something is paid in other money than the account's, or is not known to the tape.
    """
    legs = {symbol for row in named for symbol in row.legs}
    own = {symbol: instrument for symbol, instrument in instruments.items() if symbol in legs}
    paid = {instrument.settle for instrument in own.values()}
    return own if len(own) == len(legs) and paid == {config.run.currency} else {}


def asked(sleeves: Iterable[SleeveConfig]) -> dict[str, list[int]]:
    """Bar lengths (ms) that sleeves name, by symbol. What is no length is refused when they are cast."""
    found: dict[str, list[int]] = {}
    for row in sleeves:
        with contextlib.suppress(ValueError):
            length = timeframe_ms(row.timeframe)
            for symbol in row.legs:
                found.setdefault(symbol, []).append(length)
    return found


def offered(
    named: Mapping[str, Sequence[int]], frames: Mapping[str, Sequence[int]], traded: Collection[str]
) -> tuple[dict[str, tuple[int, ...]], dict[str, dict[int, int]]]:
    """Bar lengths by symbol, those that can be made of others included, and how those are made."""
    every = {symbol: set(tfs) for symbol, tfs in frames.items()}
    recipes: dict[str, dict[int, int]] = {}
    for symbol, tfs in named.items():
        for tf in tfs:
            parts = recipe(tf, frames.get(symbol, ()), symbol in traded)
            if parts is not None and tf not in frames.get(symbol, ()):
                recipes.setdefault(symbol, {})[tf] = parts
                every.setdefault(symbol, set()).add(tf)
    return {symbol: tuple(sorted(tfs)) for symbol, tfs in every.items()}, recipes


def _warm(tf: int, lengths: Sequence[int]) -> int:
    """How many bars of a length are worth making up before a start."""
    return min(WARM_BARS if tf == min(lengths) else WARM_LONGER, LONGEST_PAST_MS // tf)


def _exchange(config: Config, instruments: Mapping[str, Instrument]) -> Exchange:
    return Exchange(instruments, cash_of(config), rules_of(config), config.run.seed)
