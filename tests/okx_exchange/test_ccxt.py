"""Unmodified ccxt and ccxt.pro trade on the local exchange."""

import asyncio
import gc
import itertools
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.okx_exchange.clients import exchange

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    ccxt = pytest.importorskip("ccxt")
    import ccxt.pro as pro

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

S, E, P = "BTC/USDT:USDT", "ETH/USDT:USDT", "BTC/USDT"


class Stranger:
    """A ccxt instance and the venue it trades on."""

    def __init__(self, running: Any, sandbox: bool) -> None:
        self.venue = running.server.venue
        account = self.venue.accounts[1 if sandbox else 0]
        key = self.venue.secrets[account.uid]["trade"]
        urls = {"rest": running.rest, "ws": running.ws}
        self.ex = pro.okx(
            {
                "apiKey": key.key,
                "secret": key.secret,
                "password": key.passphrase,
                "urls": {"api": urls, "test": dict(urls)},
                "options": {"defaultType": "swap", "ws": {"cost": 0.01}},
                "enableRateLimit": False,
            }
        )
        if sandbox:
            self.ex.set_sandbox_mode(True)

    async def price(self, factor: float) -> float:
        bid = (await self.ex.fetch_ticker(S))["bid"]
        return float(self.ex.price_to_precision(S, bid * factor))


def trade(scenario: Callable[[Stranger], Awaitable[None]], *, sandbox: bool = False, **options: Any) -> None:
    async def run() -> None:
        async with exchange(**options) as running:
            stranger = Stranger(running, sandbox)
            try:
                await stranger.ex.load_markets()
                await asyncio.wait_for(scenario(stranger), 30)
            finally:
                await stranger.ex.close()

    asyncio.run(run())
    gc.collect()


@pytest.mark.parametrize("sandbox", [False, True])
def test_markets_and_precision(sandbox: bool) -> None:
    async def scenario(s: Stranger) -> None:
        assert set(s.ex.markets) >= {S, E, P, "BTC/USD:BTC"}
        market = s.ex.market(S)
        assert (market["contractSize"], market["precision"]["price"], market["linear"]) == (0.01, 0.1, True)
        assert market["info"]["instIdCode"] == s.venue.floors["BTC-USDT-SWAP"].listed.code
        assert s.ex.amount_to_precision(S, 1.239) == "1.23"
        assert abs(await s.ex.fetch_time() - s.venue.clock.now()) < 1_000

    trade(scenario, sandbox=sandbox)


def test_market_data() -> None:
    async def scenario(s: Stranger) -> None:
        ex = s.ex
        ticker = await ex.fetch_ticker(S)
        assert ticker["bid"] < ticker["ask"]
        assert ticker["low"] <= ticker["last"] <= ticker["high"]
        assert set(await ex.fetch_tickers()) >= {S, E}
        assert P in await ex.fetch_tickers([P])
        for limit in (None, 5, 1000):
            book = await ex.fetch_order_book(S, limit)
            assert book["bids"][0][0] < book["asks"][0][0]
        for tf, step in (("1m", 60_000), ("5m", 300_000)):
            rows = await ex.fetch_ohlcv(S, tf)
            assert all(b[0] - a[0] == step for a, b in itertools.pairwise(rows))
            assert all(low <= min(o, c) <= max(o, c) <= high for _, o, high, low, c, _ in rows)
        since = ex.milliseconds() - 1_200_000
        rows = await ex.fetch_ohlcv(S, "1m", since=since, limit=5)
        assert len(rows) == 5
        assert rows[0][0] >= since
        for kind in ("mark", "index"):
            assert len(await ex.fetch_ohlcv(S, "1m", params={"price": kind})) > 50
        assert await ex.fetch_mark_price(S)
        assert S in await ex.fetch_mark_prices()
        assert (await ex.fetch_funding_rate(S))["fundingTimestamp"] > ex.milliseconds()
        assert len(await ex.fetch_funding_rates()) == 5
        assert await ex.fetch_funding_rate_history(S) == []
        assert (await ex.fetch_open_interest(S))["openInterestAmount"] > 0
        assert len(await ex.fetch_open_interests()) == 5
        assert (await ex.fetch_market_leverage_tiers(S))[0]["maxLeverage"] == 100
        assert (await ex.fetch_status())["status"] == "ok"
        assert await ex.fetch_open_interest_history(S)

    trade(scenario, history=130)


def test_trades() -> None:
    async def scenario(s: Stranger) -> None:
        rows: list[Any] = []
        while len(rows) < 3:
            rows = await s.ex.fetch_trades(S, limit=3)
            await asyncio.sleep(0.05)
        assert rows[0]["timestamp"] <= rows[-1]["timestamp"]
        assert {row["side"] for row in rows} <= {"buy", "sell"}

    trade(scenario, still=False, rate=3.0)


