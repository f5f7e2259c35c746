"""REST at its worst: what surely did not happen, what perhaps did, and the difference."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from cockpit.adapters.connectivity.verdict import Verdict
from cockpit.adapters.okx.budget import Budget
from cockpit.adapters.okx.endpoints import Endpoints
from cockpit.adapters.okx.rest import Refused, Rest, camel
from cockpit.adapters.okx.rows import OrderRow
from cockpit.adapters.okx.sign import signature
from cockpit.adapters.secret import Credentials, Secret
from cockpit.core.errors import Ambiguous, Transient
from tests.okx.scripted import Scripted

KEYS = Credentials("okx", "demo", "trade", Secret("k-1"), Secret("s-1"), Secret("p-1"))
BODY = {"instId": "BTC-USDT-SWAP", "clOrdId": "ckd1", "sz": "1"}
DONE = {"code": "0", "msg": "", "data": [{"ordId": "7", "clOrdId": "ckd1", "sCode": "0", "sMsg": ""}]}
Answer = Callable[[web.Request, bytes], Awaitable[web.StreamResponse]]


async def _nothing(_peer: Any, _frame: Any) -> None:
    """No WebSocket is used here."""


@asynccontextmanager
async def client(answer: Answer, timeout_s: float = 5.0) -> AsyncIterator[tuple[Scripted, Rest]]:
    server = Scripted(_nothing)
    server.rest = answer
    async with server.running():
        where = Endpoints(f"http://{server.url}", f"ws://{server.url}", True)
        rest = Rest(where, KEYS, Budget(asyncio.get_running_loop().time), timeout_s=timeout_s)
        try:
            yield server, rest
        finally:
            await rest.close()


def says(body: Any, status: int = 200) -> Answer:
    async def answer(_request: web.Request, _body: bytes) -> web.StreamResponse:
        text = body if isinstance(body, str) else json.dumps(body)
        return web.Response(text=text, status=status)

    return answer


async def _cut(request: web.Request, _body: bytes) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def _hang(_request: web.Request, _body: bytes) -> web.StreamResponse:
    await asyncio.sleep(1.0)
    return web.Response(text="{}")


def test_a_request_is_signed_over_what_is_sent() -> None:
    async def story() -> None:
        async with client(says(DONE)) as (server, rest):
            found = await rest.post("trade/order", dict(BODY), scope="X", expires=1_772_600_800_000)
            assert found.verdict is Verdict.DONE
            assert found.row["ordId"] == "7"
            ((method, path, body, headers),) = server.requests
            stamp = headers["OK-ACCESS-TIMESTAMP"]
            assert headers["OK-ACCESS-SIGN"] == signature(KEYS.secret, stamp + method + path + body)
            assert headers["x-simulated-trading"] == "1"
            assert headers["expTime"] == "1772600800000"
            assert json.loads(body) == BODY  # nothing is added: no broker's id, no deadline in the body

    asyncio.run(story())


def test_verdicts_of_answers() -> None:
    async def story() -> None:
        cases = {
            "50004": Verdict.AMBIGUOUS,
            "51149": Verdict.AMBIGUOUS,
            "50013": Verdict.TRANSIENT,
            "51008": Verdict.REFUSED,
        }
        for code, verdict in cases.items():
            body = {"code": "1", "msg": "", "data": [{"sCode": code, "sMsg": "no"}]}
            async with client(says(body, 400)) as (_, rest):
                assert (await rest.post("trade/order", dict(BODY))).verdict is verdict

    asyncio.run(story())


@pytest.mark.parametrize(
    "answer",
    [says("<html>bad gateway</html>", 502), says(""), says("{", 200), says({"code": 404, "data": {}}), _cut],
)
def test_no_readable_answer_to_an_order_is_ambiguous_and_to_a_question_transient(answer: Answer) -> None:
    async def story() -> None:
        async with client(answer) as (server, rest):
            with pytest.raises(Ambiguous):
                await rest.post("trade/order", dict(BODY))
            assert len(server.requests) == 1  # and it was sent once
            with pytest.raises(Transient):
                await rest.get("trade/orders-pending", {}, OrderRow)

    asyncio.run(story())


def test_silence_is_ambiguous() -> None:
    async def story() -> None:
        async with client(_hang, timeout_s=0.2) as (server, rest):
            with pytest.raises(Ambiguous, match="in time"):
                await rest.post("trade/order", dict(BODY))
            assert len(server.requests) == 1

    asyncio.run(story())


@pytest.mark.parametrize("host", ["http://127.0.0.1:{closed}", "http://no-such-host.invalid"])
def test_what_never_left_is_transient(host: str) -> None:
    async def story() -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            closed = probe.getsockname()[1]
        where = Endpoints(host.format(closed=closed), "ws://127.0.0.1:1", True)
        rest = Rest(where, KEYS, Budget(asyncio.get_running_loop().time))
        try:
            with pytest.raises(Transient):
                await rest.post("trade/order", dict(BODY))
        finally:
            await rest.close()

    asyncio.run(story())


def test_too_many_requests_fills_our_budget() -> None:
    async def story() -> None:
        async with client(says({"code": "50011", "msg": "Too Many Requests"}, 429)) as (_, rest):
            found = await rest.post("trade/order", dict(BODY), scope="X")
            assert found.verdict is Verdict.TRANSIENT
            assert rest._budget.wait("trade/order", "X", urgent=True) > 1.5
        async with client(says("slow down", 429)) as (_, rest):
            with pytest.raises(Transient):
                await rest.post("trade/order", dict(BODY), scope="X")
            assert rest._budget.wait("trade/order", "X", urgent=True) > 1.5

    asyncio.run(story())


def test_refused_questions_carry_their_code() -> None:
    async def story() -> None:
        async with client(says({"code": "51603", "msg": "Order does not exist", "data": []})) as (_, rest):
            with pytest.raises(Refused) as refused:
                await rest.get("trade/order", {"clOrdId": "x"}, OrderRow, budget="GET trade/order")
            assert refused.value.code == "51603"

    asyncio.run(story())


def test_the_clocks_are_compared() -> None:
    async def story() -> None:
        ahead = 7_000

        async def answer(_request: web.Request, _body: bytes) -> web.StreamResponse:
            ts = time.time_ns() // 1_000_000 + ahead
            return web.Response(text=json.dumps({"code": "0", "msg": "", "data": [{"ts": str(ts)}]}))

        async with client(answer) as (server, rest):
            await rest.sync(lambda: time.time_ns() // 1_000_000)
            assert abs(rest.offset_ms - ahead) < 500
            server.rest = says(DONE)
            await rest.post("trade/order", dict(BODY))
            stamp = server.requests[-1][3]["OK-ACCESS-TIMESTAMP"]
            seconds = time.mktime(time.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
            assert seconds - time.time() > 4

    asyncio.run(story())


def test_names_of_ccxts_methods() -> None:
    assert camel("trade/order-algo") == "TradeOrderAlgo"
    assert camel("public/time") == "PublicTime"
