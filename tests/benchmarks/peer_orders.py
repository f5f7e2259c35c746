"""An order over WebSocket as a peer sends it: peer_orders NAME PORT COUNT FILE. Prints one JSON line."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

import msgspec

from tests.benchmarks.okx_stub import pause
from tests.benchmarks.rows import percentile


async def timed(send: Callable[[int], Awaitable[Any]], count: int) -> dict[str, float]:
    """Send and wait for the ack, one after the other, as far apart as the stub's ticks are."""
    late = []
    for number in range(count + 20):
        await asyncio.sleep(pause(number))
        begin = perf_counter()
        await asyncio.wait_for(send(number), 20)
        if number >= 20:
            late.append((perf_counter() - begin) * 1e6)
    return {"p50_us": percentile(late, 0.5), "p99_us": percentile(late, 0.99)}


async def ccxt(port: int, count: int) -> dict[str, float]:
    import ccxt.pro as pro

    exchange = pro.okx(
        {"apiKey": "k" * 36, "secret": "S" * 32, "password": "p" * 12, "enableRateLimit": False}
    )
    exchange.urls["api"] = {"rest": f"http://127.0.0.1:{port}", "ws": f"ws://127.0.0.1:{port}/ws/v5"}
    exchange.has["fetchCurrencies"] = False
    exchange.options["fetchMarkets"] = {"types": ["swap"]}
    exchange.options["defaultType"] = "swap"
    await exchange.load_markets()
    more = {"tdMode": "cross", "postOnly": True}
    try:
        return await timed(
            lambda n: exchange.create_order_ws(
                "BTC/USDT:USDT", "limit", "buy", 0.5, 60000.1, {**more, "clientOrderId": f"c{n}"}
            ),
            count,
        )
    finally:
        await exchange.close()


async def raw(port: int, count: int) -> dict[str, float]:
    """The floor: bytes out, JSON in."""
    from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

    decode = msgspec.json.Decoder().decode
    waiting: list[asyncio.Future[Any]] = []

    class Ear(WSListener):
        def on_ws_frame(self, _transport: WSTransport, frame: WSFrame) -> None:
            said = decode(frame.get_payload_as_memoryview())
            if "op" in said and waiting and not waiting[-1].done():
                waiting[-1].set_result(said)

    transport, _ = await ws_connect(Ear, f"ws://127.0.0.1:{port}/ws/v5/private")
    loop = asyncio.get_running_loop()

    async def send(number: int) -> Any:
        waiting.append(loop.create_future())
        order = {"instId": "BTC-USDT-SWAP", "tdMode": "cross", "side": "buy", "ordType": "post_only"}
        order |= {"px": "60000.1", "sz": "0.5", "clOrdId": f"c{number}"}
        text = json.dumps({"id": str(number), "op": "order", "args": [order]})
        transport.send(WSMsgType.TEXT, text.encode())
        return await waiting[-1]

    found = await timed(send, count)
    transport.disconnect()
    return found


def main() -> None:
    name, port, count, _file = sys.argv[1:5]
    client = ccxt if name.startswith("ccxt") else raw
    print(json.dumps(asyncio.run(client(int(port), int(count)))))


if __name__ == "__main__":
    main()