def test_the_life_of_an_order() -> None:
    async def scenario(s: Stranger) -> None:
        ex = s.ex
        order = await ex.create_order(
            S, "limit", "buy", 1, await s.price(0.98), {"clientOrderId": "cockpit1"}
        )
        assert order["clientOrderId"] == "cockpit1"
        assert (await ex.fetch_order(order["id"], S))["status"] == "open"
        assert [o["id"] for o in await ex.fetch_open_orders(S)] == [order["id"]]
        await ex.edit_order(order["id"], S, "limit", "buy", 2, await s.price(0.97))
        assert (await ex.fetch_order(order["id"], S))["amount"] == 2
        await ex.cancel_order(order["id"], S)
        assert (await ex.fetch_order(order["id"], S))["status"] == "canceled"
        assert [o["id"] for o in await ex.fetch_canceled_orders(S)] == [order["id"]]
        with pytest.raises(ccxt.OrderNotFound):
            await ex.cancel_order(order["id"], S)
        with pytest.raises(ccxt.OrderNotFound):
            await ex.fetch_order("1", S)

    trade(scenario)


def test_every_kind_of_order() -> None:
    async def scenario(s: Stranger) -> None:
        ex, up, down = s.ex, await s.price(1.001), await s.price(0.98)

        async def status(*args: Any) -> tuple[str, float, str]:
            made = await ex.create_order(S, *args)
            found = await ex.fetch_order(made["id"], S)
            return found["status"], found["filled"], found["info"]["cancelSource"]

        assert (await status("market", "buy", 3))[:2] == ("closed", 3)
        assert (await status("limit", "buy", 1, up, {"timeInForce": "IOC"}))[:2] == ("closed", 1)
        assert (await status("limit", "buy", 1, up, {"timeInForce": "FOK"}))[:2] == ("closed", 1)
        assert await status("limit", "buy", 1, down, {"timeInForce": "FOK"}) == ("canceled", 0, "13")
        assert await status("limit", "buy", 1, down, {"timeInForce": "IOC"}) == ("canceled", 0, "14")
        assert await status("limit", "buy", 1, up, {"postOnly": True}) == ("canceled", 0, "31")
        assert (await status("limit", "buy", 1, down, {"postOnly": True}))[0] == "open"
        assert (await status("market", "buy", 1, None, {"timeInForce": "IOC"}))[:2] == ("closed", 1)
        assert (await status("limit", "sell", 1, await s.price(1.02), {"reduceOnly": True}))[0] == "open"
        assert (await status("limit", "buy", 1, up, {"tdMode": "isolated"}))[:2] == ("closed", 1)
        assert (await status("limit", "buy", 1, up, {"stpMode": "cancel_taker"}))[:2] == ("closed", 1)

    trade(scenario)


