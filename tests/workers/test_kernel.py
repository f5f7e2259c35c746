"""The kernel's loop: journal before effect, snapshots, commands that are durable, one crew for all."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from cockpit.core import events as ev
from cockpit.core.errors import StoreError
from cockpit.core.intents import Cancel, Place
from cockpit.core.types import Side
from cockpit.workers.crew import Crew
from tests.core.stand import Stand
from tests.workers.stage import Clock, Journal, Script, Venue, run, turns


class Ship:
    """A crew with a puppet strategy, a journal that can be held up, and a venue that remembers."""

    def __init__(
        self, *, held: bool = False, lockstep: bool = False, snapshot_every: int = 50_000, folded: int = 0
    ) -> None:
        self.stand = Stand()
        self.journal = Journal(held=held)
        self.venue = Venue()
        self.source = Script(lockstep=lockstep)
        self.frozen = 0
        self.seen: list[ev.AnyEvent] = []
        self.crew = Crew(
            self.stand.engine,
            self.journal,
            self.venue,
            self.source,
            Clock(),
            observe=lambda event, _outcome: self.seen.append(event),
            freeze=self._freeze,
            watch=False,
            snapshot_every=snapshot_every,
            folded=folded,
        )

    def _freeze(self) -> bytes:
        self.frozen += 1
        return b"state"

    def want(self, qty: float) -> None:
        """The strategy will want ``qty`` at a public trade that comes now."""
        self.stand.puppets[0].wishes.append(lambda _view, want: want.position(qty))
        self.source.put(self.trade())

    def trade(self) -> ev.Trade:
        return ev.Trade(self.stand.now, self.stand.symbol, 0, 100.0, 1.0, Side.BUY)


def sail(story: Callable[[Ship], Coroutine[Any, Any, None]], **kwargs: Any) -> Ship:
    async def beside() -> Ship:
        ship = Ship(**kwargs)
        task = asyncio.create_task(ship.crew.run())
        try:
            await story(ship)
            if not task.done():
                await ship.crew.drain()
            await task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return ship

    return run(beside())


def test_an_order_leaves_only_when_the_fact_and_the_decision_are_durable() -> None:
    async def story(ship: Ship) -> None:
        ship.want(5)
        await turns()
        (outcome,) = ship.journal.outcomes
        (place,) = outcome.actions
        assert isinstance(place, Place)
        assert [o.cid for o in ship.journal.orders] == [place.cid]
        assert ship.journal.market, "the market event that led to it is in the same journal"
        assert ship.venue.got == []
        ship.journal.release()
        await turns()
        assert ship.venue.got == [place]

    sail(story, held=True)


def test_who_paints_is_told_of_a_decision_before_the_journal_is_and_of_nothing_else() -> None:
    async def story(ship: Ship) -> None:
        told: list[int] = []
        ship.crew.kernel.on_order = lambda: told.append(len(ship.journal.outcomes))
        ship.source.put(ship.trade())
        await turns()
        assert told == [], "nothing was decided"
        ship.want(5)
        await turns()
        assert told == [0]

    sail(story)


def test_what_is_made_for_the_eyes_alone_waits_for_an_order_and_not_for_ever() -> None:
    async def story(ship: Ship) -> None:
        await asyncio.wait_for(ship.crew.unhurried(), 5)
        ship.want(5)
        await turns()
        eyes = asyncio.ensure_future(ship.crew.unhurried())
        await turns()
        assert not eyes.done()
        await asyncio.wait_for(eyes, 5)
        assert ship.crew.hurried, "the disk is slow; the picture comes all the same"
        ship.journal.release()
        await turns()
        await asyncio.wait_for(ship.crew.unhurried(), 5)
        assert not ship.crew.hurried

    sail(story, held=True)


def test_a_cancel_leaves_while_the_disk_is_still_busy() -> None:
    async def story(ship: Ship) -> None:
        ship.stand.puppets[0].wishes.append(lambda _view, want: want.quote(99.0, 1.0, 0.0, 0.0))
        ship.source.put(ship.trade())
        await turns()
        ship.journal.release()
        await turns()
        (place,) = ship.venue.got
        ship.source.put(ev.Ack(ship.stand.now, place.cid, "v"))  # type: ignore[union-attr]
        ship.source.put(ev.Command(ship.stand.now, "c", "cancel", {"cid": place.cid}, "me"))  # type: ignore[union-attr]
        await turns()
        assert isinstance(ship.venue.got[-1], Cancel)
        assert not ship.journal.commits[-1].done()
        ship.journal.release()

    sail(story, held=True)


def test_a_full_disk_refuses_orders_and_the_kernel_works_on() -> None:
    async def story(ship: Ship) -> None:
        ship.journal.full = True
        ship.want(5)
        await turns()
        ship.journal.full = False
        await turns()

    ship = sail(story, snapshot_every=1)
    assert ship.venue.got == []
    rejects = [e for e in ship.seen if isinstance(e, ev.Reject)]
    assert [r.code for r in rejects] == ["journal"]
    assert ship.crew.kernel.snapshots_failed > 0


def test_snapshots_come_every_so_many_facts() -> None:
    async def story(ship: Ship) -> None:
        for _ in range(95):
            ship.source.put(ship.trade())
            await turns(3)

    ship = sail(story, snapshot_every=20)
    first = [seq for seq, _ in ship.journal.snapshots]
    assert ship.frozen == len(first) == 4
    assert [b - a for a, b in itertools.pairwise(first)] == [20, 20, 20]


def test_what_a_start_had_to_repeat_counts_towards_the_next_snapshot() -> None:
    """Killed young every time, it would repeat more and more."""

    async def story(ship: Ship) -> None:
        for _ in range(15):
            ship.source.put(ship.trade())
            await turns(3)

    assert [len(sail(story, snapshot_every=20, folded=n).journal.snapshots) for n in (0, 12, 500)] == [
        0,
        1,
        1,
    ]


def test_facts_are_journalled_in_the_order_of_the_steps_without_a_hole() -> None:
    async def story(ship: Ship) -> None:
        for n in range(30):
            ship.source.put(ship.trade() if n % 3 else ev.Timer(ship.stand.now + n))
        await turns()

    ship = sail(story)
    rows = sorted(ship.journal.facts + ship.journal.market)
    start = rows[0][0]
    assert [seq for seq, _ in rows] == list(range(start, start + 30))
    assert [type(e) for _, e in rows] == [type(e) for e in ship.seen]


def test_a_command_is_acknowledged_when_it_is_durable_and_not_before() -> None:
    async def story(ship: Ship) -> None:
        taken = ship.crew.halt("me", flatten=False, command_id="k")
        assert ship.crew.kill.on, "the wire is closed at once"
        await turns()
        assert ship.stand.state.halt is not None
        assert not taken.done()
        ship.journal.release()
        await taken

    sail(story, held=True)


def test_a_command_that_cannot_be_kept_says_so() -> None:
    async def story(ship: Ship) -> None:
        ship.journal.full = True
        taken = ship.crew.command("note", {}, "me", "n")
        with pytest.raises(StoreError, match="disk full"):
            await taken

    sail(story)


def test_the_flag_follows_the_engine_not_the_words() -> None:
    async def story(ship: Ship) -> None:
        kill = ship.crew.kill
        await ship.crew.halt("me", flatten=False, command_id="a")
        await ship.crew.command("resume", {"word": "please", "reason": "x"}, "me", "b")
        assert kill.on
        await ship.crew.command("resume", {"word": "RESUME", "reason": "x"}, "me", "c")
        assert not kill.on
        # A press whose command has not arrived yet outlives a resume that was on its way.
        await ship.crew.halt("me", flatten=False, command_id="d")
        kill.on = True
        await ship.crew.command("resume", {"word": "RESUME", "reason": "x"}, "me", "e")
        assert kill.on

    sail(story)


def test_a_halt_and_a_resume_in_one_batch_leave_the_wire_open() -> None:
    async def story(ship: Ship) -> None:
        first = ship.crew.halt("me", flatten=False, command_id="a")
        second = ship.crew.command("resume", {"word": "RESUME", "reason": "x"}, "me", "b")
        await asyncio.wait({first, second})
        assert not ship.crew.kill.on
        assert ship.stand.state.halt is None

    sail(story)


def test_a_restart_in_a_halt_begins_with_the_wire_closed() -> None:
    async def story(ship: Ship) -> None:
        await ship.crew.halt("me", flatten=False, command_id="a")
        other = Crew(ship.stand.engine, ship.journal, ship.venue, Script(), Clock(), watch=False)
        assert other.kill.on

    sail(story)


def test_in_lockstep_the_next_fact_waits_until_our_answers_are_delivered() -> None:
    async def story(ship: Ship) -> None:
        ship.want(5)
        await turns()
        ship.source.put(ev.Timer(ship.stand.now))
        await turns()
        assert not any(isinstance(e, ev.Timer) for e in ship.seen)
        ship.journal.release()
        await turns()
        assert any(isinstance(e, ev.Timer) for e in ship.seen)
        assert len(ship.venue.got) == 1

    sail(story, held=True, lockstep=True)


def test_no_row_is_handed_over_before_those_that_came_earlier() -> None:
    """A journal writes at any instant what it has been given; a hole would be the end of every start."""

    async def story(ship: Ship) -> None:
        def words(name: str) -> ev.Command:
            return ev.Command(ship.stand.now, name, "dance", {}, "me")

        ship.stand.puppets[0].wishes.append(lambda _view, want: want.position(5.0))
        for event in (words("a"), ship.trade(), ship.trade(), words("b"), ship.trade()):
            ship.source.put(event)  # one batch: nobody waits in between
        await turns()
        ship.source.put(ship.trade())
        ship.source.put(ship.trade())

    ship = sail(story)
    first, *later = ship.journal.handed
    assert first == [*range(first[0], first[0] + 5)], "a mixed batch is handed over as one"
    assert [seq for seqs in later for seq in seqs] == [first[-1] + 1, first[-1] + 2]
    placed = [o.seq for o in ship.journal.outcomes if any(isinstance(a, Place) for a in o.actions)]
    assert placed == [first[1]], "and a decision with its fact"


def test_the_equity_curve_has_one_point_a_minute() -> None:
    async def story(ship: Ship) -> None:
        for n in range(200):
            ship.source.put(ev.Command(ship.stand.now + n * 1_000, f"n{n}", "dance", {}, "me"))
            await turns(3)

    ship = sail(story)
    minutes = [p.ts // 60_000 for p in ship.journal.equity]
    assert len(minutes) == len(set(minutes)) >= 3


def test_the_end_of_the_source_is_the_end_of_the_run() -> None:
    async def story(ship: Ship) -> None:
        ship.source.put(ship.trade())

    ship = sail(story)
    assert ship.crew.kernel.finished.is_set()
    assert ship.crew.kernel.events == 1
