"""One contract for every venue: the same cases on practice, paper, OKX, Binance and Bybit."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from cockpit.adapters.ccxt_venue import market as ccxt_market
from cockpit.adapters.ccxt_venue import reading as ccxt_reading
from cockpit.adapters.ccxt_venue import venue as ccxt_venue
from cockpit.adapters.ccxt_venue import wire as ccxt_wire
from cockpit.adapters.okx import adapter as okx_adapter
from cockpit.adapters.okx import market as okx_market
from cockpit.adapters.okx import reading as okx_reading
from cockpit.adapters.okx import socket as okx_socket
from cockpit.core import events as ev
from cockpit.core.errors import Ambiguous, Transient
from cockpit.core.orders import OrderKind
from cockpit.core.patience import NOT_OFFERED
from cockpit.core.types import InstrumentState, Side
from tests.contract.stands import PROTECT, VENUES, Stand, needs_a_road, stand_of
from tests.okx.scripted import until

every_venue = pytest.mark.parametrize("venue", VENUES)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorter patience, so that a fault, its notice and its repair fit into seconds."""
    for module, name, value in (
        (okx_adapter, "CATCH_UP_S", 1.0), (okx_adapter, "PRIVATE_PING_S", 1.0), (okx_market, "BOOK_S", 1.0),
        (okx_socket, "PONG_S", 1.0), (okx_reading, "LATE_MS", 500), (okx_socket, "FIRST_WAIT_S", 0.1),
        (ccxt_venue, "CATCH_UP_S", 1.0), (ccxt_market, "BOOK_S", 1.0), (ccxt_market, "MARK_S", 1.0),
        (ccxt_wire, "PING_S", 1.0), (ccxt_wire, "FIRST_WAIT_S", 0.1), (ccxt_reading, "LATE_MS", 500),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)


def told(venue: str, story: Callable[[Stand], Awaitable[None]]) -> None:
    """A story told to a connected venue."""

    async def telling() -> None:
        async with stand_of(venue) as stand:
            await story(stand)

    asyncio.run(asyncio.wait_for(telling(), 40))


# --- the life of an order -------------------------------------------------------------------------


@every_venue
def test_a_resting_order_from_place_to_cancel(venue: str) -> None:
    async def story(stand: Stand) -> None:
        wish = stand.wish()
        await stand.place(wish)
        assert (await stand.hears(ev.Ack, wish.cid)).venue_id
        report = await stand.ask(wish.cid)
        assert (report.found, report.state, report.price, report.qty) == (True, "live", wish.price, wish.qty)
        (row,) = (await stand.read()).orders
        assert (row.cid, row.side, row.qty) == (wish.cid, Side.BUY, wish.qty)
        assert wish.price is not None
        lower = wish.price - stand.instrument.tick
        await stand.amend(wish.cid, lower, 2 * wish.qty)
        amended = await stand.hears(ev.Amended, wish.cid)
        assert (amended.price, amended.qty) == (lower, 2 * wish.qty)
        assert (await stand.ask(wish.cid)).qty == 2 * wish.qty
        await stand.cancel(wish.cid)
        gone = await stand.hears(ev.Cancelled, wish.cid)
        assert (gone.reason, gone.filled) == ("user", 0)
        assert (await stand.ask(wish.cid)).state == "cancelled"
        assert not (await stand.read()).orders
        await stand.cancel(wish.cid)
        assert (await stand.hears(ev.CancelReject, wish.cid)).code
        assert stand.arrived(wish.cid) == 1

    told(venue, story)


@every_venue
def test_a_stop_is_changed_where_it_rests_or_the_venue_says_that_it_does_not(venue: str) -> None:
    async def story(stand: Stand) -> None:
        await stand.place(stand.market_order(qty=2 * stand.unit))
        stop = stand.wish(OrderKind.STOP, trigger=stand.below("0.95"), **PROTECT)
        await stand.place(stop)
        await stand.hears(ev.Ack, stop.cid)
        tighter = stand.below("0.96")
        await stand.amend(stop.cid, tighter, 2 * stop.qty)
        if venue == "binance":
            assert (await stand.hears(ev.AmendReject, stop.cid)).code == NOT_OFFERED
            assert (await stand.ask(stop.cid)).price == stop.trigger
            return
        amended = await stand.hears(ev.Amended, stop.cid)
        assert (amended.price, amended.qty) == (tighter, 2 * stop.qty)
        report = await stand.ask(stop.cid)
        assert (report.state, report.price, report.qty) == ("live", tighter, 2 * stop.qty)

    told(venue, story)


