"""OKX's public market as a stream of facts: books with an unbroken chain, trades, marks, funding, candles.

Each promise of the venue is a deadline here. A book that breaks its chain is subscribed anew, that one only;
until its snapshot is there the machine sees a broken book, never a wrong one. Detection bounds, each plus a
quarter of a second: a busy book 10 s, a quiet one 65 s (OKX repeats it every 60), a mark price 15 s, a dead
connection 23 s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random

import msgspec

from cockpit.adapters.okx import frames
from cockpit.adapters.okx.endpoints import Endpoints
from cockpit.adapters.okx.frames import BARS, INDEX, VENUE
from cockpit.adapters.okx.instruments import MARKETS, Listed, relisted
from cockpit.adapters.okx.rest import Refused, Rest
from cockpit.adapters.okx.short import Lean
from cockpit.adapters.okx.socket import Socket
from cockpit.adapters.okx.topics import Topic
from cockpit.core import events as ev
from cockpit.core.errors import Transient
from cockpit.core.types import Kind

BOOK_S = 10.0
WHOLE_MS = 3_000
"""A broken book whose updates go on without a snapshot for this long is subscribed once more."""
MARK_S = 15.0
TICKER_S = 30.0
NAMES = {ms: name for name, ms in BARS.items()}
"""Length of a bar (ms) → OKX's name for it on the UTC grid."""
CANDLES = 300
"""Most candles of one REST answer."""
Put = Callable[[ev.AnyEvent], None]


class Candle(msgspec.Struct, array_like=True, frozen=True):
    ts: int
    open: float
    high: float
    low: float
    close: float
    vol: float
    vol_ccy: float
    vol_quote: float
    confirm: str


class Side:
    """The public or the business socket, and whether it is well."""

    def __init__(self, name: str, feed: OkxMarket) -> None:
        self.name = name
        self._feed = feed
        self.up = False

    def hear(self, frame: frames.Frame) -> None:
        self._feed.hear(frame)

    def link(self, up: bool, reason: str) -> None:
        self.up = up
        self._feed.linked(self.name, up, reason)

    def fault(self, what: str, detail: str, topic: Topic | None) -> None:
        symbol = f"{VENUE}:{topic.inst_id}" if topic is not None and topic.inst_id else VENUE
        self._feed.put(ev.DataFault(self._feed.now_ms(), symbol, what, detail))


