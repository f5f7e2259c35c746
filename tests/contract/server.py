"""What both scripted exchanges share: HTTP and WebSockets on loopback, a log, and faults to order."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import WSMsgType, web

from tests.contract.floor import Floor, wall_ms

BEAT_S = 0.05
WINDOW_MS, AHEAD_MS = 5_000, 1_000
"""A request that was signed longer ago, or that far in the future, is refused."""
KEY, SECRET = "contract-key", "contract-secret"
READ_KEY = "contract-read-key"
"""May only read; the same secret."""
KEYS = frozenset((KEY, READ_KEY))


class Peer:
    """One connected client."""

    def __init__(self, socket: web.WebSocketResponse, route: str) -> None:
        self.socket = socket
        self.route = route
        self.topics: set[str] = set()
        self.stalled = False
        """It stays open, answers pings, and is told nothing."""

    async def send(self, message: Any) -> None:
        if not self.socket.closed:
            with contextlib.suppress(ConnectionError):
                await self.socket.send_str(message if isinstance(message, str) else json.dumps(message))


class Scripted:
    """One exchange. Subclasses speak its protocol."""

    venue = ""

    def __init__(self) -> None:
        self.floor = Floor(self.venue)
        self.floor.hear = self.told
        self.peers: list[Peer] = []
        self.log: list[tuple[str, str, dict[str, Any]]] = []
        """(verb, path, parameters) of every request, before anything is done with it."""
        self.faults: list[tuple[str, str]] = []
        """(path part, lose | unknown | rate | garbage | late): the next request there goes wrong so, once."""
        self.muted = False
        """The account's stream drops what it should tell."""
        self.doubled = False
        """… or tells it twice."""
        self.skip = 0
        """So many book updates are lost on the way."""
        self.mode = "net"
        self.leverage = "3"
        self.asking = ""
        """The key of the request that is being answered."""
        self.rights: dict[str, list[str]] = {KEY: [], READ_KEY: []}
        """What a key may do besides what it is for."""
        self.lends = False
        self.refuse_logins = 0
        self.deaf = False
        """Pings are not answered."""
        self.rest = self.socket = ""
        self._tasks: set[asyncio.Task[Any]] = set()

    # --- for the tests ----------------------------------------------------------------------------

    def fault(self, path: str, what: str) -> None:
        self.faults.append((path, what))

    def cut(self, route: str) -> None:
        """The connections of a route break."""
        for peer in [p for p in self.peers if p.route == route]:
            if peer.socket._writer is not None and peer.socket._writer.transport is not None:
                peer.socket._writer.transport.abort()

    def stall(self, route: str) -> None:
        for peer in self.peers:
            peer.stalled = peer.stalled or peer.route == route

    def requests(self, cid: str) -> list[tuple[str, str, dict[str, Any]]]:
        """Every placing request that named this order."""
        doors = ("/order", "/algoOrder", "/order/create")
        return [
            row for row in self.log if row[0] == "POST" and row[1].endswith(doors) and cid in row[2].values()
        ]

    # --- protocol, by subclass --------------------------------------------------------------------

    def told(self, report: Any) -> None:
        """The matching says something: push it."""
        raise NotImplementedError

    async def answer(self, verb: str, path: str, params: dict[str, Any]) -> tuple[int, Any]:
        raise NotImplementedError

    def wrong(self, what: str) -> tuple[int, Any]:
        """The answer of a fault: unknown (after it was done), rate or untimely."""
        raise NotImplementedError

    def beat(self) -> list[tuple[str, str, Any]]:
        """(route, topic, message) of the public streams, twenty times a second."""
        raise NotImplementedError

    async def heard(self, peer: Peer, message: dict[str, Any]) -> None:
        raise NotImplementedError

    def signed(self, request: web.Request, body: bytes) -> bool:
        raise NotImplementedError

    def signed_at(self, request: web.Request, params: dict[str, Any]) -> int | None:
        """The client's time in a signed request (ms)."""
        raise NotImplementedError

    def key_of(self, request: web.Request) -> str:
        return request.headers.get("X-MBX-APIKEY") or request.headers.get("X-BAPI-API-KEY") or ""

    def params(self, request: web.Request, body: bytes) -> dict[str, Any]:
        raise NotImplementedError

    def route_of(self, path: str) -> str:
        raise NotImplementedError

    # --- transport --------------------------------------------------------------------------------

    async def _http(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._ws(request)
        path, params = request.path, self.params(request, body)
        self.log.append((request.method, path, params))
        if not self.signed(request, body):
            status, answer = self.unsigned()
            return web.json_response(answer, status=status)
        signed_at = self.signed_at(request, params)
        if signed_at is not None and not -WINDOW_MS <= signed_at - wall_ms() < AHEAD_MS:
            status, answer = self.wrong("untimely")
            return web.json_response(answer, status=status)
        what = self._fault(request.method, path)
        if what == "rate":
            status, answer = self.wrong("rate")
            return web.json_response(answer, status=status)
        self.asking = self.key_of(request)
        status, answer = await self.answer(request.method, path, params)
        if what == "lose":
            assert request.transport is not None
            request.transport.abort()
        elif what == "unknown":
            status, answer = self.wrong("unknown")
        elif what == "garbage":
            return web.Response(status=502, text="<html>bad gateway</html>", content_type="text/html")
        return web.json_response(answer, status=status)

    def unsigned(self) -> tuple[int, Any]:
        raise NotImplementedError

    def _fault(self, verb: str, path: str) -> str:
        for row in self.faults:
            if row[0] in f"{verb} {path}":
                self.faults.remove(row)
                return row[1]
        return ""

    async def _ws(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        peer = Peer(socket, self.route_of(request.path))
        self.peers.append(peer)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self.heard(peer, json.loads(message.data))
        finally:
            self.peers.remove(peer)
        return socket

    def push(self, message: Any) -> None:
        """Tell the account's stream."""
        if self.muted:
            return
        for peer in self.peers:
            if peer.route == "private" and not peer.stalled:
                for _ in range(2 if self.doubled else 1):
                    self.later(peer.send(message))

    def later(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _feed(self) -> None:
        while True:
            for route, topic, message in self.beat():
                for peer in list(self.peers):
                    if peer.route == route and topic in peer.topics and not peer.stalled:
                        await peer.send(message)
            await asyncio.sleep(BEAT_S)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Any]:
        """Serve on a free port while the block runs."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._http)
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        self.rest, self.socket = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}"
        feed = asyncio.ensure_future(self._feed())
        try:
            yield self
        finally:
            feed.cancel()
            await asyncio.gather(feed, return_exceptions=True)
            for peer in list(self.peers):
                await peer.socket.close()
            await runner.cleanup()
