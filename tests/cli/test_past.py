"""A past moment is the machine as it stood: the same state, bit for bit, the same picture from any side."""

from __future__ import annotations

import json
import random
from contextlib import ExitStack
from pathlib import Path

import pytest

from cockpit.adapters.store.journal_file import JournalFile
from cockpit.app import replay
from cockpit.app.discover import discover
from cockpit.app.past import past as pasts
from cockpit.app.past.closed import ClosedLink, asker
from cockpit.app.past.past import Past
from cockpit.app.past.source import Source, opened
from cockpit.app.past.words import Go
from cockpit.app.past.worker import Orders
from cockpit.core import memory
from cockpit.core.config import Config
from cockpit.core.errors import StoreError
from cockpit.core.frames import FRAME_ENCODER
from tests.cli.conftest import Shell


def past_of(journal: Path, stack: ExitStack) -> Past:
    discover()
    return Past(Source(opened(journal, stack)), journal.parent, Config(), lambda _done, _of: None)


def states(journal: Path, at: list[int]) -> dict[int, bytes]:
    """The whole engine at some facts, folded once from the beginning, without the code under test."""
    found = {}
    with JournalFile(journal) as file:
        engine = replay._opening(file, Config())
        for seq, event in file.events():
            engine.step(event)
            if seq in at:
                found[seq] = memory.freeze(engine)
    return found


def test_at_random_moments_state_and_picture_are_those_of_the_fold(
    journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pasts, "REST", 100)
    with ExitStack() as stack:
        past = past_of(journal, stack)
        last = int(past.span["last_seq"])
        at = random.Random(7).sample(range(1, last), 12)
        whole = states(journal, at)
        for seq in at:  # there and back, through states kept on the way
            frame = past.at(seq=seq)
            assert past._engine is not None
            assert memory.freeze(past._engine) == whole[seq]
            alone = past_of(journal, stack).at(seq=seq)
            assert FRAME_ENCODER.encode(frame) == FRAME_ENCODER.encode(alone), seq
        assert past.at(seq=last * 2).seq == last
        assert past.at(ts=1).ts == int(past.span["first_ts"])


def test_time_and_steps_lead_to_decisions(journal: Path) -> None:
    with ExitStack() as stack, JournalFile(journal) as file:
        decided = [outcome.seq for outcome in file.outcomes()]
        past = past_of(journal, stack)
        middle = past.at(seq=decided[len(decided) // 2])
        assert past.step(1).seq == decided[len(decided) // 2 + 1]
        assert past.step(-3).seq == decided[len(decided) // 2 - 2]
        by_time = past.at(ts=middle.ts)
        assert by_time.ts == middle.ts
        assert by_time.seq >= middle.seq
        assert by_time.fills
        assert past.step(-10_000).seq < by_time.seq


def test_a_journal_without_a_state_to_begin_with_says_so(journal: Path) -> None:
    import sqlite3

    with sqlite3.connect(journal) as database:
        database.execute("DELETE FROM snapshots")
    with ExitStack() as stack, pytest.raises(StoreError, match="too old to replay"):
        past_of(journal, stack).at(seq=5)


def test_replay_at_prints_the_moment(journal: Path, cockpit: Shell) -> None:
    said = cockpit("replay", str(journal), "--at", "400")
    assert said.code == 0, said.err
    assert "(#400)" in said.out
    assert "Equity" in said.out
    found = cockpit("replay", str(journal.parent), "--at", "400", "--json").json
    assert (found["seq"], found["mode"]) == (400, "REPLAY")
    assert json.dumps(found)
    assert cockpit("replay", str(journal), "--at=-1h", "--json").json["seq"] > 400
    bad = cockpit("replay", str(journal), "--at", "yesterday")
    assert bad.code == 2
    assert "yesterday" in bad.err


def test_a_closed_journal_answers_questions_and_takes_no_command(journal: Path) -> None:
    with ExitStack() as stack:
        link = ClosedLink(asker(journal, stack))
        link.send("audit", {"kinds": "fill"})
        link.send("explain", {"cid": "nobody"})
        link.send("halt", {})
        page, unknown, halt = link.answers()
        assert page.ok
        assert page.payload is not None
        assert page.payload["rows"]
        assert not unknown.ok
        assert (halt.ok, halt.message) == (False, "past.no_engine")
        assert link.latest() is None
        assert not link.driver


def test_wishes_wait_their_turn_and_only_a_moment_by_name_replaces_others() -> None:
    orders = Orders()
    for go in (Go(seq=7), Go(by=-1), Go(by=-2), Go(ms=-60_000), Go(ms=-60_000), Go(by=1)):
        orders.put(go)
    assert orders.waiting
    taken = [orders.take() for _ in range(4)]
    assert taken == [Go(seq=7), Go(by=-3), Go(ms=-120_000), Go(by=1)]
    orders.put(Go(by=1))
    assert not orders.waiting  # a step does not call off the way to where it begins
    orders.put(Go(ts=5))
    assert orders.waiting
    assert orders.take() == Go(ts=5)