class OkxMarket:
    """The public half. ``run`` never ends by itself; cancel it to close."""

    def __init__(
        self,
        endpoints: Endpoints,
        markets: Mapping[str, Listed],
        bars: Mapping[str, Sequence[int]],
        put: Put,
        now_ms: Callable[[], int],
        *,
        rest: Rest | None = None,
        depth: str = "books",
        rng: Random | None = None,
    ) -> None:
        """``bars``: bar lengths (ms) wanted by symbol. ``depth``: books | books5 | bbo-tbt."""
        self.put = put
        self.now_ms = now_ms
        self.markets = dict(markets)
        self._rest = rest
        self._depth = depth
        self._bars = {symbol: tuple(lengths) for symbol, lengths in bars.items()}
        self._chains: dict[str, int] = {}
        """Last sequence number of each whole book."""
        self._broken: dict[str, int] = {}
        """Since when (ms) a book waits for its snapshot."""
        self._closed: dict[tuple[str, int], int] = {}
        """Close of the newest bar told, by (symbol, length)."""
        self._index: dict[str, float] = {}
        self._backfills: set[asyncio.Task[None]] = set()
        self._up = False
        self._sides = (Side("public", self), Side("business", self))
        rng = rng or Random()
        self.public = Socket(
            endpoints.stream("public"),
            self._sides[0],
            now_ms,
            topics=self._topics(self.markets.values()),
            rng=rng,
            tls=endpoints.tls(),
            lean=self._lean,
        )
        candles = list(self._candles())
        self.business = (
            Socket(
                endpoints.stream("business"),
                self._sides[1],
                now_ms,
                topics=candles,
                rng=rng,
                tls=endpoints.tls(),
            )
            if candles
            else None
        )

    async def run(self) -> None:
        """Keep both sockets."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.public.run())
            if self.business is not None:
                group.create_task(self.business.run())

    def _topics(self, markets: Iterable[Listed]) -> Iterable[Topic]:
        kinds: set[str] = set()
        families: set[str] = set()
        for one in markets:
            inst = one.instrument.native
            yield Topic(self._depth, inst, within=BOOK_S)
            yield Topic("trades", inst)
            kinds.add(one.kind)
            if one.instrument.derivative:
                yield Topic("mark-price", inst, within=MARK_S, at_most=MARK_S)
                yield Topic("funding-rate", inst)
                yield Topic("open-interest", inst)
                families.add(_family(one))
        for family in sorted(families):
            yield Topic("index-tickers", family)
        for kind in sorted(kinds):
            yield Topic("instruments", inst_type=kind)

    def follow(self, one: Listed) -> None:
        """One market more, from now on; without candles."""
        self.markets[one.instrument.symbol] = one
        self.public.follow(*self._topics([one]))

    def _candles(self) -> Iterable[Topic]:
        for symbol, lengths in self._bars.items():
            for length in lengths:
                if length in NAMES:
                    yield Topic(f"candle{NAMES[length]}", symbol.partition(":")[2])

    # --- what comes in ----------------------------------------------------------------------------

    def hear(self, frame: frames.Frame) -> None:
        """One push → facts in the inbox."""
        if frame.arg.channel == "instruments":
            self._listings(frame)
            return
        for event in frames.market(frame, self.now_ms()):
            kind = event.__class__
            if kind is ev.BookDelta:
                self._delta(event, frame.arg)  # type: ignore[arg-type]
            elif kind is ev.BookSnapshot:
                self._whole(event)  # type: ignore[arg-type]
            elif kind is ev.Bar:
                self._bar(event)  # type: ignore[arg-type]
            elif kind is ev.Mark:
                self._mark(event)  # type: ignore[arg-type]
            else:
                self.put(event)

    def _lean(self, arg: frames.Arg) -> Lean | None:
        """The short way of a book, of trades or tickers: the same facts as ``hear`` makes of them."""
        symbol = f"{VENUE}:{arg.inst_id}"
        now_ms, chains, put = self.now_ms, self._chains, self.put
        decode_book, decode_trades = frames.lean_books, frames.lean_trades

        def book(raw: bytes) -> int:
            push = decode_book(raw)
            ts, stamp, update = now_ms(), 0, push.action == "update"
            for row in push.data:
                stamp, seq, before = row.ts, row.seq_id, row.prev_seq_id
                bids = tuple([(level.px, level.sz) for level in row.bids])
                asks = tuple([(level.px, level.sz) for level in row.asks])
                if not update:
                    self._whole(ev.BookSnapshot(ts, symbol, stamp, bids, asks, seq))
                elif chains.get(symbol) == before:
                    chains[symbol] = seq
                    put(ev.BookDelta(ts, symbol, stamp, bids, asks, seq, before))
                else:
                    self._delta(ev.BookDelta(ts, symbol, stamp, bids, asks, seq, before), arg)
            return stamp

        def trades(raw: bytes) -> int:
            ts, stamp = now_ms(), 0
            for row in decode_trades(raw).data:
                stamp = row.ts
                put(ev.Trade(ts, symbol, stamp, row.px, row.sz, row.side, row.trade_id))
            return stamp

        def tickers(raw: bytes) -> int:
            ts = now_ms()
            rows = [frames.ticker(row, symbol, ts) for row in frames.lean_tickers(raw).data]
            for row in rows:
                put(row)
            return rows[-1].venue_ts if rows else 0

        return {"books": book, "books5": book, "trades": trades, "tickers": tickers}.get(arg.channel)

    def _whole(self, event: ev.BookSnapshot) -> None:
        self._chains[event.symbol] = event.seq
        self._broken.pop(event.symbol, None)
        self.put(event)

    def _delta(self, event: ev.BookDelta, arg: frames.Arg) -> None:
        last = self._chains.get(event.symbol)
        if last is None:
            self._wait_for_whole(event, arg)
            return
        if event.prev_seq in (last, -1):
            self._chains[event.symbol] = event.seq
            self.put(event)
            return
        if event.seq == last:
            return  # the message came twice
        del self._chains[event.symbol]
        self._broken[event.symbol] = event.ts
        # The broken link itself goes on: by it the machine's own book knows that it is not whole.
        self.put(event)
        detail = f"expected {last}, got {event.prev_seq} → {event.seq}"
        self.put(ev.DataFault(event.ts, event.symbol, "gap", detail))
        self.public.refresh(arg.channel, arg.inst_id)

    def _wait_for_whole(self, event: ev.BookDelta, arg: frames.Arg) -> None:
        """Updates of a broken book are no news; its snapshot is on the way, or must be asked for again."""
        since = self._broken.setdefault(event.symbol, event.ts)
        if event.ts - since > WHOLE_MS:
            self._broken[event.symbol] = event.ts
            self.put(ev.DataFault(event.ts, event.symbol, "gap", "updates, and no snapshot"))
            self.public.refresh(arg.channel, arg.inst_id)

    def mend(self, symbol: str) -> None:
        """The machine's book is wrong although its chain holds: only a snapshot can tell."""
        if symbol in self.markets and self._up:
            self._chains.pop(symbol, None)
            self._broken[symbol] = self.now_ms()
            self.public.refresh(self._depth, symbol.partition(":")[2])

    def _bar(self, bar: ev.Bar) -> None:
        """A closed candle, once, and learned now: its close lies a moment back."""
        key = (bar.symbol, bar.tf)
        last = self._closed.get(key, 0)
        if bar.ts <= last:
            return
        if last and bar.ts > last + bar.tf:
            self._backfill(bar.symbol, bar.tf)
            return
        self._closed[key] = bar.ts
        self.put(bar)

    def _mark(self, event: ev.Mark) -> None:
        """The index is told with the mark of every swap that follows it."""
        if event.symbol.startswith(INDEX):
            self._index[event.symbol.partition(":")[2]] = event.index
            return
        one = self.markets.get(event.symbol)
        index = self._index.get(_family(one), 0.0) if one is not None else 0.0
        self.put(ev.Mark(event.ts, event.symbol, event.mark, index))

    def _listings(self, frame: frames.Frame) -> None:
        """Terms of our markets change while we trade: ticks, sizes, states."""
        for row in MARKETS.decode(frame.data):
            known = self.markets.get(f"{VENUE}:{row.inst_id}")
            if known is None:
                continue
            fresh = relisted(row, known)
            if fresh is not None and fresh.instrument != known.instrument:
                self.markets[fresh.instrument.symbol] = fresh
                self.put(ev.Listing(self.now_ms(), fresh.instrument))

    def linked(self, side: str, up: bool, reason: str) -> None:
        """The market is up when books arrive; candles that were missed meanwhile are fetched."""
        if side == "public":
            if not up:
                self._chains.clear()
                self._broken.clear()
            self._up = up
            self.put(ev.Link(self.now_ms(), "market", up, reason))
        elif up:
            for symbol, length in list(self._closed):
                self._backfill(symbol, length)
        else:
            self.put(ev.DataFault(self.now_ms(), VENUE, "candles", reason))

    # --- candles over REST ------------------------------------------------------------------------

    def _backfill(self, symbol: str, length: int) -> None:
        if self._rest is not None:
            task = asyncio.get_running_loop().create_task(self._fill_up(symbol, length))
            self._backfills.add(task)
            task.add_done_callback(self._backfills.discard)

    async def _fill_up(self, symbol: str, length: int) -> None:
        try:
            bars = await self.history(symbol, length, CANDLES)
        except (Transient, Refused) as error:
            self.put(ev.DataFault(self.now_ms(), symbol, "candles", str(error)))
            return
        last = self._closed.get((symbol, length), 0)
        for bar in bars:
            if bar.ts > last:
                self._closed[(symbol, length)] = bar.ts
                self.put(bar)

    async def history(self, symbol: str, length: int, count: int) -> list[ev.Bar]:
        """The newest closed bars, oldest first. Raises Transient when they cannot be read."""
        if self._rest is None or length not in NAMES:
            return []
        found: dict[int, ev.Bar] = {}
        inst = symbol.partition(":")[2]
        one = self.markets.get(symbol)
        spot = one is not None and one.instrument.kind is Kind.SPOT
        params = {"instId": inst, "bar": NAMES[length], "limit": str(min(count + 1, CANDLES))}
        while len(found) < count:
            rows = await self._rest.get("market/candles", params, Candle, private=False)
            for r in rows:
                if r.confirm == "1":
                    close = r.ts + length
                    volume = r.vol if spot else r.vol_ccy
                    found[close] = ev.Bar(close, symbol, length, r.open, r.high, r.low, r.close, volume)
            if len(rows) < 2:
                break
            params = {**params, "after": str(rows[-1].ts)}
        return [found[ts] for ts in sorted(found)][-count:]

    def begin(self, bars: Iterable[ev.Bar]) -> None:
        """These closed bars are known already (the warm-up): the stream goes on behind them."""
        for bar in bars:
            key = (bar.symbol, bar.tf)
            self._closed[key] = max(bar.ts, self._closed.get(key, 0))


def _family(one: Listed) -> str:
    """The index that a market follows: ``BTC-USDT``."""
    return "-".join(one.instrument.native.split("-")[:2])
