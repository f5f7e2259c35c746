"""REST through ccxt: one request, one of four words about it (``codes.Verdict``).

ccxt signs and carries; it decides nothing. Its throttle is off (``budget`` keeps OKX's limits), its retries
are off (an order is never sent twice), its error classes are not used: the answer's own code is the verdict.
It is imported when the first client is made, in a thread, for it takes half a second and 75 MB.

    never left (refused, no address)      ──► Transient
    left, no answer or an unreadable one  ──► Ambiguous for orders, Transient for questions
"""

from __future__ import annotations

import asyncio
import logging
import socket
from functools import cache
from typing import Any, TypeVar

import msgspec

from cockpit.adapters.connectivity.offset import Offset
from cockpit.adapters.connectivity.verdict import Answer, Verdict
from cockpit.adapters.okx.budget import Budget
from cockpit.adapters.okx.codes import CLOCK, RATE, Reply, judge, verdict
from cockpit.adapters.okx.endpoints import Endpoints
from cockpit.adapters.secret import Credentials
from cockpit.core.errors import Ambiguous, Transient, VenueError

TIMEOUT_S = 5.0
EXPIRES = "__expires"
"""Key under which a deadline travels through ccxt to the header."""
T = TypeVar("T")


class Unreadable(Exception):
    """An answer that is no OKX envelope: a proxy's page, or nothing."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"HTTP {status}: {text[:120]!r}")
        self.status = status


@cache
def _client() -> type[Any]:
    """ccxt's OKX with its judgement taken out."""
    from ccxt.async_support import okx

    class Client(okx):  # type: ignore[misc]  # ccxt is not typed
        """Raw envelopes in, raw envelopes out."""

        def sign(self, path: str, api: Any = "public", method: str = "GET", params: Any = None) -> Any:
            params = params if params is not None else {}
            expires = ""
            if isinstance(params, dict):
                expires = params.pop(EXPIRES, "")
            elif params and EXPIRES in params[-1]:
                *params, last = params
                expires = last[EXPIRES]
            signed = super().sign(path, api, method, params)
            headers = dict(signed["headers"] or {})
            if expires:
                headers["expTime"] = expires
            if self.options["demo"]:
                headers["x-simulated-trading"] = "1"
            return {**signed, "headers": headers}

        def handle_errors(
            self, code: int, reason: str, url: str, method: str, headers: Any, body: str, *rest: Any
        ) -> None:
            if not (rest and isinstance(rest[0], dict) and "code" in rest[0]):
                raise Unreadable(code, body or "")

        def handle_http_status_code(self, *_: Any) -> None:
            """The envelope's code says more than the status."""

    return Client


def _silent() -> logging.Logger:
    """ccxt logs request headers, keys and all, at level DEBUG: its voice is taken away."""
    logger = logging.Logger("okx.rest")
    logger.addHandler(logging.NullHandler())
    logger.setLevel(logging.CRITICAL + 1)
    return logger


