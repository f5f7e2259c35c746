"""Money: every change has a bill, both books agree, and the ratios are what the reference says."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from cockpit.core.types import MarginMode
from tests.okx_exchange.clients import COIN, ETH, SPOT, SWAP, Raw, exchange

CENT = Decimal("1e-9")


def with_raw(scenario: Callable[[Raw], Awaitable[None]], **options: Any) -> None:
    async def run() -> None:
        async with exchange(**options) as running, Raw(running) as raw:
            raw.venue.wake(raw.account)
            await scenario(raw)

    asyncio.run(run())


def agrees(raw: Raw) -> None:
    """The account's books and the desks' own are the same, to the last digit."""
    for mode in (MarginMode.CROSS, MarginMode.ISOLATED):
        mirror, desk = raw.account.mirrors[mode], raw.account.desk(mode).ledger
        assert mirror.cash == desk.cash
        assert mirror.holdings == desk.holdings


@pytest.mark.parametrize("seed", range(6))
def test_bills_reproduce_balances_and_positions_their_profit(seed: int) -> None:
    chance = Random(seed)

    async def scenario(raw: Raw) -> None:
        for step in range(60):
            inst_id = chance.choice((SWAP, ETH, COIN, SPOT))
            mode = "cash" if inst_id == SPOT else chance.choice(("cross", "isolated"))
            size = str(chance.randint(1, 9) / 100) if inst_id == SPOT else str(chance.randint(1, 40))
            side = chance.choice(("buy", "sell"))
            kind = chance.choice(("market", "ioc", "limit"))
            factor = str(1 + chance.randint(-10, 10) / 10_000)
            px = raw.price(factor, inst_id)
            await raw.order(
                instId=inst_id, tdMode=mode, side=side, ordType=kind, sz=size, px=px, tgtCcy="base_ccy"
            )
            if step % 7 == 0:
                raw.venue.move(inst_id, chance.randint(-300, 300))
            if step % 11 == 0:
                raw.venue.fund(chance.choice((SWAP, ETH, COIN)), chance.randint(-9, 9) / 10_000)
            raw.venue.advance()
            agrees(raw)
        account = raw.account
        cash = account.mirrors[MarginMode.CROSS].cash
        for ccy in ("USDT", "BTC"):
            rows = [bill for bill in account.bills if bill.ccy == ccy]
            assert sum(bill.change for bill in rows) == cash[ccy]
            assert rows[-1].balance == cash[ccy]
        lives = [*account.closed, *account.positions.values()]
        for ccy in ("USDT", "BTC"):
            owned = [p for p in lives if p.listed.instrument.settle == ccy]
            swaps = [bill for bill in account.bills if bill.ccy == ccy and bill.inst_type == "SWAP"]
            earned = sum(bill.change + bill.pos_change for bill in swaps)
            assert abs(sum((p.realized for p in owned), Decimal(0)) - earned) < CENT
        assert len(account.fills) > 20

    with_raw(scenario)


def test_a_flip_closes_and_reopens() -> None:
    async def scenario(raw: Raw) -> None:
        await raw.order(ordType="market", sz="3")
        raw.venue.move(SWAP, 1_000)
        await raw.order(ordType="market", side="sell", sz="5")
        [position] = await raw.get("account/positions")
        [closed] = await raw.get("account/positions-history")
        fills = await raw.get("trade/fills")
        last = [f for f in fills if f["side"] == "sell"]
        assert position["pos"] == "-2"
        assert position["posId"] == closed["posId"]
        assert Decimal(closed["pnl"]) == sum(Decimal(f["fillPnl"]) for f in last) > 0
        identity = Decimal(closed["pnl"]) + Decimal(closed["fee"]) + Decimal(closed["fundingFee"])
        assert abs(Decimal(closed["realizedPnl"]) - identity) < CENT

    with_raw(scenario)


def test_funding_signs_and_who_takes_part() -> None:
    async def scenario(raw: Raw) -> None:
        await raw.order(ordType="market", sz="10")
        await raw.order(instId=ETH, ordType="market", side="sell", sz="10")
        await asyncio.sleep(0.01)
        for inst_id, rate, sign in ((SWAP, 0.001, -1), (ETH, 0.001, 1), (SWAP, -0.002, 1)):
            raw.venue.fund(inst_id, rate)
            [bill] = (await raw.get("account/bills?type=8"))[:1]
            mark = Decimal(raw.price("1", inst_id))
            face = Decimal("0.1") if inst_id == SWAP else Decimal(1)
            paid = face * mark * Decimal(str(abs(rate))) * sign
            assert Decimal(bill["pnl"]) == Decimal(bill["balChg"]) == paid
            assert bill["subType"] == ("174" if sign > 0 else "173")
            await asyncio.sleep(0.003)
        rows = {p["instId"]: p for p in await raw.get("account/positions")}
        assert Decimal(rows[SWAP]["fundingFee"]) > 0
        await raw.post("trade/close-position", {"instId": SWAP, "mgnMode": "cross"})
        count = len(await raw.get("account/bills?type=8"))
        raw.venue.fund(SWAP, 0.001)
        assert len(await raw.get("account/bills?type=8")) == count
        assert (await raw.get(f"public/funding-rate-history?instId={SWAP}"))[0]["realizedRate"] == "0.001"

    with_raw(scenario)


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_margin_ratio_is_one_at_the_liquidation_price_and_there_it_happens(side: str) -> None:
    async def scenario(raw: Raw) -> None:
        await raw.post("account/set-leverage", {"instId": SWAP, "mgnMode": "isolated", "lever": "20"})
        await raw.order(ordType="market", sz="10", side=side, tdMode="isolated")
        [position] = await raw.get("account/positions")
        at = Decimal(position["liqPx"])
        tick = Decimal("0.1")
        before = at.quantize(tick) + (2 * tick if side == "buy" else -2 * tick)
        raw.venue.move_to(SWAP, before)
        [position] = await raw.get("account/positions")
        assert Decimal(1) < Decimal(position["mgnRatio"]) < Decimal("1.01")
        raw.venue.move_to(SWAP, at.quantize(tick) - (2 * tick if side == "buy" else -2 * tick))
        assert await raw.get("account/positions") == []
        [closed] = await raw.get("account/positions-history")
        assert closed["type"] == "3"
        assert Decimal(closed["liqPenalty"]) < 0
        [seized] = [
            o for o in await raw.get("trade/orders-history?instType=SWAP") if o["category"] != "normal"
        ]
        assert (seized["category"], seized["state"]) == ("full_liquidation", "filled")
        [fill] = [f for f in await raw.get("trade/fills") if f["ordId"] == seized["ordId"]]
        assert int(fill["tradeId"]) < 0
        assert fill["subType"] in ("104", "105")
        assert [b["type"] for b in await raw.get("account/bills?type=5")] == ["5"]
        agrees(raw)

    with_raw(scenario)


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_cross_margin_ratio_is_one_at_the_liquidation_price(side: str) -> None:
    async def scenario(raw: Raw) -> None:
        await raw.post("account/set-leverage", {"instId": SWAP, "mgnMode": "cross", "lever": "20"})
        await raw.order(ordType="market", sz="200", side=side)
        [position] = await raw.get("account/positions")
        at = Decimal(position["liqPx"]).quantize(Decimal("0.1"))
        raw.venue.move_to(SWAP, at + (Decimal("0.2") if side == "buy" else Decimal("-0.2")))
        [position] = await raw.get("account/positions")
        assert 1 < Decimal(position["mgnRatio"]) < Decimal("1.01")
        raw.venue.move_to(SWAP, at - (Decimal("0.2") if side == "buy" else Decimal("-0.2")))
        assert await raw.get("account/positions") == []
        agrees(raw)

    with_raw(scenario, cash={"USDT": Decimal(10_000)})


def test_cross_liquidation_takes_what_the_currency_cannot_carry() -> None:
    async def scenario(raw: Raw) -> None:
        await raw.post("account/set-leverage", {"instId": SWAP, "mgnMode": "cross", "lever": "50"})
        row = await raw.order(ordType="market", sz="1500")
        assert row["sCode"] == "0"
        [position] = await raw.get("account/positions")
        raw.venue.move_to(SWAP, Decimal(position["liqPx"]) * Decimal("0.999"))
        assert await raw.get("account/positions") == []
        [detail] = (await raw.get("account/balance?ccy=USDT"))[0]["details"] or [{"cashBal": "0"}]
        assert Decimal(detail["cashBal"]) >= 0
        agrees(raw)

    with_raw(scenario, cash={"USDT": Decimal(30_000)})


def test_tiers_apply_to_the_whole_position() -> None:
    async def scenario(raw: Raw) -> None:
        rows = await raw.get(f"public/position-tiers?instType=SWAP&tdMode=cross&instFamily={SPOT}")
        assert [row["mmr"] for row in rows] == ["0.004", "0.01", "0.025"]
        inst_id = "WIF-USDT-SWAP"
        await raw.post("account/set-leverage", {"instId": inst_id, "mgnMode": "cross", "lever": "20"})
        for _ in range(12):
            [found] = [*await raw.get("account/positions")] or [None]
            if found is not None and Decimal(found["pos"]) > 20_000:
                break
            floor = raw.venue.floors[inst_id]
            raw.venue._happen(floor, _refilled(floor, raw.venue.clock.now()))
            await raw.order(instId=inst_id, ordType="market", sz="4000")
        [row] = await raw.get("account/positions")
        value = Decimal(row["pos"]) * Decimal(row["markPx"])
        assert Decimal(row["pos"]) > 20_000
        assert abs(Decimal(row["mmr"]) - value * Decimal("0.025")) < Decimal("0.01")

    with_raw(scenario)


def _refilled(floor: Any, now: int) -> Any:
    from cockpit.adapters.okx_exchange.venue import shifted, standing

    floor.asks = dict.fromkeys(floor.asks, 100_000)
    return shifted(standing(floor, now)[0], 0.0)


def test_maker_fills_cost_less_and_a_rebate_is_told_as_one() -> None:
    async def scenario(raw: Raw) -> None:
        row = await raw.order(px=raw.price("0.999"), sz="2")
        raw.venue.move_to(SWAP, Decimal(raw.price("0.99")))
        record = await raw.record(row["ordId"])
        assert record["state"] == "filled"
        [fill] = await raw.get("trade/fills")
        assert fill["execType"] == "M"
        assert Decimal(fill["fee"]) == -Decimal(fill["fillPx"]) * Decimal("0.02") * Decimal("0.0002")
        [fee] = await raw.get("account/trade-fee?instType=SWAP&uly=BTC-USDT")
        assert (fee["makerU"], fee["takerU"], fee["maker"]) == ("-0.0002", "-0.0005", "")
        raw.venue.relist(SWAP, maker_fee=Decimal("-0.0001"))
        row = await raw.order(px=raw.price("0.999"), sz="2")
        raw.venue.move_to(SWAP, Decimal(raw.price("0.99")))
        record = await raw.record(row["ordId"])
        assert Decimal(record["rebate"]) > 0

    with_raw(scenario)


def test_deposits() -> None:
    async def scenario(raw: Raw) -> None:
        raw.account.deposit("USDT", Decimal(500), raw.venue.clock.now())
        [detail] = (await raw.get("account/balance?ccy=USDT"))[0]["details"]
        assert detail["cashBal"] == "100500"
        assert (await raw.get("account/bills?type=1"))[0]["balChg"] == "500"
        agrees(raw)

    with_raw(scenario)
