"""One client on the stub, in a process of its own; prints one JSON line with what it saw and what it cost.

    python -m tests.benchmarks.okx_clients cockpit|ccxt|raw CHANNEL PORT COUNT FILE

cockpit: our sockets, decoding, seqId chain, inbox, engine, book, a strategy woken, on the loop that a run
uses (COCKPIT_LOOP=asyncio: Python's own). On that: ccxt: ``watch_*`` of ccxt.pro. raw: the same
WebSocket library as ours and a generic JSON decoder; no book, no chain, no health.
"""

from __future__ import annotations

import asyncio
import gc
import json
import mmap
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from cockpit.app import eventloop
from tests.benchmarks.okx_stub import INST, RECORDS, T0
from tests.benchmarks.rows import percentile, resident_mb

SYMBOL = f"okx:{INST}"
LIMIT_S = 60.0


class Seen:
    """When each message was in the user's hands, and the CPU from the first to the last."""

    def __init__(self, count: int) -> None:
        self.at = [0] * count
        self.done = asyncio.get_running_loop().create_future()
        self.begin = self.end = self.wall = 0.0

    def mark(self, index: int) -> None:
        """Message ``index`` has been worked in."""
        if not self.begin:
            self.begin, self.wall = time.process_time(), time.perf_counter()
        self.at[index] = time.monotonic_ns()
        if index == len(self.at) - 1 and not self.done.done():
            self.end = time.process_time()
            self.wall = time.perf_counter() - self.wall
            self.done.set_result(None)

    def told(self, file: Path) -> dict[str, Any]:
        """CPU a message (us), rate, latency from the stub's send (us), how many were seen."""
        count = len(self.at)
        with file.open("rb") as opened:
            sent = memoryview(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)).cast("q")
            late = [(at - sent[i]) / 1_000 for i, at in enumerate(self.at) if at and i]
        return {
            "cpu_us": (self.end - self.begin) / count * 1e6,
            "rate": count / self.wall,
            "p50_us": percentile(late, 0.5),
            "p99_us": percentile(late, 0.99),
            "seen": sum(1 for at in self.at if at),
            "rss_mb": resident_mb(),
        }