@every_venue
def test_fills_fees_and_the_read_back_agree(venue: str) -> None:
    async def story(stand: Stand) -> None:
        before = (await stand.read()).balances["USDT"]
        wish = stand.market_order(qty=3 * stand.unit)
        await stand.place(wish)
        await until(lambda: sum(f.qty for f in stand.said(ev.Fill, wish.cid)) >= wish.qty)
        report = await stand.ask(wish.cid)
        assert (report.state, report.filled) == ("filled", wish.qty)
        account = await stand.read(since=0)
        fills = {f.trade_id: f for f in stand.said(ev.Fill, wish.cid)}  # told again, and the same
        assert sum(f.qty for f in fills.values()) == wish.qty
        assert {f.side for f in fills.values()} == {Side.BUY}
        (position,) = account.positions
        assert (position.symbol, position.qty) == (stand.instrument.symbol, wish.qty)
        fees = sum(f.fee for f in fills.values())
        assert fees > 0
        assert abs(account.balances["USDT"] - (before - fees)) <= max(account.rounding, Decimal("1e-9"))
        assert not account.orders
        close = stand.market_order(Side.SELL, qty=wish.qty, reduce_only=True)
        await stand.place(close)
        await until(lambda: sum(f.qty for f in stand.said(ev.Fill, close.cid)) >= wish.qty)
        assert not (await stand.read()).positions

    told(venue, story)


@every_venue
def test_refusals_carry_the_venues_code(venue: str) -> None:
    async def story(stand: Stand) -> None:
        huge = stand.wish(qty=stand.instrument.max_qty or Decimal(90_000))
        await stand.place(huge)
        refused = await stand.hears(ev.Reject, huge.cid)
        assert refused.code
        assert refused.reason
        assert not (await stand.read()).orders
        nothing = stand.wish(OrderKind.STOP, **{**PROTECT, "trigger": None})
        await stand.place(nothing)
        assert "trigger" in (await stand.hears(ev.Reject, nothing.cid)).reason

    told(venue, story)


@every_venue
def test_a_post_only_order_that_would_take_is_gone_and_no_fault_of_ours(venue: str) -> None:
    async def story(stand: Stand) -> None:
        crossing = stand.wish(OrderKind.POST_ONLY, price=stand.touch()[1] + 5 * stand.instrument.tick)
        await stand.place(crossing)
        gone = await stand.hears(ev.Cancelled, crossing.cid)
        assert (gone.reason, gone.filled) == ("post_only", 0)
        assert not stand.said(ev.Fill, crossing.cid)
        assert not stand.said(ev.Reject, crossing.cid)

    told(venue, story)


@every_venue
def test_the_same_client_id_twice_is_never_two_orders(venue: str) -> None:
    """If it happens all the same, the venue's refusal must not bury the order that lives."""

    async def story(stand: Stand) -> None:
        wish = stand.wish()
        await stand.place(wish)
        await stand.hears(ev.Ack, wish.cid)
        try:
            await stand.place(wish)
        except Ambiguous:
            assert stand.wire
        assert (await stand.ask(wish.cid)).state == "live"
        assert len((await stand.read()).orders) == 1

    told(venue, story)


# --- protection -----------------------------------------------------------------------------------


@every_venue
def test_a_stop_rests_goes_off_and_its_fills_are_its_own(venue: str) -> None:
    async def story(stand: Stand) -> None:
        await stand.place(stand.market_order())
        stop = stand.wish(OrderKind.STOP, trigger=stand.below("0.98"), **PROTECT)
        await stand.place(stop)
        await stand.hears(ev.Ack, stop.cid)
        report = await stand.ask(stop.cid)
        assert (report.state, report.price) == ("live", stop.trigger)
        (row,) = (await stand.read()).orders
        assert (row.cid, row.price, row.side) == (stop.cid, stop.trigger, Side.SELL)
        stand.move(stand.below("0.97"))
        assert (await stand.hears(ev.Triggered, stop.cid)).leg == "stop"
        fill = await stand.hears(ev.Fill, stop.cid)
        assert (fill.qty, fill.side) == (stand.unit, Side.SELL)
        report = await stand.ask(stop.cid)
        assert (report.state, report.filled) == ("filled", stand.unit)
        account = await stand.read()
        assert not account.positions
        assert not account.orders

    told(venue, story)


