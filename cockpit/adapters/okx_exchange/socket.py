"""One WebSocket of a client: login, subscriptions, order operations, keep-alive, its queue of messages."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import WSMsgType, web

from cockpit.adapters.okx_exchange.depth import DEPTHS
from cockpit.adapters.okx_exchange.hub import Subscription
from cockpit.adapters.okx_exchange.keys import Key
from cockpit.adapters.okx_exchange.operations import OPERATIONS, operate
from cockpit.adapters.okx_exchange.private import BUSINESS, PRIVATE
from cockpit.adapters.okx_exchange.public import (
    LOGIN_NEEDED,
    PRINTS,
    WITHOUT_INSTRUMENT,
    candle_of,
    is_public,
)
from cockpit.adapters.okx_exchange.refusals import Refusal
from cockpit.core.unreadable import UNREADABLE

if TYPE_CHECKING:
    from cockpit.adapters.okx_exchange.server import Server

HOUR_MS = 3_600_000
REQUESTS_AN_HOUR = 480
CONNECTIONS = 30
"""Per private channel and account."""
QUEUE = 50_000
"""Messages that may wait for a slow reader."""
TYPES = frozenset(("SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION", "ANY"))


class Socket:
    """A connection at ``/ws/v5/{door}``."""

    def __init__(self, server: Server, ws: web.WebSocketResponse, request: web.Request, door: str) -> None:
        self.server = server
        self.venue = server.venue
        self.ws = ws
        self.request = request
        self.door = door
        self.conn_id = secrets.token_hex(4)
        self.ip = request.remote or ""
        self.key: Key | None = None
        self.subscriptions: dict[bytes, Subscription] = {}
        self.heard = self.venue.clock.now()
        """When anything last went over the connection."""
        self.dead = False
        """Half open: nothing is read, nothing is written, nothing is closed."""
        self.mute = False
        """Stalled: pings are answered, data does not come."""
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._held: dict[str, bytes] = {}
        self._requests: deque[int] = deque()

    # --- out --------------------------------------------------------------------------------------

    def send(self, message: bytes | dict[str, Any]) -> None:
        """An answer or an event: faults on pushes do not touch it."""
        if self.dead:
            return
        self._queue.put_nowait(message if isinstance(message, bytes) else msgspec.json.encode(message))

    def push(self, channel: str, message: bytes) -> None:
        """Data of a channel, on its way through the faults."""
        if self.dead or self.mute:
            return
        if self._queue.qsize() > QUEUE:
            self.close(4005, b"buffer full")
            return
        faults = self.venue.faults
        if faults.rules:
            uid = self.key.account.uid if self.key else ""
            rule = faults.pick(f"push {channel}", self.venue.clock.now(), uid)
            if rule is not None:
                self._spoiled(rule.do, channel, message, rule.ms)
                return
            held = self._held.pop(channel, None)
            if held is not None:
                self._queue.put_nowait(message)
                message = held
        self._queue.put_nowait(message)

    def _spoiled(self, do: str, channel: str, message: bytes, ms: int) -> None:
        if do == "duplicate":
            self._queue.put_nowait(message)
            self._queue.put_nowait(message)
        elif do == "delay":
            asyncio.get_running_loop().call_later(ms / 1000, self._queue.put_nowait, message)
        elif do == "reorder":
            before = self._held.pop(channel, None)
            if before is not None:
                self._queue.put_nowait(before)
            self._held[channel] = message
        elif do == "malformed":
            self._queue.put_nowait(message[: len(message) // 2])

    def fail(self, code: str, text: str, id_: str = "") -> None:
        """An ``error`` event; the connection stays."""
        event = {"event": "error", "code": code, "msg": text, "connId": self.conn_id}
        self.send({"id": id_, **event} if id_ else event)

    def notice(self) -> None:
        """The venue says that it will close this connection soon."""
        text = "The connection will soon be closed for a service upgrade. Please reconnect."
        self.send({"event": "notice", "code": "64008", "msg": text, "connId": self.conn_id})

    def close(self, code: int, reason: bytes = b"") -> None:
        """Close with a code."""
        self.server.spawn(self._close(code, reason))

    async def _close(self, code: int, reason: bytes) -> None:
        self._queue.put_nowait(None)
        if not self.ws.closed:
            await self.ws.close(code=code, message=reason)

    def abort(self) -> None:
        """Cut the line without a word."""
        transport = self.request.transport
        if transport is not None:
            transport.abort()

    # --- life -------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until the connection ends."""
        self.server.hub.sockets.add(self)
        writer = asyncio.ensure_future(self._write())
        try:
            while not self.ws.closed:
                message = await self.ws.receive()
                if self.dead:
                    await asyncio.Event().wait()
                self.heard = self.venue.clock.now()
                if message.type is WSMsgType.TEXT:
                    await self._frame(message.data)
                elif message.type is WSMsgType.BINARY:
                    self.fail("60012", "Invalid request: binary frame")
                else:
                    break
        finally:
            self.server.hub.leave(self)
            writer.cancel()

    async def _write(self) -> None:
        while True:
            message = await self._queue.get()
            if message is None or self.ws.closed:
                return
            try:
                await self.ws.send_frame(message, WSMsgType.TEXT)
            except (ConnectionError, RuntimeError):
                return
            self.heard = self.venue.clock.now()

    async def _frame(self, text: str) -> None:
        if text == "ping":
            self.send(b"pong")
            return
        try:
            frame = msgspec.json.decode(text)
        except UNREADABLE:
            frame = None
        args = frame.get("args") if isinstance(frame, dict) else None
        if not isinstance(frame, dict) or not isinstance(args, list) or "op" not in frame:
            self.fail("60012", f"Invalid request: {text[:200]}")
            return
        op, id_ = str(frame["op"]), str(frame.get("id") or "")
        if op in OPERATIONS:
            await operate(self, op, id_, args, frame)
            return
        if op not in ("login", "subscribe", "unsubscribe"):
            self.fail("60019", f"Invalid op: {op}", id_)
        elif not self._may_ask():
            self.fail("60014", "Requests too frequent", id_)
        elif op == "login":
            self._login(args)
        else:
            for arg in args:
                self._want(op, arg, id_)

    def _may_ask(self) -> bool:
        now, seen = self.venue.clock.now(), self._requests
        while seen and seen[0] <= now - HOUR_MS:
            seen.popleft()
        if self.venue.budget.on and len(seen) >= REQUESTS_AN_HOUR:
            return False
        seen.append(now)
        return True

    def _login(self, args: list[Any]) -> None:
        if self.key is not None:
            self.fail("60031", "The WebSocket request repeated login")
            return
        if len(args) != 1 or not isinstance(args[0], dict):
            self.fail("60026" if len(args) > 1 else "60012", "Batch login by APIKey is not supported")
            return
        venue = self.venue
        try:
            rule = venue.faults.pick("login", venue.clock.now()) if venue.faults.rules else None
            if rule is not None:
                raise Refusal(rule.code, rule.message)
            self.key = venue.keys.login(args[0], venue.clock.told())
        except Refusal as refusal:
            self.fail(refusal.code, refusal.message)
            return
        venue.wake(self.key.account)
        self.send({"event": "login", "code": "0", "msg": "", "connId": self.conn_id})

    # --- subscriptions ----------------------------------------------------------------------------

    def _want(self, op: str, arg: Any, id_: str) -> None:
        if not isinstance(arg, dict) or not arg.get("channel"):
            self.fail("60012", f"Invalid request: {arg}", id_)
            return
        channel = str(arg["channel"])
        name = msgspec.json.encode(arg)
        if op == "unsubscribe":
            sub = self.subscriptions.pop(name, None)
            if sub is not None:
                self.server.hub.remove(sub)
            self._ack("unsubscribe", arg, id_)
            return
        try:
            private = self._allowed(channel, arg)
        except Refusal as refusal:
            self.fail(refusal.code, refusal.message, id_)
            return
        self._ack("subscribe", arg, id_)
        if name in self.subscriptions:
            self.server.hub.remove(self.subscriptions.pop(name))
        uid = self.key.account.uid if self.key is not None and private else ""
        if uid and not self._connected(channel, uid):
            return
        sub = Subscription(self, arg, uid)
        now = self.venue.clock.now()
        if uid and self.key is not None:
            self.subscriptions[name] = sub
            self.server.hub.add(sub)
            self.server.private.begin(self.key.account, sub, now)
        else:
            # The picture first: what is told to those already here must not come before it.
            self.server.public.begin(sub, now)
            self.subscriptions[name] = sub
            self.server.hub.add(sub)

    def _connected(self, channel: str, uid: str) -> bool:
        """Count the connection; the thirty-first is not served."""
        already = any(s.channel == channel for s in self.subscriptions.values())
        taken = self.server.hub.count(channel, uid)
        event = {"channel": channel, "connId": self.conn_id}
        if not already and taken >= CONNECTIONS:
            self.send({"event": "channel-conn-count-error", "connCount": str(taken), **event})
            return False
        self.send({"event": "channel-conn-count", "connCount": str(taken + (not already)), **event})
        return True

    def _ack(self, event: str, arg: dict[str, Any], id_: str) -> None:
        row = {"event": event, "arg": arg, "connId": self.conn_id}
        self.send({"id": id_, **row} if id_ else row)

    def _allowed(self, channel: str, arg: dict[str, Any]) -> bool:
        """Is the channel on this door and its argument sound? Returns whether it is private.

        Raises Refusal with a code of the 60000s.
        """
        business = bool(candle_of(channel)[1]) or channel == "trades-all" or channel in BUSINESS
        if self.door != "business" and business:
            raise Refusal("64001", f"channel:{channel} has been migrated to the URL '/ws/v5/business'.")
        if self.door == "business" and not business and (is_public(channel) or channel in PRIVATE):
            raise Refusal("64002", f"channel:{channel} is not supported on the URL '/ws/v5/business'.")
        private = channel in PRIVATE or channel in BUSINESS
        if private and self.door == "public":
            raise Refusal("60018", _wrong_url(channel, arg))
        if not private and not business and not is_public(channel):
            raise Refusal("60018", _wrong_url(channel, arg))
        if not private and self.door == "private":
            raise Refusal("60018", _wrong_url(channel, arg))
        if (private or channel in LOGIN_NEEDED) and self.key is None:
            raise Refusal("60011", "Please log in")
        if private:
            return self._private_arg(channel, arg)
        if channel in ("instruments", "liquidation-orders") and arg.get("instType") not in TYPES:
            raise Refusal("60018", _wrong_url(channel, arg))
        needs = channel not in WITHOUT_INSTRUMENT or channel in DEPTHS or channel in PRINTS
        if needs and self.server.public.find(arg) is None:
            raise Refusal("60018", _wrong_url(channel, arg))
        return False

    def _private_arg(self, channel: str, arg: dict[str, Any]) -> bool:
        typed = channel in ("orders", "positions", "orders-algo", "algo-advance")
        if typed and arg.get("instType") not in TYPES:
            raise Refusal("60018", _wrong_url(channel, arg))
        inst_id = arg.get("instId")
        if typed and inst_id and inst_id not in self.venue.floors:
            raise Refusal("60018", _wrong_url(channel, arg))
        return True


def _wrong_url(channel: str, arg: dict[str, Any]) -> str:
    words = ",".join(f"{name}:{value}" for name, value in arg.items() if name != "channel")
    what = f"channel:{channel}{',' if words else ''}{words}"
    return f"Wrong URL or {what} doesn't exist. Please use the correct URL, channel and parameters."
