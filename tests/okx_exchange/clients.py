"""A local exchange for one test, and the plainest clients there are: they send what they are told to."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import aiohttp

from cockpit.adapters.okx_exchange import Options, Running, serve
from cockpit.adapters.okx_exchange.account import Account
from cockpit.adapters.okx_exchange.figures import plain

SWAP, SPOT, COIN, ETH = "BTC-USDT-SWAP", "BTC-USDT", "BTC-USD-SWAP", "ETH-USDT-SWAP"


@asynccontextmanager
async def exchange(*, still: bool = True, **options: Any) -> AsyncIterator[Running]:
    """An exchange on a free port. ``still``: the market stands where it began, so that tests can reckon."""
    running = await serve(Options(**{"history": 0, "limits": False, **options}))
    if still:
        running.server.venue.feed.pause(running.server.venue.clock.now())
    try:
        yield running
    finally:
        await running.close()


def stamp(offset_ms: int = 0) -> str:
    now = datetime.now(UTC).timestamp() + offset_ms / 1000
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def sign(secret: str, text: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()


class Raw:
    """Signed requests, every part of which can be wrong on purpose."""

    def __init__(self, running: Running, account: int = 0, kind: str = "trade") -> None:
        self.running = running
        self.venue = running.server.venue
        self.account: Account = self.venue.accounts[account]
        key = self.venue.secrets[self.account.uid][kind]
        self.key, self.secret, self.passphrase = key.key, key.secret, key.passphrase
        self.session = aiohttp.ClientSession()

    async def __aenter__(self) -> "Raw":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    def headers(self, method: str, target: str, body: str = "", offset_ms: int = 0) -> dict[str, str]:
        at = stamp(offset_ms)
        found = {
            "OK-ACCESS-KEY": self.key,
            "OK-ACCESS-PASSPHRASE": self.passphrase,
            "OK-ACCESS-TIMESTAMP": at,
            "OK-ACCESS-SIGN": sign(self.secret, at + method + target + body),
            "Content-Type": "application/json",
        }
        if self.account.demo:
            found["x-simulated-trading"] = "1"
        return found

    async def ask(
        self, method: str, target: str, body: Any = None, *, text: str | None = None, **changes: str | None
    ) -> tuple[int, Any]:
        """(HTTP status, JSON). ``changes`` replace headers (None = leave out)."""
        target = f"/api/v5/{target}"
        raw = text if text is not None else json.dumps(body) if body is not None else ""
        headers = self.headers(method, target, raw)
        for name, value in changes.items():
            headers.pop(name.replace("_", "-"), None)
            if value is not None:
                headers[name.replace("_", "-")] = value
        url = self.running.rest + target
        async with self.session.request(method, url, data=raw or None, headers=headers) as answer:
            content = await answer.read()
            return answer.status, json.loads(content) if content else None

    async def get(self, target: str) -> list[Any]:
        status, found = await self.ask("GET", target)
        assert status == 200, found
        assert found["code"] == "0", found
        return found["data"]  # type: ignore[no-any-return]

    async def post(self, target: str, body: Any, **headers: str) -> dict[str, Any]:
        _, found = await self.ask("POST", target, body, **headers)
        return found  # type: ignore[no-any-return]

    async def order(self, **wish: Any) -> dict[str, Any]:
        """Place one order; the row of the answer."""
        item = {"instId": SWAP, "tdMode": "cross", "side": "buy", "ordType": "limit", "sz": "1", **wish}
        found = await self.post("trade/order", item)
        return found["data"][0]  # type: ignore[no-any-return]

    async def record(self, ord_id: str, inst_id: str = SWAP) -> dict[str, Any]:
        return (await self.get(f"trade/order?instId={inst_id}&ordId={ord_id}"))[0]

    def price(self, factor: str = "1", inst_id: str = SWAP) -> str:
        """A price on the grid at ``factor`` times the mark."""
        floor = self.venue.floors[inst_id]
        return plain(floor.listed.instrument.price(Decimal(factor) * floor.rounded(floor.mark_price)))

    def ask_px(self, inst_id: str = SWAP) -> str:
        floor = self.venue.floors[inst_id]
        return floor.px(floor.ask)


class Wire:
    """A WebSocket that keeps everything it has heard."""

    def __init__(self, raw: Raw, door: str) -> None:
        self.raw = raw
        self.door = door
        self.heard: list[Any] = []
        self.closed: int | None = None

    async def __aenter__(self) -> "Wire":
        url = f"{self.raw.running.ws}/{self.door}?brokerId=9999"
        self.ws = await self.raw.session.ws_connect(url, max_msg_size=0)
        self.reader = asyncio.ensure_future(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.reader.cancel()
        await asyncio.gather(self.reader, return_exceptions=True)
        await self.ws.close()

    async def _read(self) -> None:
        async for message in self.ws:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            try:
                self.heard.append(json.loads(message.data))
            except ValueError:
                self.heard.append(message.data)
        self.closed = self.ws.close_code

    async def send(self, frame: Any) -> None:
        await self.ws.send_str(frame if isinstance(frame, str) else json.dumps(frame))

    async def login(self, **changes: Any) -> Any:
        at = str(int(datetime.now(UTC).timestamp()))
        arg = {
            "apiKey": self.raw.key,
            "passphrase": self.raw.passphrase,
            "timestamp": at,
            "sign": sign(self.raw.secret, f"{at}GET/users/self/verify"),
            **changes,
        }
        await self.send({"op": "login", "args": [arg]})
        return await self.wait(lambda m: m.get("event") in ("login", "error"))

    async def subscribe(self, *args: dict[str, str], op: str = "subscribe") -> Any:
        """The answer to the last of ``args``."""
        after = len(self.heard)
        await self.send({"op": op, "args": [*args]})
        last = args[-1]
        return await self.wait(
            lambda m: m.get("event") in (op, "error") and m.get("arg", last) == last, after=after
        )

    async def wait(self, want: Any, timeout: float = 8.0, after: int = 0) -> Any:
        """The first message from number ``after`` on that ``want`` accepts."""
        async with asyncio.timeout(timeout):
            at = after
            while True:
                while at < len(self.heard):
                    message = self.heard[at]
                    if isinstance(message, dict) and want(message):
                        return message
                    at += 1
                assert self.closed is None, f"closed with {self.closed}"
                await asyncio.sleep(0.005)

    async def data(self, channel: str, want: Any = lambda row: True, after: int = 0) -> Any:
        """The first record of a channel that ``want`` accepts."""
        found = await self.wait(
            lambda m: m.get("arg", {}).get("channel") == channel and any(want(r) for r in m.get("data", ())),
            after=after,
        )
        return next(row for row in found["data"] if want(row))

    async def operate(self, op: str, *args: dict[str, Any], id_: str = "r1", **more: Any) -> Any:
        """An order operation and its answer."""
        after = len(self.heard)
        await self.send({"id": id_, "op": op, "args": [*args], **more})
        return await self.wait(lambda m: m.get("id") == id_, after=after)

    def told(self, channel: str) -> list[Any]:
        """Every push of a channel so far."""
        return [
            m
            for m in self.heard
            if isinstance(m, dict) and m.get("arg", {}).get("channel") == channel and "data" in m
        ]