@every_venue
def test_a_dead_stop_is_told_and_another_takes_its_place(venue: str) -> None:
    async def story(stand: Stand) -> None:
        await stand.place(stand.market_order())
        stop = stand.wish(OrderKind.STOP, trigger=stand.below("0.95"), **PROTECT)
        await stand.place(stop)
        await stand.hears(ev.Ack, stop.cid)
        stand.strangle(stop.cid)
        await stand.hears(ev.Cancelled, stop.cid)
        assert (await stand.ask(stop.cid)).state == "cancelled"
        assert not (await stand.read()).orders
        again = stand.wish(OrderKind.STOP, trigger=stand.below("0.95"), **PROTECT)
        await stand.place(again)
        await stand.hears(ev.Ack, again.cid)
        assert [o.cid for o in (await stand.read()).orders] == [again.cid]
        await stand.cancel(again.cid)
        await stand.hears(ev.Cancelled, again.cid)

    told(venue, story)


@every_venue
def test_a_take_profit_rests_on_the_other_side(venue: str) -> None:
    async def story(stand: Stand) -> None:
        await stand.place(stand.market_order())
        take = stand.wish(OrderKind.TRIGGER, trigger=stand.below("1.02"), **PROTECT)
        await stand.place(take)
        await stand.hears(ev.Ack, take.cid)
        assert (await stand.ask(take.cid)).state == "live"
        stand.move(stand.below("1.03"))
        assert (await stand.hears(ev.Fill, take.cid)).qty == stand.unit
        assert not (await stand.read()).positions

    told(venue, story)


@every_venue
@pytest.mark.parametrize(("to", "leg"), [("0.94", "stop"), ("1.06", "take")])
def test_a_stop_with_a_take_profit_is_one_order_and_one_of_them_fires(venue: str, to: str, leg: str) -> None:
    async def story(stand: Stand) -> None:
        await stand.place(stand.market_order())
        levels = {"trigger": stand.below("0.95"), "take": stand.below("1.05")}
        both = stand.wish(OrderKind.OCO, **{**PROTECT, **levels})
        await stand.place(both)
        await stand.hears(ev.Ack, both.cid)
        report = await stand.ask(both.cid)
        assert (report.state, report.price) == ("live", levels["trigger"])
        assert [o.cid for o in (await stand.read()).orders] == [both.cid]
        stand.move(stand.below(to))
        assert (await stand.hears(ev.Triggered, both.cid)).leg == leg
        fill = await stand.hears(ev.Fill, both.cid)
        assert (fill.qty, fill.side) == (stand.unit, Side.SELL)
        assert (await stand.ask(both.cid)).state == "filled"
        await until(lambda: not stand.resting())
        account = await stand.read()
        assert not account.positions
        assert not account.orders
        assert not [e for e in stand.heard if getattr(e, "cid", "").endswith("t")]

    told(venue, story)


@every_venue
def test_a_stop_with_a_take_profit_is_cancelled_whole(venue: str) -> None:
    async def story(stand: Stand) -> None:
        await stand.place(stand.market_order())
        both = stand.wish(
            OrderKind.OCO, **{**PROTECT, "trigger": stand.below("0.95"), "take": stand.below("1.05")}
        )
        await stand.place(both)
        await stand.hears(ev.Ack, both.cid)
        await stand.cancel(both.cid)
        assert (await stand.hears(ev.Cancelled, both.cid)).reason == "user"
        assert (await stand.ask(both.cid)).state == "cancelled"
        await until(lambda: not stand.resting())
        stand.move(stand.below("1.06"))
        await asyncio.sleep(0.1)
        assert not stand.said(ev.Triggered)
        assert (await stand.read()).positions[0].qty == stand.unit

    told(venue, story)


# --- outcomes that are not known ------------------------------------------------------------------


@every_venue
@pytest.mark.parametrize("what", ["lose", "unknown"])
def test_an_unknown_outcome_is_asked_about_never_sent_again(venue: str, what: str) -> None:
    async def story(stand: Stand) -> None:
        needs_a_road(stand)
        wish = stand.wish()
        stand.fault(what)
        with pytest.raises(Ambiguous):
            await stand.place(wish)
        report = await stand.ask(wish.cid)
        if report.found:
            assert report.state == "live"
            assert [o.cid for o in (await stand.read()).orders] == [wish.cid]
        else:
            assert not report.proof  # it may still arrive
        assert stand.arrived(wish.cid) <= 1

    told(venue, story)


