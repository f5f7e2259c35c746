"""OKX's own client library trades here: REST with every optional key sent empty, sockets over TLS."""

import asyncio
import json
import os
import warnings
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.okx_exchange.clients import SWAP, exchange

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pytest.importorskip("okx")
    from okx.Account import AccountAPI
    from okx.MarketData import MarketAPI
    from okx.PublicData import PublicAPI
    from okx.Trade import TradeAPI
    from okx.websocket.WsPrivateAsync import WsPrivateAsync

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def with_library(scenario: Callable[[Any, dict[str, Any]], None]) -> None:
    """The library is synchronous, so it works in a thread beside the exchange."""

    async def run() -> None:
        async with exchange() as running:
            venue = running.server.venue
            key = venue.secrets[venue.accounts[1].uid]["trade"]
            common = {"domain": running.rest, "flag": "1", "debug": False}
            args = (key.key, key.secret, key.passphrase, False)
            apis = {
                "trade": TradeAPI(*args, **common),
                "account": AccountAPI(*args, **common),
                "public": PublicAPI(flag="1", domain=running.rest, debug=False),
                "market": MarketAPI(flag="1", domain=running.rest, debug=False),
            }
            try:
                await asyncio.to_thread(scenario, venue, apis)
            finally:
                for api in apis.values():
                    api.close()

    asyncio.run(run())


def rows(found: dict[str, Any]) -> list[Any]:
    assert found["code"] == "0", found
    return found["data"]  # type: ignore[no-any-return]


def test_rest() -> None:
    def scenario(venue: Any, api: dict[str, Any]) -> None:
        assert len(rows(api["public"].get_instruments(instType="SWAP"))) == 5
        ticker = rows(api["market"].get_ticker(SWAP))[0]
        assert rows(api["market"].get_orderbook(SWAP, sz="5"))[0]["bids"]
        assert rows(api["account"].get_account_config())[0]["posMode"] == "net_mode"
        assert rows(api["account"].set_leverage(lever="5", mgnMode="cross", instId=SWAP))[0]["lever"] == "5"
        px = str(round(float(ticker["bidPx"]) * 0.98, 1))
        wish = {"instId": SWAP, "tdMode": "cross", "side": "buy", "sz": "1"}
        made = rows(api["trade"].place_order(**wish, ordType="limit", px=px))[0]
        found = rows(api["trade"].get_order(SWAP, ordId=made["ordId"]))[0]
        assert (found["state"], Decimal(found["px"])) == ("live", Decimal(px))  # "62172" of our "62172.0"
        assert rows(api["trade"].get_order_list(instType="SWAP"))[0]["ordId"] == made["ordId"]
        amended = rows(api["trade"].amend_order(SWAP, ordId=made["ordId"], newSz="2"))
        assert amended[0]["sCode"] == "0"
        assert rows(api["trade"].cancel_order(SWAP, ordId=made["ordId"]))[0]["sCode"] == "0"
        assert rows(api["trade"].place_order(**wish, ordType="market"))[0]["sCode"] == "0"
        assert rows(api["account"].get_positions(instType="SWAP"))[0]["pos"] == "1"
        assert rows(api["trade"].get_fills(instType="SWAP"))[0]["instId"] == SWAP
        batch = api["trade"].place_multiple_orders([{**wish, "ordType": "limit", "px": px}])
        assert rows(batch)[0]["sCode"] == "0"
        low = str(round(float(ticker["bidPx"]) * 0.9, 1))
        algo = rows(
            api["trade"].place_algo_order(
                instId=SWAP,
                tdMode="cross",
                side="sell",
                ordType="conditional",
                sz="1",
                slTriggerPx=low,
                slOrdPx="-1",
            )
        )[0]
        assert rows(api["trade"].order_algos_list(ordType="conditional"))[0]["algoId"] == algo["algoId"]
        assert rows(api["trade"].cancel_algo_order([{"instId": SWAP, "algoId": algo["algoId"]}]))
        assert rows(api["account"].get_account_balance())[0]["details"]

    with_library(scenario)


def test_sockets_over_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with exchange(tls=True) as running:
            monkeypatch.setitem(os.environ, "SSL_CERT_FILE", str(running.certificate))
            venue = running.server.venue
            account = venue.accounts[0]
            key = venue.secrets[account.uid]["trade"]
            heard: list[dict[str, Any]] = []
            client = WsPrivateAsync(
                apiKey=key.key, passphrase=key.passphrase, secretKey=key.secret, url=f"{running.ws}/private",
            )  # fmt: skip
            await client.start()
            await client.subscribe(
                [{"channel": "orders", "instType": "ANY"}],
                callback=lambda text: heard.append(json.loads(text)),
            )
            await asyncio.sleep(0.1)
            floor = venue.floors[SWAP]
            wish = {
                "instIdCode": floor.listed.code,
                "tdMode": "cross",
                "side": "buy",
                "ordType": "limit",
                "sz": "1",
                "px": floor.px(floor.bid - 5_000),
            }
            await client.place_order([wish], callback=lambda text: heard.append(json.loads(text)), id="p1")
            for _ in range(300):
                if any("data" in m and m.get("arg", {}).get("channel") == "orders" for m in heard):
                    break
                await asyncio.sleep(0.01)
            assert len(account.live) == 1
            assert any(m.get("op") == "order" and m["code"] == "0" for m in heard)
            assert any(m.get("arg", {}).get("channel") == "orders" and "data" in m for m in heard)
            await client.stop()

    asyncio.run(run())
