"""Outbox → venue: durable first, cancels at once, the kill flag last, nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from cockpit.core import events as ev
from cockpit.core.errors import Ambiguous, StoreError, Transient
from cockpit.core.intents import Action, Amend, Cancel, Query, ReadAccount
from cockpit.core.orders import OrderState, Role
from cockpit.workers.execution import Execution
from cockpit.workers.kill import KillFlag
from tests.core.stand import D, Stand
from tests.workers.stage import Clock, Venue, order, place, run, turns

S = "sim:BTC-USDT-SWAP"


class Bay:
    """An execution worker with everything around it."""

    def __init__(self, *roles: Role) -> None:
        self.state = Stand().state
        for number, role in enumerate(roles or (Role.ENTRY, Role.ENTRY, Role.EXIT)):
            self.state.orders[f"c{number}"] = order(f"c{number}", role)
        self.venue = Venue()
        self.kill = KillFlag()
        self.told: list[ev.AnyEvent] = []
        self.clock = Clock()
        self.execution = Execution(self.venue, self.state, self.kill, self.told.append, self.clock)


def work(story: Callable[[Bay], Coroutine[Any, Any, None]], *roles: Role) -> Bay:
    """Tell ``story`` beside a running worker."""

    async def beside() -> Bay:
        bay = Bay(*roles)
        task = asyncio.create_task(bay.execution.run())
        try:
            await story(bay)
            await turns()
            if task.done():
                task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return bay

    return run(beside())


def soon() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


def test_an_order_waits_for_its_commit_and_a_cancel_for_nobodys() -> None:
    async def story(bay: Bay) -> None:
        commit = soon()
        bay.execution.put(place("c0"), commit)
        bay.execution.put(Cancel("c1", S, "x"), commit)
        bay.execution.put(ReadAccount("r", ""), commit)
        await turns()
        assert bay.venue.got == [Cancel("c1", S, "x"), ReadAccount("r", "")]
        commit.set_result(None)
        await bay.execution.idle()
        assert bay.venue.got[-1] == place("c0")

    bay = work(story)
    assert bay.execution.sent == 3
    assert bay.told == []


def test_the_kill_flag_stops_an_entry_that_is_queued_and_one_that_waits_for_its_commit() -> None:
    async def story(bay: Bay) -> None:
        commit = soon()
        bay.execution.put(place("c0"), commit)
        await turns()
        bay.execution.put(place("c1"), None)
        bay.execution.put(place("c2", Role.EXIT), None)
        bay.kill.on = True
        commit.set_result(None)
        await bay.execution.idle()

    bay = work(story)
    assert bay.venue.got == [place("c2", Role.EXIT)]
    assert bay.execution.blocked == 2
    refused = {e.cid: e.code for e in bay.told if isinstance(e, ev.Reject)}
    assert refused == {"c0": "halted", "c1": "halted"}


def test_the_kill_flag_stops_the_amend_of_an_entry_and_not_that_of_an_exit() -> None:
    async def story(bay: Bay) -> None:
        bay.kill.on = True
        bay.execution.put(Amend("c0", S, D(1), D(1)), None)
        bay.execution.put(Amend("c2", S, D(1), D(1)), None)
        await bay.execution.idle()

    bay = work(story)
    assert bay.venue.got == [Amend("c2", S, D(1), D(1))]
    assert [type(e).__name__ for e in bay.told] == ["AmendReject"]


def test_an_entry_that_was_held_up_is_not_sent_and_an_exit_is() -> None:
    """Found by seed 7000199: two slow strategies held the process for six seconds, then the entry left."""

    async def story(bay: Bay) -> None:
        commit = soon()
        bay.clock.ts = bay.state.orders["c0"].created + 3_001
        bay.execution.put(place("c0"), commit)
        bay.execution.put(place("c2", Role.EXIT), commit)
        bay.execution.put(Amend("c1", S, D(1), D(1)), commit)
        await turns()
        commit.set_result(None)
        await bay.execution.idle()

    bay = work(story)
    assert bay.venue.got == [place("c2", Role.EXIT), Amend("c1", S, D(1), D(1))], (
        "one that grows nothing goes"
    )
    (refused,) = bay.told
    assert isinstance(refused, ev.Reject)
    assert (refused.cid, refused.reason) == ("c0", "stopped at the wire: decided 3.0 s ago")


def test_the_flag_set_from_another_thread_is_seen_by_the_next_send() -> None:
    async def story(bay: Bay) -> None:
        def press() -> None:
            bay.kill.on = True

        await asyncio.to_thread(press)
        bay.execution.put(place("c0"), None)
        await bay.execution.idle()

    assert work(story).venue.got == []


def test_what_cannot_be_journalled_is_refused_and_not_sent() -> None:
    async def story(bay: Bay) -> None:
        commit = soon()
        commit.set_exception(StoreError("disk full"))
        bay.execution.put(place("c0"), commit)
        bay.execution.put(Amend("c1", S, D(1), D(1)), commit)
        bay.execution.put(Cancel("c2", S, "x"), commit)
        await bay.execution.idle()

    bay = work(story)
    assert bay.venue.got == [Cancel("c2", S, "x")]
    assert {(type(e).__name__, e.code) for e in bay.told} == {  # type: ignore[union-attr]
        ("Reject", "journal"),
        ("AmendReject", "journal"),
    }


@pytest.mark.parametrize(
    ("action", "kind", "request_"),
    [
        (place("c0"), "Reject", ev.Request.PLACE),
        (Amend("c0", S, D(1), D(1)), "AmendReject", ev.Request.AMEND),
        (Cancel("c0", S, "x"), "CancelReject", ev.Request.CANCEL),
    ],
)
def test_surely_not_done_is_a_refusal_and_perhaps_done_is_unknown(
    action: Action, kind: str, request_: ev.Request
) -> None:
    async def fail(error: Exception) -> Bay:
        bay = Bay()

        async def fate(_action: Action) -> None:
            raise error

        bay.venue.fate = fate
        task = asyncio.create_task(bay.execution.run())
        bay.execution.put(action, None)
        await bay.execution.idle()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return bay

    bay = run(fail(Transient("busy")))
    (event,) = bay.told
    assert type(event).__name__ == kind
    assert event.code == "transient"  # type: ignore[union-attr]
    bay = run(fail(Ambiguous("timeout")))
    (event,) = bay.told
    assert event == ev.Unknown(1_000, "c0", request_, "timeout")
    assert len(bay.venue.got) == 1, "never sent twice"


def test_a_question_that_gets_no_answer_is_not_news() -> None:
    async def story(bay: Bay) -> None:
        async def fate(_action: Action) -> None:
            raise Transient("busy")

        bay.venue.fate = fate
        bay.execution.put(Query("c0", S), None)
        await bay.execution.idle()

    assert work(story).told == []


def test_a_slow_venue_delays_no_other_order_but_keeps_the_order_of_one() -> None:
    async def story(bay: Bay) -> None:
        slow = soon()

        async def fate(action: Action) -> None:
            if action == place("c0"):
                await slow

        bay.venue.fate = fate
        bay.execution.put(place("c0"), None)
        await turns()
        bay.execution.put(Cancel("c0", S, "x"), None)
        bay.execution.put(place("c1"), None)
        bay.execution.put(Cancel("c2", S, "x"), None)
        await turns()
        assert bay.venue.got[0] == place("c0")
        assert set(bay.venue.got[1:]) == {Cancel("c2", S, "x"), place("c1")}
        slow.set_result(None)
        await bay.execution.idle()
        assert bay.venue.got[-1] == Cancel("c0", S, "x")

    work(story)


def test_an_order_is_not_asked_about_before_it_has_been_sent() -> None:
    async def story(bay: Bay) -> None:
        commit = soon()
        bay.execution.put(place("c0"), commit)
        bay.execution.put(Query("c0", S), None)
        bay.execution.put(Query("c1", S), None)
        await turns()
        assert bay.venue.got == [Query("c1", S)]
        commit.set_result(None)
        await bay.execution.idle()
        bay.execution.put(Query("c0", S), None)
        await bay.execution.idle()
        assert bay.venue.got[1:] == [place("c0"), Query("c0", S)]

    work(story)


def test_an_order_that_has_ended_while_it_waited_is_nobodys_order() -> None:
    async def story(bay: Bay) -> None:
        commit = soon()
        bay.execution.put(place("c0"), commit)
        await turns()
        bay.state.orders["c0"].state = OrderState.REJECTED
        commit.set_result(None)
        await bay.execution.idle()

    bay = work(story)
    assert bay.venue.got == []
    assert bay.told == []


def test_an_order_that_the_engine_does_not_know_is_not_sent() -> None:
    async def story(bay: Bay) -> None:
        bay.execution.put(place("ghost"), None)
        await bay.execution.idle()

    bay = work(story)
    assert bay.venue.got == []
    assert bay.execution.blocked == 1


def test_a_bug_in_the_venue_adapter_is_not_swallowed() -> None:
    async def story() -> None:
        bay = Bay()

        async def fate(_action: Action) -> None:
            raise RuntimeError("bug")

        bay.venue.fate = fate
        task = asyncio.create_task(bay.execution.run())
        bay.execution.put(place("c0"), None)
        await asyncio.wait({task})
        error = task.exception()
        assert isinstance(error, ExceptionGroup)
        assert "bug" in str(error.exceptions[0])

    run(story())


def test_a_resume_lifts_the_flag_unless_somebody_has_pressed_again() -> None:
    kill = KillFlag()
    kill.on = True
    kill.heard()
    kill.lift()
    assert not kill.on
    kill.on = True
    kill.heard()
    kill.on = True  # pressed while the resume was on its way
    kill.lift()
    assert kill.on
    kill.heard()
    kill.lift()
    assert not kill.on


def test_who_paints_knows_that_an_order_is_on_its_way_and_not_for_how_long_the_venue_takes() -> None:
    async def story(bay: Bay) -> None:
        durable, answer = soon(), soon()
        bay.venue.fate = lambda _action: answer
        assert not bay.execution.hurried
        bay.execution.put(place("c0"), durable)
        await turns()
        assert bay.execution.hurried, "it waits for its commit"
        durable.set_result(None)
        await turns()
        assert bay.venue.got
        assert not bay.execution.hurried, "its bytes have left: now the venue takes its time"
        bay.execution.put(Cancel("c0", S, "x"), None)
        await turns()
        assert not bay.execution.hurried, "behind a request that has not been answered"
        answer.set_result(None)
        await turns()
        assert len(bay.venue.got) == 2
        assert not bay.execution.hurried

    work(story)


def test_an_order_whose_commit_fails_is_in_nobodys_way() -> None:
    async def story(bay: Bay) -> None:
        durable = soon()
        bay.execution.put(place("c0"), durable)
        await turns()
        durable.set_exception(StoreError("full"))
        await turns()
        assert not bay.execution.hurried

    work(story)
