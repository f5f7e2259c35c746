"""Private channels and order operations over a socket."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from tests.okx_exchange.clients import ETH, SWAP, Raw, Wire, exchange


def with_wire(scenario: Callable[[Raw, Wire], Awaitable[None]], **options: Any) -> None:
    async def run() -> None:
        async with exchange(**options) as running, Raw(running) as raw, Wire(raw, "private") as wire:
            await wire.login()
            await scenario(raw, wire)

    asyncio.run(run())


ANY = {"channel": "orders", "instType": "ANY"}


def test_an_order_is_told_from_its_first_day_to_its_last() -> None:
    async def scenario(raw: Raw, wire: Wire) -> None:
        await wire.subscribe(ANY)
        row = await raw.order(px=raw.price("0.98"), clOrdId="a1")
        first = await wire.data("orders")
        assert (first["ordId"], first["state"], first["tradeId"], first["fillSz"]) == (
            row["ordId"],
            "live",
            "",
            "0",
        )
        wish = {"instId": SWAP, "clOrdId": "a1", "newSz": "2", "reqId": "q1"}
        await raw.post("trade/amend-order", wish)
        amended = await wire.data("orders", lambda r: r["reqId"] == "q1")
        assert (amended["amendResult"], amended["sz"]) == ("0", "2")
        await raw.post("trade/amend-order", {**wish, "newPx": "90000", "reqId": "q2"})
        assert (await wire.data("orders", lambda r: r["reqId"] == "q2"))["amendResult"] == "-1"
        await raw.post("trade/cancel-order", {"instId": SWAP, "clOrdId": "a1"})
        last = await wire.data("orders", lambda r: r["state"] == "canceled")
        assert last["cancelSource"] == "1"
        rest = await raw.record(row["ordId"])
        assert {name: last[name] for name in set(rest) - {"fillPx", "fillSz", "tradeId", "fillTime"}} == {
            name: rest[name] for name in set(rest) - {"fillPx", "fillSz", "tradeId", "fillTime"}
        }

    with_wire(scenario)


def test_a_fill_is_told_everywhere() -> None:
    async def scenario(raw: Raw, wire: Wire) -> None:
        channels: list[dict[str, str]] = [
            {"channel": "account"}, {"channel": "positions", "instType": "ANY"},
            {"channel": "balance_and_position"}, {"channel": "fills"}, ANY,
        ]  # fmt: skip
        for arg in channels:
            await wire.subscribe(arg)
        await wire.data("account")
        at = len(wire.heard)
        await raw.order(ordType="market", sz="2", clOrdId="77")
        filled = await wire.data("orders", lambda r: r["state"] == "filled", after=at)
        [fill] = await raw.get("trade/fills")
        assert (filled["tradeId"], filled["fillFee"], filled["execType"]) == (
            fill["tradeId"],
            fill["fee"],
            "T",
        )
        short = await wire.data("fills", after=at)
        assert (short["tradeId"], short["clOrdId"], short["count"]) == (fill["tradeId"], "77", "1")
        [rest] = await raw.get("account/positions")
        position = await wire.data("positions", after=at)
        assert {k: position[k] for k in rest} == rest
        balance = await wire.data("account", after=at)
        [detail] = [d for d in balance["details"] if d["ccy"] == "USDT"]
        [same] = (await raw.get("account/balance?ccy=USDT"))[0]["details"]
        assert {k: v for k, v in detail.items() if k != "uTime"} == {
            k: v for k, v in same.items() if k != "uTime"
        }
        both = await wire.data("balance_and_position", lambda r: r["eventType"] == "filled")
        assert both["balData"][0]["cashBal"] == same["cashBal"]
        assert both["posData"][0]["pos"] == "2"
        assert both["trades"] == [{"instId": SWAP, "tradeId": fill["tradeId"]}]
        at = len(wire.heard)
        await raw.order(ordType="market", side="sell", sz="2")
        assert (await wire.data("positions", after=at))["pos"] == "0"
        arg = wire.told("account")[0]["arg"]
        assert arg == {"channel": "account", "uid": raw.account.uid}

    with_wire(scenario)


def test_arguments_are_echoed_and_filter() -> None:
    async def scenario(raw: Raw, wire: Wire) -> None:
        wide = {"channel": "positions", "instType": "ANY"}
        narrow = {"channel": "positions", "instType": "SWAP", "instId": SWAP}
        await wire.subscribe(wide)
        await wire.subscribe(narrow)
        await raw.order(ordType="market", sz="1")
        await raw.order(instId=ETH, ordType="market", sz="1")
        await wire.wait(lambda m: m["arg"].get("instId") == SWAP and m["data"] if "data" in m else False)
        await wire.data("positions", lambda r: r["instId"] == ETH)
        uid = raw.account.uid
        for push in wire.told("positions"):
            assert push["arg"] in ({**wide, "uid": uid}, {**narrow, "uid": uid})
            if "instId" in push["arg"]:
                assert {row["instId"] for row in push["data"]} <= {SWAP}

    with_wire(scenario)


def test_order_operations() -> None:
    async def scenario(raw: Raw, wire: Wire) -> None:
        code = raw.venue.floors[SWAP].listed.code
        wish = {"instIdCode": code, "tdMode": "cross", "side": "buy", "ordType": "limit", "sz": "1"}
        wish["px"] = raw.price("0.98")
        found = await wire.operate("order", {**wish, "clOrdId": "w1"})
        assert (found["op"], found["code"], found["data"][0]["sCode"]) == ("order", "0", "0")
        assert int(found["outTime"]) >= int(found["inTime"])
        amend = {"instIdCode": code, "clOrdId": "w1", "newSz": "3"}
        assert (await wire.operate("amend-order", amend, id_="r2"))["code"] == "0"
        cancel = {"instIdCode": code, "clOrdId": "w1"}
        assert (await wire.operate("cancel-order", cancel, id_="r3"))["code"] == "0"
        failed = await wire.operate("cancel-order", cancel, id_="r4")
        assert (failed["code"], failed["msg"], failed["data"][0]["sCode"]) == ("1", "", "51400")
        half = await wire.operate("batch-orders", wish, {**wish, "sz": "0"}, id_="r5")
        assert (half["code"], [row["sCode"] for row in half["data"]]) == ("2", ["0", "51000"])
        ids = {"instIdCode": code, "ordId": half["data"][0]["ordId"]}
        assert (await wire.operate("batch-cancel-orders", ids, id_="r6"))["code"] == "0"
        named = {**wish, "instId": SWAP}
        del named["instIdCode"]
        assert (await wire.operate("order", named, id_="r7"))["code"] == "0"
        unknown = await wire.operate("order", {**wish, "instIdCode": 1}, id_="r8")
        assert unknown["data"][0]["sCode"] == "51001"
        lost = await wire.operate("order", {k: v for k, v in wish.items() if k != "instIdCode"}, id_="r9")
        assert lost["data"][0]["sCode"] == "50014"
        bad = await wire.operate("order", wish, wish, id_="r10")
        assert (bad["code"], bad["data"]) == ("60013", [])
        now = raw.venue.clock.now()
        late = await wire.operate("order", wish, id_="r11", expTime=str(now - 1))
        assert late["code"] == "50036"

    with_wire(scenario)


def test_operations_need_the_private_door_and_a_login() -> None:
    async def run() -> None:
        async with exchange() as running, Raw(running) as raw:
            async with Wire(raw, "public") as wire:
                await wire.send({"id": "1", "op": "order", "args": [{"instId": SWAP}]})
                assert (await wire.wait(lambda m: m.get("event") == "error"))["code"] == "60028"
            async with Wire(raw, "private") as wire:
                await wire.send({"id": "1", "op": "order", "args": [{"instId": SWAP}]})
                assert (await wire.wait(lambda m: m.get("event") == "error"))["code"] == "60011"
        async with exchange() as running, Raw(running, kind="read") as raw, Wire(raw, "private") as wire:
            await wire.login()
            assert (await wire.operate("order", {"instId": SWAP}))["code"] == "50120"

    asyncio.run(run())


def test_algo_orders_are_told_on_business() -> None:
    async def scenario(raw: Raw, wire: Wire) -> None:
        async with Wire(raw, "business") as desk:
            await desk.login()
            await desk.subscribe({"channel": "orders-algo", "instType": "ANY"})
            await desk.subscribe({"channel": "algo-advance", "instType": "SWAP"})
            base = {"instId": SWAP, "tdMode": "cross", "side": "sell", "sz": "1"}
            stop = {**base, "ordType": "conditional", "slTriggerPx": raw.price("0.98"), "slOrdPx": "-1"}
            await raw.post("trade/order-algo", stop)
            assert (await desk.data("orders-algo"))["state"] == "live"
            await raw.post(
                "trade/order-algo", {**base, "ordType": "move_order_stop", "callbackRatio": "0.01"}
            )
            assert (await desk.data("algo-advance"))["ordType"] == "move_order_stop"
            raw.venue.move_to(SWAP, Decimal(raw.price("0.97")))
            assert (await desk.data("orders-algo", lambda r: r["state"] == "effective"))["actualSide"] == "sl"

    with_wire(scenario)


def test_accounts_do_not_hear_each_other() -> None:
    async def run() -> None:
        async with exchange(accounts=2) as running, Raw(running) as raw, Raw(running, account=2) as other:
            assert raw.account.uid != other.account.uid
            async with Wire(other, "private") as wire:
                await wire.login()
                await wire.subscribe(ANY)
                row = await raw.order(px=raw.price("0.98"))
                _status, found = await other.ask("GET", f"trade/order?instId={SWAP}&ordId={row['ordId']}")
                assert found["code"] == "51603"
                await asyncio.sleep(0.05)
                assert wire.told("orders") == []

    asyncio.run(run())
