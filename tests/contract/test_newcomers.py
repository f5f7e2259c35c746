"""A market that only the account trades, on exchanges behind ccxt (OKX: ``tests/okx/test_strangers``)."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from random import Random

import pytest

from cockpit.adapters.ccxt_venue.market import CcxtMarket
from cockpit.adapters.ccxt_venue.venue import CcxtVenue
from cockpit.core import events as ev
from cockpit.core.types import Instrument
from tests.contract.stands import CcxtStand, ccxt_stand, door_of
from tests.okx.scripted import alive, until


@pytest.mark.parametrize("venue", ["binance", "bybit"])
def test_its_terms_are_told_before_its_fills_and_its_prices_followed(venue: str) -> None:
    async def story(stand: CcxtStand) -> None:
        door = door_of(stand.server)
        heard: list[ev.AnyEvent] = []
        market = CcxtMarket(door, {}, {}, heard.append, stand.venue.now_ms, rng=Random(1))
        followed: list[Instrument] = []

        def follow(one: Instrument) -> None:
            followed.append(one)
            market.follow(one)

        terms, now = stand.venue.terms, stand.venue.now_ms
        account = CcxtVenue(door, {}, terms, heard.append, now, follow=follow, rng=Random(3))
        symbol = stand.instrument.symbol
        try:
            await door.sync(now, tries=1)
            async with alive(account.run()), alive(market.run()):
                await until(lambda: ev.Link in map(type, heard))
                wish = stand.market_order(qty=2 * stand.unit)
                await stand.place(wish)
                await until(lambda: any(isinstance(e, ev.Fill) for e in heard))
                await until(lambda: any(isinstance(e, ev.Mark) and e.symbol == symbol for e in heard))
                await until(lambda: any(isinstance(e, ev.BookSnapshot) for e in heard))
        finally:
            await door.close()
        money = [e for e in heard if isinstance(e, ev.Listing | ev.Fill)]
        assert isinstance(money[0], ev.Listing)
        assert money[0].instrument == stand.instrument
        assert sum(e.qty for e in money if isinstance(e, ev.Fill)) >= 2 * Decimal(stand.unit)
        assert [one.symbol for one in followed] == [symbol]

    async def bounded() -> None:
        async with asyncio.timeout(60), ccxt_stand(venue) as stand:
            await story(stand)

    asyncio.run(bounded())
