"""Algo orders: refused on the wrong side, fired by the right price, gone with what they guard."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from cockpit.core.types import InstrumentState
from tests.okx_exchange.clients import SWAP, Raw, exchange


def with_raw(scenario: Callable[[Raw], Awaitable[None]]) -> None:
    async def run() -> None:
        async with exchange() as running, Raw(running) as raw:
            await scenario(raw)

    asyncio.run(run())


async def algo(raw: Raw, **wish: Any) -> dict[str, Any]:
    item = {"instId": SWAP, "tdMode": "cross", "side": "sell", "ordType": "conditional", "sz": "1", **wish}
    found = await raw.post("trade/order-algo", item)
    return found["data"][0]  # type: ignore[no-any-return]


async def state(raw: Raw, algo_id: str) -> dict[str, Any]:
    return (await raw.get(f"trade/order-algo?algoId={algo_id}"))[0]  # type: ignore[no-any-return]


WRONG_SIDE = {
    "51279": {"side": "sell", "tpTriggerPx": "0.99", "tpOrdPx": "-1"},
    "51280": {"side": "sell", "slTriggerPx": "1.01", "slOrdPx": "-1"},
    "51277": {"side": "buy", "tpTriggerPx": "1.01", "tpOrdPx": "-1"},
    "51278": {"side": "buy", "slTriggerPx": "0.99", "slOrdPx": "-1"},
}


@pytest.mark.parametrize("code", WRONG_SIDE)
def test_triggers_on_the_wrong_side_are_refused(code: str) -> None:
    async def scenario(raw: Raw) -> None:
        wish = {k: raw.price(v) if k.endswith("TriggerPx") else v for k, v in WRONG_SIDE[code].items()}
        assert (await algo(raw, **wish))["sCode"] == code
        assert raw.account.algos == {}

    with_raw(scenario)


def test_a_stop_fires_by_the_price_it_watches() -> None:
    async def scenario(raw: Raw) -> None:
        await raw.order(ordType="market", sz="2")
        row = await algo(
            raw,
            sz="2",
            slTriggerPx=raw.price("0.99"),
            slOrdPx="-1",
            slTriggerPxType="mark",
            algoClOrdId="s1",
            reduceOnly=True,
        )
        [waiting] = await raw.get("trade/orders-algo-pending?ordType=conditional,oco")
        assert (waiting["algoClOrdId"], waiting["state"]) == ("s1", "live")
        raw.venue.move(SWAP, -5_000)
        assert (await state(raw, row["algoId"]))["state"] == "live"
        raw.venue.move(SWAP, -2_000)
        after = await state(raw, row["algoId"])
        assert (after["state"], after["actualSide"], after["actualSz"]) == ("effective", "sl", "2")
        order = await raw.record(after["ordIdList"][0])
        assert (order["source"], order["algoId"], order["state"]) == ("7", row["algoId"], "filled")
        assert await raw.get("account/positions") == []
        assert await raw.get("trade/orders-algo-pending?ordType=conditional") == []
        [history] = await raw.get("trade/orders-algo-history?ordType=conditional&state=effective")
        assert history["algoId"] == row["algoId"]

    with_raw(scenario)


def test_oco_fires_one_leg_once() -> None:
    async def scenario(raw: Raw) -> None:
        await raw.order(ordType="market", sz="1")
        row = await algo(
            raw, ordType="oco", slTriggerPx=raw.price("0.98"), slOrdPx="-1", tpTriggerPx=raw.price("1.02"),
            tpOrdPx="-1", reduceOnly=True,
        )  # fmt: skip
        raw.venue.move_to(SWAP, Decimal(raw.price("1.03")))
        after = await state(raw, row["algoId"])
        assert (after["state"], after["actualSide"]) == ("effective", "tp")
        raw.venue.move_to(SWAP, Decimal(raw.price("0.9")))
        assert len(await raw.get("trade/orders-history?instType=SWAP")) == 2

    with_raw(scenario)


@pytest.mark.parametrize(("factor", "limit"), [("1.01", "-1"), ("0.99", "-1"), ("1.01", "limit")])
def test_trigger_orders_enter_from_either_side(factor: str, limit: str) -> None:
    async def scenario(raw: Raw) -> None:
        level = raw.price(factor)
        px = raw.price("0.97") if limit == "limit" else "-1"
        row = await algo(
            raw, side="buy", ordType="trigger", triggerPx=level, orderPx=px, triggerPxType="mark"
        )
        assert (await state(raw, row["algoId"]))["ordPx"] == px
        raw.venue.move_to(SWAP, Decimal(level))
        after = await state(raw, row["algoId"])
        assert after["state"] == "effective"
        order = await raw.record(after["ordId"])
        assert (order["source"], order["state"]) == ("6", "live" if limit == "limit" else "filled")

    with_raw(scenario)


def test_trailing_stop_follows_and_turns() -> None:
    async def scenario(raw: Raw) -> None:
        await raw.order(ordType="market", sz="1")
        row = await algo(raw, ordType="move_order_stop", callbackRatio="0.01", reduceOnly=True)
        start = Decimal(raw.price())
        raw.venue.move_to(SWAP, start * Decimal("1.05"))
        assert (await state(raw, row["algoId"]))["state"] == "live"
        raw.venue.move_to(SWAP, start * Decimal("1.045"))
        assert (await state(raw, row["algoId"]))["state"] == "live"
        raw.venue.move_to(SWAP, start * Decimal("1.035"))
        after = await state(raw, row["algoId"])
        assert after["state"] == "effective"
        assert (await raw.record(after["ordId"]))["source"] == "25"
        assert (await algo(raw, ordType="move_order_stop"))["sCode"] == "51258"
        assert (await algo(raw, ordType="move_order_stop", callbackRatio="2"))["sCode"] == "51257"

    with_raw(scenario)


def test_trailing_stop_waits_for_its_activation() -> None:
    async def scenario(raw: Raw) -> None:
        await raw.order(ordType="market", sz="1")
        start = Decimal(raw.price())
        row = await algo(raw, ordType="move_order_stop", callbackSpread="100", activePx=raw.price("1.02"))
        raw.venue.move_to(SWAP, start * Decimal("0.98"))
        assert (await state(raw, row["algoId"]))["state"] == "live"
        raw.venue.move_to(SWAP, start * Decimal("1.03"))
        raw.venue.move_to(SWAP, start * Decimal("1.03") - 150)
        assert (await state(raw, row["algoId"]))["state"] == "effective"

    with_raw(scenario)


def test_whole_position_stops() -> None:
    async def scenario(raw: Raw) -> None:
        wish = {"closeFraction": "1", "sz": "", "slTriggerPx": raw.price("0.98"), "slOrdPx": "-1"}
        assert (await algo(raw, **wish))["sCode"] == "51328"
        limit = {**wish, "reduceOnly": True, "slOrdPx": raw.price("0.97")}
        assert (await algo(raw, **limit))["sCode"] == "51330"
        await raw.order(ordType="market", sz="1")
        row = await algo(raw, **wish, reduceOnly=True)
        assert (await algo(raw, **wish, reduceOnly=True))["sCode"] == "51088"
        await raw.order(ordType="market", sz="2")
        [position] = await raw.get("account/positions")
        assert position["closeOrderAlgo"][0]["algoId"] == row["algoId"]
        raw.venue.move_to(SWAP, Decimal(raw.price("0.97")))
        assert (await state(raw, row["algoId"]))["actualSz"] == "3"
        assert await raw.get("account/positions") == []

    with_raw(scenario)


def test_a_whole_position_stop_goes_with_its_position() -> None:
    async def scenario(raw: Raw) -> None:
        await raw.order(ordType="market", sz="1")
        row = await algo(
            raw, closeFraction="1", sz="", slTriggerPx=raw.price("0.98"), slOrdPx="-1", reduceOnly=True
        )
        await raw.post("trade/close-position", {"instId": SWAP, "mgnMode": "cross"})
        raw.venue.advance()
        assert (await state(raw, row["algoId"]))["state"] == "canceled"

    with_raw(scenario)


def test_what_fires_and_cannot_be_placed_says_so() -> None:
    async def scenario(raw: Raw) -> None:
        row = await algo(raw, slTriggerPx=raw.price("0.99"), slOrdPx="-1", reduceOnly=True)
        raw.venue.move_to(SWAP, Decimal(raw.price("0.98")))
        after = await state(raw, row["algoId"])
        assert (after["state"], after["failCode"]) == ("order_failed", "51169")

    with_raw(scenario)


def test_attached_stops_live_after_the_whole_fill() -> None:
    async def scenario(raw: Raw) -> None:
        attached = [
            {"attachAlgoClOrdId": "kid", "tpTriggerPx": raw.price("1.05"), "tpOrdPx": "-1",
             "slTriggerPx": raw.price("0.9"), "slOrdPx": "-1"}
        ]  # fmt: skip
        resting = await raw.order(px=raw.price("0.98"), attachAlgoOrds=attached)
        assert raw.account.live_algos == {}
        shown = (await raw.record(resting["ordId"]))["attachAlgoOrds"]
        assert shown[0]["attachAlgoClOrdId"] == "kid"
        await raw.post("trade/cancel-order", {"instId": SWAP, "ordId": resting["ordId"]})
        assert raw.account.live_algos == {}
        await raw.order(ordType="market", attachAlgoOrds=attached, sz="2")
        [row] = await raw.get("trade/orders-algo-pending?ordType=oco")
        assert (row["algoClOrdId"], row["side"], row["sz"], row["reduceOnly"]) == ("kid", "sell", "2", "true")

    with_raw(scenario)


def test_amend_and_cancel() -> None:
    async def scenario(raw: Raw) -> None:
        row = await algo(raw, slTriggerPx=raw.price("0.98"), slOrdPx="-1", clOrdId="x9")
        assert (row["algoClOrdId"], row["clOrdId"]) == ("x9", "x9")
        assert (await algo(raw, slTriggerPx=raw.price("0.98"), slOrdPx="-1", algoClOrdId="x9"))[
            "sCode"
        ] == "51065"
        wish = {"instId": SWAP, "algoId": row["algoId"], "newSlTriggerPx": raw.price("0.97"), "newSz": "2"}
        assert (await raw.post("trade/amend-algos", wish))["code"] == "0"
        after = await state(raw, row["algoId"])
        assert (after["slTriggerPx"], after["sz"]) == (raw.price("0.97"), "2")
        cancel = [{"instId": SWAP, "algoClOrdId": "x9"}]
        assert (await raw.post("trade/cancel-algos", cancel))["code"] == "0"
        assert (await raw.post("trade/cancel-algos", cancel))["data"][0]["sCode"] == "51400"
        status, found = await raw.ask("GET", "trade/orders-algo-pending")
        assert (status, found["code"]) == (400, "50014")

    with_raw(scenario)


def test_what_waits_on_a_market_that_ends_goes_with_it() -> None:
    async def scenario(raw: Raw) -> None:
        raw.venue.wake(raw.account)
        row = await algo(raw, slTriggerPx=raw.price("0.99"), slOrdPx="-1")
        raw.venue.relist(SWAP, state=InstrumentState.SUSPENDED)
        assert (await state(raw, row["algoId"]))["state"] == "live"
        raw.venue.relist(SWAP, state=InstrumentState.EXPIRED)
        assert (await state(raw, row["algoId"]))["state"] == "canceled"

    with_raw(scenario)
