"""How often somebody may ask: per endpoint, per instrument, per account, over both doors."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from cockpit.adapters.okx_exchange.endpoints import Limit
from cockpit.adapters.okx_exchange.limits import Budget
from tests.okx_exchange.clients import ETH, SWAP, Raw, Wire, exchange


def with_raw(scenario: Callable[[Raw], Awaitable[None]]) -> None:
    async def run() -> None:
        async with exchange(limits=True) as running, Raw(running) as raw:
            await scenario(raw)

    asyncio.run(run())


def test_a_window_slides() -> None:
    budget, limit = Budget(), Limit(3, 1_000)
    name = ("orders", "me")
    assert [budget.take(name, limit, at) for at in (0, 400, 800, 900)] == [True, True, True, False]
    assert budget.take(name, limit, 1_000)
    assert not budget.take(name, limit, 1_399)
    assert budget.take(name, limit, 1_400)
    assert budget.take(("orders", "you"), limit, 1_400)
    assert not budget.take(("batch",), limit, 0, 4)
    assert budget.take(("batch",), limit, 0, 3)


def wish(raw: Raw, inst_id: str = SWAP) -> dict[str, Any]:
    item = {"instId": inst_id, "tdMode": "cross", "side": "buy", "ordType": "limit", "sz": "1"}
    return {**item, "px": raw.price("0.98", inst_id)}


def frozen(raw: Raw) -> None:
    """Time stands still, so that no slow machine lets a window slide away."""
    now = raw.venue.clock.now()
    raw.venue.clock.now = lambda: now  # type: ignore[method-assign]


def test_sixty_orders_in_two_seconds_and_batches_of_one_count_with_them() -> None:
    async def scenario(raw: Raw) -> None:
        raw.venue.wake(raw.account)
        frozen(raw)
        for _ in range(30):
            assert (await raw.post("trade/order", wish(raw)))["code"] == "0"
            assert (await raw.post("trade/batch-orders", [wish(raw)]))["code"] == "0"
        status, found = await raw.ask("POST", "trade/order", wish(raw))
        assert (status, found) == (429, {"code": "50011", "msg": "Too Many Requests"})
        status, found = await raw.ask("POST", "trade/batch-orders", [wish(raw)])
        assert found["code"] == "50011"
        assert (await raw.post("trade/order", wish(raw, ETH)))["code"] == "0"
        assert (await raw.post("trade/batch-orders", [wish(raw)] * 2))["code"] == "0"
        ids = {"instId": SWAP, "ordId": str(next(iter(raw.account.live)))}
        assert (await raw.post("trade/cancel-order", ids))["code"] == "0"
        async with Wire(raw, "private") as wire:
            await wire.login()
            found = await wire.operate("order", wish(raw))
            assert (found["code"], found["data"]) == ("50011", [])

    with_raw(scenario)


def test_three_hundred_orders_in_batches() -> None:
    async def scenario(raw: Raw) -> None:
        raw.venue.wake(raw.account)
        frozen(raw)
        for _ in range(15):
            assert (await raw.post("trade/batch-orders", [wish(raw)] * 20))["code"] == "0"
        assert (await raw.post("trade/batch-orders", [wish(raw)] * 2))["code"] == "50011"

    with_raw(scenario)


def test_a_thousand_orders_of_one_account() -> None:
    async def scenario(raw: Raw) -> None:
        raw.venue.wake(raw.account)
        frozen(raw)
        bad = [{**wish(raw, inst_id), "sz": "0"} for inst_id in raw.venue.floors if inst_id.endswith("SWAP")]
        by_market = [[item] * 20 for item in bad]
        sent = 0
        for batch in by_market * 10:
            found = await raw.post("trade/batch-orders", batch)
            assert found["code"] == "1"
            sent += 20
        assert sent == 1_000
        status, found = await raw.ask("POST", "trade/batch-orders", by_market[0])
        assert (status, found["code"]) == (200, "50061")

    with_raw(scenario)


def test_public_limits_are_per_address_and_per_instrument() -> None:
    async def scenario(raw: Raw) -> None:
        frozen(raw)
        for _ in range(10):
            await raw.get(f"public/mark-price?instId={SWAP}")
            await raw.get("public/time")
        assert (await raw.ask("GET", f"public/mark-price?instId={SWAP}"))[0] == 429
        assert (await raw.ask("GET", "public/time"))[0] == 429
        await raw.get(f"public/mark-price?instId={ETH}")
        for _ in range(20):
            await raw.get("public/instruments?instType=SWAP")
        assert (await raw.ask("GET", "public/instruments?instType=SWAP"))[0] == 429
        await raw.get("public/instruments?instType=SPOT")

    with_raw(scenario)
