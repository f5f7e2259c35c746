"""Watchdog, supervisor and the two ways for time to pass."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cockpit.core import events as ev
from cockpit.core.errors import InvariantError
from cockpit.core.types import Side
from cockpit.workers import risk
from cockpit.workers.feed import Lockstep, Paced
from cockpit.workers.inbox import Inbox
from cockpit.workers.kill import KillFlag
from cockpit.workers.risk import Watchdog
from cockpit.workers.supervisor import Supervisor
from tests.workers.stage import Clock, run, turns

# --- watchdog -----------------------------------------------------------------------------------------


class Dog:
    def __init__(self, path: Path | None = None) -> None:
        self.said: list[ev.AnyEvent] = []
        self.kill = KillFlag()
        self.watchdog = Watchdog(self.said.append, Clock(), self.kill, path)

    def look(self) -> list[tuple[str, str]]:
        self.said.clear()
        self.watchdog._check_file()
        return [(e.verb, e.args.get("flatten", "")) for e in self.said if isinstance(e, ev.Command)]


def test_the_halt_file_closes_the_wire_and_says_halt_once(tmp_path: Path) -> None:
    path = tmp_path / "halt"
    dog = Dog(path)
    assert dog.look() == []
    path.write_text("")
    assert dog.look() == [("halt", "0")]
    assert dog.kill.on
    assert dog.look() == []
    # A resume does not last while the file is there.
    dog.kill.on = False
    assert dog.look() == [("halt", "0")]


def test_flatten_in_the_file_counts_even_after_a_plain_halt(tmp_path: Path) -> None:
    path = tmp_path / "halt"
    dog = Dog(path)
    dog.kill.on = True
    path.write_text("please flatten")
    assert dog.look() == [("halt", "1")]
    assert dog.look() == []
    path.unlink()
    assert dog.look() == []
    path.write_text("flatten")
    assert dog.look() == [("halt", "1")]


def test_a_halt_file_that_cannot_be_read_is_a_halt(tmp_path: Path) -> None:
    path = tmp_path / "halt"
    path.mkdir()
    assert Dog(path).look() == [("halt", "0")]


def test_it_has_the_venue_read_back_and_measures_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(risk, "BEAT_S", 0.001)
    monkeypatch.setattr(risk, "READ_EVERY_S", 0.003)

    async def story() -> Dog:
        dog = Dog()
        task = asyncio.create_task(dog.watchdog.run())
        while len(dog.said) < 2:
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return dog

    dog = run(story())
    verbs = [e.verb for e in dog.said if isinstance(e, ev.Command)]
    assert set(verbs) == {"read"}
    ids = [e.command_id for e in dog.said if isinstance(e, ev.Command)]
    assert len(set(ids)) == len(ids)
    assert dog.watchdog.worst_ms >= 0


# --- supervisor ---------------------------------------------------------------------------------------


async def forever() -> None:
    await asyncio.Event().wait()


async def briefly() -> None:
    await turns(5)


async def crash() -> None:
    await turns(3)
    raise ValueError("crashed")


def supervise(main: Callable[[], Awaitable[None]], **others: Callable[[], Awaitable[None]]) -> None:
    run(Supervisor(main, others).run())


def test_the_run_ends_with_its_main_job() -> None:
    supervise(briefly, execution=forever, watchdog=forever)


@pytest.mark.parametrize("name", ["execution", "feed", "watchdog"])
def test_a_crashed_worker_stops_everything_and_is_heard_of(name: str) -> None:
    with pytest.raises(ValueError, match="crashed"):
        supervise(forever, **{name: crash, "other": forever})


def test_a_crashed_main_is_heard_of() -> None:
    with pytest.raises(ValueError, match="crashed"):
        supervise(crash, execution=forever)


def test_a_worker_that_just_ends_is_noticed() -> None:
    with pytest.raises(InvariantError, match="'execution' has ended"):
        supervise(forever, execution=briefly)


def test_a_worker_that_was_cancelled_is_noticed() -> None:
    async def cancelled() -> None:
        await turns(3)
        raise asyncio.CancelledError

    with pytest.raises(InvariantError, match="'watchdog' was cancelled"):
        supervise(forever, watchdog=cancelled)


def test_a_feed_may_end_and_a_crash_after_that_is_still_heard_of() -> None:
    async def later() -> None:
        await turns(30)
        raise ValueError("late crash")

    with pytest.raises(ValueError, match="late crash"):
        supervise(forever, feed=briefly, execution=later)


def test_stop_is_an_end_in_order() -> None:
    async def story() -> None:
        ended = []

        async def worker() -> None:
            try:
                await forever()
            finally:
                ended.append(True)

        supervisor = Supervisor(forever, {"execution": worker})
        task = asyncio.create_task(supervisor.run())
        await turns()
        supervisor.stop()
        await task
        assert ended == [True]

    run(story())


# --- time ---------------------------------------------------------------------------------------------


class Tape:
    """A world of trades at given instants; a deadline that comes first is a timer."""

    def __init__(self, *moments: int) -> None:
        self.moments = list(moments)
        self.now = 0

    def peek_ts(self) -> int | None:
        return self.moments[0] if self.moments else None

    def next(self, deadline: int = 0) -> ev.AnyEvent | None:
        if deadline and self.moments and deadline < self.moments[0]:
            self.now = deadline
            return ev.Timer(deadline)
        if not self.moments:
            return None
        self.now = self.moments.pop(0)
        return ev.Trade(self.now, "s", self.now, 1.0, 1.0, Side.BUY)


def drained(source: Lockstep) -> list[int]:
    async def drain() -> list[int]:
        found = []
        while batch := await source.take():
            found += [event.ts for event in batch]
        return found

    return run(drain())


def test_a_tape_waits_and_gives_one_fact_at_a_time_with_timers_between() -> None:
    due: Iterator[int] = iter([0, 150, 0, 0, 0])
    source = Lockstep(Tape(100, 200, 300), lambda: next(due))
    assert drained(source) == [100, 150, 200, 300]
    assert source.received == 4


def test_what_is_put_in_joins_at_the_tapes_own_now_and_goes_first() -> None:
    async def story() -> None:
        source = Lockstep(Tape(100, 200), lambda: 0)
        await source.take()
        source.put(ev.Command(5, "c", "read", {}, "me"))
        assert source.queued == 1
        (event,) = await source.take()
        assert (event.ts, type(event)) == (100, ev.Command)
        source.end()
        assert await source.take() == ()
        await source.close()

    run(story())


def test_a_paced_tape_keeps_its_distances_and_a_command_does_not_wait_for_them() -> None:
    async def story() -> None:
        source = Lockstep(Tape(0, 10, 3_600_000), lambda: 0, speed=1.0)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await source.take()
        await source.take()
        assert loop.time() - began >= 0.0099
        waiting = asyncio.create_task(source.take())  # type: ignore[arg-type, var-annotated]
        await turns()
        source.put(ev.Command(5, "c", "read", {}, "me"))
        (event,) = await waiting
        assert isinstance(event, ev.Command)
        source.set_speed(0.0)
        (event,) = await source.take()
        assert event.ts == 3_600_000

    run(story())


class Hand(Clock):
    """A clock that is turned by hand."""


def test_a_market_that_does_not_wait_is_pushed_in_as_its_moments_come() -> None:
    async def story() -> None:
        clock, inbox, tape = Hand(), Inbox(), Tape(100, 200, 300)
        remembered: list[int] = []
        due = [0]
        paced = Paced(tape, inbox, clock, lambda: due[0], lambda: remembered.append(tape.now))
        clock.ts = 150
        task = asyncio.create_task(paced.run())
        first = await inbox.take()
        assert [e.ts for e in first] == [100]
        assert remembered == [100], "the venue remembers before anybody hears"
        due[0] = 160
        clock.ts = 250
        seen: list[Any] = []
        while len(seen) < 2:
            seen += await inbox.take()
        assert {type(e).__name__ for e in seen} == {"Trade", "Timer"}
        clock.ts = 400
        rest: list[Any] = []
        while batch := await inbox.take():
            rest += batch
        assert [e.ts for e in rest if isinstance(e, ev.Trade)] == [300]
        assert not any(isinstance(e, ev.Timer) for e in rest), "rung once for one deadline"
        await task

    run(story())
