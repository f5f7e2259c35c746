"""Every key that OKX has been seen or documented to send is in what the local exchange sends."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.okx_exchange.clients import COIN, ETH, SPOT, SWAP, Raw, Wire, exchange

pytestmark = pytest.mark.shared

QUERIES = {
    "public/instruments": "instType=SWAP",
    "market/ticker": f"instId={SWAP}",
    "market/tickers": "instType=SWAP",
    "market/books": f"instId={SWAP}",
    "market/trades": f"instId={SWAP}",
    "market/candles": f"instId={SWAP}",
    "market/history-candles": f"instId={SWAP}",
    "market/mark-price-candles": f"instId={SWAP}",
    "market/index-candles": f"instId={SPOT}",
    "market/index-tickers": f"instId={SPOT}",
    "public/funding-rate": f"instId={SWAP}",
    "public/funding-rate-history": f"instId={SWAP}",
    "public/open-interest": "instType=SWAP",
    "public/mark-price": "instType=SWAP",
    "public/price-limit": f"instId={SWAP}",
    "public/position-tiers": f"instType=SWAP&tdMode=cross&instFamily={SPOT}",
    "public/time": "",
    "account/balance": "",
    "account/positions": "",
    "account/positions-history": "",
    "account/config": "",
    "account/bills": "",
    "account/account-position-risk": "",
    "asset/balances": "",
    "asset/currencies": "",
    "account/leverage-info": f"instId={SWAP}&mgnMode=cross",
    "account/max-size": f"instId={SWAP}&tdMode=cross",
    "account/max-avail-size": f"instId={SWAP}&tdMode=cross",
    "account/trade-fee": "instType=SWAP",
    "trade/orders-pending": "",
    "trade/orders-history": "instType=SWAP",
    "trade/orders-history-archive": "instType=SWAP",
    "trade/fills": "",
    "trade/fills-history": "instType=SWAP",
    "trade/orders-algo-pending": "ordType=conditional",
    "trade/account-rate-limit": "",
    "trade/orders-algo-history": "ordType=conditional&state=canceled",
}
"""Endpoints (GET) whose records are compared, with what they are asked for."""
OLD = {"account/positions": {"pTime"}, "account/trade-fee": {"uly"}}
"""Keys of old fixtures that the present documentation no longer names there."""


def recorded(folder: Path) -> dict[str, list[Any]]:
    """The first record of every recorded answer, by path."""
    found: dict[str, list[Any]] = {}
    for entry in json.loads((folder / "INDEX.json").read_text("utf-8")):
        endpoint = entry.get("endpoint") or ""
        if not endpoint.startswith("GET "):
            continue
        path = endpoint.split()[1].partition("?")[0].removeprefix("/api/v5/")
        content = json.loads((folder / entry["file"]).read_text("utf-8"))
        data = content.get("data") if isinstance(content, dict) else None
        if isinstance(data, list) and data:
            found.setdefault(path, []).append(data[0])
    return found


async def busy(raw: Raw) -> None:
    """Something in every list."""
    await raw.order(ordType="market", sz="3")
    await raw.order(px=raw.price("0.98"))
    await raw.order(ordType="market", sz="3", tdMode="isolated")
    await raw.post("trade/close-position", {"instId": SWAP, "mgnMode": "isolated"})
    stop = {"instId": SWAP, "tdMode": "cross", "side": "sell", "ordType": "conditional", "sz": "1",
            "slTriggerPx": raw.price("0.9"), "slOrdPx": "-1"}  # fmt: skip
    for _ in range(2):
        found = await raw.post("trade/order-algo", stop)
    await raw.post("trade/cancel-algos", [{"instId": SWAP, "algoId": found["data"][0]["algoId"]}])
    raw.venue.fund(SWAP, 0.0001)


def test_rest_records(shared: Path) -> None:
    theirs = recorded(shared / "market" / "okx_messages")
    assert len(theirs.keys() & QUERIES.keys()) > 25

    async def run() -> None:
        async with exchange(history=60) as running, Raw(running) as raw:
            await busy(raw)
            for path, query in QUERIES.items():
                rows = await raw.get(f"{path}?{query}" if query else path)
                assert rows, path
                for example in theirs.get(path, ()):
                    missing = lacking(example, rows[0]) - OLD.get(path, set())
                    assert missing == set(), path

    asyncio.run(run())


def lacking(example: Any, ours: Any) -> set[str]:
    """Keys (or columns) of a recorded record that ours does not have."""
    if isinstance(example, list):
        return set() if len(example) <= len(ours) else {f"column {len(ours)}"}
    below = {
        f"{key}.{name}"
        for key, value in example.items()
        if isinstance(value, list) and value and isinstance(value[0], dict) and ours.get(key)
        for name in value[0].keys() - ours[key][0].keys()
    }
    return set(example) - set(ours) | below


PUSHES = {
    "public": (
        "bbo-tbt",
        "books",
        "tickers",
        "funding-rate",
        "mark-price",
        "price-limit",
        "open-interest",
        "trades",
    ),
    "business": ("candle1m",),
}
FILES = {
    "bbo-tbt": "bbo_tbt",
    "books": "books_snapshot",
    "tickers": "tickers",
    "funding-rate": "funding_rate",
    "mark-price": "doc_mark_price",
    "price-limit": "doc_price_limit",
    "open-interest": "doc_interest",
    "trades": "trades",
    "candle1m": "candle",
    "orders": "orders",
    "account": "account",
    "balance_and_position": "doc_balance_and_position",
    "orders-algo": "orders_algo",
    "positions": "doc_position",
}


def test_pushed_records(shared: Path) -> None:
    folder = shared / "market" / "okx_messages" / "ws"

    def example(channel: str) -> Any:
        return json.loads((folder / f"{FILES[channel]}.json").read_text("utf-8"))

    async def run() -> None:
        async with exchange(history=60) as running, Raw(running) as raw:
            async with Wire(raw, "public") as public, Wire(raw, "business") as business:
                for door, wire in (("public", public), ("business", business)):
                    for channel in PUSHES[door]:
                        await wire.subscribe({"channel": channel, "instId": SWAP})
                await raw.order(ordType="market")
                for door, wire in (("public", public), ("business", business)):
                    for channel in PUSHES[door]:
                        row = await wire.data(channel)
                        assert lacking(example(channel)["data"][0], row) == set(), channel
            async with Wire(raw, "private") as wire, Wire(raw, "business") as algos:
                await wire.login()
                await algos.login()
                for arg in ({"channel": "orders", "instType": "ANY"}, {"channel": "account"},
                            {"channel": "positions", "instType": "ANY"},
                            {"channel": "balance_and_position"}):  # fmt: skip
                    await wire.subscribe(arg)
                await algos.subscribe({"channel": "orders-algo", "instType": "ANY"})
                await busy(raw)
                for channel, ear in (("orders", wire), ("account", wire), ("positions", wire),
                                     ("balance_and_position", wire), ("orders-algo", algos)):  # fmt: skip
                    row = await ear.data(channel)
                    assert lacking(example(channel)["data"][0], row) == set(), channel

    asyncio.run(run())


NUMBERS = {"instIdCode", "seqId", "prevSeqId", "checksum", "enabled", "futureSettlement", "autoLoan",
           "collateralEnabled", "collateralRestrict", "canDep", "canWd", "canInternal", "needTag", "mainNet",
           "enableSpotBorrow", "spotBorrowAutoRepay"}  # fmt: skip


def test_numbers_are_texts_and_nothing_is_null() -> None:
    async def run() -> None:
        async with exchange(history=60) as running, Raw(running) as raw:
            await busy(raw)
            await raw.order(instId=COIN, ordType="market")
            await raw.order(instId=ETH, ordType="market", side="sell")
            for path, query in QUERIES.items():
                for row in await raw.get(f"{path}?{query}" if query else path):
                    check(row, path)

    asyncio.run(run())


def check(value: Any, where: str) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in NUMBERS:
                check(inner, f"{where}.{name}")
            else:
                assert isinstance(inner, int), f"{where}.{name}"
    elif isinstance(value, list):
        for inner in value:
            check(inner, where)
    else:
        assert isinstance(value, str), f"{where} is {value!r}"
        assert not {"E+", "E-"} & {value[i : i + 2] for i in range(len(value))}, where
