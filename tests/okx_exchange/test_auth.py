"""Signatures are judged on the raw bytes, clocks within thirty seconds, keys in their own environment."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest

from tests.okx_exchange.clients import SWAP, Raw, exchange, stamp

ORDER = {"instId": SWAP, "tdMode": "cross", "side": "buy", "ordType": "limit", "sz": "1", "px": "1000"}


def with_raw(scenario: Callable[[Raw], Awaitable[None]], **who: object) -> None:
    async def run() -> None:
        async with exchange() as running, Raw(running, **who) as raw:  # type: ignore[arg-type]
            await scenario(raw)

    asyncio.run(run())


def test_valid_signatures_pass() -> None:
    async def scenario(raw: Raw) -> None:
        assert (await raw.ask("GET", f"account/positions?instId={SWAP},ETH-USDT-SWAP"))[0] == 200
        for body in (ORDER, [ORDER]):
            spaced = json.dumps(body, indent=2)
            path = "trade/batch-orders" if isinstance(body, list) else "trade/order"
            status, found = await raw.ask("POST", path, text=spaced)
            assert (status, found["code"]) == (200, "0")
        status, found = await raw.ask("GET", "public/time")
        assert (status, found["code"]) == (200, "0")

    with_raw(scenario)


REFUSED: dict[str, tuple[dict[str, str | None], str]] = {
    "no key": ({"OK_ACCESS_KEY": None}, "50103"),
    "no passphrase": ({"OK_ACCESS_PASSPHRASE": None}, "50104"),
    "no signature": ({"OK_ACCESS_SIGN": None}, "50106"),
    "no timestamp": ({"OK_ACCESS_TIMESTAMP": None}, "50107"),
    "unknown key": ({"OK_ACCESS_KEY": "nobody"}, "50111"),
    "wrong passphrase": ({"OK_ACCESS_PASSPHRASE": "guess"}, "50105"),
    "wrong signature": ({"OK_ACCESS_SIGN": "AAAA"}, "50113"),
    "seconds for a timestamp": ({"OK_ACCESS_TIMESTAMP": "1772600767"}, "50112"),
    "live key on the demo": ({"x_simulated_trading": "1"}, "50101"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_with_401_and_no_data(what: str) -> None:
    async def scenario(raw: Raw) -> None:
        changes, code = REFUSED[what]
        status, found = await raw.ask("GET", "account/balance", **changes)
        assert (status, found["code"]) == (401, code)
        assert set(found) == {"code", "msg"}

    with_raw(scenario)


def test_demo_key_without_its_header() -> None:
    async def scenario(raw: Raw) -> None:
        assert (await raw.ask("GET", "account/balance"))[0] == 200
        status, found = await raw.ask("GET", "account/balance", x_simulated_trading="0")
        assert (status, found["code"]) == (401, "50101")

    with_raw(scenario, account=1)


@pytest.mark.parametrize(("offset", "status"), [(-31_000, 401), (31_000, 401), (-28_000, 200), (28_000, 200)])
def test_clock_window(offset: int, status: int) -> None:
    async def scenario(raw: Raw) -> None:
        target = "/api/v5/account/balance"
        headers = raw.headers("GET", target, offset_ms=offset)
        async with raw.session.get(raw.running.rest + target, headers=headers) as answer:
            assert answer.status == status
            if status == 401:
                assert (await answer.json())["code"] == "50102"

    with_raw(scenario)


def test_the_venues_own_clock_may_be_wrong() -> None:
    async def scenario(raw: Raw) -> None:
        raw.venue.clock.skew = 60_000
        assert (await raw.ask("GET", "account/balance"))[1]["code"] == "50102"
        told = int((await raw.get("public/time"))[0]["ts"])
        assert told - raw.venue.clock.now() > 59_000

    with_raw(scenario)


def test_a_changed_body_breaks_the_signature() -> None:
    async def scenario(raw: Raw) -> None:
        target = "/api/v5/trade/order"
        headers = raw.headers("POST", target, json.dumps(ORDER))
        other = json.dumps({**ORDER, "sz": "2"})
        async with raw.session.post(raw.running.rest + target, data=other, headers=headers) as answer:
            assert (await answer.json())["code"] == "50113"
        assert raw.account.orders == {}

    with_raw(scenario)


def test_read_only_key_cannot_trade() -> None:
    async def scenario(raw: Raw) -> None:
        assert (await raw.ask("GET", "account/balance"))[0] == 200
        found = await raw.post("trade/order", ORDER)
        assert found["code"] == "50120"
        assert raw.account.orders == {}
        assert (await raw.get("account/config"))[0]["perm"] == "read_only"

    with_raw(scenario, kind="read")


def test_nonsense_requests() -> None:
    async def scenario(raw: Raw) -> None:
        for text, code in (("", "50000"), ("{", "50002"), ("[1]", "50002"), ("[]", "50002")):
            status, found = await raw.ask("POST", "trade/order", text=text)
            assert (status, found["code"]) == (400, code), text
        status, found = await raw.ask("POST", "trade/order", ORDER, Content_Type="text/plain")
        assert (status, found["code"]) == (400, "50006")
        status, found = await raw.ask("POST", "public/time", {})
        assert (status, found["code"]) == (405, "50115")
        status, found = await raw.ask("GET", "no/such/thing")
        assert (status, found["code"]) == (404, 404)

    with_raw(scenario)


def test_the_stamp_helper_writes_what_the_venue_wants() -> None:
    assert len(stamp()) == 24