@every_venue
def test_a_rate_limit_is_surely_not_done_and_keeps_room_for_cancels(venue: str) -> None:
    async def story(stand: Stand) -> None:
        needs_a_road(stand)
        resting = stand.wish()
        await stand.place(resting)
        await stand.hears(ev.Ack, resting.cid)
        wish = stand.wish()
        stand.fault("rate")
        with pytest.raises(Transient):
            await stand.place(wish)
        await stand.cancel(resting.cid)
        await stand.hears(ev.Cancelled, resting.cid)

    told(venue, story)


@every_venue
def test_not_found_proves_nothing_while_it_could_still_arrive(venue: str) -> None:
    async def story(stand: Stand) -> None:
        needs_a_road(stand)
        report = await stand.ask("ckd999000000001")  # perhaps sent by the process before this one
        assert (report.found, report.proof) == (False, False)

    told(venue, story)


# --- streams --------------------------------------------------------------------------------------


@every_venue
def test_news_told_twice_are_the_same_news(venue: str) -> None:
    async def story(stand: Stand) -> None:
        needs_a_road(stand)
        stand.double()
        wish = stand.market_order()
        await stand.place(wish)
        await until(lambda: len(stand.said(ev.Fill, wish.cid)) >= 2)
        fills = stand.said(ev.Fill, wish.cid)
        told_ids = {(f.symbol, f.trade_id): (f.qty, f.price, f.fee) for f in fills}
        assert sum(qty for qty, _, _ in told_ids.values()) == wish.qty
        assert all(told_ids[(f.symbol, f.trade_id)] == (f.qty, f.price, f.fee) for f in fills)

    told(venue, story)


@every_venue
def test_what_happened_while_the_account_stream_was_down_is_read(venue: str) -> None:
    async def story(stand: Stand) -> None:
        needs_a_road(stand)
        wish = stand.wish()
        await stand.place(wish)
        await stand.hears(ev.Ack, wish.cid)
        stand.cut("private")
        stand.move(stand.below("0.97"))
        fill = await stand.hears(ev.Fill, wish.cid)
        assert fill.qty == wish.qty
        await until(lambda: stand.links("private")[-2:] == [False, True], 15)
        assert (await stand.ask(wish.cid)).state == "filled"

    told(venue, story)


@every_venue
def test_a_silent_account_stream_is_found_out(venue: str) -> None:
    """It is open, answers pings and says nothing: the read finds the fill, the stream is opened anew."""

    async def story(stand: Stand) -> None:
        needs_a_road(stand)
        wish = stand.wish()
        await stand.place(wish)
        await stand.hears(ev.Ack, wish.cid)
        await asyncio.sleep(0.3)
        stand.stall("private")
        stand.move(stand.below("0.97"))
        assert (await stand.hears(ev.Fill, wish.cid)).qty == wish.qty
        await until(lambda: stand.links("private")[-3:] == [True, False, True], 15)
        assert [f for f in stand.said(ev.DataFault) if f.what == "silent"]

    told(venue, story)


