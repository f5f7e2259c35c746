"""Several orders at once: one message, and still every order has its own fate."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from cockpit.adapters.okx import door as door_module
from cockpit.adapters.okx_exchange.faults import Fault
from cockpit.core import events as ev
from cockpit.core.errors import Ambiguous, Transient
from cockpit.core.intents import Action, Amend, Cancel, Place
from cockpit.core.orders import OrderKind, Role
from cockpit.workers.execution import Execution
from cockpit.workers.kill import KillFlag
from tests.okx.desks import SWAP, Desk
from tests.okx.scripted import until
from tests.okx.test_adapter import PROTECT, below, fault, run

MARKET = "BTC-USDT-SWAP"


async def at_once(made: Desk, actions: Sequence[Action]) -> list[Any]:
    """Hand them over in one turn of the loop; what each raised, None where it was answered."""
    return await asyncio.gather(*(made.venue.submit(one) for one in actions), return_exceptions=True)


def window(made: Desk, path: str) -> int:
    """What a limit has been charged."""
    return len(made.venue.budget.window(path, MARKET).sent)


def test_what_comes_at_once_leaves_at_once() -> None:
    async def story(made: Desk) -> None:
        wishes = [made.wish() for _ in range(25)]
        assert await at_once(made, wishes) == [None] * 25
        assert made.venue.door.batches == 2  # of 20 and of 5
        assert (window(made, "trade/batch-orders"), window(made, "trade/order")) == (25, 0)
        assert window(made, "trade/new") == 25
        idents = {made.said(ev.Ack, wish.cid)[0].venue_id for wish in wishes}
        assert len(idents) == 25
        assert all(len(made.log(wish.cid)) == 1 for wish in wishes)
        moved = [Amend(wish.cid, SWAP, Decimal(wish.price or 0) - 1, Decimal(2)) for wish in wishes[:3]]
        assert await at_once(made, moved) == [None] * 3
        for wish in wishes[:3]:
            assert (await made.hears(ev.Amended, wish.cid)).qty == 2
        assert (window(made, "trade/amend-batch-orders"), window(made, "trade/amend-order")) == (3, 0)
        gone = [Cancel(wish.cid, SWAP, "test") for wish in wishes[:4]]
        assert await at_once(made, gone) == [None] * 4
        for wish in wishes[:4]:
            await made.hears(ev.Cancelled, wish.cid)
        assert (window(made, "trade/cancel-batch-orders"), window(made, "trade/cancel-order")) == (4, 0)
        await made.cancel(wishes[4].cid)  # alone it is no batch
        assert (made.venue.door.batches, window(made, "trade/cancel-order")) == (4, 1)

    run(story)


def test_a_part_that_fails_says_nothing_of_the_rest() -> None:
    """Taken, refused, not now and perhaps, in one answer; only "perhaps" is asked about."""

    async def story(made: Desk) -> None:
        for item, code in ((1, "51008"), (2, "50013"), (3, "51149")):
            fault(made, "item trade/batch-orders", "refuse", items=(item,), code=code)
        wishes = [made.wish() for _ in range(5)]
        ends = await at_once(made, wishes)
        assert [type(end) for end in ends] == [type(None), type(None), Transient, Ambiguous, type(None)]
        assert [bool(made.said(ev.Ack, w.cid)) for w in wishes] == [True, False, False, False, True]
        assert made.said(ev.Reject, wishes[1].cid)[0].code == "51008"
        assert [(await made.ask(w.cid)).found for w in wishes] == [True, False, False, False, True]
        fault(made, "item trade/batch-orders", "refuse", items=(0,), code="51400")
        both = [Cancel(w.cid, SWAP, "test") for w in (wishes[0], wishes[4])]
        assert await at_once(made, both) == [None, None]
        await made.hears(ev.Cancelled, wishes[4].cid)
        assert made.said(ev.CancelReject, wishes[0].cid)[0].code == "51400"
        assert (await made.ask(wishes[0].cid)).state == "live"

    run(story)


@pytest.mark.parametrize("over", ["socket", "rest"])
def test_a_lost_answer_leaves_every_order_of_the_batch_in_doubt(over: str) -> None:
    async def story(made: Desk) -> None:
        if over == "socket":
            fault(made, "op batch-orders", "lose")
        else:
            nameless = msgspec.structs.replace(made.venue.markets[SWAP], code=0)  # OKX does not tell it
            made.venue.markets[SWAP] = nameless
            fault(made, "rest POST trade/batch-orders", "lose")
        wishes = [made.wish() for _ in range(3)]
        assert {type(end) for end in await at_once(made, wishes)} == {Ambiguous}
        assert [(await made.ask(w.cid)).state for w in wishes] == ["live"] * 3
        assert all(len(made.log(w.cid)) == 1 for w in wishes)

    run(story)


def test_without_its_socket_a_batch_goes_over_rest_deadline_and_all(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(made: Desk) -> None:
        fault(made, "connect private", "refuse", times=0, status=503)
        made.running.server.strike(Fault("sockets private", "abort"))
        await until(lambda: any(not e.up for e in made.said(ev.Link) if e.channel == "private"))
        fault(made, "item trade/batch-orders", "refuse", items=(1,), code="51008")
        wishes = [made.wish() for _ in range(3)]
        assert await at_once(made, wishes) == [None] * 3
        assert [bool(made.said(ev.Ack, w.cid)) for w in wishes] == [True, False, True]
        assert made.said(ev.Reject, wishes[1].cid)[0].code == "51008"
        gone = [Cancel(w.cid, SWAP, "test") for w in (wishes[0], wishes[2])]
        assert await at_once(made, gone) == [None, None]
        assert (await made.ask(wishes[2].cid)).state == "cancelled"
        monkeypatch.setattr(door_module, "EXPIRY_MS", -10_000)
        late = [made.wish() for _ in range(2)]
        ends = await at_once(made, late)
        assert [str(end)[:5] for end in ends] == ["50036"] * 2
        assert {type(end) for end in ends} == {Transient}
        assert [(await made.ask(w.cid)).found for w in late] == [False, False]

    run(story)


def test_what_finds_no_room_in_the_batchs_limit_goes_alone() -> None:
    """An exit has room where an entry has none; the exchange's own count of orders is the judge."""

    async def story(made: Desk) -> None:
        full = made.venue.budget.window("trade/batch-orders", MARKET)
        full.take(asyncio.get_running_loop().time() + 60, full.ordinary - 1)  # however slow this machine is
        wishes = [made.wish() for _ in range(3)]
        assert await at_once(made, wishes) == [None] * 3
        assert (made.venue.door.batches, window(made, "trade/order")) == (0, 3)
        out = [made.wish(role=Role.EXIT), made.wish(role=Role.EXIT), made.wish()]
        assert await at_once(made, out) == [None] * 3
        assert (made.venue.door.batches, window(made, "trade/order")) == (1, 4)
        assert all(made.said(ev.Ack, w.cid) for w in (*wishes, *out))

    run(story)