def test_orders_that_wait_for_a_price() -> None:
    async def scenario(s: Stranger) -> None:
        ex, low, high = s.ex, await s.price(0.95), await s.price(1.05)
        await ex.create_order(S, "market", "buy", 3)
        reduce = {"reduceOnly": True}
        for params in (
            {"stopLossPrice": low},
            {"takeProfitPrice": high},
            {"stopLossPrice": low, "takeProfitPrice": high},
            {"trailingPercent": "1"},
            {"trailingAmount": "100"},
        ):
            assert (await ex.create_order(S, "market", "sell", 1, None, {**params, **reduce}))["id"]
        whole = {"stopLossPrice": low, "closeFraction": "1", **reduce}
        assert (await ex.create_order(S, "market", "sell", 1, None, whole))["id"]
        trigger = await ex.create_order(S, "market", "buy", 1, None, {"triggerPrice": high})
        limit = await ex.create_order(S, "limit", "buy", 1, high, {"triggerPrice": high})
        assert len(await ex.fetch_open_orders(S, params={"trigger": True})) == 2
        waiting = await ex.fetch_open_orders(S, params={"trigger": True, "ordType": "conditional,oco"})
        assert len(waiting) == 4
        assert len(await ex.fetch_open_orders(S, params={"trailing": True})) == 2
        await ex.edit_order(limit["id"], S, "trigger", "buy", 2, high, {"triggerPrice": await s.price(1.04)})
        found = await ex.fetch_order(limit["id"], S, {"trigger": True})
        assert (found["amount"], found["triggerPrice"]) == (2, await s.price(1.04))
        await ex.cancel_order(trigger["id"], S, {"trigger": True})
        attached = {"stopLoss": {"triggerPrice": low}, "takeProfit": {"triggerPrice": high}}
        made = await ex.create_order(S, "market", "buy", 1, None, attached)
        assert (await ex.fetch_order(made["id"], S))["status"] == "closed"
        waiting = await ex.fetch_open_orders(S, params={"trigger": True, "ordType": "conditional,oco"})
        assert len(waiting) == 5

    trade(scenario)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "InsufficientFunds": ({"amount": 3_000, "factor": 0.99}, "51008"),
    "InvalidOrder": ({"amount": 1, "factor": 1.2}, "51006"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_have_their_class(name: str) -> None:
    async def scenario(s: Stranger) -> None:
        wish, code = REFUSED[name]
        with pytest.raises(getattr(ccxt, name), match=code):
            await s.ex.create_order(S, "limit", "buy", wish["amount"], await s.price(wish["factor"]))

    trade(scenario)


def test_batches() -> None:
    async def scenario(s: Stranger) -> None:
        ex, px = s.ex, await s.price(0.98)
        item = {"symbol": S, "type": "limit", "side": "buy", "amount": 1, "price": px}
        rows = await ex.create_orders([item, {**item, "price": px * 2}])
        assert [row["info"]["sCode"] for row in rows] == ["0", "51006"]
        more = await ex.create_orders([item, item])
        await ex.edit_orders([{"id": more[0]["id"], **item, "amount": 2}])
        await ex.cancel_orders([row["id"] for row in more], S)
        assert [o["id"] for o in await ex.fetch_open_orders(S)] == [rows[0]["id"]]

    trade(scenario)


def test_money_and_positions() -> None:
    async def scenario(s: Stranger) -> None:
        ex = s.ex
        assert (await ex.fetch_balance())["USDT"]["total"] == 100_000
        assert (await ex.fetch_balance({"type": "funding"}))["USDT"]["total"] == 0
        assert await ex.fetch_positions() == []
        await ex.set_leverage(5, S, {"mgnMode": "cross"})
        assert (await ex.fetch_leverage(S, {"mgnMode": "cross"}))["longLeverage"] == 5
        await ex.create_order(S, "market", "sell", 3)
        [position] = await ex.fetch_positions([S])
        assert (position["side"], position["contracts"], position["leverage"]) == ("short", 3, 5)
        assert (await ex.fetch_position(S))["hedged"] is False
        [fill] = await ex.fetch_my_trades(S)
        assert fill["takerOrMaker"] == "taker"
        balance = await ex.fetch_balance()
        assert balance["USDT"]["free"] < balance["USDT"]["total"] < 100_000
        assert (
            abs(100_000 - fill["fee"]["cost"] - float(balance["info"]["data"][0]["details"][0]["cashBal"]))
            < 1e-9
        )
        s.venue.fund("BTC-USDT-SWAP", 0.001)
        [paid] = await ex.fetch_funding_history(S)
        assert paid["amount"] > 0
        assert {row["type"] for row in await ex.fetch_ledger()} >= {"trade"}
        assert await ex.fetch_order_trades(fill["order"], S)
        assert (await ex.fetch_trading_fee(S))["taker"] == 0.0005
        assert (await ex.fetch_trading_fee(P))["maker"] == 0.0008
        await ex.close_position(S)
        assert await ex.fetch_positions() == []
        [closed] = await ex.fetch_positions_history([S])
        assert closed["info"]["direction"] == "short"
        assert (await ex.fetch_closed_orders(S))[0]["status"] == "closed"
        assert (await ex.fetch_accounts())[0]["id"] == s.venue.accounts[0].uid

    trade(scenario)


def test_modes_and_switches() -> None:
    async def scenario(s: Stranger) -> None:
        ex = s.ex
        await ex.set_position_mode(True)
        assert (await ex.fetch_position_mode())["hedged"] is True
        await ex.create_order(S, "market", "buy", 2, None, {"hedged": True})
        await ex.create_order(S, "market", "sell", 2, None, {"hedged": True})
        assert {p["side"] for p in await ex.fetch_positions()} == {"long", "short"}
        with pytest.raises(ccxt.ExchangeError, match="59000"):
            await ex.set_position_mode(False)
        await ex.create_order(S, "market", "sell", 2, None, {"hedged": True, "reduceOnly": True})
        assert [p["side"] for p in await ex.fetch_positions()] == ["short"]
        await ex.set_margin_mode("isolated", S, {"lever": 4, "posSide": "long"})
        await ex.cancel_all_orders_after(60_000)
        await ex.cancel_all_orders_after(0)
        with pytest.raises(ccxt.BadRequest):
            await ex.cancel_all_orders_after(5_000)

    trade(scenario)


def test_spot() -> None:
    async def scenario(s: Stranger) -> None:
        ex = s.ex
        made = await ex.create_order(P, "market", "buy", 0.01)
        assert (await ex.fetch_order(made["id"], P))["filled"] == 0.01
        made = await ex.create_market_buy_order_with_cost(P, 100)
        assert 99 < (await ex.fetch_order(made["id"], P))["cost"] <= 100
        made = await ex.create_order(P, "market", "sell", 0.01)
        assert (await ex.fetch_order(made["id"], P))["status"] == "closed"
        bid = (await ex.fetch_ticker(P))["bid"]
        made = await ex.create_order(P, "limit", "buy", 0.01, float(ex.price_to_precision(P, bid * 0.98)))
        [waiting] = await ex.fetch_open_orders(P)
        assert waiting["id"] == made["id"]

    trade(scenario)


# --- ccxt.pro -------------------------------------------------------------------------------------


def test_watching_the_market() -> None:
    async def scenario(s: Stranger) -> None:
        ex = s.ex
        for _ in range(5):
            book = await ex.watch_order_book(S)
            assert book["bids"][0][0] < book["asks"][0][0]
        floor = s.venue.floors["ETH-USDT-SWAP"]
        assert len((await ex.watch_order_book(E, 5))["bids"]) == 5
        assert abs((await ex.watch_order_book("SOL/USDT:USDT", 50))["bids"][0][0] - 150) < 75
        assert (await ex.watch_ticker(S))["last"] > 0
        assert await ex.watch_tickers([S, E])
        assert await ex.watch_bids_asks([E])
        assert (await ex.watch_mark_price(E))["markPrice"] == pytest.approx(floor.mark_price, rel=0.01)
        assert (await ex.watch_trades(S))[0]["price"] > 0
        assert await ex.watch_trades("WIF/USDT:USDT", params={"channel": "trades-all"})
        assert len((await ex.watch_ohlcv(S, "1m"))[0]) == 6
        assert (await ex.watch_funding_rate(S))["fundingRate"] is not None
        await ex.un_watch_order_book(S)
        await ex.un_watch_trades(S)
        await ex.un_watch_ohlcv(S, "1m")

    trade(scenario, sandbox=True, still=False, rate=3.0)


def test_a_gap_is_healed_by_a_new_subscription() -> None:
    async def scenario(s: Stranger) -> None:
        from cockpit.adapters.okx_exchange.faults import Fault

        for _ in range(3):
            await s.ex.watch_order_book(S)
        s.venue.faults.add(Fault("push books", "drop"), 0)
        broken = 0
        for _ in range(15):
            try:
                book = await asyncio.wait_for(s.ex.watch_order_book(S), 5)
            except ccxt.InvalidNonce:
                broken += 1
        assert broken >= 1
        floor = s.venue.floors["BTC-USDT-SWAP"]
        assert abs(book["bids"][0][0] - float(floor.px(floor.bid))) < 100

    trade(scenario, still=False, rate=5.0)


def test_watching_and_trading_over_sockets() -> None:
    async def scenario(s: Stranger) -> None:
        ex, px = s.ex, await s.price(0.98)
        heard: dict[str, Any] = {}

        async def listen() -> None:
            while True:
                for order in await ex.watch_orders():
                    heard[order["id"]] = {**order}

        ear = asyncio.ensure_future(listen())
        balance = await ex.watch_balance()
        assert balance["USDT"]["total"] == 100_000
        await asyncio.sleep(0.1)

        async def until(id_: str, status: str) -> Any:
            while heard.get(id_, {}).get("status") != status:
                await asyncio.sleep(0.01)
            return heard[id_]

        made = await ex.create_order_ws(S, "limit", "buy", 1, px)
        assert (await until(made["id"], "open"))["price"] == px
        await ex.edit_order_ws(made["id"], S, "limit", "buy", 2, await s.price(0.97))
        while heard[made["id"]]["amount"] != 2:
            await asyncio.sleep(0.01)
        await ex.cancel_order_ws(made["id"], S)
        await until(made["id"], "canceled")
        positions = asyncio.ensure_future(ex.watch_positions())
        await asyncio.sleep(0.1)
        made = await ex.create_order_ws(S, "market", "buy", 3, None, {"op": "order"})
        filled = await until(made["id"], "closed")
        assert filled["filled"] == 3
        assert filled["fee"]["cost"] > 0
        rows = await positions
        while not rows:
            rows = await ex.watch_positions()
        assert rows[0]["contracts"] == 3
        with pytest.raises(ccxt.InsufficientFunds):
            await ex.create_order_ws(S, "limit", "buy", 3_000, px)
        with pytest.raises(ccxt.OrderNotFound):
            await ex.cancel_order_ws(made["id"], S)
        ear.cancel()
        await asyncio.gather(ear, return_exceptions=True)

    trade(scenario)


def test_algo_orders_are_watched() -> None:
    async def scenario(s: Stranger) -> None:
        ex = s.ex
        watching = asyncio.ensure_future(ex.watch_orders(params={"trigger": True}))
        await asyncio.sleep(0.3)
        made = await ex.create_order(S, "market", "buy", 1, None, {"triggerPrice": await s.price(1.02)})
        [order] = await asyncio.wait_for(watching, 5)
        assert order["id"] == made["id"]

    trade(scenario)
