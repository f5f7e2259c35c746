"""One WebSocket to OKX that never lies about its health.

    connect ─► login ─► subscribe ─► data ──────────────► up
       ▲                                │ closed, no pong, subscription forgotten, promised data missing
       └── jittered exponential wait ◄──┘

A message costs no task switch: it is decoded and handed over inside the reader's callback. What cannot be
decoded is handed over as a fault and ends nothing. Bounds: a dead connection is noticed ``ping_s + PONG_S``
after its last byte, a silent subscription after its own ``within``, each + ``BEAT_S``.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any, Protocol

import msgspec
from picows import WSError, ws_connect

from cockpit.adapters.okx import frames, sign
from cockpit.adapters.okx.codes import Reply
from cockpit.adapters.okx.line import TEXT, Line
from cockpit.adapters.okx.short import Lean, Short, nothing
from cockpit.adapters.okx.topics import Phase, Topic, Watch, befell
from cockpit.adapters.secret import Credentials
from cockpit.core.errors import Ambiguous, Transient
from cockpit.core.unreadable import UNREADABLE

BEAT_S = 0.25
PONG_S = 5.0
CONNECT_S = LOGIN_S = 5.0
REPLY_S = 3.0
"""An order request without an answer for this long is ambiguous."""
FIRST_WAIT_S = 0.4
LONGEST_WAIT_S = 10.0
STEADY_S = 20.0
"""A connection that was good for this long starts the waits from the beginning again."""
MAX_FRAME = 16 * 1024 * 1024
_ENCODE = msgspec.json.Encoder().encode
_REPLY = msgspec.json.Decoder(Reply, strict=False)


class Owner(Protocol):
    """Who uses the socket."""

    def hear(self, frame: frames.Frame) -> None:
        """A push has come."""

    def link(self, up: bool, reason: str) -> None:
        """The socket does what it promised (True), or not any more."""

    def fault(self, what: str, detail: str, topic: Topic | None) -> None:
        """garbage | refused | forgotten | stalled | silent: counted and shown. No topic: several, or none."""


class Socket:
    """Keeps one stream alive. ``run`` never ends by itself; cancel it to close."""

    def __init__(
        self,
        url: str,
        owner: Owner,
        now_ms: Callable[[], int],
        *,
        keys: Credentials | None = None,
        topics: Iterable[Topic] = (),
        ping_s: float = 18.0,
        rng: Random | None = None,
        tls: ssl.SSLContext | None = None,
        lean: Callable[[frames.Arg], Lean | None] = nothing,
    ) -> None:
        """``now_ms`` is the venue's clock as we know it: logins are signed with it.
        ``lean`` gives the short way of a busy subscription.
        """
        self.url = url
        self._owner = owner
        self._now_ms = now_ms
        self._keys = keys
        self._watches = {self._key(topic): Watch(topic) for topic in topics}
        self._ping_s = ping_s
        self._rng = rng or Random()
        self._tls = tls
        self._short = Short(lean, self._general, self._bug)
        self._line: Line | None = None
        self._pending: dict[str, asyncio.Future[Reply]] = {}
        self._asks: dict[str, Watch] = {}
        self._logged_in: asyncio.Future[None] | None = None
        self._count = 0
        self._why = ""
        self._wait = FIRST_WAIT_S
        self.up = False
        self.connects = 0

    # --- for the owner ----------------------------------------------------------------------------

    @property
    def watches(self) -> Mapping[tuple[str, str, str], Watch]:
        """Every subscription and its state."""
        return self._watches

    @property
    def received(self) -> int:
        """Text frames so far."""
        return self._short.received

    def follow(self, *topics: Topic) -> None:
        """Subscribe now (or with the next connection)."""
        for topic in topics:
            watch = self._watches.setdefault(self._key(topic), Watch(topic))
            if self._ready and watch.phase is Phase.WAITING:
                self._subscribe(watch)

    def refresh(self, channel: str, inst_id: str) -> None:
        """Subscribe one topic anew: its chain of messages is broken. The others are not touched."""
        for watch in self._watches.values():
            topic = watch.topic
            if (topic.channel, topic.inst_id) == (channel, inst_id) and watch.phase is not Phase.ASKED:
                self._again(watch)

    def restart(self, reason: str) -> None:
        """Give this connection up and open another."""
        self._why = self._why or reason
        if self._line is not None:
            self._line.give_up()

    def ask(
        self, op: str, args: list[dict[str, Any]], expires: int = 0, timeout_s: float = REPLY_S
    ) -> asyncio.Future[Reply]:
        """Send an order request: when this returns, its bytes have left. The answer is the future's result.

        Raises Transient when it surely was not sent; the future fails with Ambiguous when nothing came back.
        """
        line = self._line
        if line is None or line.transport is None or not self._ready:
            raise Transient("the private socket is down")
        self._count += 1
        ident = f"r{self._count}"
        request: dict[str, Any] = {"id": ident, "op": op, "args": args}
        if expires:
            request["expTime"] = str(expires)
        # The bytes first: nothing can be answered before this callback of the loop is over.
        line.transport.send(TEXT, _ENCODE(request))
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Reply] = loop.create_future()
        self._pending[ident] = answer
        # Not ``wait_for``: its own future costs a turn of the loop.
        why = f"no answer to {op} within {timeout_s:g} s"
        patience = loop.call_later(timeout_s, _unanswered, answer, why)
        answer.add_done_callback(lambda _: patience.cancel())
        answer.add_done_callback(lambda _: self._pending.pop(ident, None))
        return answer

    # --- the life of the connection ---------------------------------------------------------------

    async def run(self) -> None:
        """Connect, keep, connect again, for ever."""
        try:
            while True:
                began = asyncio.get_running_loop().time()
                try:
                    await self._live()
                except (OSError, WSError, TimeoutError, Transient) as error:
                    self._why = self._why or f"{type(error).__name__}: {error}".rstrip(": ")
                self._down(self._why or "closed by the venue")
                if asyncio.get_running_loop().time() - began > STEADY_S:
                    self._wait = FIRST_WAIT_S
                await asyncio.sleep(self._wait * self._rng.uniform(0.5, 1.0))
                self._wait = min(self._wait * 2, LONGEST_WAIT_S)
        finally:
            self._down("closed")

    async def _live(self) -> None:
        self._why = ""
        line = self._line = Line(self._short.take)
        try:
            async with asyncio.timeout(CONNECT_S):
                await ws_connect(
                    lambda: line,
                    self.url,
                    ssl_context=self._tls,
                    websocket_handshake_timeout=CONNECT_S,
                    max_frame_size=MAX_FRAME,
                    disconnect_on_exception=False,
                )
            if line.transport is None:
                raise Transient("reset in its handshake")  # the client returns as from a good one
            self.connects += 1
            if self._keys is not None:
                await self._login(line, self._keys)
            for watch in self._watches.values():
                self._subscribe(watch)
            while not line.closed.done():
                self._beat(line)
                await asyncio.wait({line.closed}, timeout=BEAT_S)
            self._why = self._why or line.reason
        finally:
            if line.transport is not None:
                line.transport.disconnect(graceful=False)
            self._line = None

    async def _login(self, line: Line, keys: Credentials) -> None:
        self._logged_in = asyncio.get_running_loop().create_future()
        line.send(_ENCODE(sign.login(keys, self._now_ms())))
        await asyncio.wait(
            {self._logged_in, line.closed}, timeout=LOGIN_S, return_when=asyncio.FIRST_COMPLETED
        )
        if not self._logged_in.done():
            self._logged_in = None
            raise Transient(line.reason or "no answer to the login")
        self._logged_in.result()

    @property
    def _ready(self) -> bool:
        if self._line is None or self._line.closed.done():
            return False
        return self._keys is None or (self._logged_in is not None and self._logged_in.done())

    def _down(self, reason: str) -> None:
        now = asyncio.get_running_loop().time()
        self._logged_in = None
        self._asks.clear()
        for watch in self._watches.values():
            watch.move(Phase.WAITING, now)
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(Ambiguous(f"the socket went down before the answer: {reason}"))
        self._tell(False, reason)

    def _tell(self, up: bool, reason: str) -> None:
        if up is not self.up:
            self.up = up
            if up:
                self._wait = FIRST_WAIT_S
            self._owner.link(up, reason)

    # --- subscriptions ----------------------------------------------------------------------------

    def _subscribe(self, watch: Watch, op: str = "subscribe") -> None:
        if self._line is None:
            return
        self._count += 1
        ident = f"s{self._count}"
        if op == "subscribe":
            watch.move(Phase.ASKED, asyncio.get_running_loop().time())
            self._asks[ident] = watch
        self._line.send(_ENCODE({"id": ident, "op": op, "args": [watch.topic.arg()]}))

    def _again(self, watch: Watch) -> None:
        self._subscribe(watch, "unsubscribe")
        self._subscribe(watch)

    def _beat(self, line: Line) -> None:
        """Look after the line and every subscription; four times a second."""
        now = asyncio.get_running_loop().time()
        silence = now - line.heard
        if silence > self._ping_s + PONG_S:
            self.restart(f"no answer to a ping for {silence:.0f} s")
            return
        if silence > self._ping_s and now - line.pinged > self._ping_s:
            line.pinged = now
            line.send(b"ping")
        broken: dict[str, list[Watch]] = {}
        for watch in self._watches.values():
            problem = watch.due(now)
            if problem:
                broken.setdefault(problem, []).append(watch)
        for problem, watches in broken.items():
            self._repair(watches, problem, now)
        if self.up and not self._healthy():
            self._tell(False, "promised data is missing")

    def _repair(self, watches: list[Watch], problem: str, now: float) -> None:
        """Ask for them again. What befalls many at one beat is one fault: a cut line hits them all."""
        if problem != "retry":
            self._owner.fault(problem, *befell(watches, problem, now))
        for watch in watches:
            if watch.worse(problem):
                self.restart(f"{watch.topic.channel} {watch.topic.inst_id}: {problem}")
                return
        for watch in watches:
            self._again(watch)

    def _healthy(self) -> bool:
        """Every vital subscription keeps its promise, and at least one of the others (if there are any)."""
        vital = [w for w in self._watches.values() if w.topic.vital]
        others = [w for w in self._watches.values() if not w.topic.vital and w.phase is not Phase.REFUSED]
        promised = [w for w in others if w.topic.within] or others
        return all(w.good for w in vital) and (not promised or any(w.good for w in promised))

    def _check(self) -> None:
        if not self.up and self._healthy():
            self._tell(True, "subscribed and hearing data")

    # --- what comes in ----------------------------------------------------------------------------

    def _general(self, raw: bytes) -> None:
        """One text frame that has no short way. Raises nothing: a bad message must not end the stream."""
        try:
            if raw == b"pong":
                return
            frame = frames.whole(raw)
            if frame.event:
                self._event(frame)
            elif frame.op or (frame.id and not frame.arg.channel):
                self._reply(raw)
            else:
                self._push(frame, raw)
        except UNREADABLE as error:
            self._owner.fault("garbage", f"{error}: {raw[:120]!r}", None)
        except Exception:  # noqa: BLE001  a bug in a reader costs its message, not the stream
            self._bug(raw)

    def _bug(self, raw: bytes) -> None:
        """A reader of ours has failed; called while its exception is being handled."""
        kind, error, _ = sys.exc_info()
        self._owner.fault("garbage", f"{getattr(kind, '__name__', '')}: {error}: {raw[:120]!r}", None)

    def _push(self, frame: frames.Frame, raw: bytes) -> None:
        arg = frame.arg
        watch = self._watches.get((arg.channel, arg.inst_id, arg.inst_type))
        if watch is not None:
            now = asyncio.get_running_loop().time()
            first = watch.phase is not Phase.HEARD
            watch.take(frames.stamp(frame.data) if watch.topic.within else 0, now)
            if first:
                self._check()
                self._short.learn(raw, arg, watch)
        self._owner.hear(frame)

    def _reply(self, raw: bytes) -> None:
        reply = _REPLY.decode(raw)
        answer = self._pending.get(reply.id)
        if answer is not None and not answer.done():
            answer.set_result(reply)

    def _event(self, frame: frames.Frame) -> None:
        event = frame.event
        if event == "login":
            self._on_login(None)
        elif event == "subscribe":
            watch = self._asks.pop(frame.id, None) or self._watches.get(
                (frame.arg.channel, frame.arg.inst_id, frame.arg.inst_type)
            )
            if watch is not None and watch.phase is Phase.ASKED:
                watch.move(Phase.ACKNOWLEDGED, asyncio.get_running_loop().time())
                self._check()
        elif event == "notice":
            self._owner.fault("notice", f"{frame.code} {frame.msg}", None)
            if frame.code == "64008":
                # The venue closes in a minute: leave before, but not all clients at the same instant.
                asyncio.get_running_loop().call_later(
                    self._rng.uniform(0.0, 5.0), self.restart, "maintenance notice"
                )
        elif event == "channel-conn-count-error":
            for watch in self._watches.values():
                if watch.topic.channel == (frame.channel or frame.arg.channel):
                    self._refused(watch, f"too many connections hold {watch.topic.channel}")
        elif event == "error":
            self._error(frame)

    def _error(self, frame: frames.Frame) -> None:
        text = f"{frame.code} {frame.msg}"
        watch = self._asks.pop(frame.id, None)
        answer = self._pending.get(frame.id)
        if answer is not None and not answer.done():
            answer.set_result(Reply(code=frame.code, msg=frame.msg, id=frame.id))
        elif watch is not None:
            self._refused(watch, text)
        elif not self._on_login(Transient(f"login refused: {text}")):
            self._owner.fault("refused", text, None)

    def _on_login(self, error: Transient | None) -> bool:
        waiting = self._logged_in
        if waiting is None or waiting.done():
            return False
        if error is None:
            waiting.set_result(None)
        else:
            waiting.set_exception(error)
        return True

    def _refused(self, watch: Watch, text: str) -> None:
        watch.move(Phase.REFUSED, asyncio.get_running_loop().time())
        self._owner.fault("refused", f"{watch.topic.channel}: {text}", watch.topic)
        if self.up and not self._healthy():
            self._tell(False, f"subscription refused: {text}")

    @staticmethod
    def _key(topic: Topic) -> tuple[str, str, str]:
        return (topic.channel, topic.inst_id, topic.inst_type)


def _unanswered(answer: asyncio.Future[Reply], why: str) -> None:
    if not answer.done():
        answer.set_exception(Ambiguous(why))