def test_the_venue_says_full_and_is_believed() -> None:
    async def story(made: Desk) -> None:
        fault(made, "op batch-orders", "refuse", code="50011")
        wishes = [made.wish() for _ in range(2)]
        assert {type(end) for end in await at_once(made, wishes)} == {Transient}
        full = made.venue.budget.window("trade/batch-orders", MARKET)
        assert len(full.sent) == full.size
        full.take(asyncio.get_running_loop().time() + 60, full.size)  # however slow this machine is
        again = [made.wish() for _ in range(2)]
        assert await at_once(made, again) == [None] * 2  # alone: another limit
        assert (made.venue.door.batches, window(made, "trade/order")) == (1, 2)

    run(story)


def test_whoever_gives_up_waiting_takes_nobody_along() -> None:
    async def story(made: Desk) -> None:
        fault(made, "op batch-orders", "late", ms=300)
        first, second, third = (made.wish() for _ in range(3))
        tasks = [asyncio.create_task(made.venue.submit(one)) for one in (first, second, third)]
        await until(lambda: made.venue.door.batches == 1)
        tasks[1].cancel()
        assert [type(end) for end in await asyncio.gather(*tasks, return_exceptions=True)] == [
            type(None), asyncio.CancelledError, type(None)
        ]  # fmt: skip
        fault(made, "op batch-orders", "late", ms=300)
        tasks = [asyncio.create_task(made.venue.submit(made.wish())) for _ in range(2)]
        await until(lambda: made.venue.door.batches == 2)
        tasks[0].cancel()  # the one that sent them: what became of the other is not known
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(end) for end in ends] == [asyncio.CancelledError, Ambiguous]

    run(story)


