"""From nothing to OKX's first book: sockets only, or everything that a run reads first."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from pathlib import Path

from cockpit.adapters.okx.endpoints import endpoints
from cockpit.adapters.okx.instruments import MARKETS, listed
from cockpit.adapters.okx.market import OkxMarket
from cockpit.core import events as ev
from tests.benchmarks.okx_stub import INST, RECORDS


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def main(what: str, port: int) -> None:
    """Returns when a whole book has been heard."""
    heard = asyncio.Event()

    def put(event: ev.AnyEvent) -> None:
        if isinstance(event, ev.BookSnapshot):
            heard.set()

    rest, socket = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}"
    if what == "socket":
        one = listed(MARKETS.decode(json.dumps(RECORDS["public/instruments"]))[0])
        assert one is not None
        where = endpoints("global", demo=False, rest=rest, socket=socket)
        await _until(OkxMarket(where, {f"okx:{INST}": one}, {}, put, now_ms), heard)
        return
    from cockpit.app.okx import open_okx
    from cockpit.core.config import Config, OkxConfig, RunConfig, SleeveConfig

    config = Config(
        run=RunConfig(feed="okx"),
        okx=OkxConfig(rest=rest, socket=socket),
        sleeves=(SleeveConfig("market_maker", f"okx:{INST}"),),
    )
    with tempfile.TemporaryDirectory() as folder:
        session = await open_okx(config, Path(folder), None)
        try:
            await _until(session.connect(put, now_ms).feed, heard)
        finally:
            await session.close()


async def _until(feed: OkxMarket, heard: asyncio.Event) -> None:
    working = asyncio.ensure_future(feed.run())
    await asyncio.wait_for(heard.wait(), 20)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
