"""A stop that rests at the local exchange is changed where it rests: every word that may follow."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from cockpit.adapters.connectivity import promises as promises_module
from cockpit.adapters.connectivity.traces import Traces
from cockpit.adapters.okx import socket as socket_module
from cockpit.core import events as ev
from cockpit.core.errors import Ambiguous
from cockpit.core.intents import Amend, Place
from cockpit.core.orders import OrderKind
from tests.okx.desks import SWAP, Desk
from tests.okx.scripted import until
from tests.okx.test_adapter import PROTECT, below, fault, run

D = Decimal


async def resting(made: Desk, kind: OrderKind = OrderKind.STOP, **more: Decimal) -> Place:
    """A stop of two contracts that the venue has taken."""
    stop = made.wish(kind, qty=D(2), **{"trigger": below(made, "0.95"), **PROTECT, **more})
    await made.venue.submit(stop)
    await made.hears(ev.Ack, stop.cid)
    return stop


def test_size_and_trigger_change_and_the_push_proves_it() -> None:
    async def story(made: Desk) -> None:
        stop, tighter = await resting(made), below(made, "0.97")
        await made.venue.submit(Amend(stop.cid, SWAP, tighter, D(3)))
        amended = await made.hears(ev.Amended, stop.cid)
        assert (amended.price, amended.qty, amended.take) == (tighter, D(3), None)
        assert made.said(ev.Sent, stop.cid)[-1].request is ev.Request.AMEND
        report = await made.ask(stop.cid)
        assert (report.state, report.price, report.qty) == ("live", tighter, D(3))
        (row,) = (await made.read()).orders
        assert (row.cid, row.price, row.qty) == (stop.cid, tighter, D(3))
        assert len(made.said(ev.Amended, stop.cid)) == 1

    run(story)


def test_stop_and_target_of_one_order_move_together() -> None:
    async def story(made: Desk) -> None:
        stop = await resting(made, OrderKind.OCO, take=below(made, "1.05"))
        tighter, nearer = below(made, "0.97"), below(made, "1.03")
        await made.venue.submit(Amend(stop.cid, SWAP, tighter, D(2), take=nearer))
        amended = await made.hears(ev.Amended, stop.cid)
        assert (amended.price, amended.qty, amended.take) == (tighter, D(2), nearer)
        report = await made.ask(stop.cid)
        assert (report.price, report.take) == (tighter, nearer)

    run(story)


def test_a_target_alone_moves_too() -> None:
    async def story(made: Desk) -> None:
        target = await resting(made, OrderKind.TRIGGER, trigger=below(made, "1.05"))
        await made.venue.submit(Amend(target.cid, SWAP, below(made, "1.03"), D(2)))
        assert (await made.hears(ev.Amended, target.cid)).price == below(made, "1.03")

    run(story)


def test_a_refused_amend_leaves_it_as_it_was() -> None:
    async def story(made: Desk) -> None:
        stop = await resting(made)
        await made.venue.submit(Amend(stop.cid, SWAP, below(made, "1.10"), D(2)))  # it would go off at once
        assert (await made.hears(ev.AmendReject, stop.cid)).code == "51280"
        report = await made.ask(stop.cid)
        assert (report.state, report.price, report.qty) == ("live", stop.trigger, D(2))
        await made.cancel(stop.cid)
        await made.hears(ev.Cancelled, stop.cid)
        await made.venue.submit(Amend(stop.cid, SWAP, below(made, "0.97"), D(2)))
        assert (await made.hears(ev.AmendReject, stop.cid, count=2)).code == "51503"

    run(story)


@pytest.mark.parametrize("do", ["lose", "late"])
def test_without_an_answer_it_is_asked_about(do: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Done or not, the next question tells; the amend is not sent again."""

    async def story(made: Desk) -> None:
        made.venue.rest._timeout_s = 0.5
        stop, tighter = await resting(made), below(made, "0.97")
        fault(made, "rest POST trade/amend-algos", do, **({"ms": 1_500} if do == "late" else {}))
        if made.venue.rest._client is not None:
            made.venue.rest._client.timeout = 500
        with pytest.raises(Ambiguous):
            await made.venue.submit(Amend(stop.cid, SWAP, tighter, D(3)))
        await made.hears(ev.Amended, stop.cid)  # the push knows
        report = await made.ask(stop.cid)
        assert (report.price, report.qty) == (tighter, D(3))

    run(story)


def test_after_a_restart_a_stop_can_be_changed_once_it_was_read_back() -> None:
    async def story(made: Desk) -> None:
        stop = await resting(made)
        made.venue.traces = made.venue.reader._traces = Traces()  # another process
        await made.read()
        await made.venue.submit(Amend(stop.cid, SWAP, below(made, "0.97"), D(1)))
        assert (await made.hears(ev.Amended, stop.cid)).qty == 1

    run(story)


def test_a_stop_taken_before_its_channel_listens_is_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first stop after a start: the business socket comes up later than the first order is placed."""
    monkeypatch.setattr(promises_module, "TOLD_S", 1.5)
    monkeypatch.setattr(socket_module, "FIRST_WAIT_S", 0.2)

    async def story(made: Desk) -> None:
        fault(made, "connect business", "refuse", times=1, status=503)
        made.venue.business.restart("test")
        await until(lambda: not made.venue._streams[1].up)
        stop = await resting(made)
        await until(lambda: made.venue._streams[1].up)
        connects = made.venue.business.connects
        await asyncio.sleep(2.2)  # long enough for a look at what would be owed
        assert not [f for f in made.said(ev.DataFault) if f.what == "silent"]
        assert made.venue.business.connects == connects
        assert (await made.ask(stop.cid)).state == "live"

    run(story)
