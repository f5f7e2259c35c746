"""One WebSocket of ccxt.pro, heard message by message, and thrown away when it is not well.

ccxt.pro knows the addresses, logs in and answers pings. Its own readers are not used: they lose all but the
last of a burst, hand out dictionaries that they go on changing, and stop for ever at the first exception. So
every message is taken before them; and because a ccxt.pro object that failed once may hang (it never logs in
again after one failed login), each connection gets an object of its own.

    connect ─► enter ─► messages ──► up (the owner says so)
       ▲                    │ closed, no pong within ``2 × PING_S``, or the owner says what is wrong
       └── jittered wait ◄──┘
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any, Protocol

from cockpit.adapters.ccxt_venue.door import Door, directed, settings
from cockpit.core.errors import Transient

BEAT_S = 0.25
PING_S = 5.0
CONNECT_S = 10.0
LOGIN_S = 5.0
FIRST_WAIT_S = 0.4
LONGEST_WAIT_S = 30.0
STEADY_S = 20.0
"""A connection that was good for this long starts the waits from the beginning again."""
CONTROL = frozenset(("auth", "pong", "ping"))
"""Messages that ccxt.pro itself must see: its login and its keep-alive wait for them."""


class Owner(Protocol):
    """Who uses the wire."""

    async def address(self, exchange: Any) -> str:
        """Where to connect."""

    async def enter(self, exchange: Any, client: Any, url: str) -> list[dict[str, Any]]:
        """Log in where needed; what to send first."""

    def hear(self, message: dict[str, Any]) -> None:
        """A message has come. May raise: it costs this message, not the stream."""

    def lost(self, reason: str) -> None:
        """The connection is over (or was never made)."""

    def unwell(self) -> str:
        """Why this connection must be given up; empty = it is fine. Asked four times a second."""


@cache
def _kind(ccxt_id: str) -> type[Any]:
    """ccxt.pro's class of an exchange with our ear in front of its own readers."""
    import ccxt.pro

    class Ear(getattr(ccxt.pro, ccxt_id)):  # type: ignore[misc]  # ccxt is not typed
        """``tap`` takes every message; only what ccxt.pro's own login waits for goes on."""

        tap: Callable[[Any], None]
        offset = 0

        def milliseconds(self) -> int:
            """The exchange's clock: logins are signed with it."""
            return int(super().milliseconds()) + self.offset

        def handle_message(self, client: Any, message: Any) -> None:
            self.tap(message)
            if isinstance(message, dict) and message.get("op") in CONTROL:
                super().handle_message(client, message)

    return Ear


class Wire:
    """Keeps one stream alive. ``run`` never ends by itself; cancel it to close."""

    def __init__(
        self,
        name: str,
        door: Door,
        owner: Owner,
        fault: Callable[[str, str], None],
        rng: Random | None = None,
        *,
        private: bool = False,
    ) -> None:
        """``fault`` is told what was unreadable and which connection went."""
        self.name = name
        self._door = door
        self._owner = owner
        self._fault = fault
        self._rng = rng or Random()
        self._private = private
        self._client: Any = None
        self._why = ""
        self._wait = FIRST_WAIT_S
        self.connects = 0
        self.received = 0
        self.heard = 0.0
        """When the last message came (loop seconds)."""

    async def run(self) -> None:
        """Connect, keep, connect again, for ever."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                began = loop.time()
                self._why = ""
                try:
                    await self._live()
                except Transient as error:
                    self._why = self._why or str(error)
                except Exception as error:  # noqa: BLE001  whatever ccxt raises ends a connection, not the task
                    self._why = self._why or f"{type(error).__name__}: {error}".rstrip(": ")
                self._owner.lost(self._why or "closed by the venue")
                if loop.time() - began > STEADY_S:
                    self._wait = FIRST_WAIT_S
                await asyncio.sleep(self._wait * self._rng.uniform(0.5, 1.0))
                self._wait = min(self._wait * 2, LONGEST_WAIT_S)
        finally:
            self._owner.lost("closed")

    def restart(self, reason: str) -> None:
        """Give this connection up and open another."""
        self._why = self._why or reason

    def send(self, frames: list[dict[str, Any]]) -> None:
        """Send later frames (a subscription anew); lost with the connection if there is none."""
        if self._client is not None:
            task = asyncio.ensure_future(self._sent(self._client, frames))
            task.add_done_callback(self._settled)

    def well(self) -> None:
        """The owner has what it wanted: the next waits are short again."""
        self._wait = FIRST_WAIT_S

    async def _live(self) -> None:
        exchange = await asyncio.to_thread(self._made)
        try:
            exchange.tap = self._take
            url = await self._owner.address(exchange)
            exchange.open()
            client = exchange.client(url)
            self._guard(client)
            try:
                async with asyncio.timeout(CONNECT_S):
                    await client.connect(exchange.session)
            except TimeoutError as error:
                raise Transient("no connection in time") from error
            self.connects += 1
            self.heard = asyncio.get_running_loop().time()
            async with asyncio.timeout(LOGIN_S):
                frames = await self._owner.enter(exchange, client, url)
            await self._sent(client, frames)
            self._client = client
            while not self._why and not client.closed() and client.error is None:
                self._why = self._why or self._owner.unwell()
                await asyncio.sleep(BEAT_S)
            self._why = self._why or (str(client.error) if client.error is not None else "")
        finally:
            self._client = None
            await exchange.close()

    def _made(self) -> Any:
        dialect, address = self._door.dialect, self._door.address
        keys = self._door.keys if self._private else None
        config = settings(dialect, address, keys)
        config["streaming"] = {"keepAlive": int(PING_S * 1_000)}
        exchange = directed(_kind(dialect.ccxt_id)(config), dialect, address)
        exchange.offset = self._door.offset_ms
        exchange.options["timeDifference"] = -self._door.offset_ms
        return exchange

    def _guard(self, client: Any) -> None:
        """A frame that is no JSON would end ccxt.pro's reading for ever: it costs only itself."""
        take = client.handle_message

        def guarded(message: Any) -> None:
            try:
                take(message)
            except Exception as error:  # noqa: BLE001  whatever a frame does, the next one is read
                self._fault("garbage", f"{type(error).__name__}: {error}: {str(message)[:120]}")

        client.handle_message = guarded

    async def _sent(self, client: Any, frames: list[dict[str, Any]]) -> None:
        for frame in frames:
            await client.send(frame)

    def _settled(self, task: asyncio.Future[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self.restart(f"cannot send: {task.exception()}")

    def _take(self, message: Any) -> None:
        """One message. Raises nothing: a bad one must not end the stream."""
        self.received += 1
        self.heard = asyncio.get_running_loop().time()
        if not isinstance(message, dict):
            if message not in ("pong", "ping"):
                self._fault("garbage", repr(message)[:120])
            return
        try:
            self._owner.hear(message)
        except Exception as error:  # noqa: BLE001  a bug in a reader costs its message, not the stream
            self._fault("garbage", f"{type(error).__name__}: {error}: {str(message)[:120]}")
