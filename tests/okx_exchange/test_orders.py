"""Orders by REST: every kind, every refusal, one by one and in batches."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.okx_exchange.clients import ETH, SPOT, SWAP, Raw, exchange


def with_raw(scenario: Callable[[Raw], Awaitable[None]], still: bool = True, **options: Any) -> None:
    async def run() -> None:
        async with exchange(still=still, **options) as running, Raw(running) as raw:
            await scenario(raw)

    asyncio.run(run())


def test_the_life_of_a_limit_order() -> None:
    async def scenario(raw: Raw) -> None:
        row = await raw.order(px=raw.price("0.98"), clOrdId="ck1", tag="t1")
        assert (row["sCode"], row["clOrdId"], row["tag"], row["subCode"]) == ("0", "ck1", "t1", "")
        [pending] = await raw.get("trade/orders-pending")
        assert (pending["ordId"], pending["state"], pending["accFillSz"]) == (row["ordId"], "live", "0")
        wish = {"instId": SWAP, "clOrdId": "ck1", "newPx": raw.price("0.97"), "newSz": "2", "reqId": "a1"}
        found = await raw.post("trade/amend-order", wish)
        assert (found["code"], found["data"][0]["reqId"]) == ("0", "a1")
        record = await raw.record(row["ordId"])
        assert (record["px"], record["sz"], record["state"]) == (raw.price("0.97"), "2", "live")
        cancel = {"instId": SWAP, "ordId": row["ordId"]}
        assert (await raw.post("trade/cancel-order", cancel))["code"] == "0"
        again = await raw.post("trade/cancel-order", cancel)
        assert (again["code"], again["data"][0]["sCode"]) == ("1", "51400")
        record = await raw.record(row["ordId"])
        assert (record["state"], record["cancelSource"]) == ("canceled", "1")
        [closed] = await raw.get("trade/orders-history?instType=SWAP&state=canceled")
        assert closed == record
        assert "inTime" in found
        assert len(found["inTime"]) == 16

    with_raw(scenario)


def test_market_orders_fill_and_are_booked() -> None:
    async def scenario(raw: Raw) -> None:
        row = await raw.order(ordType="market", sz="3")
        record = await raw.record(row["ordId"])
        assert (record["state"], record["accFillSz"], record["px"]) == ("filled", "3", "")
        [fill] = await raw.get("trade/fills")
        value = Decimal("0.03") * Decimal(fill["fillPx"])
        assert fill["execType"] == "T"
        assert fill["subType"] == "3"
        assert Decimal(fill["fee"]) == -value * Decimal("0.0005")
        [position] = await raw.get("account/positions")
        assert (position["pos"], position["avgPx"], position["lever"]) == ("3", record["avgPx"], "3")
        [detail] = (await raw.get("account/balance?ccy=USDT"))[0]["details"]
        assert Decimal(detail["cashBal"]) == Decimal(100_000) + Decimal(fill["fee"])

    with_raw(scenario)


AT_ONCE = {"ioc": ("14", "partly"), "fok": ("13", "nothing"), "post_only": ("31", "nothing")}


@pytest.mark.parametrize("kind", AT_ONCE)
def test_kinds_that_do_not_wait(kind: str) -> None:
    async def scenario(raw: Raw) -> None:
        source, filled = AT_ONCE[kind]
        await raw.post("account/set-leverage", {"instId": SWAP, "mgnMode": "cross", "lever": 20})
        floor = raw.venue.floors[SWAP]
        there = floor.asks[floor.ask]
        size = floor.size(there * 2)
        row = await raw.order(ordType=kind, px=raw.ask_px(), sz=size)
        assert row["sCode"] == "0"
        record = await raw.record(row["ordId"])
        assert (record["state"], record["cancelSource"]) == ("canceled", source)
        assert record["accFillSz"] == (floor.size(there) if filled == "partly" else "0")

    with_raw(scenario)


def test_optimal_limit_ioc_takes() -> None:
    async def scenario(raw: Raw) -> None:
        row = await raw.order(ordType="optimal_limit_ioc", sz="1")
        assert (await raw.record(row["ordId"]))["state"] == "filled"

    with_raw(scenario)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no instrument": ({"instId": "NO-SUCH-SWAP"}, "51001"),
    "no side": ({"side": ""}, "50014"),
    "wrong side": ({"side": "up"}, "51000"),
    "unknown kind": ({"ordType": "mmp"}, "51000"),
    "cash for a swap": ({"tdMode": "cash"}, "51000"),
    "long in net mode": ({"posSide": "long"}, "51000"),
    "no price": ({"px": ""}, "50014"),
    "off the tick": ({"px": "50000.05"}, "51000"),
    "off the lot": ({"sz": "1.005"}, "51121"),
    "below the minimum": ({"sz": "0.001"}, "51121"),
    "beyond the band": ({"px": "90000"}, "51006"),
    "no money": ({"sz": "900"}, "51008"),
    "too large for the last tier": ({"sz": "1000001"}, "51101"),
    "a dash in the client id": ({"clOrdId": "a-b"}, "51000"),
    "33 characters": ({"clOrdId": "a" * 33}, "51000"),
    "long tag": ({"tag": "a" * 17}, "51000"),
    "sz is a word": ({"sz": "many"}, "51000"),
    "sz is NaN": ({"sz": "NaN"}, "51000"),
    "negative": ({"sz": "-1"}, "51000"),
    "nothing to reduce": ({"side": "sell", "reduceOnly": True}, "51169"),
    "fok that cancels both": ({"ordType": "fok", "stpMode": "cancel_both"}, "54036"),
    "target below the price": ({"attachAlgoOrds": [{"tpTriggerPx": "1", "tpOrdPx": "-1"}]}, "51046"),
    "stop above the price": ({"attachAlgoOrds": [{"slTriggerPx": "99999", "slOrdPx": "-1"}]}, "51047"),
}


@pytest.mark.parametrize("what", BAD)
def test_refused_orders_leave_no_trace(what: str) -> None:
    async def scenario(raw: Raw) -> None:
        wish, code = BAD[what]
        row = await raw.order(**{"px": raw.price("0.99"), **wish})
        assert (row["sCode"], row["ordId"]) == (code, "")
        assert raw.account.orders == {}
        assert raw.account.news == []
        assert await raw.get("trade/orders-pending") == []

    with_raw(scenario)


def test_empty_texts_mean_absent_and_strangers_are_ignored() -> None:
    async def scenario(raw: Raw) -> None:
        empty = dict.fromkeys(("posSide", "ccy", "reduceOnly", "tgtCcy", "stpMode", "clOrdId", "tag"), "")
        row = await raw.order(px=raw.price("0.98"), unknown={"x": 1}, attachAlgoOrds=None, **empty)
        assert row["sCode"] == "0"
        row = await raw.order(px=float(raw.price("0.98")), sz=2, lever=3)
        assert (await raw.record(row["ordId"]))["sz"] == "2"

    with_raw(scenario)


def test_client_ids_are_unique_among_the_living() -> None:
    async def scenario(raw: Raw) -> None:
        first = await raw.order(px=raw.price("0.98"), clOrdId="same")
        assert (await raw.order(px=raw.price("0.98"), clOrdId="same"))["sCode"] == "51016"
        await raw.post("trade/cancel-order", {"instId": SWAP, "clOrdId": "same"})
        second = await raw.order(px=raw.price("0.98"), clOrdId="same")
        assert second["sCode"] == "0"
        [by_name] = await raw.get(f"trade/order?instId={SWAP}&clOrdId=same")
        assert by_name["ordId"] == second["ordId"] != first["ordId"]
        status, found = await raw.ask("GET", f"trade/order?instId={SWAP}&clOrdId=never")
        assert (status, found["code"]) == (200, "51603")

    with_raw(scenario)


def test_batches() -> None:
    async def scenario(raw: Raw) -> None:
        item = {"instId": SWAP, "tdMode": "cross", "side": "buy", "ordType": "limit", "sz": "1"}
        good = {**item, "px": raw.price("0.98")}
        found = await raw.post("trade/batch-orders", [{**good, "clOrdId": f"c{i}"} for i in range(20)])
        assert found["code"] == "0"
        assert [row["clOrdId"] for row in found["data"]] == [f"c{i}" for i in range(20)]
        bad = [{**good, "clOrdId": f"d{i}", "sz": "0.001" if i == 7 else "1"} for i in range(20)]
        found = await raw.post("trade/batch-orders", bad)
        assert found["code"] == "2"
        assert [row["sCode"] for row in found["data"]].count("0") == 19
        assert found["data"][7]["sCode"] == "51121"
        found = await raw.post("trade/batch-orders", [{**good, "sz": "0"}, {**good, "px": "0"}])
        assert found["code"] == "1"
        found = await raw.post("trade/batch-orders", [{**good, "clOrdId": "e"}, {**good, "clOrdId": "e"}])
        assert [row["sCode"] for row in found["data"]] == ["0", "51016"]
        assert (await raw.post("trade/batch-orders", [good] * 21))["code"] == "51111"
        ids = [{"instId": SWAP, "ordId": str(ord_id)} for ord_id in [*raw.account.live][:20]]
        assert (await raw.post("trade/cancel-batch-orders", ids))["code"] == "0"
        assert (await raw.post("trade/cancel-batch-orders", ids[:2]))["code"] == "1"

    with_raw(scenario)


def test_a_cancel_that_takes_its_time() -> None:
    async def scenario(raw: Raw) -> None:
        row = await raw.order(px=raw.price("0.98"))
        raw.venue.faults.add(_fault(on="cancel", do="defer", ms=80), raw.venue.clock.now())
        cancel = {"instId": SWAP, "ordId": row["ordId"]}
        assert (await raw.post("trade/cancel-order", cancel))["code"] == "0"
        again = await raw.post("trade/cancel-order", cancel)
        assert again["data"][0]["sCode"] == "51410"
        assert (await raw.record(row["ordId"]))["state"] == "live"
        for _ in range(200):
            if (await raw.record(row["ordId"]))["state"] == "canceled":
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the cancel never happened")

    with_raw(scenario)


def _fault(**rule: Any) -> Any:
    from cockpit.adapters.okx_exchange.faults import Fault

    return Fault(**rule)


def test_amendments() -> None:
    async def scenario(raw: Raw) -> None:
        row = await raw.order(px=raw.price("0.98"), sz="5")

        async def amend(**change: Any) -> str:
            found = await raw.post("trade/amend-order", {"instId": SWAP, "ordId": row["ordId"], **change})
            return str(found["data"][0]["sCode"])

        assert await amend() == "51500"
        assert await amend(newSz="0.005") == "51121"
        assert await amend(newPx="90000") == "51006"
        assert (await raw.record(row["ordId"]))["px"] == raw.price("0.98")
        assert await amend(newSz="90000") == "51502"
        assert await amend(newSz="4") == "0"
        assert await amend(newPx="90000", cxlOnFail=True) == "51006"
        assert (await raw.record(row["ordId"]))["state"] == "canceled"
        assert await amend(newSz="3") == "51503"
        floor = raw.venue.floors[SWAP]
        row = await raw.order(px=raw.ask_px(), sz=floor.size(floor.asks[floor.ask] + 100))
        record = await raw.record(row["ordId"])
        assert record["state"] == "partially_filled"
        assert await amend(newSz=record["accFillSz"]) == "0"
        assert (await raw.record(row["ordId"]))["state"] == "filled"

    with_raw(scenario)


def test_reduce_only_closes_no_more_than_there_is() -> None:
    async def scenario(raw: Raw) -> None:
        await raw.order(ordType="market", sz="2")
        wrong = await raw.order(px=raw.price("0.98"), reduceOnly="true")
        assert wrong["sCode"] == "51170"
        row = await raw.order(side="sell", ordType="market", sz="5", reduceOnly=True)
        record = await raw.record(row["ordId"])
        assert (record["accFillSz"], record["state"], record["cancelSource"]) == ("2", "canceled", "2")
        assert await raw.get("account/positions") == []

    with_raw(scenario)


def test_hedge_mode() -> None:
    async def scenario(raw: Raw) -> None:
        resting = await raw.order(px=raw.price("0.98"))
        found = await raw.post("account/set-position-mode", {"posMode": "long_short_mode"})
        assert found["code"] == "59000"
        await raw.post("trade/cancel-order", {"instId": SWAP, "ordId": resting["ordId"]})
        assert (await raw.post("account/set-position-mode", {"posMode": "long_short_mode"}))["code"] == "0"
        assert (await raw.get("account/config"))[0]["posMode"] == "long_short_mode"
        assert (await raw.order(ordType="market"))["sCode"] == "51000"
        for side, pos_side in (("buy", "long"), ("sell", "short")):
            assert (await raw.order(ordType="market", side=side, posSide=pos_side, sz="2"))["sCode"] == "0"
        rows = {row["posSide"]: row["pos"] for row in await raw.get("account/positions")}
        assert rows == {"long": "2", "short": "2"}
        await raw.order(ordType="market", side="sell", posSide="long", sz="2")
        [row] = await raw.get("account/positions")
        assert (row["posSide"], row["pos"], row["availPos"]) == ("short", "2", "2")
        assert len(await raw.get(f"account/leverage-info?instId={SWAP}&mgnMode=cross")) == 2

    with_raw(scenario)


def test_spot_sizes_in_either_currency() -> None:
    async def scenario(raw: Raw) -> None:
        spot = {"instId": SPOT, "tdMode": "cash", "ordType": "market"}
        bought = await raw.order(**spot, sz="1000")
        record = await raw.record(bought["ordId"], SPOT)
        assert (record["tgtCcy"], record["sz"], record["state"]) == ("quote_ccy", "1000", "filled")
        spent = Decimal(record["accFillSz"]) * Decimal(record["avgPx"])
        assert Decimal(999) < spent <= 1000
        assert record["feeCcy"] == "BTC"
        base = await raw.order(**spot, sz="0.01", tgtCcy="base_ccy")
        assert (await raw.record(base["ordId"], SPOT))["accFillSz"] == "0.01"
        sold = await raw.order(**spot, side="sell", sz="0.02")
        record = await raw.record(sold["ordId"], SPOT)
        assert (record["tgtCcy"], record["accFillSz"], record["feeCcy"]) == ("base_ccy", "0.02", "USDT")
        assert (await raw.order(**{**spot, "tdMode": "cross"}, sz="1"))["sCode"] == "51010"
        assert (await raw.order(**spot, side="sell", sz="50"))["sCode"] == "51008"

    with_raw(scenario)


def test_isolated_and_cross_share_one_purse() -> None:
    async def scenario(raw: Raw) -> None:
        await raw.order(ordType="market", sz="10")
        row = await raw.order(ordType="market", sz="10", tdMode="isolated")
        assert row["sCode"] == "0"
        rows = {row["mgnMode"]: row for row in await raw.get("account/positions")}
        assert set(rows) == {"cross", "isolated"}
        assert rows["isolated"]["imr"] == rows["cross"]["margin"] == ""
        assert Decimal(rows["isolated"]["margin"]) > 2000
        free = Decimal((await raw.get("account/balance?ccy=USDT"))[0]["details"][0]["availEq"])
        assert Decimal(90_000) < free < Decimal(96_000)
        large = int(free * 3 / 635)
        assert (await raw.order(px=raw.price("1"), sz=str(large + 40), tdMode="isolated"))["sCode"] == "51008"
        wish = {"instId": SWAP, "posSide": "net", "type": "add", "amt": "500"}
        before = Decimal(rows["isolated"]["margin"])
        assert (await raw.post("account/position/margin-balance", wish))["code"] == "0"
        [row] = [r for r in await raw.get("account/positions") if r["mgnMode"] == "isolated"]
        assert Decimal(row["margin"]) == before + 500

    with_raw(scenario)


def test_close_position() -> None:
    async def scenario(raw: Raw) -> None:
        wish = {"instId": SWAP, "mgnMode": "cross"}
        assert (await raw.post("trade/close-position", wish))["code"] == "51023"
        await raw.order(ordType="market", sz="2")
        await raw.order(side="sell", px=raw.price("1.02"), sz="1", reduceOnly=True)
        status, found = await raw.ask("POST", "trade/close-position", wish)
        assert (status, found["code"]) == (200, "51115")
        found = await raw.post("trade/close-position", {**wish, "autoCxl": True, "clOrdId": "bye"})
        assert found["data"] == [{"instId": SWAP, "posSide": "net", "clOrdId": "bye", "tag": ""}]
        assert await raw.get("account/positions") == []
        assert await raw.get("trade/orders-pending") == []
        [closed] = await raw.get("account/positions-history")
        assert (closed["type"], closed["direction"], closed["closeTotalPos"]) == ("2", "long", "2")

    with_raw(scenario)


def test_leverage() -> None:
    async def scenario(raw: Raw) -> None:
        async def lever(**wish: Any) -> Any:
            return await raw.post("account/set-leverage", {"instId": SWAP, "mgnMode": "cross", **wish})

        assert (await lever(lever=5))["data"][0] == {
            "instId": SWAP, "lever": "5", "mgnMode": "cross", "posSide": "net",
        }  # fmt: skip
        assert (await lever(lever="101"))["code"] == "59102"
        assert (await lever(lever="0.5"))["code"] == "59102"
        [info] = await raw.get(f"account/leverage-info?instId={SWAP}&mgnMode=cross")
        assert info["lever"] == "5"
        row = await raw.order(px=raw.price("0.98"))
        assert (await raw.record(row["ordId"]))["lever"] == "5"
        locked = Decimal((await raw.get("account/balance?ccy=USDT"))[0]["details"][0]["ordFrozen"])
        assert locked == Decimal(raw.price("0.98")) * Decimal("0.01") / 5
        other = await raw.order(instId=ETH, px=raw.price("0.98", ETH))
        assert (await raw.record(other["ordId"], ETH))["lever"] == "3"
        await raw.order(ordType="market", sz="10", tdMode="isolated")
        await lever(lever="2", mgnMode="isolated")
        [row] = await raw.get("account/positions")
        assert Decimal(row["margin"]) == Decimal(row["avgPx"]) * Decimal("0.1") / 2

    with_raw(scenario)


def test_dead_mans_switch() -> None:
    async def scenario(raw: Raw) -> None:
        async def arm(seconds: Any, tag: str = "") -> Any:
            return await raw.post("trade/cancel-all-after", {"timeOut": seconds, "tag": tag})

        for wrong in (5, "9", 121):
            assert (await arm(wrong))["code"] == "51000"
        armed = (await arm(10))["data"][0]
        assert 9_000 < int(armed["triggerTime"]) - raw.venue.clock.now() <= 10_000
        assert (await arm("0"))["data"][0]["triggerTime"] == "0"
        assert raw.account.timers == {}
        tagged = await raw.order(px=raw.price("0.98"), tag="mine")
        other = await raw.order(px=raw.price("0.98"), tag="other")
        stop = {"instId": SWAP, "tdMode": "cross", "side": "sell", "ordType": "conditional", "sz": "1",
                "slTriggerPx": raw.price("0.9"), "slOrdPx": "-1"}  # fmt: skip
        assert (await raw.post("trade/order-algo", stop))["code"] == "0"
        await arm(10, "mine")
        raw.account.timers["mine"] = raw.venue.clock.now()
        raw.venue.advance()
        record = await raw.record(tagged["ordId"])
        assert (record["state"], record["cancelSource"]) == ("canceled", "20")
        assert (await raw.record(other["ordId"]))["state"] == "live"
        assert len(raw.account.live_algos) == 1

    with_raw(scenario)


def test_deadlines() -> None:
    async def scenario(raw: Raw) -> None:
        now = raw.venue.clock.now()
        wish = {"instId": SWAP, "tdMode": "cross", "side": "buy", "ordType": "limit", "sz": "1"}
        wish["px"] = raw.price("0.98")
        assert (await raw.post("trade/order", wish, expTime=str(now - 1)))["code"] == "50036"
        raw.venue.faults.add(_fault(on="rest POST trade/order", do="delay", ms=60), now)
        late = await raw.post("trade/order", wish, expTime=str(raw.venue.clock.now() + 30))
        assert late["code"] == "50037"
        assert raw.account.orders == {}
        found = await raw.post("trade/order", wish, expTime=str(now + 60_000))
        assert found["data"][0]["sCode"] == "0"

    with_raw(scenario)


def test_self_trade_prevention_is_the_takers_choice() -> None:
    async def scenario(raw: Raw) -> None:
        for mode, maker, taker in (("", "canceled", "live"), ("cancel_taker", "live", "canceled"),
                                   ("cancel_both", "canceled", "canceled")):  # fmt: skip
            floor = raw.venue.floors[SWAP]
            between = floor.px(floor.bid + 1)
            resting = await raw.order(side="sell", px=between)
            crossing = await raw.order(px=between, stpMode=mode)
            assert (await raw.record(resting["ordId"]))["state"] == maker, mode
            record = await raw.record(crossing["ordId"])
            assert record["state"] == taker, mode
            assert record["cancelSource"] == ("32" if taker == "canceled" else "")
            for ord_id in [*raw.account.live]:
                await raw.post("trade/cancel-order", {"instId": SWAP, "ordId": str(ord_id)})

    with_raw(scenario)


@pytest.mark.parametrize(
    ("state", "code"), [("suspend", "51022"), ("preopen", "51021"), ("expired", "51027")]
)
def test_instruments_that_take_no_orders(state: str, code: str) -> None:
    async def scenario(raw: Raw) -> None:
        raw.venue.wake(raw.account)
        from cockpit.adapters.okx_exchange.admin import STATES

        raw.venue.relist(SWAP, state=STATES[state])
        assert (await raw.order(px="50000"))["sCode"] == code
        raw.venue.settling.add(ETH)
        assert (await raw.order(instId=ETH, px=raw.price("0.99", ETH)))["sCode"] == "51030"

    with_raw(scenario)


def test_sizes_the_money_allows() -> None:
    async def scenario(raw: Raw) -> None:
        [row] = await raw.get(f"account/max-size?instId={SWAP}&tdMode=cross")
        most = row["maxBuy"]
        assert (await raw.order(px=raw.price("1"), sz=most))["sCode"] == "0"
        [row] = await raw.get(f"account/max-avail-size?instId={SWAP}&tdMode=cross")
        assert Decimal(row["availBuy"]) < Decimal(100_000) * Decimal("0.01")

    with_raw(scenario)
