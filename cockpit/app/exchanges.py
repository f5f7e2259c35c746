"""Exchanges through ccxt (Binance USD-M, Bybit linear) as a run's market and venue.

    found = await open_exchange(config, folder, store)           reads markets, bars, account; refuses early
    live = found.connect(inbox.put, clock.now_ms)                 sockets not yet open
    Crew(engine, store, live.venue, inbox, clock, others={**live.jobs, …})
    await found.close()

execution = paper: the live book with the simulated account. demo, live: the exchange's own account. Nothing
is changed there but orders: modes and leverage are compared, and a difference refuses to start.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from cockpit.adapters.ccxt_venue.agreement import agree, key_faults
from cockpit.adapters.ccxt_venue.binance import Binance
from cockpit.adapters.ccxt_venue.bybit import Bybit
from cockpit.adapters.ccxt_venue.dialect import Dialect, KeyFacts, Terms
from cockpit.adapters.ccxt_venue.door import Address, Door, Refused
from cockpit.adapters.ccxt_venue.market import CcxtMarket
from cockpit.adapters.ccxt_venue.venue import CcxtVenue
from cockpit.adapters.connectivity.budget import Budget
from cockpit.adapters.keys import Store, name
from cockpit.adapters.secret import Credentials
from cockpit.adapters.venues.paper import PaperVenue
from cockpit.adapters.venues.sim import VenueMemory
from cockpit.app.compose import longer_frames
from cockpit.app.consent import Consent
from cockpit.app.live import confirmed
from cockpit.app.market import warm_up
from cockpit.app.okx import DEFAULT_FRAMES, WARM_BARS, Born, kept
from cockpit.app.okx_keys import Seen, patient
from cockpit.app.simulated import cash_of, charged, latency_of, rules_of
from cockpit.core import events as ev
from cockpit.core.config import Config, ExchangeConfig, SleeveConfig, timeframe_ms, timeframe_text
from cockpit.core.engine import Engine
from cockpit.core.errors import ConfigError, Transient, VenueError
from cockpit.core.matching import Exchange
from cockpit.core.ports import Venue
from cockpit.core.types import Instrument, MarginMode, PositionMode, exact

DIALECTS: Mapping[str, type[Dialect]] = {"binance": Binance, "bybit": Bybit}
DEFAULT_NATIVE = "BTCUSDT"
Put = Callable[[ev.AnyEvent], None]
Job = Callable[[], Awaitable[None]]


class Live(msgspec.Struct):
    """A connected market: the venue port and the tasks that keep it alive."""

    venue: Venue
    jobs: dict[str, Job]
    """For ``Crew(others=…)``; each runs until cancelled."""
    feed: CcxtMarket
    exchange: Exchange | None = None
    """Of paper trading: the simulated account."""
    memory: VenueMemory | None = None


class ExchangeSession:
    """What ``recovery`` and the runtime need to know of a market, as ``MarketSource`` has it."""

    def __init__(
        self,
        config: Config,
        folder: Path,
        door: Door,
        instruments: Mapping[str, Instrument],
        sleeves: Sequence[SleeveConfig],
        frames: Mapping[str, Sequence[int]],
        born: Born,
    ) -> None:
        self.venue = door.dialect.name
        self.name = f"{self.venue} {config.run.execution}"
        self.config = config
        self.folder = folder
        self.door = door
        self.instruments = instruments
        self.sleeves = sleeves
        self.frames = frames
        self.warm: Sequence[ev.Bar] = ()
        self.info: dict[str, Any] = {}
        self.born = born
        self.live: Live | None = None

    def warm_up(self, engine: Engine) -> None:
        """Let strategies hear the bars from before the start; nothing they want then is done."""
        warm_up(engine, self.warm)

    def connect(self, put: Put, now_ms: Callable[[], int]) -> Live:
        """Build feed and venue. Call on the machine's loop; sockets open when the jobs run."""
        paper = self.config.run.execution == "paper"
        self.live = self._paper(put, now_ms) if paper else self._account(put, now_ms)
        return self.live

    def _paper(self, put: Put, now_ms: Callable[[], int]) -> Live:
        config = self.config
        exchange = Exchange(self.instruments, cash_of(config), rules_of(config), config.run.seed)
        paper = PaperVenue(exchange, put, now_ms, latency_of(config), config.run.seed)
        memory = VenueMemory(self.folder / "venue.db", exchange, paper)
        if not memory.recall():
            memory.remember()
        paper.remember = memory.remember
        feed = self._feed(paper.put, now_ms)

        async def private() -> None:
            put(ev.Link(now_ms(), "private", up=True, reason="paper account"))
            await paper.run()

        return Live(paper, {"feed": feed.run, "paper": private}, feed, exchange, memory)

    def _account(self, put: Put, now_ms: Callable[[], int]) -> Live:
        feed = self._feed(put, now_ms)
        terms = terms_of(self.config)
        account = CcxtVenue(
            self.door, self.instruments, terms, put, now_ms, born=self.born.born, follow=feed.follow
        )
        return Live(account, {"feed": feed.run, "account": account.run}, feed)

    def _feed(self, put: Put, now_ms: Callable[[], int]) -> CcxtMarket:
        feed = CcxtMarket(self.door, self.instruments, self.frames, put, now_ms)
        feed.begin(self.warm)
        return feed

    async def close(self) -> None:
        """Let go of REST and of the paper account's memory."""
        if self.live is not None and self.live.memory is not None:
            self.live.memory.close()
        await self.door.close()


