"""A stop with a take-profit where the exchange has no such order: nothing is left, nothing told twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from cockpit.adapters.ccxt_venue import pairs
from cockpit.adapters.ccxt_venue.pairs import base_of, twin_of
from cockpit.core import events as ev
from cockpit.core.errors import Ambiguous, Transient
from cockpit.core.orders import OrderKind
from tests.contract.stands import FAKES, PROTECT, CcxtStand, ccxt_stand
from tests.okx.scripted import until

both = pytest.mark.parametrize("venue", tuple(FAKES))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "SWEEP_S", 0.1)


def told(venue: str, story: Callable[[CcxtStand], Awaitable[None]]) -> None:
    async def telling() -> None:
        async with ccxt_stand(venue) as stand:
            await stand.place(stand.market_order())
            await story(stand)

    asyncio.run(asyncio.wait_for(telling(), 30))


def pair(stand: CcxtStand) -> Any:
    levels = {"trigger": stand.below("0.95"), "take": stand.below("1.05")}
    return stand.wish(OrderKind.OCO, **{**PROTECT, **levels})


def conditional(stand: CcxtStand) -> str:
    return "POST /fapi/v1/algoOrder" if stand.name == "binance" else "POST /v5/order/create"


def test_names_of_pairs() -> None:
    assert twin_of("ckp001000000012") == "ckp001000000012t"
    assert base_of("ckp001000000012t") == "ckp001000000012"
    assert [base_of(cid) for cid in ("ckp001000000012", "", "t", "hatt")] == [
        "ckp001000000012", "", "t", "hatt",
    ]  # fmt: skip


@both
def test_a_take_profit_that_is_refused_refuses_the_whole(venue: str) -> None:
    async def story(stand: CcxtStand) -> None:
        wish = pair(stand)
        stand.server.fault(conditional(stand), "rate")
        with pytest.raises(Transient):
            await stand.place(wish)
        assert stand.arrived(wish.cid) == 0  # the stop was not even tried
        assert not stand.resting()

    told(venue, story)


@both
def test_a_stop_that_is_lost_after_its_take_profit_is_asked_about(venue: str) -> None:
    async def story(stand: CcxtStand) -> None:
        wish = pair(stand)
        real = stand.venue.door.act  # type: ignore[attr-defined]
        calls = []

        async def second_is_lost(call: Any, **more: Any) -> Any:
            calls.append(call)
            if len(calls) == 2:
                stand.server.fault(conditional(stand), "lose")
            return await real(call, **more)

        stand.venue.door.act = second_is_lost  # type: ignore[attr-defined]
        with pytest.raises(Ambiguous):
            await stand.place(wish)
        stand.venue.door.act = real  # type: ignore[attr-defined]
        assert (await stand.ask(wish.cid)).state == "live"
        assert [o.cid for o in (await stand.read()).orders] == [wish.cid]
        assert stand.resting() == {wish.cid, twin_of(wish.cid)}

    told(venue, story)


@both
def test_a_stop_that_never_came_takes_its_take_profit_back(venue: str) -> None:
    async def story(stand: CcxtStand) -> None:
        wish = pair(stand)
        real = stand.venue.door.act  # type: ignore[attr-defined]

        async def stop_is_held_back(call: Any, **more: Any) -> Any:
            if wish.cid in call.params.values():
                raise Transient("the road is closed")
            return await real(call, **more)

        stand.venue.door.act = stop_is_held_back  # type: ignore[attr-defined]
        with pytest.raises(Transient):
            await stand.place(wish)
        stand.venue.door.act = real  # type: ignore[attr-defined]
        await until(lambda: not stand.resting())
        assert not (await stand.ask(wish.cid)).found

    told(venue, story)


@both
def test_a_stop_that_dies_takes_its_take_profit_along(venue: str) -> None:
    async def story(stand: CcxtStand) -> None:
        wish = pair(stand)
        await stand.place(wish)
        await stand.hears(ev.Ack, wish.cid)
        stand.strangle(wish.cid)
        await stand.hears(ev.Cancelled, wish.cid)
        await until(lambda: not stand.resting())

    told(venue, story)


@both
def test_a_take_profit_that_dies_leaves_the_stop_and_is_shown(venue: str) -> None:
    async def story(stand: CcxtStand) -> None:
        wish = pair(stand)
        await stand.place(wish)
        await stand.hears(ev.Ack, wish.cid)
        stand.strangle(twin_of(wish.cid))
        await until(lambda: [f for f in stand.said(ev.DataFault) if f.what == "take_profit"])
        assert stand.resting() == {wish.cid}
        assert not stand.said(ev.Cancelled, wish.cid)

    told(venue, story)


@both
def test_the_next_process_knows_the_pair_from_what_rests(venue: str) -> None:
    """It reads the account, then the take-profit goes off: one order, one fill, nothing left."""

    async def story(stand: CcxtStand) -> None:
        wish = pair(stand)
        await stand.place(wish)
        await stand.hears(ev.Ack, wish.cid)
        fresh = pairs.Pairs(stand.venue.door, stand.venue._fault)  # type: ignore[attr-defined]
        fresh._strays = stand.venue.pairs._strays  # type: ignore[attr-defined]
        fresh._wake = stand.venue.pairs._wake  # type: ignore[attr-defined]
        early = fresh.hear(ev.Triggered(1, twin_of(wish.cid), "take", wish.take))
        assert early == ev.Triggered(1, wish.cid, "take", wish.take)  # even before anything was read
        fresh._taken.clear()
        fresh._strays.clear()
        stand.venue.pairs = stand.venue.reader.pairs = fresh  # type: ignore[attr-defined]
        assert [o.cid for o in (await stand.read()).orders] == [wish.cid]
        stand.move(stand.below("1.06"))
        assert (await stand.hears(ev.Triggered, wish.cid)).leg == "take"
        assert (await stand.hears(ev.Fill, wish.cid)).qty == wish.qty
        await until(lambda: not stand.resting())

    told(venue, story)


@both
def test_a_take_profit_that_fired_unseen_is_found_by_asking(venue: str) -> None:
    async def story(stand: CcxtStand) -> None:
        wish = pair(stand)
        await stand.place(wish)
        await stand.hears(ev.Ack, wish.cid)
        stand.server.muted = True
        stand.move(stand.below("1.06"))
        stand.strangle(wish.cid)  # and the stop is gone with the position
        report = await stand.ask(wish.cid)
        assert (report.state, report.filled) == ("filled", wish.qty)
        assert stand.said(ev.Fill, wish.cid)[-1].qty == wish.qty

    told(venue, story)
