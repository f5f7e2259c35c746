"""The adapter at the local exchange, over real sockets and REST: the life of every kind of order."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from itertools import pairwise

import pytest

from cockpit.adapters.okx import adapter as adapter_module
from cockpit.adapters.okx import door as door_module
from cockpit.adapters.okx import reading as reading_module
from cockpit.adapters.okx.adapter import OkxVenue
from cockpit.adapters.okx.agreement import Terms, agree
from cockpit.adapters.okx.budget import Budget
from cockpit.adapters.okx.market import OkxMarket
from cockpit.adapters.okx.rest import Rest
from cockpit.adapters.okx_exchange import Options
from cockpit.adapters.okx_exchange.faults import Fault
from cockpit.core import events as ev
from cockpit.core.errors import Ambiguous, Transient, VenueError
from cockpit.core.orders import Order, OrderKind, Role
from cockpit.core.types import MarginMode, PositionMode, PosSide, Side
from tests.okx.desks import OPTIONS, SWAP, Desk, credentials, desk, doors, exchange, wall_ms
from tests.okx.scripted import until

PROTECT = {"reduce_only": True, "role": Role.PROTECT, "side": Side.SELL, "price": None}


def run(story: object, options: Options = OPTIONS) -> None:
    """A story told to a connected desk."""

    async def told() -> None:
        async with exchange(options) as running, desk(running) as made:
            await story(made)  # type: ignore[operator]

    asyncio.run(asyncio.wait_for(told(), 40))


def fault(made: Desk, on: str, do: str, **more: object) -> None:
    venue = made.running.server.venue
    venue.faults.add(Fault(on, do, **more), venue.clock.now())  # type: ignore[arg-type]


def below(made: Desk, part: str) -> Decimal:
    """A price that much under the market, on the grid."""
    return (made.touch()[0] * Decimal(part)).quantize(Decimal(1))


def test_a_resting_order_from_place_to_cancel() -> None:
    async def story(made: Desk) -> None:
        wish = made.wish()
        await made.venue.submit(wish)
        assert made.said(ev.Sent, wish.cid)
        assert (await made.hears(ev.Ack, wish.cid)).venue_id
        assert wish.price is not None
        await made.amend(wish.cid, wish.price - 1, Decimal(2))
        amended = await made.hears(ev.Amended, wish.cid)
        assert (amended.price, amended.qty) == (wish.price - 1, Decimal(2))
        assert (await made.ask(wish.cid)).state == "live"
        await made.cancel(wish.cid)
        assert (await made.hears(ev.Cancelled, wish.cid)).reason == "user"
        assert (await made.ask(wish.cid)).state == "cancelled"
        await made.cancel(wish.cid)
        assert (await made.hears(ev.CancelReject, wish.cid)).code.startswith("514")
        assert len(made.log(wish.cid)) == 1

    run(story)


def test_fills_fees_and_the_read_back_agree_with_the_venue() -> None:
    async def story(made: Desk) -> None:
        wish = made.market_order(qty=Decimal(3))
        await made.venue.submit(wish)
        report = await made.hears(ev.OrderReport, wish.cid)
        assert report.state == "filled"
        fills = {f.trade_id: f for f in made.said(ev.Fill, wish.cid)}
        assert sum(f.qty for f in fills.values()) == 3
        account = await made.read(since=0)
        (position,) = account.positions
        assert (position.symbol, position.qty) == (SWAP, Decimal(3))
        fees = sum(f.fee for f in fills.values())
        assert account.balances["USDT"] == Decimal(100_000) - fees
        assert not account.orders
        again = {f.trade_id: f.qty for f in made.said(ev.Fill, wish.cid)}
        assert sum(again.values()) == 3  # repeated, and the same

    run(story)


def test_a_stop_rests_goes_off_and_its_fills_are_its_own() -> None:
    async def story(made: Desk) -> None:
        await made.venue.submit(made.market_order())
        stop = made.wish(OrderKind.STOP, trigger=below(made, "0.95"), **PROTECT)
        await made.venue.submit(stop)
        assert (await made.ask(stop.cid)).state == "live"
        (row,) = (await made.read()).orders
        assert (row.cid, row.price) == (stop.cid, stop.trigger)
        made.running.server.venue.move_to("BTC-USDT-SWAP", below(made, "0.94"))
        assert (await made.hears(ev.Triggered, stop.cid)).leg == "stop"
        assert (await made.hears(ev.Fill, stop.cid)).qty == 1
        report = await made.ask(stop.cid)
        assert (report.state, report.filled) == ("filled", Decimal(1))
        assert not (await made.read()).positions

    run(story)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (OrderKind.OCO, {"trigger": "0.95", "take": "1.05"}),
        (OrderKind.TRIGGER, {"trigger": "1.05"}),
        (OrderKind.TRAIL, {"callback": "0.01"}),
    ],
)
def test_the_other_waiting_orders_are_taken_found_and_cancelled(
    kind: OrderKind, more: dict[str, str]
) -> None:
    async def story(made: Desk) -> None:
        await made.venue.submit(made.market_order())
        levels = {k: below(made, v) for k, v in more.items() if k != "callback"}
        if "callback" in more:
            levels["callback"] = Decimal(more["callback"])
        wish = made.wish(kind, **{**PROTECT, **levels})
        await made.venue.submit(wish)
        assert await made.hears(ev.Ack, wish.cid)
        assert (await made.ask(wish.cid)).state == "live"
        assert [o.cid for o in (await made.read()).orders] == [wish.cid]
        await made.cancel(wish.cid)
        await made.hears(ev.Cancelled, wish.cid)
        assert (await made.ask(wish.cid)).state == "cancelled"

    run(story)


def test_refusals_carry_the_venues_code() -> None:
    async def story(made: Desk) -> None:
        huge = made.wish(qty=Decimal(90_000))
        await made.venue.submit(huge)
        assert (await made.hears(ev.Reject, huge.cid)).code in {"51008", "51004"}
        crossing = made.wish(OrderKind.POST_ONLY, price=made.touch()[1] + 50)
        await made.venue.submit(crossing)
        assert (await made.hears(ev.Cancelled, crossing.cid)).reason == "post_only"
        nothing = made.wish(OrderKind.STOP, price=None, role=Role.PROTECT)
        await made.venue.submit(nothing)
        assert "no trigger" in (await made.hears(ev.Reject, nothing.cid)).reason
        assert not made.log(nothing.cid)

    run(story)


def test_absence_is_a_proof_only_after_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "EXPIRY_MS", 300)

    async def story(made: Desk) -> None:
        wish = made.wish()
        made.venue.traces.dies[wish.cid] = made.venue.reader.venue_ms() + 300
        made.venue.traces.algos[wish.cid] = False
        report = await made.ask(wish.cid)
        assert (report.found, report.proof) == (False, False)
        await asyncio.sleep(1.4)
        report = await made.ask(wish.cid)
        assert (report.found, report.proof) == (False, True)
        stranger = await made.ask("ckd999000000001")  # perhaps sent by the process before this one
        assert (stranger.found, stranger.proof) == (False, False)

    run(story)


def test_only_stops_of_a_dead_process_are_doubted_for_half_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their requests carry a signature alone; that of any other order its own deadline, seconds away."""
    monkeypatch.setattr(door_module, "EXPIRY_MS", 300)
    exit_, stop = (
        Order(f"ckd00100000000{nth}", "one", SWAP, Side.SELL, kind, Decimal(1))
        for nth, kind in enumerate((OrderKind.MARKET, OrderKind.STOP))
    )

    async def story() -> None:
        async with exchange(OPTIONS) as running, desk(running, orders=(exit_, stop)) as made:
            assert not (await made.ask(exit_.cid)).proof
            await asyncio.sleep(1.4)
            assert (await made.ask(exit_.cid)).proof
            assert not (await made.ask(stop.cid)).proof

    asyncio.run(story())