async def open_exchange(
    config: Config,
    folder: Path,
    store: Store | None,
    sleeves: Sequence[SleeveConfig] = (),
    *,
    consent: Consent | None = None,
    now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
) -> ExchangeSession:
    """Read everything that must be known before the first fact. Raises ConfigError or VenueError.

    ``store`` holds the keys (None is enough for paper); ``consent``: a person has typed the word for real
    money, having seen that account (``live``).
    """
    run = config.run
    confirmed(config, consent)
    keys = None if run.execution == "paper" else find_keys(store, run.feed, run.execution)
    door = door_of(config, run.feed, keys, demo=run.execution == "demo")
    if keys is not None:
        offered(config, door.dialect)
    try:
        await patient(lambda: door.sync(now_ms))
        chosen = tuple(sleeves or config.sleeves)
        natives = wanted(run.feed, chosen, table(config, run.feed).symbols)
        instruments = await patient(lambda: door.dialect.load(door, natives, private=keys is not None))
        missing = [one for one in natives if door.dialect.symbol(one) not in instruments]
        if missing:
            raise ConfigError(f"{door.dialect.title} lists no perpetual {', '.join(missing)}")
        uid = "paper"
        if keys is None:
            instruments = charged(instruments, config)
        else:
            uid = (await patient(lambda: agree(door, terms_of(config), natives))).uid
            confirmed(config, consent, uid)
        born = kept(folder, Born(now_ms(), run.execution, uid), f"{run.feed}.json")
        chosen = chosen or tuple(SleeveConfig("ema_trend", symbol, "1m") for symbol in instruments)
        frames = {symbol: lengths(door.dialect, symbol, chosen) for symbol in instruments}
        found = ExchangeSession(config, folder, door, instruments, chosen, frames, born)
        found.warm = await patient(lambda: history(found, now_ms))
        return found
    except BaseException:
        await door.close()
        raise


def wanted(venue: str, sleeves: Sequence[SleeveConfig], extra: Sequence[str]) -> list[str]:
    """The exchange's own ids of everything that is named. Raises ConfigError for another venue's."""
    symbols = [leg for row in sleeves for leg in row.legs]
    symbols += [text if ":" in text else f"{venue}:{text}" for text in extra]
    foreign = [symbol for symbol in symbols if not symbol.startswith(f"{venue}:")]
    if foreign:
        raise ConfigError(f"run.feed = {venue} has no {', '.join(foreign)}: write {venue}:{DEFAULT_NATIVE}")
    return list(dict.fromkeys(symbol.partition(":")[2] for symbol in symbols)) or [DEFAULT_NATIVE]


def table(config: Config, venue: str) -> ExchangeConfig:
    """The settings of an exchange."""
    return {"binance": config.binance, "bybit": config.bybit}[venue]


def door_of(config: Config, venue: str, keys: Credentials | None, *, demo: bool) -> Door:
    """REST of an exchange, where the settings say that it is."""
    dialect, where = DIALECTS[venue](), table(config, venue)
    budget = Budget(dialect.limits, asyncio.get_running_loop().time)
    address = Address(demo, where.rest.rstrip("/"), where.socket.rstrip("/"))
    return Door(dialect, address, keys, budget)