def test_the_first_that_goes_alone_shares_no_doubt_with_the_batch_it_sent() -> None:
    async def story(made: Desk) -> None:
        full = made.venue.budget.window("trade/batch-orders", MARKET)
        full.take(asyncio.get_running_loop().time() + 60, full.ordinary)  # however slow this machine is
        fault(made, "op batch-orders", "lose")
        first, *exits = made.wish(), made.wish(role=Role.EXIT), made.wish(role=Role.EXIT)
        ends = await at_once(made, (first, *exits))
        assert [type(end) for end in ends] == [type(None), Ambiguous, Ambiguous]
        assert made.said(ev.Ack, first.cid)

    run(story)


def test_a_first_that_is_cancelled_while_it_gathers_leaves_no_door_shut() -> None:
    async def story(made: Desk) -> None:
        tasks = [asyncio.create_task(made.venue.submit(made.wish())) for _ in range(2)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(end) for end in ends] == [asyncio.CancelledError, Transient]
        after = made.wish()
        assert await at_once(made, [after]) == [None]
        assert made.said(ev.Ack, after.cid)

    run(story)


class Orders:
    """As much of the engine's state as the worker looks at."""

    halt = None

    def order(self, _cid: str) -> None:
        return None


def test_the_worker_hands_over_what_one_commit_holds_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both quotes wait for the same commit: they leave as one message, behind it."""
    monkeypatch.setattr(Execution, "_stopped", lambda *_: "")

    async def story(made: Desk) -> None:
        class Wall:
            def now_ms(self) -> int:
                return made.venue.now_ms()

        worker = Execution(
            made.venue, Orders(), KillFlag(False, made.venue.now_ms), made.heard.append, Wall()  # type: ignore[arg-type]
        )  # fmt: skip
        running = asyncio.create_task(worker.run())
        durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        fault(made, "item trade/batch-orders", "refuse", items=(1,), code="51149")
        quotes: list[Place] = [made.wish(), made.wish()]
        for quote in quotes:
            worker.put(quote, durable)
        await asyncio.sleep(0.05)
        assert not made.said(ev.Sent)
        durable.set_result(None)
        await worker.idle()
        assert made.venue.door.batches == 1
        assert made.said(ev.Ack, quotes[0].cid)
        assert made.said(ev.Unknown, quotes[1].cid)[0].request is ev.Request.PLACE
        for quote in quotes:
            worker.put(Cancel(quote.cid, SWAP, "test"), None)
        await worker.idle()
        assert made.venue.door.batches == 2
        assert made.said(ev.CancelReject, quotes[1].cid)[0].code == "51400"
        running.cancel()

    run(story)


def test_stops_are_taken_back_ten_at_a_time_and_each_has_its_own_word() -> None:
    async def story(made: Desk) -> None:
        stops = [made.wish(OrderKind.STOP, trigger=below(made, "0.95"), **PROTECT) for _ in range(13)]
        assert await at_once(made, stops) == [None] * 13
        fault(made, "item trade/batch-orders", "refuse", items=(1,), code="51400")
        fault(made, "item trade/batch-orders", "refuse", items=(2,), code="50013")
        ends = await at_once(made, [Cancel(stop.cid, SWAP, "test") for stop in stops])
        assert made.venue.door.batches == 2  # of ten and of three
        refused = [bool(made.said(ev.CancelReject, stop.cid)) for stop in stops]
        unsure = [isinstance(end, Transient) for end in ends]
        assert refused == [index == 1 for index in range(13)]
        assert unsure == [index == 2 for index in range(13)]
        for index, stop in enumerate(stops):
            if index not in (1, 2):
                assert (await made.hears(ev.Cancelled, stop.cid)).reason == "user"
        assert {row.cid for row in (await made.read()).orders} == {stops[1].cid, stops[2].cid}
        await made.cancel(stops[1].cid)  # alone it is no batch
        await made.hears(ev.Cancelled, stops[1].cid)
        assert made.venue.door.batches == 2

    run(story)


def test_a_lost_answer_to_cancelled_stops_leaves_each_in_doubt() -> None:
    async def story(made: Desk) -> None:
        stops = [made.wish(OrderKind.STOP, trigger=below(made, "0.95"), **PROTECT) for _ in range(3)]
        assert await at_once(made, stops) == [None] * 3
        fault(made, "rest POST trade/cancel-algos", "lose")
        ends = await at_once(made, [Cancel(stop.cid, SWAP, "test") for stop in stops])
        assert {type(end) for end in ends} == {Ambiguous}
        assert [(await made.ask(stop.cid)).state for stop in stops] == ["cancelled"] * 3

    run(story)
