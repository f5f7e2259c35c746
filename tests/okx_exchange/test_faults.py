"""What goes wrong on purpose really goes wrong, exactly so often, and heals."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from cockpit.adapters.okx_exchange.faults import Fault, Faults
from cockpit.core.errors import ConfigError
from tests.okx_exchange.clients import SWAP, Raw, Wire, exchange


def with_raw(scenario: Callable[[Raw], Awaitable[None]], **options: Any) -> None:
    async def run() -> None:
        async with exchange(**options) as running, Raw(running) as raw:
            await scenario(raw)

    asyncio.run(run())


async def admin(raw: Raw, what: str, body: Any = None) -> Any:
    async with raw.session.post(f"{raw.running.rest}/admin/{what}", json=body or {}) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


def wish(raw: Raw) -> dict[str, Any]:
    return {
        "instId": SWAP,
        "tdMode": "cross",
        "side": "buy",
        "ordType": "limit",
        "sz": "1",
        "px": raw.price("0.98"),
        "clOrdId": "lost1",
    }


def test_rules_count_skip_and_draw() -> None:
    faults = Faults(seed=3)
    faults.add(Fault("rest POST *", "refuse", times=2, skip=1), 0)
    bites = [faults.pick("rest POST trade/order", 0) is not None for _ in range(5)]
    assert bites == [False, True, True, False, False]
    faults.clear()
    faults.add(Fault("push books*", "drop", times=0, chance=0.5), 0)
    drawn = [faults.pick("push books5", 0) is not None for _ in range(400)]
    assert 150 < sum(drawn) < 250
    again = Faults(seed=3)
    again.add(Fault("push books*", "drop", times=0, chance=0.5), 0)
    assert [again.pick("push books5", 0) is not None for _ in range(400)] == drawn
    faults.clear()
    faults.add(Fault("item *", "refuse", items=(1,), uid="u", after_ms=100, times=0), 0)
    found = [faults.pick("item trade/order", at, uid, item) for at, uid, item in
             ((50, "u", 1), (150, "v", 1), (150, "u", 0), (150, "u", 1))]  # fmt: skip
    assert [rule is not None for rule in found] == [False, False, False, True]


@pytest.mark.parametrize(
    "text", ["{", "[{}]", '[{"on": "rest *", "do": "dance"}]', '[{"on": "moon", "do": "drop"}]']
)
def test_scripts_that_are_none(text: str, tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match="faults"):
        Faults().load(path, 0)
    with pytest.raises(ConfigError, match="missing"):
        Faults().load(tmp_path / "missing.json", 0)


def test_an_answer_lost_after_acceptance() -> None:
    async def scenario(raw: Raw) -> None:
        await admin(raw, "faults", {"on": "rest POST trade/order", "do": "lose"})
        with pytest.raises(aiohttp.ClientError):
            await raw.post("trade/order", wish(raw))
        [record] = await raw.get(f"trade/order?instId={SWAP}&clOrdId=lost1")
        assert record["state"] == "live"
        [logged] = await admin(raw, "log")
        assert (logged["clOrdId"], logged["ordId"]) == ("lost1", record["ordId"])
        assert (await raw.post("trade/order", wish(raw)))["data"][0]["sCode"] == "51016"

    with_raw(scenario)


def test_a_connection_cut_before_anything_was_done() -> None:
    async def scenario(raw: Raw) -> None:
        await admin(raw, "faults", {"on": "rest POST trade/order", "do": "reset"})
        with pytest.raises(aiohttp.ClientError):
            await raw.post("trade/order", wish(raw))
        assert raw.account.orders == {}
        assert (await raw.post("trade/order", wish(raw)))["code"] == "0"

    with_raw(scenario)


REFUSALS = [
    ({"do": "refuse", "code": "50011"}, 429, "50011"),
    ({"do": "refuse", "code": "50001"}, 503, "50001"),
    ({"do": "refuse", "code": "50013"}, 429, "50013"),
    ({"do": "refuse", "code": "50026", "status": 500}, 500, "50026"),
]


@pytest.mark.parametrize(("rule", "status", "code"), REFUSALS)
def test_busy_venues(rule: dict[str, Any], status: int, code: str) -> None:
    async def scenario(raw: Raw) -> None:
        await admin(raw, "faults", {"on": "rest * account/balance", **rule})
        found = await raw.ask("GET", "account/balance")
        assert (found[0], found[1]["code"]) == (status, code)
        assert "data" not in found[1]
        assert (await raw.ask("GET", "account/balance"))[0] == 200

    with_raw(scenario)


def test_answers_that_are_none() -> None:
    async def scenario(raw: Raw) -> None:
        url = f"{raw.running.rest}/api/v5/public/time"
        for do, status, begins in (
            ("html", 502, b"<html>"),
            ("empty", 200, b""),
            ("malformed", 200, b'{"code'),
        ):
            await admin(raw, "faults", {"on": "rest GET public/time", "do": do})
            async with raw.session.get(url) as answer:
                content = await answer.read()
                assert answer.status == status
                assert content.startswith(begins)
                assert not content.endswith(b"}")

    with_raw(scenario)


def test_late_answers_and_part_of_a_batch() -> None:
    async def scenario(raw: Raw) -> None:
        await admin(raw, "faults", [
            {"on": "rest POST trade/order", "do": "late", "ms": 120},
            {"on": "item trade/batch-orders", "do": "refuse", "items": [1], "code": "51008", "times": 1},
        ])  # fmt: skip
        pending = asyncio.ensure_future(raw.post("trade/order", wish(raw)))
        while not raw.account.live:
            await asyncio.sleep(0.005)
        assert not pending.done()
        assert (await pending)["code"] == "0"
        found = await raw.post("trade/batch-orders", [{**wish(raw), "clOrdId": f"b{i}"} for i in range(3)])
        assert (found["code"], [row["sCode"] for row in found["data"]]) == ("2", ["0", "51008", "0"])

    with_raw(scenario)


def test_pushes_are_dropped_doubled_swapped_and_broken() -> None:
    async def scenario(raw: Raw) -> None:
        async with Wire(raw, "private") as wire:
            await wire.login()
            await wire.subscribe({"channel": "orders", "instType": "ANY"})

            async def told(rule: dict[str, Any] | None, count: int) -> list[str]:
                at = len(wire.heard)
                if rule is not None:
                    await admin(raw, "faults", {"on": "push orders", **rule})
                for _ in range(count):
                    await raw.order(px=raw.price("0.98"))
                await asyncio.sleep(0.1)
                return [m["data"][0]["ordId"] if isinstance(m, dict) else m for m in wire.heard[at:]]

            assert len(await told(None, 2)) == 2
            assert len(await told({"do": "drop"}, 2)) == 1
            doubled = await told({"do": "duplicate"}, 1)
            assert doubled[0] == doubled[1]
            swapped = await told({"do": "reorder"}, 2)
            assert swapped == sorted(swapped, reverse=True)
            delayed = await told({"do": "delay", "ms": 50}, 2)
            assert delayed == sorted(delayed, reverse=True)
            assert isinstance((await told({"do": "malformed"}, 1))[0], str)

    with_raw(scenario)


@pytest.mark.parametrize("do", ["stall", "half_open", "abort", "close"])
def test_sockets_that_die_in_four_ways(do: str) -> None:
    async def scenario(raw: Raw) -> None:
        async with Wire(raw, "public") as wire, Wire(raw, "public") as other:
            for ear in (wire, other):
                await ear.subscribe({"channel": "tickers", "instId": SWAP})
                await ear.data("tickers")
            [*both] = await admin(raw, "sockets")
            assert [row["channels"] for row in both] == [["tickers"], ["tickers"]]
            await admin(raw, "strike", {"on": "sockets public", "do": do, "code": "4006"})
            at = len(wire.heard)
            await admin(raw, "move", {"instId": SWAP, "ticks": 50})
            await asyncio.sleep(0.25)
            if do in ("abort", "close"):
                assert wire.closed == (4006 if do == "close" else 1006)
                return
            await wire.send("ping")
            await asyncio.sleep(0.1)
            assert wire.closed is None
            assert wire.heard[at:] == (["pong"] if do == "stall" else [])
            async with Wire(raw, "public") as fresh:
                await fresh.subscribe({"channel": "tickers", "instId": SWAP})
                assert await fresh.data("tickers")

    with_raw(scenario)


def test_operations_are_lost_and_late_too() -> None:
    async def scenario(raw: Raw) -> None:
        async with Wire(raw, "private") as wire:
            await wire.login()
            await admin(raw, "faults", {"on": "op order", "do": "late", "ms": 60})
            assert (await wire.operate("order", {**wish(raw), "clOrdId": "late1"}))["code"] == "0"
            await admin(raw, "faults", {"on": "op order", "do": "refuse", "code": "50013"})
            assert (await wire.operate("order", wish(raw), id_="r2"))["code"] == "50013"
            await admin(raw, "faults", {"on": "op *", "do": "lose"})
            await wire.send({"id": "r3", "op": "order", "args": [wish(raw)]})
            for _ in range(200):
                if wire.closed is not None:
                    break
                await asyncio.sleep(0.01)
            assert wire.closed == 1006
            [record] = await raw.get(f"trade/order?instId={SWAP}&clOrdId=lost1")
            assert record["state"] == "live"

    with_raw(scenario)


def test_logins_and_handshakes_refused_once() -> None:
    async def scenario(raw: Raw) -> None:
        await admin(raw, "faults", {"on": "connect private", "do": "refuse", "status": 503})
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await raw.session.ws_connect(f"{raw.running.ws}/private")
        assert caught.value.status == 503
        await admin(raw, "faults", {"on": "login", "do": "refuse", "code": "60009"})
        async with Wire(raw, "private") as wire:
            assert (await wire.login())["code"] == "60009"
            wire.heard.clear()
            assert (await wire.login())["code"] == "0"

    with_raw(scenario)


def test_a_script_file_and_the_clock(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    rules = [{"on": "clock", "do": "skew", "ms": 45_000}, {"on": "sockets *", "do": "abort", "after_ms": 150}]
    path.write_text(json.dumps(rules))

    async def scenario(raw: Raw) -> None:
        async with Wire(raw, "public") as wire:
            for _ in range(300):
                if wire.closed is not None:
                    break
                await asyncio.sleep(0.01)
            assert wire.closed == 1006
        assert (await raw.ask("GET", "account/balance"))[1]["code"] == "50102"
        await admin(raw, "heal")
        assert (await raw.ask("GET", "account/balance"))[0] == 200

    with_raw(scenario, faults=str(path))


def test_the_testers_handle() -> None:
    async def scenario(raw: Raw) -> None:
        await raw.order(ordType="market", sz="2")
        truth = await admin(raw, "truth", {"uid": raw.account.uid})
        [position] = await raw.get("account/positions")
        assert truth["positions"][0]["pos"] == position["pos"]
        assert truth["fills"] == await raw.get("trade/fills")
        await admin(raw, "move", {"instId": SWAP, "px": raw.price("1.1")})
        [after] = await raw.get("account/positions")
        assert float(after["upl"]) > 0
        await admin(raw, "fund", {"instId": SWAP, "rate": 0.001})
        await admin(raw, "deposit", {"uid": raw.account.uid, "ccy": "USDT", "amt": "5"})
        await admin(raw, "maintenance", {"state": "ongoing", "title": "works", "begin": "1", "end": "2"})
        assert (await raw.get("system/status"))[0]["state"] == "ongoing"
        await admin(raw, "instrument", {"instId": SWAP, "state": "suspend"})
        [listed] = await raw.get(f"public/instruments?instType=SWAP&instId={SWAP}")
        assert listed["state"] == "suspend"
        await admin(raw, "settling", {"instId": SWAP, "on": True})
        await admin(raw, "resume")
        await admin(raw, "pause")
        async with raw.session.post(f"{raw.running.rest}/admin/nonsense", json={}) as answer:
            assert answer.status == 400

    with_raw(scenario)


def test_a_revoked_key() -> None:
    async def scenario(raw: Raw) -> None:
        async with Wire(raw, "private") as wire:
            await wire.login()
            await admin(raw, "revoke", {"key": raw.key})
            for _ in range(200):
                if wire.closed is not None:
                    break
                await asyncio.sleep(0.01)
            assert wire.closed == 4007
        assert (await raw.ask("GET", "account/balance"))[1]["code"] == "50111"

    with_raw(scenario)
