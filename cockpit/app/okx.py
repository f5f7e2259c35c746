"""OKX as a run's market and venue: settings and keys → instruments, live feed, account.

    found = await open_okx(config, folder, store, consent=…)     reads markets, bars, account; refuses early
    live = found.connect(inbox.put, clock.now_ms)                 sockets not yet open
    Crew(engine, store, live.venue, inbox, clock, others={**live.jobs, …})
    await found.close()

execution = paper: the live book with the simulated account. demo, live: OKX's own account. Nothing is changed
at OKX but orders: modes and leverage are compared, and a difference refuses to start.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from cockpit.adapters.keys import Store
from cockpit.adapters.okx import instruments
from cockpit.adapters.okx.adapter import OkxVenue
from cockpit.adapters.okx.agreement import Terms, agree
from cockpit.adapters.okx.budget import Budget
from cockpit.adapters.okx.endpoints import Endpoints, endpoints
from cockpit.adapters.okx.instruments import Listed
from cockpit.adapters.okx.market import NAMES, OkxMarket
from cockpit.adapters.okx.rest import Rest
from cockpit.adapters.secret import Credentials
from cockpit.adapters.venues.paper import PaperVenue
from cockpit.adapters.venues.sim import VenueMemory
from cockpit.app.compose import longer_frames
from cockpit.app.consent import Consent
from cockpit.app.live import confirmed
from cockpit.app.market import warm_up
from cockpit.app.okx_keys import find_keys, patient
from cockpit.app.simulated import cash_of, charged_one, latency_of, rules_of
from cockpit.core import events as ev
from cockpit.core.config import Config, SleeveConfig, timeframe_ms
from cockpit.core.engine import Engine
from cockpit.core.errors import ConfigError
from cockpit.core.matching import Exchange
from cockpit.core.orders import Order
from cockpit.core.ports import Venue
from cockpit.core.types import Instrument, MarginMode, PositionMode
from cockpit.core.unreadable import UNREADABLE

WARM_BARS = 300
DEFAULT_FRAMES = (60_000, 300_000, 900_000, 3_600_000)
"""Bar lengths on offer to a sleeve that names none: 1m, 5m, 15m, 1h."""
DEFAULT_SYMBOLS = ("okx:BTC-USDT-SWAP",)
RING_S = 0.01
Put = Callable[[ev.AnyEvent], None]
Job = Callable[[], Awaitable[None]]


class Born(msgspec.Struct, frozen=True):
    """Kept beside the journal: a journal belongs to one account and one environment for ever."""

    born: int
    """When this journal began (UTC ms): what the account did before is not its business."""
    execution: str
    uid: str


class Live(msgspec.Struct):
    """A connected market: the venue port and the tasks that keep it alive."""

    venue: Venue
    jobs: dict[str, Job]
    """For ``Crew(others=…)``; each runs until cancelled."""
    feed: OkxMarket
    exchange: Exchange | None = None
    """Of paper trading: the simulated account."""
    memory: VenueMemory | None = None


class OkxSession:
    """What ``recovery`` and the runtime need to know of a market, as ``MarketSource`` has it."""

    venue = "okx"

    def __init__(
        self,
        config: Config,
        folder: Path,
        where: Endpoints,
        markets: Mapping[str, Listed],
        sleeves: Sequence[SleeveConfig],
        frames: Mapping[str, Sequence[int]],
        keys: Credentials | None,
        born: Born,
        rest: Rest,
        budget: Budget,
    ) -> None:
        self.name = f"okx {config.run.execution}"
        self.config = config
        self.folder = folder
        self.where = where
        self.markets = markets
        self.instruments: Mapping[str, Instrument] = {k: one.instrument for k, one in markets.items()}
        self.sleeves = sleeves
        self.frames = frames
        self.warm: Sequence[ev.Bar] = ()
        self.info: dict[str, Any] = {}
        self.born = born
        self.keys = keys
        self.rest = rest
        self.budget = budget
        self.live: Live | None = None

    def warm_up(self, engine: Engine) -> None:
        """Let strategies hear the bars from before the start; nothing they want then is done."""
        warm_up(engine, self.warm)

    def connect(self, put: Put, now_ms: Callable[[], int], orders: Iterable[Order] = ()) -> Live:
        """Build feed and venue. Call on the machine's loop; sockets open when the jobs run.

        ``orders``: those that live in the journal. How long one that nobody answered may still arrive depends
        on what it is.
        """
        execution = self.config.run.execution
        if execution == "paper":
            found = self._paper(put, now_ms)
        else:
            found = self._account(put, now_ms, orders)
        self.live = found
        return found

    def _paper(self, put: Put, now_ms: Callable[[], int]) -> Live:
        exchange = Exchange(
            self.instruments, cash_of(self.config), rules_of(self.config), self.config.run.seed
        )
        paper = PaperVenue(exchange, put, now_ms, latency_of(self.config), self.config.run.seed)
        memory = VenueMemory(self.folder / "venue.db", exchange, paper)
        if not memory.recall():
            memory.remember()
        paper.remember = memory.remember
        feed = self._feed(paper.put, now_ms)

        async def private() -> None:
            put(ev.Link(now_ms(), "private", up=True, reason="paper account"))
            await paper.run()

        return Live(paper, {"feed": feed.run, "paper": private}, feed, exchange, memory)

    def _account(self, put: Put, now_ms: Callable[[], int], orders: Iterable[Order]) -> Live:
        assert self.keys is not None
        feed = self._feed(put, now_ms)
        account = OkxVenue(
            self.where,
            self.keys,
            self.markets,
            terms_of(self.config),
            put,
            now_ms,
            rest=self.rest,
            budget=self.budget,
            born=self.born.born,
            dead_man=self.config.okx.dead_man,
            follow=feed.follow,
            orders=orders,
        )
        return Live(account, {"feed": feed.run, "account": account.run}, feed)

    def _feed(self, put: Put, now_ms: Callable[[], int]) -> OkxMarket:
        feed = OkxMarket(
            self.where, self.markets, self.frames, put, now_ms, rest=self.rest, depth=self.config.okx.depth
        )
        feed.begin(self.warm)
        return feed

    async def close(self) -> None:
        """Let go of REST and of the paper account's memory."""
        if self.live is not None and self.live.memory is not None:
            self.live.memory.close()
        await self.rest.close()


