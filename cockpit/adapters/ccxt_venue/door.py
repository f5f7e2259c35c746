"""REST through ccxt: one request, one of four words about it (``connectivity.verdict``).

ccxt knows the addresses, signs and carries; it decides nothing. Its throttle is off (our budget keeps room
for cancels), its retries are off (an order is never sent twice), and its error classes only tell whether the
bytes left: the dialect judges status and body. Imported when the first client is made, in a thread.

    never left (refused, no address)      ──► Transient
    left, no answer or an unreadable one  ──► Ambiguous for orders, Transient for questions
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from cockpit.adapters.connectivity.budget import Budget
from cockpit.adapters.connectivity.offset import Offset
from cockpit.adapters.connectivity.verdict import Answer, Verdict
from cockpit.adapters.secret import Credentials
from cockpit.core.errors import Ambiguous, ConfigError, Transient, VenueError

if TYPE_CHECKING:
    from cockpit.adapters.ccxt_venue.dialect import Dialect

__all__ = ["BANNED", "RATE", "Address", "Answer", "Call", "Door", "Refused", "Verdict"]

TIMEOUT_S = 5.0
RATE, BANNED = "rate", "banned"
"""Codes of the answers "too many requests" and "you are shut out for a while"."""
WINDOW_MS = 5_000
"""A signed request that reaches the exchange later than this after we signed it is thrown away there."""


class Address(msgspec.Struct, frozen=True):
    """Where the exchange is: its own hosts, live or demo, or another place that speaks its protocol."""

    demo: bool
    rest: str = ""
    """Scheme and host; empty = the exchange's own."""
    socket: str = ""

    def __post_init__(self) -> None:
        if bool(self.rest) != bool(self.socket):
            raise ConfigError("an address is two: rest (http…) and socket (ws…)")
        if self.rest and not (
            self.rest.startswith(("http://", "https://")) and self.socket.startswith(("ws://", "wss://"))
        ):
            raise ConfigError(f"not an address of an exchange: {self.rest} and {self.socket}")


class Call(msgspec.Struct, frozen=True):
    """One request of one endpoint."""

    method: str
    """ccxt's name of the endpoint: ``fapiPrivatePostOrder``."""
    params: Mapping[str, Any] = {}
    scope: str = ""
    """The instrument, where limits are counted by instrument."""


class Refused(VenueError):
    """The exchange answered a question with no."""

    def __init__(self, what: str, code: str, text: str) -> None:
        super().__init__(f"{what}: {code} {text}".rstrip())
        self.code = code


class _Said(Exception):
    """An answer on its way past ccxt's judgement."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = body


@cache
def _kind(ccxt_id: str) -> type[Any]:
    """ccxt's class of an exchange with its judgement taken out."""
    import ccxt.async_support

    class Client(getattr(ccxt.async_support, ccxt_id)):  # type: ignore[misc]  # ccxt is not typed
        """Status and body in, status and body out."""

        def handle_errors(
            self, code: int, reason: str, url: str, method: str, headers: Any, body: str, *rest: Any
        ) -> None:
            raise _Said(code, rest[0] if rest else None)

        def handle_http_status_code(self, *_: Any) -> None:
            """The body says more than the status."""

    return Client


def silent(name: str) -> logging.Logger:
    """ccxt logs request headers, keys and all, at level DEBUG: its voice is taken away."""
    logger = logging.Logger(name)
    logger.addHandler(logging.NullHandler())
    logger.setLevel(logging.CRITICAL + 1)
    return logger


def settings(dialect: Dialect, address: Address, keys: Credentials | None) -> dict[str, Any]:
    """What every ccxt object of ours is made with."""
    config: dict[str, Any] = {
        "enableRateLimit": False,
        "timeout": int(TIMEOUT_S * 1_000),
        "options": {"maxRetriesOnFailure": 0, "recvWindow": WINDOW_MS},
    }
    if keys is not None:
        config["apiKey"] = keys.key.reveal()
        config["secret"] = keys.secret.reveal()
    return config


def directed(client: Any, dialect: Dialect, address: Address) -> Any:
    """Point a ccxt object at its hosts and take its voice away."""
    client.logger = silent(f"{dialect.name}.ccxt")
    if address.demo:
        client.enable_demo_trading(True)
    if address.rest.startswith("http://"):
        client.timeout_on_exit = 0  # ccxt waits for TLS to say goodbye: here is none
    if address.rest:
        client.urls = {**client.urls, "api": dialect.hosts(address.rest, address.socket)}
    return client