async def cockpit(channel: str, port: int, seen: Seen) -> None:
    """Everything that a live market passes through up to a strategy, but the journal."""
    from cockpit.adapters.okx.endpoints import endpoints
    from cockpit.adapters.okx.instruments import MARKETS, listed
    from cockpit.adapters.okx.market import OkxMarket
    from cockpit.adapters.okx.topics import Topic
    from cockpit.app import compose, priority, session
    from cockpit.core import events as ev
    from cockpit.core.config import Config, SleeveConfig
    from cockpit.core.registry import strategy
    from cockpit.core.view import View
    from cockpit.core.want import Want
    from cockpit.workers.inbox import Inbox
    from cockpit.workers.strategy import YIELD_EVERY

    session.calm()  # as a run does, both
    priority.short_turns()
    held: list[Any] = [None]

    @strategy("bench_eye", None, version=1, wakes=("book", "trade"))
    class Eye(msgspec.Struct):
        """Looks, wants nothing."""

        @classmethod
        def create(cls, _params: Any) -> Eye:
            return cls()

        def on_book(self, view: View, _want: Want) -> None:
            if channel != "trades" and view.book_ok:
                seen.mark(held[0].venue_ts - T0)

        def on_trade(self, trade: ev.Trade, _view: View, _want: Want) -> None:
            if channel == "trades":
                seen.mark(trade.venue_ts - T0)

    one = listed(MARKETS.decode(json.dumps(RECORDS["public/instruments"]))[0])
    assert one is not None
    instruments = {SYMBOL: one.instrument}
    sleeves = compose.cast((SleeveConfig("bench_eye", SYMBOL),), instruments, {SYMBOL: ()})
    engine = compose.fresh(Config(), "paper", instruments, sleeves)
    inbox = Inbox()
    where = endpoints("global", demo=False, rest=f"http://127.0.0.1:{port}", socket=f"ws://127.0.0.1:{port}")
    depth = "books5" if channel == "books5" else "books"
    feed = OkxMarket(where, {SYMBOL: one}, {}, inbox.put, lambda: time.time_ns() // 1_000_000, depth=depth)
    if channel == "tickers":
        feed.public.follow(Topic("tickers", INST))

    async def kernel() -> None:
        step, count = engine.step, 0

        def at_once(event: ev.AnyEvent) -> int:
            held[0], begin = event, time.perf_counter_ns()
            step(event)
            return time.perf_counter_ns() - begin

        inbox.serve(at_once)  # as the real one does
        while batch := await inbox.take():
            for event in batch:
                held[0] = event
                step(event)
            count += len(batch)
            if count >= YIELD_EVERY:
                count = 0
                await asyncio.sleep(0)

    jobs = [asyncio.ensure_future(feed.run()), asyncio.ensure_future(kernel())]
    await asyncio.wait([seen.done, *jobs], return_when=asyncio.FIRST_COMPLETED)
    for job in jobs:
        job.cancel()
    ended = await asyncio.gather(*jobs, return_exceptions=True)
    failed = [end for end in ended if isinstance(end, Exception)]
    if failed:
        raise failed[0]


async def ccxt(channel: str, port: int, seen: Seen) -> None:
    """ccxt.pro as its manual has it."""
    import ccxt.pro as pro

    exchange = pro.okx({"enableRateLimit": False, "newUpdates": True})
    exchange.urls["api"]["ws"] = f"ws://127.0.0.1:{port}/ws/v5"
    exchange.urls["api"]["rest"] = f"http://127.0.0.1:{port}"
    exchange.options["defaultType"] = "swap"
    exchange.options["fetchMarkets"] = {"types": ["swap"]}
    exchange.has["fetchCurrencies"] = False
    await exchange.load_markets()
    name = "BTC/USDT:USDT"
    try:
        while not seen.done.done():
            if channel == "books":
                seen.mark((await exchange.watch_order_book(name))["timestamp"] - T0)
            elif channel == "books5":
                seen.mark((await exchange.watch_order_book(name, 5))["timestamp"] - T0)
            elif channel == "tickers":
                seen.mark((await exchange.watch_ticker(name))["timestamp"] - T0)
            else:
                for trade in await exchange.watch_trades(name):
                    seen.mark(trade["timestamp"] - T0)
    finally:
        await exchange.close()


async def raw(channel: str, port: int, seen: Seen) -> None:
    """The floor of this WebSocket library: frames in, dictionaries out."""
    from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

    decode = msgspec.json.Decoder().decode
    asked = json.dumps({"op": "subscribe", "args": [{"channel": channel, "instId": INST}]}).encode()

    class Ear(WSListener):
        def on_ws_connected(self, transport: WSTransport) -> None:
            transport.send(WSMsgType.TEXT, asked)

        def on_ws_frame(self, _transport: WSTransport, frame: WSFrame) -> None:
            said = decode(frame.get_payload_as_memoryview())
            if "data" in said:
                seen.mark(int(said["data"][0]["ts"]) - T0)

    transport, _ = await ws_connect(Ear, f"ws://127.0.0.1:{port}/ws/v5/public")
    await seen.done
    transport.disconnect()


CLIENTS = {"cockpit": cockpit, "ccxt": ccxt, "raw": raw}


async def _main(client: str, channel: str, port: int, count: int, file: Path) -> dict[str, Any]:
    seen = Seen(count)
    gc.collect()
    gc.freeze()
    await asyncio.wait_for(CLIENTS[client](channel, port, seen), LIMIT_S)
    return seen.told(file)


def main() -> None:
    client, channel, port, count, file = sys.argv[1:6]
    run = eventloop.run if client == "cockpit" else asyncio.run  # each as it comes
    print(json.dumps(run(_main(client, channel, int(port), int(count), Path(file)))))


if __name__ == "__main__":
    main()