def test_an_order_of_an_older_journal_is_not_taken_for_ours() -> None:
    """A fresh journal counts its client ids from the beginning; the venue remembers three months."""

    async def story(made: Desk) -> None:
        wish = made.wish()
        await made.venue.submit(wish)
        assert (await made.ask(wish.cid)).found
        made.venue.reader.since.birth = wall_ms() + 60_000
        assert not (await made.ask(wish.cid)).found

    run(story)


def test_an_answer_lost_is_asked_about_never_sent_again() -> None:
    async def story(made: Desk) -> None:
        fault(made, "op order", "lose")
        wish = made.wish()
        with pytest.raises(Ambiguous):
            await made.venue.submit(wish)
        report = await made.ask(wish.cid)
        assert (report.found, report.state) == (True, "live")
        assert len(made.truth.orders) >= 1
        assert len(made.log(wish.cid)) == 1

    run(story)


def test_without_its_socket_orders_go_over_rest() -> None:
    async def story(made: Desk) -> None:
        for door in ("private", "business"):
            fault(made, f"connect {door}", "refuse", times=0, status=503)
            made.running.server.strike(Fault(f"sockets {door}", "abort"))
        await until(lambda: any(not e.up for e in made.said(ev.Link) if e.channel == "private"))
        wish = made.wish()
        await made.venue.submit(wish)
        assert made.said(ev.Ack, wish.cid)
        await made.cancel(wish.cid)
        assert (await made.ask(wish.cid)).state == "cancelled"
        made.running.server.venue.faults.clear()
        await until(lambda: [e for e in made.said(ev.Link) if e.channel == "private"][-1].up, 15)

    run(story)