class Door:
    """The REST doors of one account. ``close`` must be awaited."""

    def __init__(self, dialect: Dialect, address: Address, keys: Credentials | None, budget: Budget) -> None:
        self.dialect = dialect
        self.address = address
        self.keys = keys
        self.budget = budget
        self._client: Any = None
        self._opening = asyncio.Lock()
        self._offset = Offset()
        self.skewed = asyncio.Event()
        """Somebody has reason to doubt ``offset_ms``."""

    @property
    def offset_ms(self) -> int:
        """Venue's clock minus ours, as ours shows now; 0 until ``sync``."""
        return self._offset.ms

    async def act(self, call: Call, *, urgent: bool = False, spent: bool = False) -> Answer:
        """Ask for something to be done. Raises Transient or Ambiguous where the answer is not a verdict.

        ``spent``: the budget has been charged already.
        """
        if not spent:
            await self.budget.spend(call.method, call.scope, urgent=urgent)
        status, body = await self._send(call)
        answer = self.dialect.judge(status, body)
        if answer.verdict is Verdict.TRANSIENT:
            self._heed(answer, call)
            raise Transient(f"{call.method}: {answer.text}")
        if answer.verdict is Verdict.AMBIGUOUS:
            raise Ambiguous(f"{call.method}: {answer.code} {answer.text}".rstrip())
        return answer

    async def ask(self, call: Call, *, urgent: bool = False, patience: float = 10.0) -> Any:
        """Read something. Raises Refused when the exchange says no, Transient when it cannot be read."""
        await self.budget.spend(call.method, call.scope, urgent=urgent, patience=patience)
        try:
            status, body = await self._send(call)
        except Ambiguous as error:
            raise Transient(str(error)) from error
        answer = self.dialect.judge(status, body)
        if answer.verdict is Verdict.REFUSED:
            raise Refused(call.method, answer.code, answer.text)
        if answer.verdict is not Verdict.DONE:
            self._heed(answer, call)
            raise Transient(f"{call.method}: {answer.code} {answer.text}".rstrip())
        return body

    def _heed(self, answer: Answer, call: Call) -> None:
        """The exchange says how it stands with our limits, or with the clocks."""
        if answer.code == RATE:
            self.budget.exhausted(call.method, call.scope)
        elif answer.code == BANNED:
            self.budget.banned()
        elif answer.code in self.dialect.untimely:
            self.skewed.set()

    async def sync(self, now_ms: Callable[[], int], tries: int = 3) -> float:
        """Measure the exchange's clock against ours; returns half the best round trip (ms)."""
        best = float("inf")
        for _ in range(tries):
            begin = self._offset.steady()
            told = await self.dialect.clock(self)
            end = self._offset.steady()
            if end - begin < best:
                best = end - begin
                self._offset.measured(told, (begin + end) / 2, now_ms)
        if self._client is not None:
            self._client.options["timeDifference"] = -self.offset_ms
        return best / 2

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def _send(self, call: Call) -> tuple[int, Any]:
        client = await self._open()
        import aiohttp
        import ccxt

        try:
            await getattr(client, call.method)(dict(call.params))
        except _Said as said:
            return said.status, said.body
        except ccxt.RequestTimeout as error:
            never_left = isinstance(error.__cause__, aiohttp.ConnectionTimeoutError)
            raise (Transient if never_left else Ambiguous)(f"{call.method}: no answer in time") from error
        except ccxt.NetworkError as error:
            cause = error.__cause__
            never_left = isinstance(cause, aiohttp.ClientConnectorError | socket.gaierror)
            raise (Transient if never_left else Ambiguous)(f"{call.method}: {cause or error}") from error
        except ccxt.BaseError as error:
            raise Ambiguous(f"{call.method}: {error}") from error
        raise Ambiguous(f"{call.method}: an answer nobody looked at")

    async def _open(self) -> Any:
        async with self._opening:
            if self._client is None:
                self._client = await asyncio.to_thread(self._made)
                self._client.options["timeDifference"] = -self.offset_ms
        return self._client

    def _made(self) -> Any:
        kind = _kind(self.dialect.ccxt_id)
        return directed(kind(settings(self.dialect, self.address, self.keys)), self.dialect, self.address)
