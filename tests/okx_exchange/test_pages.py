"""Lists: cursors leave their own record out, newest first, limits capped; bars open where the venue's do."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from cockpit.adapters.okx_exchange.candles import Candles, opening
from tests.okx_exchange.clients import SWAP, Raw, exchange

DAY, HOUR, MINUTE = 86_400_000, 3_600_000, 60_000


def with_raw(scenario: Callable[[Raw], Awaitable[None]], **options: Any) -> None:
    async def run() -> None:
        async with exchange(**options) as running, Raw(running) as raw:
            await scenario(raw)

    asyncio.run(run())


async def paged(raw: Raw, target: str, key: Any, total: int) -> None:
    """Walk a list backwards by ``after`` and compare with it in one piece."""
    whole = await raw.get(target)
    ids = [int(row[key]) for row in whole]
    assert len(ids) == total
    assert ids == sorted(ids, reverse=True)
    seen: list[int] = []
    after = ""
    for _ in range(total):
        page = await raw.get(f"{target}&limit=3{after}")
        if not page:
            break
        assert len(page) <= 3
        seen += [int(row[key]) for row in page]
        after = f"&after={page[-1][key]}"
    assert seen == ids
    newer = await raw.get(f"{target}&before={ids[3]}")
    assert [int(row[key]) for row in newer] == ids[:3]


def test_orders_fills_and_bills() -> None:
    async def scenario(raw: Raw) -> None:
        for _ in range(5):
            await raw.order(ordType="market", sz="1")
            await raw.order(px=raw.price("0.98"))
            await raw.order(ordType="ioc", px=raw.price("0.98"))
        await paged(raw, "trade/orders-pending?instType=SWAP", "ordId", 5)
        await paged(raw, "trade/orders-history?instType=SWAP", "ordId", 10)
        await paged(raw, "trade/orders-history-archive?instType=SWAP", "ordId", 10)
        await paged(raw, "trade/fills?instType=SWAP", "billId", 5)
        await paged(raw, "trade/fills-history?instType=SWAP", "billId", 5)
        await paged(raw, "account/bills?instType=SWAP", "billId", 5)
        await paged(raw, "account/bills-archive?instType=SWAP", "billId", 5)
        status, found = await raw.ask("GET", "trade/orders-history")
        assert (status, found["code"]) == (400, "50014")
        assert await raw.get("trade/orders-pending?instType=SPOT") == []
        assert len(await raw.get("trade/orders-history?instType=SWAP&state=filled&limit=500")) == 5
        [first] = (await raw.get("trade/fills"))[-1:]
        assert [f["billId"] for f in await raw.get(f"trade/fills?ordId={first['ordId']}")] == [
            first["billId"]
        ]

    with_raw(scenario)


def test_what_was_cancelled_unfilled_is_forgotten_after_two_hours() -> None:
    async def scenario(raw: Raw) -> None:
        row = await raw.order(ordType="ioc", px=raw.price("0.98"))
        filled = await raw.order(ordType="market")
        raw.account.orders[int(row["ordId"])].u_time -= 2 * HOUR + MINUTE
        raw.account.orders[int(filled["ordId"])].u_time -= 6 * DAY
        [only] = await raw.get("trade/orders-history?instType=SWAP")
        assert only["ordId"] == filled["ordId"]
        assert (await raw.ask("GET", f"trade/order?instId={SWAP}&ordId={row['ordId']}"))[1]["code"] == "51603"
        raw.account.orders[int(filled["ordId"])].u_time -= 2 * DAY
        assert await raw.get("trade/orders-history?instType=SWAP") == []
        assert len(await raw.get("trade/orders-history-archive?instType=SWAP")) == 1

    with_raw(scenario)


def test_candles() -> None:
    async def scenario(raw: Raw) -> None:
        for path in ("candles", "history-candles"):
            rows = await raw.get(f"market/{path}?instId={SWAP}&bar=1m&limit=50")
            times = [int(row[0]) for row in rows]
            assert times == [times[0] - i * MINUTE for i in range(50)]
            assert {row[-1] for row in rows[1:]} == {"1"}
            older = await raw.get(f"market/{path}?instId={SWAP}&bar=1m&limit=5&after={times[10]}")
            assert [int(row[0]) for row in older] == times[11:16]
            newer = await raw.get(f"market/{path}?instId={SWAP}&bar=1m&limit=5&before={times[30]}")
            assert [int(row[0]) for row in newer] == times[:5]
        rows = await raw.get(f"market/candles?instId={SWAP}&bar=1m&limit=900")
        assert len(rows) == 300
        for bar in ("5m", "1H", "6H", "6Hutc", "1D", "1Dutc", "1W", "1M", "3Mutc"):
            assert await raw.get(f"market/candles?instId={SWAP}&bar={bar}")
        status, found = await raw.ask("GET", f"market/candles?instId={SWAP}&bar=7m")
        assert (status, found["code"]) == (400, "51000")
        assert len((await raw.get(f"market/mark-price-candles?instId={SWAP}"))[0]) == 6
        assert len((await raw.get("market/index-candles?instId=BTC-USDT"))[0]) == 6

    with_raw(scenario, history=400)


@pytest.mark.parametrize(
    ("bar", "ts", "start"),
    [
        ("1m", 1_772_600_767_089, 1_772_600_760_000),
        ("1D", 1_772_600_767_089, 1_772_553_600_000),
        ("1Dutc", 1_772_600_767_089, 1_772_582_400_000),
        ("6H", 1_772_600_767_089, 1_772_596_800_000),
        ("1Wutc", 1_772_600_767_089, 1_772_409_600_000),
        ("1Mutc", 1_772_600_767_089, 1_772_323_200_000),
        ("3Mutc", 1_772_600_767_089, 1_767_225_600_000),
    ],
)
def test_where_bars_open(bar: str, ts: int, start: int) -> None:
    found, end = opening(bar, ts)
    assert found == start
    assert found <= ts < end
    assert opening(bar, end)[0] == end


def test_bars_nobody_traded_in_stand_at_the_close_before() -> None:
    candles = Candles()
    candles.add(0, 10.0, 1.0)
    candles.add(4 * MINUTE + 5, 12.0, 2.0)
    rows = [row for row, _ in candles.rows("1m", 6 * MINUTE)]
    assert [row[4] for row in rows] == [10.0, 10.0, 10.0, 10.0, 12.0, 12.0, 12.0]
    assert [row[5] for row in rows] == [1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0]
    assert rows[4][1:5] == (10.0, 12.0, 10.0, 12.0)


def test_public_trades() -> None:
    async def scenario(raw: Raw) -> None:
        for _ in range(6):
            await raw.order(ordType="market")
        rows = await raw.get(f"market/trades?instId={SWAP}")
        ids = [int(row["tradeId"]) for row in rows]
        assert ids == sorted(ids, reverse=True)
        fills = {f["tradeId"] for f in await raw.get("trade/fills")}
        assert fills <= {row["tradeId"] for row in rows}
        older = await raw.get(f"market/history-trades?instId={SWAP}&after={ids[2]}&limit=2")
        assert [int(row["tradeId"]) for row in older] == ids[3:5]

    with_raw(scenario)