def test_a_full_budget_holds_back_entries_and_lets_cancels_through() -> None:
    async def story(made: Desk) -> None:
        wish = made.wish()
        await made.venue.submit(wish)
        window = made.venue.budget.window("trade/order", "BTC-USDT-SWAP")
        for _ in range(window.ordinary):
            window.take(asyncio.get_running_loop().time())
        with pytest.raises(Transient, match="rate budget"):
            await made.venue.submit(made.wish())
        await made.cancel(wish.cid)
        await made.hears(ev.Cancelled, wish.cid)
        await made.venue.submit(made.market_order(Side.SELL, role=Role.EXIT, reduce_only=False))

    run(story)


def test_a_hand_trade_and_a_transfer_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter_module, "CATCH_UP_S", 0.5)

    async def story(made: Desk) -> None:
        rest = made.venue.rest
        body = {"instId": "BTC-USDT-SWAP", "tdMode": "cross", "side": "buy", "ordType": "market", "sz": "2"}
        await rest.post("trade/order", {**body, "clOrdId": "byhand1"})
        fill = await made.hears(ev.Fill)
        assert (fill.cid, fill.kind, fill.qty) == ("", ev.FillKind.EXTERNAL, Decimal(2))
        made.truth.deposit("USDT", Decimal(250), made.running.server.venue.clock.now())
        transfer = await made.hears(ev.Transfer)
        assert (transfer.amount, transfer.ccy) == (Decimal(250), "USDT")

    run(story)


def test_funding_is_booked_once_by_its_bill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter_module, "CATCH_UP_S", 0.3)

    async def story(made: Desk) -> None:
        await made.venue.submit(made.market_order(qty=Decimal(10)))
        await made.hears(ev.Fill)
        await asyncio.sleep(0.05)  # what was opened at the very instant does not pay
        made.running.server.venue.fund("BTC-USDT-SWAP", 0.001)
        made.running.server.step()
        paid = await made.hears(ev.FundingPaid)
        assert paid.amount < 0
        await asyncio.sleep(0.8)
        assert len({p.bill_id for p in made.said(ev.FundingPaid)}) == len(made.said(ev.FundingPaid)) == 1
        account = await made.read()
        fees = {f.trade_id: f.fee for f in made.said(ev.Fill)}
        assert account.balances["USDT"] == Decimal(100_000) - sum(fees.values()) + paid.amount

    run(story)