class Rest:
    """The account's REST doors. ``close`` must be awaited."""

    def __init__(
        self,
        endpoints: Endpoints,
        keys: Credentials | None,
        budget: Budget,
        *,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._endpoints = endpoints
        self._keys = keys
        self._budget = budget
        self._timeout_s = timeout_s
        self._client: Any = None
        self._opening = asyncio.Lock()
        self._offset = Offset()
        self.skewed = asyncio.Event()
        """Somebody has reason to doubt ``offset_ms``."""

    @property
    def offset_ms(self) -> int:
        """Venue's clock minus ours, as ours shows now; 0 until ``sync``."""
        return self._offset.ms

    @property
    def host(self) -> str:
        """Scheme and host of the venue."""
        return self._endpoints.rest

    async def post(
        self,
        path: str,
        body: dict[str, Any] | list[dict[str, Any]],
        *,
        scope: str = "",
        urgent: bool = False,
        expires: int = 0,
        spent: bool = False,
    ) -> Answer:
        """Ask for something to be done. Raises Transient or Ambiguous where the answer is not a verdict.

        ``spent``: the budget has been charged already (a request that could not leave by WebSocket).
        """
        if not spent:
            await self._budget.spend(path, scope, urgent=urgent)
        if expires and isinstance(body, dict):
            body = {**body, EXPIRES: str(expires)}
        try:
            answer = judge(await self._post(path, body))
        except Busy:
            self._budget.exhausted(path, scope)
            raise
        if answer.code in RATE:
            self._budget.exhausted(path, scope)
        self.doubt(answer.code)
        return answer

    async def post_all(self, path: str, bodies: list[dict[str, Any]], *, expires: int = 0) -> Reply:
        """Ask for several things in one request: its whole answer, every item of which is to be judged.

        The budget is the caller's, item by item. Raises Transient or Ambiguous about all of them.
        """
        return await self._post(path, [*bodies, {EXPIRES: str(expires)}] if expires else bodies)

    async def _post(self, path: str, body: dict[str, Any] | list[dict[str, Any]]) -> Reply:
        try:
            return await self._send("private", "post", path, body)
        except Unreadable as error:
            if error.status == 429:
                raise Busy(str(error)) from error
            raise Ambiguous(f"{path}: {error}") from error

    def doubt(self, code: str) -> None:
        """An answer may say that the clocks have parted: then they are measured at once, not in a minute."""
        if code in CLOCK:
            self.skewed.set()

    async def get(
        self,
        path: str,
        params: dict[str, Any],
        rows: type[T],
        *,
        scope: str = "",
        private: bool = True,
        urgent: bool = False,
        budget: str = "",
        patience: float = 3.0,
    ) -> list[T]:
        """Read records. Raises Transient when asking again may help, VenueError (with the code) when not."""
        name = budget or path
        await self._budget.spend(name, scope, urgent=urgent, patience=patience)
        try:
            reply = await self._send("private" if private else "public", "get", path, params)
        except Ambiguous as error:
            raise Transient(str(error)) from error
        except Unreadable as error:
            if error.status == 429:
                self._budget.exhausted(name, scope)
            raise Transient(f"{path}: {error}") from error
        self.doubt(reply.code)
        if reply.code != "0":
            if reply.code in RATE:
                self._budget.exhausted(name, scope)
            if verdict(reply.code) in {Verdict.TRANSIENT, Verdict.AMBIGUOUS}:
                raise Transient(f"{path}: {reply.code} {reply.msg}")
            raise Refused(path, reply.code, reply.msg)
        try:
            return msgspec.convert(reply.data, list[rows], strict=False)  # type: ignore[valid-type]
        except msgspec.ValidationError as error:
            raise Transient(f"{path}: {error}") from error

    async def sync(self, now_ms: Any, tries: int = 3) -> float:
        """Measure the venue's clock against ours; returns the uncertainty (ms, half the best round trip)."""
        best = float("inf")
        for _ in range(tries):
            begin = self._offset.steady()
            (row,) = await self.get("public/time", {}, _Time, private=False)
            end = self._offset.steady()
            if end - begin < best:
                best = end - begin
                self._offset.measured(row.ts, (begin + end) / 2, now_ms)
        if self._client is not None:
            self._client.options["timeDifference"] = -self.offset_ms
        return best / 2

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def _send(self, api: str, method: str, path: str, params: Any) -> Reply:
        client = await self._open()
        import aiohttp
        import ccxt

        endpoint = getattr(client, f"{api}{method.capitalize()}{camel(path)}")
        try:
            found = await endpoint(params)
        except ccxt.RequestTimeout as error:
            cause = error.__cause__
            never_left = isinstance(cause, aiohttp.ConnectionTimeoutError)
            raise (Transient if never_left else Ambiguous)(f"{path}: no answer in time") from error
        except ccxt.NetworkError as error:
            cause = error.__cause__
            never_left = isinstance(cause, aiohttp.ClientConnectorError | socket.gaierror)
            raise (Transient if never_left else Ambiguous)(f"{path}: {cause or error}") from error
        except ccxt.BaseError as error:
            raise Ambiguous(f"{path}: {error}") from error
        try:
            return msgspec.convert(found, Reply, strict=False)
        except msgspec.ValidationError as error:
            # What a fixture calls data may be an object; a list is all that trading endpoints send.
            raise Ambiguous(f"{path}: {error}") from error

    async def _open(self) -> Any:
        async with self._opening:
            if self._client is None:
                kind = await asyncio.to_thread(_client)
                keys, host = self._keys, self._endpoints.rest
                client = kind(
                    {
                        "enableRateLimit": False,
                        "timeout": int(self._timeout_s * 1_000),
                        "urls": {"api": {"rest": host, "ws": self._endpoints.socket}},
                        "options": {
                            "demo": self._endpoints.demo,
                            "timeDifference": -self.offset_ms,
                            "maxRetriesOnFailure": 0,
                        },
                        **({"cafile": self._endpoints.ca_file} if self._endpoints.ca_file else {}),
                    }
                )
                client.logger = _silent()
                if keys is not None:
                    client.apiKey = keys.key.reveal()
                    client.secret = keys.secret.reveal()
                    client.password = keys.passphrase.reveal()
                self._client = client
        return self._client


class Busy(Transient):
    """Too many requests, said by whatever stands before the venue."""


class Refused(VenueError):
    """The venue answered a question with no."""

    def __init__(self, path: str, code: str, text: str) -> None:
        super().__init__(f"{path}: {code} {text}".rstrip())
        self.code = code


class _Time(msgspec.Struct, frozen=True):
    ts: int


def camel(path: str) -> str:
    """``trade/order-algo`` → ``TradeOrderAlgo``: the name of ccxt's method for a path."""
    return "".join(word.capitalize() for word in path.replace("/", "-").split("-"))