async def ring(deadline: Callable[[], int], put: Put, now_ms: Callable[[], int]) -> None:
    """Wake the engine at the instants it asked for: a live feed may be silent just then."""
    rung = 0
    while True:
        due = deadline()
        if due and due != rung and due <= now_ms():
            rung = due
            put(ev.Timer(now_ms()))
        await asyncio.sleep(RING_S)


async def open_okx(
    config: Config,
    folder: Path,
    store: Store | None,
    sleeves: Sequence[SleeveConfig] = (),
    *,
    consent: Consent | None = None,
    now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
) -> OkxSession:
    """Read everything that must be known before the first fact. Raises ConfigError or VenueError.

    ``store`` holds the keys (None is enough for paper); ``consent``: a person has typed the word for real
    money, having seen that account (``live``).
    """
    run = config.run
    confirmed(config, consent)
    keys = None if run.execution == "paper" else find_keys(store, run.execution)
    where = endpoints(
        config.okx.region,
        demo=run.execution == "demo",
        rest=config.okx.rest,
        socket=config.okx.socket,
        ca_file=config.okx.ca_file,
    )
    budget = Budget(asyncio.get_running_loop().time)
    rest = Rest(where, keys, budget)
    try:
        await patient(lambda: rest.sync(now_ms))
        chosen = tuple(sleeves or config.sleeves)
        extra = [text if ":" in text else f"okx:{text}" for text in config.okx.symbols]
        traded = [leg for row in chosen for leg in row.legs]
        symbols = dict.fromkeys([*traded, *extra]) or dict.fromkeys(DEFAULT_SYMBOLS)
        margin = MarginMode(config.venue.margin_mode)
        markets = await patient(lambda: instruments.load(rest, symbols, margin, private=keys is not None))
        uid = "paper"
        if run.execution == "paper":
            markets = {
                symbol: msgspec.structs.replace(one, instrument=charged_one(one.instrument, config))
                for symbol, one in markets.items()
            }
        if keys is not None:
            uid = (await patient(lambda: agree(rest, terms_of(config), markets.values()))).uid
            confirmed(config, consent, uid)
        born = kept(folder, Born(now_ms(), run.execution, uid))
        chosen = chosen or tuple(SleeveConfig("ema_trend", symbol, "1m") for symbol in symbols)
        frames = {symbol: lengths(symbol, chosen) for symbol in markets}
        found = OkxSession(config, folder, where, markets, chosen, frames, keys, born, rest, budget)
        found.warm = await patient(lambda: history(found, now_ms))
        return found
    except BaseException:
        await rest.close()
        raise


def lengths(symbol: str, sleeves: Sequence[SleeveConfig]) -> tuple[int, ...]:
    """Bar lengths on offer: the usual ones, and what a sleeve names. Raises ConfigError for odd ones."""
    named = [timeframe_ms(row.timeframe) for row in sleeves if symbol in row.legs and row.timeframe]
    for length in named:
        if length not in NAMES:
            raise ConfigError(f"OKX has no bars of {length // 1_000} s; it has {', '.join(NAMES.values())}")
    longer = [length for length in longer_frames(symbol, sleeves) if length in NAMES]
    return tuple(sorted({*(named or DEFAULT_FRAMES), *longer}))


async def history(found: OkxSession, now_ms: Callable[[], int]) -> Sequence[ev.Bar]:
    """Closed bars from before the start, for indicators and charts."""
    feed = OkxMarket(found.where, found.markets, {}, _nobody, now_ms, rest=found.rest)
    bars: list[ev.Bar] = []
    for symbol, sizes in found.frames.items():
        for length in sizes:
            bars += await feed.history(symbol, length, WARM_BARS)
    return sorted(bars, key=lambda bar: bar.ts)


def _nobody(_event: ev.AnyEvent) -> None:
    """Nobody listens while history is read."""


def terms_of(config: Config) -> Terms:
    """What the settings want the account to be."""
    return Terms(
        PositionMode(config.venue.position_mode),
        MarginMode(config.venue.margin_mode),
        Decimal(repr(config.venue.leverage)),
    )


def kept(folder: Path, fresh: Born, file: str = "okx.json") -> Born:
    """The journal's birth certificate. Raises ConfigError when the journal is another account's."""
    path = folder / file
    try:
        known = msgspec.json.decode(path.read_bytes(), type=Born)
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(msgspec.json.encode(fresh))
        return fresh
    except UNREADABLE as error:
        raise ConfigError(f"{path} is damaged: {error}") from error
    if (known.execution, known.uid) != (fresh.execution, fresh.uid):
        raise ConfigError(
            f"{folder} is the journal of {known.execution} account {known.uid}, not of "
            f"{fresh.execution} account {fresh.uid}: name another --data-dir"
        )
    return known