def test_a_stream_that_loses_a_fill_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers pings and says nothing: the read finds the fill, and the stream is opened anew."""
    monkeypatch.setattr(adapter_module, "CATCH_UP_S", 0.5)
    monkeypatch.setattr(reading_module, "LATE_MS", 300)

    async def story(made: Desk) -> None:
        wish = made.wish()
        await made.venue.submit(wish)
        await asyncio.sleep(0.3)
        made.running.server.strike(Fault("sockets private", "stall"))
        made.running.server.venue.move_to("BTC-USDT-SWAP", below(made, "0.98"))
        fill = await made.hears(ev.Fill, wish.cid)
        assert fill.qty == 1
        await until(
            lambda: [e.up for e in made.said(ev.Link) if e.channel == "private"][:3] == [True, False, True]
        )
        assert [f for f in made.said(ev.DataFault) if f.what == "silent"]

    run(story)


def test_the_dead_mans_switch_takes_entries_and_leaves_protection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter_module, "DEAD_MAN_S", 10)
    monkeypatch.setattr(adapter_module, "DEAD_MAN_EVERY_S", 0.5)

    async def story(made: Desk) -> None:
        await made.venue.submit(made.market_order())
        entry = made.wish()
        stop = made.wish(OrderKind.STOP, trigger=below(made, "0.9"), **PROTECT)
        leave = made.wish(side=Side.SELL, role=Role.EXIT, reduce_only=True, price=made.touch()[1] + 500)
        for wish in (entry, stop, leave):
            await made.venue.submit(wish)
        await until(lambda: made.truth.timers)
        # We fall silent: the venue's clock runs past the switch.
        made.running.server.venue.faults.add(
            Fault("rest POST trade/cancel-all-after", "refuse", times=0),
            made.running.server.venue.clock.now(),
        )
        cancelled = await made.hears(ev.Cancelled, entry.cid, seconds=15)
        assert cancelled.reason == "dead man"
        await asyncio.sleep(0.3)
        assert not made.said(ev.Cancelled, stop.cid)
        assert not made.said(ev.Cancelled, leave.cid)

    run(story)


def test_an_account_that_is_not_what_the_settings_say_is_refused() -> None:
    async def told() -> None:
        async with exchange() as running, desk(running) as made:
            rest, markets = made.venue.rest, made.venue.markets.values()
            fine = Terms(PositionMode.NET, MarginMode.CROSS, Decimal(3))
            assert (await agree(rest, fine, markets)).pos_mode == "net_mode"
            with pytest.raises(VenueError, match=r"position mode is net_mode.*hedge"):
                await agree(rest, Terms(PositionMode.HEDGE, MarginMode.CROSS, Decimal(3)), markets)
            with pytest.raises(VenueError, match=r"leverage of BTC-USDT-SWAP is 3, settings say .* = 7"):
                await agree(rest, Terms(PositionMode.NET, MarginMode.CROSS, Decimal(7)), markets)
            for permission, said in (("withdraw", "may withdraw"), ("read", "may not trade")):
                other = Rest(
                    doors(running), credentials(running, permission), Budget(asyncio.get_running_loop().time)
                )
                with pytest.raises(VenueError, match=said):
                    await agree(other, fine, markets)
                await other.close()

    asyncio.run(asyncio.wait_for(told(), 30))


def test_candles_come_once_each_and_without_a_hole() -> None:
    def hurried(_venue: OkxVenue, market: OkxMarket) -> None:
        market.begin([ev.Bar((wall_ms() // 60_000 - 5) * 60_000, SWAP, 60_000, 1, 1, 1, 1, 1)])

    async def told() -> None:
        options = Options(symbols=("BTC-USDT-SWAP",), history=30)
        async with (
            exchange(options) as running,
            desk(running, bars={SWAP: (60_000,)}, tune=hurried) as made,
        ):
            await until(lambda: len(made.said(ev.Bar)) >= 4)
            closes = [bar.ts for bar in made.said(ev.Bar)]
            assert closes == sorted(set(closes))
            assert {b - a for a, b in pairwise(closes)} == {60_000}

    asyncio.run(asyncio.wait_for(told(), 30))


def test_terms_that_change_while_we_trade_are_told() -> None:
    async def story(made: Desk) -> None:
        made.running.server.venue.relist("BTC-USDT-SWAP", tick=Decimal("0.5"))
        made.running.server.step()
        listing = await made.hears(ev.Listing)
        assert listing.instrument.tick == Decimal("0.5")
        assert listing.instrument.tiers  # what the push does not say is kept

    run(story)


def test_spot_is_bought_in_coins_and_its_fee_is_a_coin() -> None:
    spot = "okx:BTC-USDT"

    async def told() -> None:
        options = Options(symbols=("BTC-USDT", "BTC-USDT-SWAP"), history=5)
        async with exchange(options) as running, desk(running, symbols=(spot, SWAP)) as made:
            wish = made.market_order(symbol=spot, qty=Decimal("0.01"))
            await made.venue.submit(wish)
            report = await made.hears(ev.OrderReport, wish.cid)
            fills = {f.trade_id: f for f in made.said(ev.Fill, wish.cid)}.values()
            assert (report.state, sum(f.qty for f in fills)) == ("filled", Decimal("0.01"))
            assert {f.fee_ccy for f in fills} == {"BTC"}
            account = await made.read()
            assert account.balances["BTC"] == 1 + Decimal("0.01") - sum(f.fee for f in fills)
            assert not account.positions  # coins are cash

    asyncio.run(asyncio.wait_for(told(), 30))


def test_long_and_short_side_by_side() -> None:
    async def told() -> None:
        async with exchange() as running:
            account = next(a for a in running.server.venue.accounts if a.demo)
            account.set_hedged(True)
            async with desk(running, position_mode=PositionMode.HEDGE) as made:
                long = made.market_order(qty=Decimal(2), pos_side=PosSide.LONG)
                short = made.market_order(Side.SELL, qty=Decimal(1), pos_side=PosSide.SHORT)
                close = made.market_order(Side.SELL, pos_side=PosSide.LONG, role=Role.EXIT, reduce_only=True)
                for wish in (long, short, close):
                    await made.venue.submit(wish)
                    assert (await made.hears(ev.Fill, wish.cid)).pos_side is wish.pos_side
                found = {(p.pos_side, p.qty) for p in (await made.read()).positions}
                assert found == {(PosSide.LONG, Decimal(1)), (PosSide.SHORT, Decimal(-1))}

    asyncio.run(asyncio.wait_for(told(), 30))
