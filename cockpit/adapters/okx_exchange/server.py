"""The doors: REST and WebSockets on one loopback port, and the loop that lets the market happen."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Coroutine
from typing import Any

import msgspec
from aiohttp import web

from cockpit.adapters.okx_exchange import admin
from cockpit.adapters.okx_exchange.dispatch import ask, envelope, find, refusal_body
from cockpit.adapters.okx_exchange.endpoints import Call, Endpoint, Limit
from cockpit.adapters.okx_exchange.faults import Fault
from cockpit.adapters.okx_exchange.hub import Hub
from cockpit.adapters.okx_exchange.keys import Key
from cockpit.adapters.okx_exchange.private import Private
from cockpit.adapters.okx_exchange.public import Public
from cockpit.adapters.okx_exchange.refusals import Refusal
from cockpit.adapters.okx_exchange.socket import Socket
from cockpit.adapters.okx_exchange.venue import OkxVenue
from cockpit.core.unreadable import UNREADABLE

STEP_S = 0.01
CONNECTS = Limit(3, 1_000)
DOORS = frozenset(("public", "private", "business"))
NOT_FOUND = (
    b'{"code":404,"data":{},"detailMsg":"","error_code":"404","error_message":"Not Found","msg":"Not Found"}'
)
BIGGEST = 1 << 20


class Server:
    """One venue behind one port."""

    def __init__(self, venue: OkxVenue, idle_ms: int = 30_000) -> None:
        """``idle_ms``: a socket nothing went over for so long is closed (4004)."""
        self.venue = venue
        self.hub = Hub(venue)
        self.public = Public(self.hub)
        self.private = Private(self.hub)
        self.idle_ms = idle_ms
        self.url = ""
        self.ws_url = ""
        self.port = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int, context: ssl.SSLContext | None = None) -> None:
        """Open the port (0 = any free one)."""
        app = web.Application(client_max_size=BIGGEST)
        app.router.add_get("/ws/v5/{door}", self._socket)
        app.router.add_route("*", "/admin/{what}", self._admin)
        app.router.add_route("*", "/{path:.*}", self._rest)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=context, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]
        tls = "s" if context else ""
        self.url = f"http{tls}://{host}:{self.port}"
        self.ws_url = f"ws{tls}://{host}:{self.port}/ws/v5"
        self.spawn(self._live())

    async def close(self) -> None:
        """Every connection is cut."""
        for socket in [*self.hub.sockets]:
            socket.abort()
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run something beside everything else."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- the loop ---------------------------------------------------------------------------------

    async def _live(self) -> None:
        checked = 0
        while True:
            await asyncio.sleep(STEP_S)
            self.step()
            now = self.venue.clock.now()
            if now - checked >= 200:
                checked = now
                self._idle(now)
                for rule in self.venue.faults.timed(now):
                    self.strike(rule)

    def step(self) -> None:
        """Let happen what is due, and tell it."""
        self.venue.advance()
        now = self.venue.clock.now()
        self.public.tick(now)
        self.private.tick(now)

    def _idle(self, now: int) -> None:
        for socket in [*self.hub.sockets]:
            if now - socket.heard > self.idle_ms and not socket.dead:
                socket.close(4004, b"No data received in 30s")

    def strike(self, rule: Fault) -> None:
        """A fault that concerns open sockets or the clock."""
        if rule.on.startswith("clock"):
            self.venue.clock.skew = rule.ms
            return
        door = rule.on.partition(" ")[2] or "*"
        for socket in [*self.hub.sockets]:
            owner = socket.key.account.uid if socket.key else ""
            if door not in ("*", socket.door) or (rule.uid and rule.uid != owner):
                continue
            if rule.do == "half_open":
                socket.dead = True
            elif rule.do == "stall":
                socket.mute = True
            elif rule.do == "abort":
                socket.abort()
            elif rule.do == "notice":
                socket.notice()
                asyncio.get_running_loop().call_later(rule.ms / 1000, socket.close, 1001)
            else:
                socket.close(int(rule.code) if rule.code.startswith("4") else 4006, rule.message.encode())

    def revoke(self, key: str) -> None:
        """An API key is deleted: unknown from now on, and what it opened is closed."""
        self.venue.keys.remove(key)
        for socket in [*self.hub.sockets]:
            if socket.key is not None and socket.key.key == key:
                socket.close(4007, b"API key has been updated or deleted")

    # --- WebSockets -------------------------------------------------------------------------------

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        door, venue = request.match_info["door"], self.venue
        if door not in DOORS:
            return web.Response(status=404, body=NOT_FOUND, content_type="application/json")
        now, ip = venue.clock.now(), request.remote or ""
        rule = venue.faults.pick(f"connect {door}", now) if venue.faults.rules else None
        if rule is not None or not venue.budget.take(("connect", ip), CONNECTS, now):
            status = (rule.status or 429) if rule is not None else 429
            return web.Response(status=status, headers={"Retry-After": "1"})
        ws = web.WebSocketResponse(compress=False, max_msg_size=1 << 16)
        await ws.prepare(request)
        await Socket(self, ws, request, door).run()
        return ws

    # --- REST -------------------------------------------------------------------------------------

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        started = self.venue.clock.micros()
        body = await request.read()
        name = request.path.removeprefix("/api/v5/")
        faults, now = self.venue.faults, self.venue.clock.now()
        rule = faults.pick(f"rest {request.method} {name}", now) if faults.rules else None
        if rule is not None:
            early = await self._before(rule, request)
            if early is not None:
                return early
        try:
            endpoint = find(request.method, request.path)
            if endpoint is None:
                return _json(NOT_FOUND, 404)
            call = self._call(endpoint, request, body, now)
            if call is None:
                raise Refusal("50000", "Body for a POST request cannot be empty.")
            answer = ask(endpoint, call)
            status, text = 200, envelope(answer, started, self.venue.clock.micros())
            if call.owner is not None:
                self.private.news(call.owner)
        except Refusal as refusal:
            status, text = refusal.status, refusal_body(refusal)
        if rule is not None and rule.do == "lose":
            return _cut(request)
        if rule is not None and rule.do == "late":
            await asyncio.sleep(rule.ms / 1000)
        if rule is not None and rule.do == "malformed":
            text = text[: len(text) // 2]
        return _json(text, status)

    async def _before(self, rule: Fault, request: web.Request) -> web.StreamResponse | None:
        """What a fault does before the request is looked at; None = the request goes on."""
        if rule.do == "delay":
            await asyncio.sleep(rule.ms / 1000)
        elif rule.do == "reset":
            return _cut(request)
        elif rule.do == "refuse":
            refusal = Refusal(rule.code, rule.message, rule.status or None)
            return _json(refusal_body(refusal), refusal.status)
        elif rule.do == "html":
            page = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
            return web.Response(status=rule.status or 502, body=page, content_type="text/html")
        elif rule.do == "empty":
            return web.Response(status=rule.status or 200, body=b"")
        return None

    def _call(self, endpoint: Endpoint, request: web.Request, body: bytes, now: int) -> Call | None:
        """The request as its handler will see it; None for a POST without a body. Raises Refusal."""
        venue = self.venue
        key: Key | None = None
        if endpoint.private:
            key = venue.keys.check(
                request.headers, request.method, request.raw_path, body, venue.clock.told()
            )
            if endpoint.permission not in key.permissions:
                raise Refusal("50120", "This API key doesn't have permission to use this function.")
            venue.wake(key.account)
        if request.method == "POST":
            if not body:
                return None
            kind = request.headers.get("Content-Type", "application/json")
            if "json" not in kind:
                raise Refusal("50006", "Invalid Content-Type, please use application/json.")
            parsed = decoded(body)
        else:
            parsed = dict(request.query)
        listed = isinstance(parsed, list)
        items = parsed if listed else [parsed]
        if not items or not all(isinstance(item, dict) for item in items):
            raise Refusal("50002", "JSON syntax error")
        deadline = request.headers.get("expTime", "")
        venue.advance()
        return Call(
            venue, now, items[0], items, listed, request.remote or "", key, key.account if key else None,
            int(deadline) if deadline.isdecimal() else 0,
        )  # fmt: skip

    async def _admin(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            found = admin.do(self, request.match_info["what"], decoded(body) if body else {})
        except (Refusal, KeyError, ValueError, TypeError) as error:
            return _json(msgspec.json.encode({"error": f"{type(error).__name__}: {error}"}), 400)
        return _json(msgspec.json.encode(found), 200)


def decoded(body: bytes) -> Any:
    """The JSON of a body. Raises Refusal 50002."""
    try:
        return msgspec.json.decode(body)
    except UNREADABLE:
        raise Refusal("50002", "JSON syntax error") from None


def _json(body: bytes, status: int) -> web.Response:
    return web.Response(status=status, body=body, content_type="application/json")


def _cut(request: web.Request) -> web.Response:
    """The line goes dead instead of an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
