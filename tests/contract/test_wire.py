"""ccxt.pro as a road: its traps are driven over, one by one, on real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from cockpit.adapters.ccxt_venue import wire
from cockpit.core import events as ev
from tests.contract.floor import NATIVE, wall_ms
from tests.contract.stands import FAKES, CcxtStand, ccxt_stand
from tests.okx.scripted import until

both = pytest.mark.parametrize("venue", tuple(FAKES))
BURST = 500


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "PING_S", 0.5)
    monkeypatch.setattr(wire, "FIRST_WAIT_S", 0.1)


def told(venue: str, story: Callable[[CcxtStand], Awaitable[None]]) -> None:
    async def telling() -> None:
        async with ccxt_stand(venue) as stand:
            await story(stand)

    asyncio.run(asyncio.wait_for(telling(), 30))


def trade(venue: str, number: int) -> dict[str, Any]:
    now = wall_ms()
    if venue == "binance":
        return {"e": "trade", "E": now, "T": now, "s": NATIVE, "t": number, "p": "60000.5", "q": "0.01",
                "X": "MARKET", "m": False}  # fmt: skip
    deal = {"T": now, "s": NATIVE, "S": "Buy", "v": "0.01", "p": "60000.5", "i": str(number)}
    return {"topic": f"publicTrade.{NATIVE}", "type": "snapshot", "ts": now, "data": [deal]}


@both
def test_of_a_burst_nothing_is_lost_or_merged(venue: str) -> None:
    """ccxt.pro's own watchers would show the last state of it."""

    async def story(stand: CcxtStand) -> None:
        for peer in [p for p in stand.server.peers if p.route == "public"]:
            for number in range(BURST):
                await peer.send(trade(venue, 5_000_000 + number))
        ids = {str(5_000_000 + number) for number in range(BURST)}
        await until(lambda: len(ids & {t.trade_id for t in stand.said(ev.Trade)}) == BURST)
        seen = [t.trade_id for t in stand.said(ev.Trade) if t.trade_id in ids]
        assert seen == sorted(seen)
        assert len(seen) == BURST

    told(venue, story)


BAD = (
    "{broken", "[1, 2", "hello", '{"e": "trade", "s": 5}', '{"topic": "publicTrade.BTCUSDT", "data": 7}',
    '{"e": "depthUpdate"}', '{"topic": "orderbook.200.BTCUSDT", "type": "delta", "data": {}}', "[]", "null",
)  # fmt: skip


@both
def test_a_bad_frame_costs_only_itself(venue: str) -> None:
    async def story(stand: CcxtStand) -> None:
        connects = [route.wire.connects for route in stand.market.routes]
        for number, frame in enumerate(BAD):
            for peer in [p for p in stand.server.peers if p.route == "public"]:
                await peer.send(frame)
                await peer.send(trade(venue, 7_000_000 + number))
        good = {str(7_000_000 + number) for number in range(len(BAD))}
        await until(lambda: good <= {t.trade_id for t in stand.said(ev.Trade)})
        assert len([f for f in stand.said(ev.DataFault) if f.what == "garbage"]) >= 5
        heard = len(stand.said(ev.BookDelta))
        await until(lambda: len(stand.said(ev.BookDelta)) > heard + 3)
        assert [route.wire.connects for route in stand.market.routes] == connects
        assert stand.links("market") == [True]

    told(venue, story)


def test_a_login_that_is_refused_once_is_tried_again() -> None:
    """A ccxt.pro object that failed to log in never does again: each connection has its own."""

    async def story(stand: CcxtStand) -> None:
        stand.server.refuse_logins = 2
        stand.cut("private")
        await until(lambda: stand.links("private") == [True, False, True], 20)
        assert stand.server.refuse_logins == 0
        wish = stand.wish()
        await stand.place(wish)
        await stand.hears(ev.Ack, wish.cid)

    told("bybit", story)


def test_a_connection_that_answers_no_ping_is_dead() -> None:
    async def story(stand: CcxtStand) -> None:
        stand.server.deaf = True
        stand.stall("private")
        await until(lambda: stand.links("private")[:2] == [True, False], 10)
        stand.server.deaf = False
        await until(lambda: stand.links("private")[-1], 15)

    told("bybit", story)


def test_a_listen_key_that_expires_opens_another_stream() -> None:
    async def story(stand: CcxtStand) -> None:
        asked = sum(path.endswith("listenKey") for _, path, _ in stand.server.log)
        stand.server.push({"e": "listenKeyExpired", "E": wall_ms(), "listenKey": "a-listen-key"})
        await until(lambda: stand.links("private") == [True, False, True], 10)
        assert sum(path.endswith("listenKey") for _, path, _ in stand.server.log) == asked + 1

    told("binance", story)


def test_a_subscription_that_is_refused_is_said_and_tried_again() -> None:
    async def story(stand: CcxtStand) -> None:
        for peer in [p for p in stand.server.peers if p.route == "public"]:
            await peer.send({"success": False, "ret_msg": "error:handler not found", "op": "subscribe"})
        await until(lambda: [f for f in stand.said(ev.DataFault) if f.what == "refused"])
        await until(lambda: stand.links("market") == [True, False, True], 10)

    told("bybit", story)
