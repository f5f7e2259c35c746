"""WebSockets as raw frames: who may listen, what comes first, chains, errors, the end of a connection."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from cockpit.adapters.okx_exchange.faults import Fault
from tests.okx_exchange.clients import SPOT, SWAP, Raw, Wire, exchange


def with_raw(scenario: Callable[[Raw], Awaitable[None]], **options: Any) -> None:
    async def run() -> None:
        async with exchange(**options) as running, Raw(running) as raw:
            await scenario(raw)

    asyncio.run(run())


def test_ping_errors_and_acknowledgements() -> None:
    async def scenario(raw: Raw) -> None:
        async with Wire(raw, "public") as wire:
            await wire.send("ping")
            while "pong" not in wire.heard:
                await asyncio.sleep(0.005)
            await wire.send("{nonsense")
            assert (await wire.wait(lambda m: m["event"] == "error"))["code"] == "60012"
            wire.heard.clear()
            await wire.send({"op": "dance", "args": []})
            assert (await wire.wait(lambda m: m["event"] == "error"))["code"] == "60019"
            wire.heard.clear()
            arg = {"channel": "tickers", "instId": SWAP}
            await wire.send(
                {"id": "7", "op": "subscribe", "args": [arg, {"channel": "tickers", "instId": "NO"}]}
            )
            ack = await wire.wait(lambda m: m.get("event") == "subscribe")
            assert (ack["id"], ack["arg"], len(ack["connId"])) == ("7", arg, 8)
            assert (await wire.wait(lambda m: m.get("event") == "error"))["code"] == "60018"
            assert len([m for m in wire.heard if m.get("event") == "subscribe"]) == 1
            await wire.data("tickers")
            ack = await wire.subscribe(arg, op="unsubscribe")
            assert ack["arg"] == arg
            at = len(wire.heard)
            raw.venue.move(SWAP, 100)
            await asyncio.sleep(0.25)
            assert wire.heard[at:] == []

    with_raw(scenario)


WRONG_DOOR = [
    ("public", {"channel": "candle1m", "instId": SWAP}, "64001"),
    ("business", {"channel": "tickers", "instId": SWAP}, "64002"),
    ("public", {"channel": "orders", "instType": "ANY"}, "60018"),
    ("private", {"channel": "orders", "instType": "ANY"}, "60011"),
    ("business", {"channel": "orders-algo", "instType": "ANY"}, "60011"),
    ("public", {"channel": "books50-l2-tbt", "instId": SWAP}, "60011"),
    ("public", {"channel": "no-such-thing"}, "60018"),
    ("business", {"channel": "candle7m", "instId": SWAP}, "60018"),
]


@pytest.mark.parametrize(("door", "arg", "code"), WRONG_DOOR)
def test_channels_have_their_doors(door: str, arg: dict[str, str], code: str) -> None:
    async def scenario(raw: Raw) -> None:
        async with Wire(raw, door) as wire:
            assert (await wire.subscribe(arg))["code"] == code

    with_raw(scenario)


BAD_LOGINS: dict[str, tuple[dict[str, Any], str]] = {
    "unknown key": ({"apiKey": "nobody"}, "60005"),
    "wrong passphrase": ({"passphrase": "guess"}, "60024"),
    "wrong signature": ({"sign": "AAAA"}, "60007"),
    "old": ({"timestamp": "1600000000"}, "60006"),
    "no timestamp": ({"timestamp": "today"}, "60004"),
}


@pytest.mark.parametrize("what", BAD_LOGINS)
def test_refused_logins(what: str) -> None:
    async def scenario(raw: Raw) -> None:
        changes, code = BAD_LOGINS[what]
        async with Wire(raw, "private") as wire:
            assert (await wire.login(**changes))["code"] == code

    with_raw(scenario)


def test_login_once() -> None:
    async def scenario(raw: Raw) -> None:
        async with Wire(raw, "private") as wire:
            assert (await wire.login())["code"] == "0"
            wire.heard.clear()
            assert (await wire.login())["code"] == "60031"
            ack = await wire.subscribe({"channel": "orders", "instType": "ANY"})
            assert ack["event"] == "subscribe"
            count = await wire.wait(lambda m: m.get("event") == "channel-conn-count")
            assert (count["channel"], count["connCount"]) == ("orders", "1")

    with_raw(scenario)


def test_number_as_login_timestamp() -> None:
    async def scenario(raw: Raw) -> None:
        import time

        from tests.okx_exchange.clients import sign

        now = int(time.time())
        async with Wire(raw, "business") as wire:
            found = await wire.login(timestamp=now, sign=sign(raw.secret, f"{now}GET/users/self/verify"))
            assert found["code"] == "0"

    with_raw(scenario)


PUBLIC = {
    "tickers": SWAP, "mark-price": SWAP, "funding-rate": SWAP, "open-interest": SWAP, "price-limit": SWAP,
    "index-tickers": SPOT, "books5": SWAP, "bbo-tbt": SWAP, "books": SWAP,
}  # fmt: skip


@pytest.mark.parametrize("channel", PUBLIC)
def test_first_push_equals_rest(channel: str) -> None:
    async def scenario(raw: Raw) -> None:
        async with Wire(raw, "public") as wire:
            arg = {"channel": channel, "instId": PUBLIC[channel]}
            await wire.subscribe(arg)
            row = await wire.data(channel)
            assert wire.told(channel)[0]["arg"] == arg
            rest = {
                "tickers": f"market/ticker?instId={SWAP}",
                "mark-price": f"public/mark-price?instId={SWAP}",
                "funding-rate": f"public/funding-rate?instId={SWAP}",
                "open-interest": f"public/open-interest?instType=SWAP&instId={SWAP}",
                "price-limit": f"public/price-limit?instId={SWAP}",
                "index-tickers": f"market/index-tickers?instId={SPOT}",
                "books": f"market/books?instId={SWAP}&sz=400",
                "books5": f"market/books?instId={SWAP}&sz=5",
                "bbo-tbt": f"market/books?instId={SWAP}&sz=1",
            }[channel]
            [same] = await raw.get(rest)
            for name in set(same) - {"ts", "premium"}:
                assert row[name] == same[name], name

    with_raw(scenario)


class Copy:
    """A book kept by the rules of the chain; it refuses to go on after a gap."""

    def __init__(self) -> None:
        self.seq: int | None = None
        self.sides: dict[str, dict[str, str]] = {"bids": {}, "asks": {}}
        self.resets = self.quiet = 0

    def apply(self, push: dict[str, Any]) -> None:
        [row] = push["data"]
        if push["action"] == "snapshot":
            assert row["prevSeqId"] == -1
            self.sides = {"bids": {}, "asks": {}}
        else:
            assert row["prevSeqId"] == self.seq, "gap"
            self.resets += row["seqId"] < row["prevSeqId"]
            self.quiet += row["seqId"] == row["prevSeqId"]
        assert row["checksum"] == 0
        for name, side in self.sides.items():
            for px, sz, _, _ in row[name]:
                if sz == "0":
                    side.pop(px, None)
                else:
                    side[px] = sz
        self.seq = row["seqId"]

    def follow(self, pushes: list[dict[str, Any]]) -> None:
        for push in pushes:
            self.apply(push)

    def levels(self, side: str) -> list[tuple[str, str]]:
        return sorted(self.sides[side].items(), key=lambda row: Decimal(row[0]), reverse=side == "bids")


def test_book_chain_is_whole_and_equals_the_book() -> None:
    async def scenario(raw: Raw) -> None:
        arg = {"channel": "books", "instId": SWAP}
        async with Wire(raw, "public") as wire, Wire(raw, "public") as late:
            await wire.subscribe(arg)
            await wire.wait(lambda m: m.get("action") == "update")
            await late.subscribe(arg)
            raw.venue.faults.add(Fault("sequence books", "reset"), 0)
            await asyncio.sleep(1.2)
            raw.venue.feed.pause(raw.venue.clock.now())
            await asyncio.sleep(0.25)
            floor = raw.venue.floors[SWAP]
            for ear in (wire, late):
                book = Copy()
                for push in ear.told("books"):
                    book.apply(push)
                assert book.resets == 1
                assert len(ear.told("books")) > 5
                for side, ours in (("bids", floor.bids), ("asks", floor.asks)):
                    truth = {floor.px(ticks): floor.size(lots) for ticks, lots in ours.items()}
                    assert dict(book.levels(side)) == truth

    with_raw(scenario, still=False, rate=3.0)


def test_a_market_that_gets_another_grid_is_told_anew_and_never_crosses() -> None:
    """Tick and lot change and change back while it trades: a new snapshot each time, on the grid in force."""

    async def scenario(raw: Raw) -> None:
        floor = raw.venue.floors[SWAP]
        before = floor.listed.instrument
        async with Wire(raw, "public") as wire:
            await wire.subscribe({"channel": "books", "instId": SWAP})
            await wire.wait(lambda m: m.get("action") == "update")
            told = 0
            for tick, lot in ((before.tick * 5, before.lot * 10), (before.tick, before.lot)):
                at = len(wire.heard)
                raw.venue.relist(SWAP, tick=tick, lot=lot)
                await wire.wait(lambda m: m.get("action") == "snapshot", after=at)
                begin = len(wire.told("books")) - 1
                async with asyncio.timeout(20):
                    while len(wire.told("books")) < begin + 6:
                        await asyncio.sleep(0.01)
                raw.venue.feed.pause(raw.venue.clock.now())
                await asyncio.sleep(0.25)
                book = Copy()
                for push in wire.told("books"):
                    book.apply(push)
                    told += 1
                    bids, asks = book.levels("bids"), book.levels("asks")
                    assert Decimal(bids[0][0]) < Decimal(asks[0][0])
                for push in wire.told("books")[begin:]:
                    for px, sz, _, _ in push["data"][0]["bids"] + push["data"][0]["asks"]:
                        assert Decimal(px) % tick == 0
                        assert Decimal(sz) % lot == 0
                for side, ours in (("bids", floor.bids), ("asks", floor.asks)):
                    assert dict(book.levels(side)) == {
                        floor.px(ticks): floor.size(lots) for ticks, lots in ours.items()
                    }
                assert all(Decimal(floor.trade_record(row)["px"]) % tick == 0 for row in floor.trades)
                raw.venue.feed.resume(raw.venue.clock.now())
            assert told > 10

    with_raw(scenario, still=False, rate=3.0)


def test_a_quiet_book_says_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.adapters.okx_exchange.depth.SILENCE_MS", 150)

    async def scenario(raw: Raw) -> None:
        async with Wire(raw, "public") as wire:
            await wire.subscribe({"channel": "books", "instId": SWAP})
            push = await wire.wait(lambda m: m.get("action") == "update")
            [row] = push["data"]
            assert (row["asks"], row["bids"]) == ([], [])
            assert row["seqId"] == row["prevSeqId"]

    with_raw(scenario)


def test_a_dropped_update_is_a_gap_and_a_new_subscription_heals_it() -> None:
    async def scenario(raw: Raw) -> None:
        arg = {"channel": "books", "instId": SWAP}
        async with Wire(raw, "public") as wire:
            await wire.subscribe(arg)
            await wire.wait(lambda m: m.get("action") == "update")
            raw.venue.faults.add(Fault("push books", "drop"), 0)
            await asyncio.sleep(0.6)
            with pytest.raises(AssertionError, match="gap"):
                Copy().follow(wire.told("books"))
            await wire.subscribe(arg, op="unsubscribe")
            at = len(wire.heard)
            await wire.subscribe(arg)
            await wire.wait(lambda m: m.get("action") == "update", after=at)
            fresh = Copy()
            for push in [m for m in wire.heard[at:] if "data" in m]:
                fresh.apply(push)

    with_raw(scenario, still=False, rate=3.0)


def test_trades_candles_and_marks_flow() -> None:
    async def scenario(raw: Raw) -> None:
        async with Wire(raw, "public") as wire, Wire(raw, "business") as desk:
            await wire.subscribe(
                {"channel": "trades", "instId": SWAP}, {"channel": "mark-price", "instId": SWAP}
            )
            await desk.subscribe(
                {"channel": "trades-all", "instId": SWAP}, {"channel": "candle1m", "instId": SWAP},
                {"channel": "mark-price-candle1m", "instId": SWAP}, {"channel": "candle1s", "instId": SWAP},
            )  # fmt: skip
            trade = await wire.data("trades")
            assert set(trade) == {"instId", "tradeId", "px", "sz", "side", "ts", "count", "source", "seqId"}
            assert set(await desk.data("trades-all")) == {
                "instId",
                "tradeId",
                "px",
                "sz",
                "side",
                "source",
                "ts",
            }
            assert len(await desk.data("candle1m")) == 9
            assert len(await desk.data("mark-price-candle1m")) == 6
            assert (await desk.data("candle1s", lambda row: row[-1] == "1"))[-1] == "1"

    with_raw(scenario, still=False, rate=3.0)


def test_instruments_liquidations_and_maintenance_are_announced() -> None:
    async def scenario(raw: Raw) -> None:
        async with Wire(raw, "public") as wire:
            await wire.subscribe(
                {"channel": "instruments", "instType": "SWAP"}, {"channel": "status"},
                {"channel": "liquidation-orders", "instType": "SWAP"},
            )  # fmt: skip
            first = wire.told("instruments")[0]["data"]
            assert len(first) == 5
            raw.venue.relist(SWAP, tick=Decimal("0.5"))
            assert (await wire.data("instruments", lambda r: r["tickSz"] == "0.5"))["instId"] == SWAP
            raw.venue.maintenance = [{"title": "works", "state": "ongoing"}]
            assert (await wire.data("status"))["state"] == "ongoing"
            await raw.post(
                "account/set-leverage", {"instId": "ETH-USDT-SWAP", "mgnMode": "isolated", "lever": "50"}
            )
            await raw.order(instId="ETH-USDT-SWAP", ordType="market", tdMode="isolated", sz="5")
            raw.venue.move_to("ETH-USDT-SWAP", Decimal(raw.price("0.9", "ETH-USDT-SWAP")))
            row = await wire.data("liquidation-orders")
            assert (row["details"][0]["posSide"], row["details"][0]["sz"]) == ("long", "5")

    with_raw(scenario)


def test_silence_is_closed_and_a_ping_prevents_it() -> None:
    async def scenario(raw: Raw) -> None:
        async with Wire(raw, "public") as quiet, Wire(raw, "public") as alive:
            for _ in range(12):
                await alive.send("ping")
                await asyncio.sleep(0.1)
            assert quiet.closed == 4004
            assert alive.closed is None

    with_raw(scenario, idle_ms=400)


def test_notice_then_close() -> None:
    async def scenario(raw: Raw) -> None:
        async with Wire(raw, "public") as wire:
            raw.running.server.strike(Fault("sockets public", "notice", ms=50))
            assert (await wire.wait(lambda m: m.get("event") == "notice"))["code"] == "64008"
            async with asyncio.timeout(3):
                while wire.closed is None:
                    await asyncio.sleep(0.01)

    with_raw(scenario)


def test_requests_per_hour() -> None:
    async def scenario(raw: Raw) -> None:
        arg = {"channel": "tickers", "instId": SWAP}
        async with Wire(raw, "public") as wire:
            for _ in range(241):
                await wire.send({"op": "subscribe", "args": [arg]})
                await wire.send({"op": "unsubscribe", "args": [arg]})
            found = await wire.wait(lambda m: m.get("event") == "error")
            assert found["code"] == "60014"

    with_raw(scenario, limits=True)


def test_connections_per_second() -> None:
    async def scenario(raw: Raw) -> None:
        opened = [await raw.session.ws_connect(f"{raw.running.ws}/public") for _ in range(3)]
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await raw.session.ws_connect(f"{raw.running.ws}/public")
        assert caught.value.status == 429
        for ws in opened:
            await ws.close()

    with_raw(scenario, limits=True)


def test_the_thirty_first_connection_of_a_channel() -> None:
    async def scenario(raw: Raw) -> None:
        wires = [Wire(raw, "private") for _ in range(31)]
        arg = {"channel": "orders", "instType": "ANY"}
        try:
            for wire in wires:
                await wire.__aenter__()
                await wire.login()
                await wire.subscribe(arg)
            found = await wires[-1].wait(lambda m: str(m.get("event", "")).startswith("channel-conn-count"))
            assert (found["event"], found["connCount"]) == ("channel-conn-count-error", "30")
            await raw.order(px=raw.price("0.98"))
            await wires[0].data("orders")
            await asyncio.sleep(0.05)
            assert wires[-1].told("orders") == []
        finally:
            for wire in wires:
                await wire.__aexit__()

    with_raw(scenario)


def test_a_reader_that_is_too_slow_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.adapters.okx_exchange.socket.QUEUE", 5)

    async def scenario(raw: Raw) -> None:
        async with Wire(raw, "public") as wire:
            await wire.subscribe({"channel": "tickers", "instId": SWAP})
            [socket] = raw.running.server.hub.sockets
            for _ in range(10):
                socket.push("tickers", b'{"data":[]}')
            for _ in range(200):
                if wire.closed is not None:
                    break
                await asyncio.sleep(0.01)
            assert wire.closed == 4005

    with_raw(scenario)