def offered(config: Config, dialect: Dialect) -> None:
    """Raises ConfigError for a stop price that the exchange has no orders on."""
    for price in (config.risk.stop_price, *(row.stop_price for row in config.sleeves)):
        if price and price not in dialect.watched:
            have = ", ".join(sorted(dialect.watched))
            raise ConfigError(f"{dialect.title} has no stops on the {price} price; stop_price may be {have}")


def find_keys(store: Store | None, venue: str, environment: str, purpose: str = "trade") -> Credentials:
    """The key of an environment. Raises ConfigError saying how to add one."""
    which = name(f"{venue}/{environment}/{purpose}")
    keys = store.get(which) if store is not None else None
    if keys is None:
        raise ConfigError(f"there is no key {which}: cockpit keys add {which}")
    return keys


def terms_of(config: Config) -> Terms:
    """What the settings want the account to be."""
    venue = config.venue
    return Terms(PositionMode(venue.position_mode), MarginMode(venue.margin_mode), exact(venue.leverage))


def lengths(dialect: Dialect, symbol: str, sleeves: Sequence[SleeveConfig]) -> tuple[int, ...]:
    """Bar lengths on offer: the usual ones, and what a sleeve names. Raises ConfigError for odd ones."""
    named = [timeframe_ms(row.timeframe) for row in sleeves if symbol in row.legs and row.timeframe]
    for length in named:
        if length not in dialect.frames:
            offered = ", ".join(timeframe_text(ms) for ms in sorted(dialect.frames))
            raise ConfigError(f"{dialect.title} has no bars of {timeframe_text(length)}; it has {offered}")
    longer = [length for length in longer_frames(symbol, sleeves) if length in dialect.frames]
    return tuple(sorted({*(named or DEFAULT_FRAMES), *longer}))


async def history(found: ExchangeSession, now_ms: Callable[[], int]) -> Sequence[ev.Bar]:
    """Closed bars from before the start, for indicators and charts."""
    feed = CcxtMarket(found.door, found.instruments, {}, _nobody, now_ms)
    bars: list[ev.Bar] = []
    for symbol, sizes in found.frames.items():
        for length in sizes:
            try:
                bars += await feed.history(symbol, length, WARM_BARS)
            except Refused as error:
                raise Transient(str(error)) from error
    return sorted(bars, key=lambda bar: bar.ts)


def _nobody(_event: ev.AnyEvent) -> None:
    """Nobody listens while history is read."""


async def look(config: Config, keys: Credentials) -> Seen:
    """The live account through its read key: what a person is shown before typing the word.

    Raises VenueError when the key is more than a read key, or the venue refuses; Transient when it is away.
    """
    door = door_of(config, keys.venue, keys, demo=False)
    try:
        await patient(lambda: door.sync(lambda: time.time_ns() // 1_000_000))
        found = await door.dialect.key_facts(door, demo=False)
        faults = key_faults(found.permissions, keys.purpose, live=True)
        if faults:
            raise VenueError(f"{keys.venue}/{keys.environment}/{keys.purpose}: {'; '.join(faults)}")
        held, orders = await door.dialect.positions(door), await door.dialect.orders(door)
        return Seen(
            found.uid,
            urlsplit(door.address.rest).netloc or door.dialect.host,
            found.account_level,
            found.position_mode or "by instrument",
            str(await door.dialect.equity(door)),
            len(held),
            len(orders),
            tuple(concerns(found)),
        )
    finally:
        await door.close()


def concerns(found: KeyFacts) -> list[str]:
    """What is allowed and yet unwise about a key of real money."""
    return [] if found.bound_to_ip else ["no_ip"]


async def facts_of(config: Config, keys: Credentials) -> dict[str, Any]:
    """What an exchange says about a key, for ``cockpit keys`` and ``doctor``. Raises VenueError."""
    demo = keys.environment == "demo"
    door = door_of(config, keys.venue, keys, demo=demo)
    try:
        await patient(lambda: door.sync(lambda: time.time_ns() // 1_000_000))
        found = await patient(lambda: door.dialect.key_facts(door, demo=demo))
        return {
            "uid": found.uid,
            "permissions": sorted(found.permissions),
            "position_mode": found.position_mode or "by instrument",
            "account_level": found.account_level,
            "bound_to_ip": found.bound_to_ip,
            "clock_ms": door.offset_ms,
            "faults": key_faults(found.permissions, keys.purpose, live=not demo),
            "concerns": concerns(found) if not demo else [],
        }
    finally:
        await door.close()
