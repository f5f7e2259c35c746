"""Public markets through ccxt.pro as a stream of facts: books with an unbroken chain, trades, marks, candles.

Health is data that advances, not a socket that is open. Detection bounds, each plus a quarter of a second: a
dead connection 15 s, a mark price 15 s; a book that is silent for 10 s is compared with the exchange's own
over REST, and its stream is opened anew where that one has moved on: a quiet market is quiet, not stalled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from random import Random
from typing import Any

import msgspec

from cockpit.adapters.ccxt_venue.dialect import Dialect
from cockpit.adapters.ccxt_venue.door import Door, Refused
from cockpit.adapters.ccxt_venue.keeper import Keeper
from cockpit.adapters.ccxt_venue.wire import Wire
from cockpit.core import events as ev
from cockpit.core.errors import Transient
from cockpit.core.types import Instrument, InstrumentState

BOOK_S = 10.0
"""A book that is silent for this long is looked at over REST."""
MARK_S = 15.0
TERMS_S = 600.0
"""How often an exchange is asked what it lists."""
FIRST_S = 10.0
"""A new connection shows every book and mark within this time, or it is given up."""
SNAPSHOT_PAUSE_S = 1.0
WHOLE_S = 3.0
"""A book that was subscribed anew has its snapshot within this time, or is subscribed once more."""
Put = Callable[[ev.AnyEvent], None]


class Topic:
    """One subscription that promised data. Times are loop seconds."""

    __slots__ = ("at", "heard", "newest")

    def __init__(self, now: float) -> None:
        self.at = now
        """When it was subscribed."""
        self.heard = 0.0
        """When data last advanced; 0 = never."""
        self.newest = 0


class Route:
    """One public connection and how its subscriptions keep their promises."""

    def __init__(self, name: str, topics: Sequence[str], market: CcxtMarket, rng: Random) -> None:
        self.name = name
        self.topics = list(topics)
        self._market = market
        self.wire = Wire(name, market.door, self, self._fault, rng)
        self.promised: dict[str, Topic] = {}
        self.up = False
        self._refused = ""

    async def address(self, exchange: Any) -> str:
        return await self._market.dialect.route(exchange, self.name, None)

    async def enter(self, exchange: Any, client: Any, url: str) -> list[dict[str, Any]]:
        now = asyncio.get_running_loop().time()
        self._refused = ""
        self.promised = {t: Topic(now) for t in self.topics if t in self._market.watched}
        return self._market.dialect.subscribe(self.topics)

    def add(self, topics: Sequence[str]) -> None:
        """Subscribe these too: now, where it is connected, and with each connection."""
        self.topics += topics
        now = asyncio.get_running_loop().time()
        self.promised |= {t: Topic(now) for t in topics if t in self._market.watched}
        self.wire.send(self._market.dialect.subscribe(topics))

    def hear(self, message: dict[str, Any]) -> None:
        market = self._market
        wrong = market.dialect.refused(message)
        if wrong:
            self._refused = wrong
            self._fault("refused", wrong)
            return
        heard = market.dialect.hear(message, market.now_ms(), market.memory)
        topic = self.promised.get(heard.topic)
        if topic is not None and heard.newest > topic.newest:
            topic.newest = heard.newest
            topic.heard = asyncio.get_running_loop().time()
        for fact in heard.facts:
            market.take(fact, self)
        if not self.up and all(t.heard for t in self.promised.values()):
            self.up = True
            self.wire.well()
            market.linked("subscribed and hearing data")

    def lost(self, reason: str) -> None:
        self.promised = {}
        self._market.forget(self)
        if self.up:
            self.up = False
            self._market.linked(f"{self.name}: {reason}")

    def unwell(self) -> str:
        """The first promise that is broken."""
        if self._refused:
            return f"refused: {self._refused}"
        now = asyncio.get_running_loop().time()
        for name, topic in self.promised.items():
            if not topic.heard:
                if now - topic.at > FIRST_S:
                    return self._broken("silent", name, now - topic.at)
                continue
            silence = now - topic.heard
            native = self._market.watched[name]
            if native and silence > BOOK_S:
                self._market.look(native, name, self)
            elif not native and silence > MARK_S:
                return self._broken("stalled", name, silence)
        return ""

    def _broken(self, what: str, name: str, silence: float) -> str:
        self._fault(what, f"{name}: {silence:.1f} s")
        return f"{name}: {what}"

    def _fault(self, what: str, detail: str) -> None:
        market = self._market
        market.put(ev.DataFault(market.now_ms(), market.dialect.name, what, f"{self.name} {detail}"))


class CcxtMarket:
    """The public half of an exchange. ``run`` never ends by itself; cancel it to close."""

    def __init__(
        self,
        door: Door,
        instruments: Mapping[str, Instrument],
        bars: Mapping[str, Sequence[int]],
        put: Put,
        now_ms: Callable[[], int],
        *,
        rng: Random | None = None,
    ) -> None:
        """``bars``: bar lengths (ms) wanted by symbol."""
        self.door = door
        self.dialect: Dialect = door.dialect
        self.put = put
        self.now_ms = now_ms
        self.instruments = dict(instruments)
        self.memory: dict[str, Any] = {}
        self._natives = [one.native for one in self.instruments.values()]
        self._keepers = {symbol: Keeper(keeps=self.dialect.asks_snapshot) for symbol in self.instruments}
        self._closed: dict[tuple[str, int], int] = {}
        """Close of the newest bar told, by (symbol, length)."""
        self._jobs: dict[str, asyncio.Task[None]] = {}
        self._up = False
        self.watched: dict[str, str] = {}
        """Topic that promised data → its market for a book, empty for a mark price."""
        for native in self._natives:
            self.watched[self.dialect.book_topic(native)] = native
            self.watched[self.dialect.mark_topic(native)] = ""
        frames = {symbol.partition(":")[2]: tuple(lengths) for symbol, lengths in bars.items()}
        rng = rng or Random()
        self.routes = [
            Route(name, topics, self, rng)
            for name, topics in self.dialect.topics(self._natives, frames).items()
        ]

    async def run(self) -> None:
        """Keep every route."""
        try:
            async with asyncio.TaskGroup() as group:
                for route in self.routes:
                    group.create_task(route.wire.run())
                group.create_task(self._read_terms())
                if self.dialect.interest_s:
                    group.create_task(self._read_interest())
        finally:
            for job in self._jobs.values():
                job.cancel()

    # --- what comes in ----------------------------------------------------------------------------

    def take(self, fact: ev.AnyEvent, route: Route) -> None:
        """One fact of a stream → the inbox, books through their chains."""
        if isinstance(fact, ev.BookDelta):
            keeper = self._keepers.get(fact.symbol)
            if keeper is not None:
                self._pass(keeper.delta(fact), fact.symbol, route)
        elif isinstance(fact, ev.BookSnapshot):
            keeper = self._keepers.get(fact.symbol)
            if keeper is not None:
                self._pass(keeper.snapshot(fact), fact.symbol, route)
        elif isinstance(fact, ev.Bar):
            self._bar(fact)
        else:
            self.put(fact)

    def _pass(self, facts: Sequence[ev.AnyEvent], symbol: str, route: Route) -> None:
        for fact in facts:
            self.put(fact)
        if not self._keepers[symbol].whole:
            self._make_whole(symbol, route)

    def _make_whole(self, symbol: str, route: Route) -> None:
        native = symbol.partition(":")[2]
        if self.dialect.asks_snapshot:
            self._start(f"book {native}", self._fetch_book(native, route))
        else:
            self._start(f"book {native}", self._again(native, route))

    async def _again(self, native: str, route: Route) -> None:
        """Subscribe one book anew until its snapshot has come."""
        keeper = self._keepers[self.dialect.symbol(native)]
        topic = [self.dialect.book_topic(native)]
        while not keeper.whole and route.promised:
            route.wire.send([*self.dialect.subscribe(topic, off=True), *self.dialect.subscribe(topic)])
            await asyncio.sleep(WHOLE_S)

    async def _fetch_book(self, native: str, route: Route) -> None:
        keeper = self._keepers[self.dialect.symbol(native)]
        while not keeper.whole and route.promised:
            try:
                found = await self.dialect.snapshot(self.door, native, self.now_ms())
            except (Transient, Refused) as error:
                self.put(ev.DataFault(self.now_ms(), self.dialect.symbol(native), "snapshot", str(error)))
            else:
                if route.promised:
                    for fact in keeper.snapshot(found.event):
                        self.put(fact)
            if not keeper.whole:
                await asyncio.sleep(SNAPSHOT_PAUSE_S)

    def mend(self, symbol: str) -> None:
        """The machine's book is wrong although its chain holds: only a snapshot can tell."""
        keeper = self._keepers.get(symbol)
        if keeper is None:
            return
        topic = self.dialect.book_topic(symbol.partition(":")[2])
        for route in self.routes:
            if topic in route.promised:
                keeper.lose()
                self._make_whole(symbol, route)

    def forget(self, route: Route) -> None:
        """A connection is gone: its books are not known any more, bars that closed meanwhile are fetched."""
        for topic in route.topics:
            native = self.watched.get(topic)
            if native:
                self._keepers[self.dialect.symbol(native)].lose()

    def follow(self, instrument: Instrument) -> None:
        """One market more, from now on; without candles."""
        native, symbol = instrument.native, instrument.symbol
        self.instruments[symbol] = instrument
        self._natives.append(native)
        self._keepers[symbol] = Keeper(keeps=self.dialect.asks_snapshot)
        self.watched[self.dialect.book_topic(native)] = native
        self.watched[self.dialect.mark_topic(native)] = ""
        more = self.dialect.topics([native], {})
        for route in self.routes:
            route.add(more.get(route.name, []))

    def linked(self, reason: str) -> None:
        """The market is up when every route hears what it was promised."""
        up = all(route.up for route in self.routes)
        if up is not self._up:
            self._up = up
            self.put(ev.Link(self.now_ms(), "market", up, reason))
            if up:
                for symbol, length in list(self._closed):
                    self._backfill(symbol, length)

    # --- silence ----------------------------------------------------------------------------------

    def look(self, native: str, topic: str, route: Route) -> None:
        """A book says nothing: has the exchange's own moved on?"""
        self._start(f"look {native}", self._compare(native, topic, route))

    async def _compare(self, native: str, topic: str, route: Route) -> None:
        watch = route.promised.get(topic)
        if watch is None:
            return
        try:
            found = await self.dialect.snapshot(self.door, native, self.now_ms())
        except (Transient, Refused) as error:
            route.wire.restart(f"{topic}: silent, and the book cannot be read: {error}")
            return
        await asyncio.sleep(1.0)  # what was on its way when we asked may arrive
        if watch is not route.promised.get(topic) or watch.newest >= found.newest:
            watch.heard = max(watch.heard, asyncio.get_running_loop().time())  # nothing happens there
            return
        silence = asyncio.get_running_loop().time() - watch.heard
        symbol = self.dialect.symbol(native)
        self.put(ev.DataFault(self.now_ms(), symbol, "stalled", f"{topic}: {silence:.1f} s"))
        route.wire.restart(f"{topic}: stalled")

    def _start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """One job of a name at a time."""
        running = self._jobs.get(name)
        if running is not None and not running.done():
            work.close()
            return
        self._jobs[name] = asyncio.get_running_loop().create_task(work)

    # --- candles and open interest over REST ------------------------------------------------------

    def _bar(self, bar: ev.Bar) -> None:
        """A closed candle, once."""
        key = (bar.symbol, bar.tf)
        last = self._closed.get(key, 0)
        if bar.ts <= last:
            return
        if last and bar.ts > last + bar.tf:
            self._backfill(bar.symbol, bar.tf)
            return
        self._closed[key] = bar.ts
        self.put(bar)

    def _backfill(self, symbol: str, length: int) -> None:
        self._start(f"bars {symbol} {length}", self._fill_up(symbol, length))

    async def _fill_up(self, symbol: str, length: int) -> None:
        try:
            bars = await self.history(symbol, length, 300)
        except (Transient, Refused) as error:
            self.put(ev.DataFault(self.now_ms(), symbol, "candles", str(error)))
            return
        last = self._closed.get((symbol, length), 0)
        for bar in bars:
            if bar.ts > last:
                self._closed[(symbol, length)] = bar.ts
                self.put(bar)

    async def history(self, symbol: str, length: int, count: int) -> list[ev.Bar]:
        """The newest closed bars, oldest first. Raises Transient or Refused when they cannot be read."""
        if length not in self.dialect.frames:
            return []
        found: dict[int, ev.Bar] = {}
        end = self.now_ms() + self.door.offset_ms
        native = symbol.partition(":")[2]
        while len(found) < count:
            want = min(count - len(found) + 1, self.dialect.page)
            bars = await self.dialect.candles(self.door, native, length, want, end)
            fresh = [bar for bar in bars if bar.ts not in found]
            found |= {bar.ts: bar for bar in fresh}
            if len(fresh) < want - 1:
                break
            end = fresh[0].ts - length
        return [found[ts] for ts in sorted(found)][-count:]

    def begin(self, bars: Iterable[ev.Bar]) -> None:
        """These closed bars are known already (the warm-up): the stream goes on behind them."""
        for bar in bars:
            key = (bar.symbol, bar.tf)
            self._closed[key] = max(bar.ts, self._closed.get(key, 0))

    async def _read_terms(self) -> None:
        """Ticks, sizes and states change while we trade, and no stream tells of it."""
        while True:
            await asyncio.sleep(TERMS_S)
            try:
                fresh = await self.dialect.load(self.door, self._natives, private=self.door.keys is not None)
            except (Transient, Refused) as error:
                self.put(ev.DataFault(self.now_ms(), self.dialect.name, "terms", str(error)))
                continue
            for symbol, known in list(self.instruments.items()):
                found = fresh.get(symbol, msgspec.structs.replace(known, state=InstrumentState.SUSPENDED))
                # Brackets are turned into quantities at the price of the day: they do not change by that.
                one = msgspec.structs.replace(
                    found,
                    tiers=known.tiers or found.tiers,
                    maker_fee=known.maker_fee,
                    taker_fee=known.taker_fee,
                )
                if one != known:
                    self.instruments[symbol] = one
                    self.put(ev.Listing(self.now_ms(), one))

    async def _read_interest(self) -> None:
        while True:
            for native in self._natives:
                try:
                    fact = await self.dialect.interest(self.door, native, self.now_ms())
                except (Transient, Refused) as error:
                    symbol = self.dialect.symbol(native)
                    self.put(ev.DataFault(self.now_ms(), symbol, "interest", str(error)))
                    continue
                if fact is not None:
                    self.put(fact)
            await asyncio.sleep(self.dialect.interest_s)