@every_venue
@pytest.mark.parametrize("ahead_ms", [3_600_000, -3_600_000])
def test_a_clock_that_is_set_hides_no_fill(
    venue: str, ahead_ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream loses a fill, and before it is read back somebody sets our clock by an hour."""

    async def story(stand: Stand) -> None:
        needs_a_road(stand)
        # ccxt signs by the machine's clock itself.
        monkeypatch.setattr(sys.modules["ccxt.base.exchange"].BaseExchange, "milliseconds", stand.clock)
        monkeypatch.setattr(okx_adapter, "CATCH_UP_S", 0.3)
        monkeypatch.setattr(ccxt_venue, "CATCH_UP_S", 0.3)
        wish = stand.wish()
        await stand.place(wish)
        await stand.hears(ev.Ack, wish.cid)
        stand.stall("private")
        since = stand.clock()
        stand.move(stand.below("0.97"))
        stand.clock.ahead_ms = ahead_ms
        assert (await stand.hears(ev.Fill, wish.cid, seconds=20)).qty == wish.qty
        report = await stand.ask(wish.cid)
        assert (report.found, report.state) == (True, "filled")
        before = len(stand.said(ev.Fill, wish.cid))
        await stand.read(since)  # what the engine asks for is in our clock of before
        assert len(stand.said(ev.Fill, wish.cid)) > before
        nobody = await stand.ask("ckd001999999999")
        assert (nobody.found, nobody.proof) == (False, False)  # it may be of the process before this one

    told(venue, story)


@every_venue
def test_a_book_that_is_wrong_is_sent_anew(venue: str) -> None:
    """Its chain holds, so only whoever keeps the book can know; the link is not touched."""

    async def story(stand: Stand) -> None:
        needs_a_road(stand)
        await stand.hears(ev.BookSnapshot)
        await until(lambda: len(stand.said(ev.BookDelta)) > 3)
        market = stand.made.market if venue == "okx" else stand.market  # type: ignore[attr-defined]
        for _ in range(2):
            before = len(stand.said(ev.BookSnapshot))
            market.mend(stand.instrument.symbol)
            market.mend("nobody's")
            await stand.hears(ev.BookSnapshot, count=before + 1)
            heard = len(stand.said(ev.BookDelta))
            await stand.hears(ev.BookDelta, count=heard + 2)
        assert all(stand.links("market"))

    told(venue, story)


@every_venue
def test_a_market_that_breaks_comes_back_whole(venue: str) -> None:
    async def story(stand: Stand) -> None:
        needs_a_road(stand)
        await stand.hears(ev.BookSnapshot)
        await until(lambda: len(stand.said(ev.BookDelta)) > 3)
        assert stand.said(ev.Mark)
        assert stand.said(ev.Trade)
        stand.cut("public")
        await until(lambda: stand.links("market")[-2:] == [False, True], 15)
        await until(lambda: len(stand.said(ev.BookSnapshot)) >= 2)
        heard = len(stand.heard)
        await until(lambda: any(isinstance(e, ev.BookDelta) for e in stand.heard[heard:]))
        assert chained(stand)

    told(venue, story)


@every_venue
def test_a_stream_that_stalls_is_found_out_by_data_that_does_not_advance(venue: str) -> None:
    async def story(stand: Stand) -> None:
        needs_a_road(stand)
        await stand.hears(ev.BookSnapshot)
        stand.stall("public")
        await until(lambda: stand.links("market")[-2:] == [False, True], 25)
        assert [f for f in stand.said(ev.DataFault) if f.what in {"stalled", "silent"}]
        heard = len(stand.heard)
        await until(lambda: any(isinstance(e, ev.BookDelta) for e in stand.heard[heard:]))

    told(venue, story)


@every_venue
def test_a_lost_update_breaks_the_chain_in_the_open_and_is_mended(venue: str) -> None:
    async def story(stand: Stand) -> None:
        needs_a_road(stand)
        await until(lambda: len(stand.said(ev.BookDelta)) > 2)
        before = len(stand.said(ev.BookSnapshot))
        stand.lose_updates()
        await until(lambda: [f for f in stand.said(ev.DataFault) if f.what == "gap"])
        await until(lambda: len(stand.said(ev.BookSnapshot)) > before)
        assert chained(stand, breaks=1)

    told(venue, story)


def chained(stand: Stand, breaks: int = 10**9) -> bool:
    """No update follows anything but the state before it, except where the break is shown."""
    last, broken = -1, 0
    for event in stand.heard:
        if isinstance(event, ev.BookSnapshot):
            last = event.seq
        elif isinstance(event, ev.BookDelta):
            if last >= 0 and event.prev_seq not in (-1, last):
                broken += 1
                last = -1
            elif last >= 0:
                last = event.seq
    shown = [f for f in stand.said(ev.DataFault) if f.what == "gap"]
    return broken <= min(breaks, len(shown))


@pytest.mark.parametrize("venue", ["binance", "bybit"])
def test_terms_that_change_while_we_trade_are_told(venue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ccxt_market, "TERMS_S", 0.2)

    async def story(stand: Any) -> None:
        door, known = stand.market.door, stand.instrument
        real = door.dialect.load

        async def changed(*args: Any, **more: Any) -> Any:
            found = await real(*args, **more)
            return {s: msgspec.structs.replace(one, tick=Decimal("0.5")) for s, one in found.items()}

        door.dialect.load = changed
        listing = await stand.hears(ev.Listing)
        assert listing.instrument == msgspec.structs.replace(known, tick=Decimal("0.5"))
        await asyncio.sleep(0.5)
        assert len(stand.said(ev.Listing)) == 1

        async def delisted(*_args: Any, **_more: Any) -> Any:
            return {}

        door.dialect.load = delisted
        listing = await stand.hears(ev.Listing, count=2)
        assert listing.instrument.state is InstrumentState.SUSPENDED

    told(venue, story)
