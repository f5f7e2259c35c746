"""A WebSocket and REST server that does exactly what a test tells it: what no real exchange would."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from aiohttp import WSMsgType, web

from cockpit.adapters.okx import frames
from cockpit.adapters.okx.topics import Topic

SWAP = "BTC-USDT-SWAP"
Handler = Callable[["Peer", dict[str, Any]], Awaitable[None]]


class Peer:
    """One connected client, as the server sees it."""

    def __init__(self, socket: web.WebSocketResponse, server: Scripted) -> None:
        self.socket = socket
        self.server = server
        self.heard: list[dict[str, Any]] = []
        self.pings = 0

    async def send(self, message: Any) -> None:
        """A frame: a text as it is, anything else as JSON."""
        await self.socket.send_str(message if isinstance(message, str) else json.dumps(message))

    async def ack(self, request: dict[str, Any]) -> None:
        """Confirm every arg of a subscription."""
        for arg in request["args"]:
            await self.send({"id": request["id"], "event": request["op"], "arg": arg, "connId": "c"})

    async def push(
        self, channel: str, rows: list[Any], inst: str = "BTC-USDT-SWAP", action: str = ""
    ) -> None:
        """A push of a channel with an instrument."""
        frame: dict[str, Any] = {"arg": {"channel": channel, "instId": inst}, "data": rows}
        if action:
            frame["action"] = action
        await self.send(frame)


class Scripted:
    """``answer`` is called for every frame; ``deaf`` peers get no pong."""

    def __init__(self, answer: Handler) -> None:
        self.answer = answer
        self.peers: list[Peer] = []
        self.deaf = False
        self.refuse = 0
        self.url = ""
        self.rest: Callable[[web.Request, bytes], Awaitable[web.StreamResponse]] | None = None
        self.requests: list[tuple[str, str, str, dict[str, str]]] = []

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if self.refuse > 0:
            self.refuse -= 1
            raise web.HTTPTooManyRequests
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        peer = Peer(socket, self)
        self.peers.append(peer)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            if message.data == "ping":
                peer.pings += 1
                if not self.deaf:
                    await socket.send_str("pong")
                continue
            frame = json.loads(message.data)
            peer.heard.append(frame)
            await self.answer(peer, frame)
        return socket

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.requests.append((request.method, request.path_qs, body.decode(), dict(request.headers)))
        assert self.rest is not None
        return await self.rest(request, body)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Scripted]:
        """Serve on a free port while the block runs."""
        app = web.Application()
        app.router.add_get("/ws/v5/{kind}", self._socket)
        app.router.add_route("*", "/api/v5/{path:.*}", self._rest)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        self.url = f"127.0.0.1:{port}"
        try:
            yield self
        finally:
            for peer in self.peers:
                await peer.socket.close()
            await runner.cleanup()


class Listener:
    """An owner of a socket that only remembers."""

    def __init__(self) -> None:
        self.frames: list[frames.Frame] = []
        self.links: list[tuple[bool, str]] = []
        self.faults: list[tuple[str, str, Topic | None]] = []

    def hear(self, frame: frames.Frame) -> None:
        self.frames.append(frame)

    def link(self, up: bool, reason: str) -> None:
        self.links.append((up, reason))

    def fault(self, what: str, detail: str, topic: Topic | None) -> None:
        self.faults.append((what, detail, topic))

    def whats(self) -> list[str]:
        return [what for what, _, _ in self.faults]


async def until(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    """Wait for a condition; fails the test when it does not come true."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def alive(work: Awaitable[None]) -> AsyncIterator[asyncio.Task[None]]:
    """Run something endless while the block runs; its own error fails the test."""
    task = asyncio.ensure_future(work)
    try:
        yield task
        if task.done():
            task.result()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
