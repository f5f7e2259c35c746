"""The matrix of deaths: every named point of a commit or of the wire, a start after it, and the judge.

``SOAK_CRASHES``: how often each point is died at in ``make soak``.
"""

from __future__ import annotations

import ast
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cockpit.core import events as ev
from cockpit.core.turn import NOTHING
from cockpit.workers.strategy import Kernel
from tests.simulation import deaths
from tests.simulation.crash_points import COMMIT, Dying, Matrix, _read, calls, facts, points, requests
from tests.simulation.regressions import DYING

CRASHES = int(os.environ.get("SOAK_CRASHES", "200"))
WORLDS = 200
"""The short form needs thirty to ninety, as seeds fall; more are only made where a point is still wanted."""
BOUND_S = 10.0
"""The start of a process whose links are sound, until its books are compared and its stops seen: what left
without an answer is proven absent six seconds later here, when its expiry has passed."""


def test_the_points_are_those_of_the_code() -> None:
    names, suffixes, labels = calls()
    assert {"pre_wire", "post_wire", "step.after"} <= names
    assert suffixes == {".before", ".inside", ".after"}
    assert {COMMIT, "market", "snapshot", "flush", "close"} <= labels
    assert {"fill.adl", "boot", "command", "unknown"} <= set(facts())
    assert {"place.entry", "place.exit", "place.protect", "cancel", "read_account"} <= set(requests())
    assert {"commit.inside/place.protect", "pre_wire/cancel", "commit.after/fill.adl"} <= set(points())


def test_a_point_whose_name_cannot_be_read_is_no_point() -> None:
    found: tuple[set[str], set[str], set[str]] = (set(), set(), set())
    (nameless,) = [node for node in ast.walk(ast.parse("self._chaos(name)")) if isinstance(node, ast.Call)]
    with pytest.raises(AssertionError, match="no name here"):
        _read(nameless, *found)


def test_a_point_that_is_never_reached_fails() -> None:
    with pytest.raises(AssertionError, match=r"never died at, in 2 worlds: .*nothing"):
        Matrix(["commit.before/nothing"]).run(2)


def test_dying_once_at_every_point() -> None:
    matrix = Matrix(points()).run(WORLDS)
    print(*matrix.table(by_point=False), sep="\n")
    assert set(matrix.deaths) == set(points())
    assert max(max(rows) for rows in matrix.calm.values()) <= BOUND_S


def test_a_journal_with_a_hole_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel once handed market data over ahead of the facts before it: no start got past that."""

    def batch(self: Kernel, events: Sequence[ev.AnyEvent]) -> bool:
        step, facts = self.engine.step, []
        outcomes: list[Any] = []
        for event in events:
            outcome = step(event)
            if event.__class__ in ev.MARKET:
                self.store.append_market(self.engine.state.seq, event)
            else:
                facts.append((self.engine.state.seq, event))
            if event.__class__ is ev.Command:
                self._heed(event, outcome)
            if outcome is not NOTHING:
                outcomes.append(outcome)
            if self.observe is not None:
                self.observe(event, outcome)
        return self._journal(facts, outcomes) if facts or outcomes else False

    monkeypatch.setattr(Kernel, "_batch", batch)
    with pytest.raises(AssertionError, match=r"is in the journal, fact [0-9]+ is not yet"):
        Matrix(points()).run(WORLDS)


@pytest.mark.parametrize("seed", sorted(DYING))
def test_seeds_that_once_failed(seed: int) -> None:
    assert Dying(seed, Counter(), 0, torn=False).run() == ""


def test_lanes_share_the_deaths_and_go_on_where_they_were_broken_off(tmp_path: Path) -> None:
    """Two lanes of one point each; the file's last line is torn, as by the interruption."""
    wanted, out = ["commit.before", "commit.after"], tmp_path / "deaths.jsonl"
    header = deaths.Header("here", 4, 2, 0)
    whole = _through(out, header, wanted)
    rows = out.read_bytes().splitlines(keepends=True)
    out.write_bytes(b"".join(rows[:-1]) + rows[-1][:20])
    again = _through(out, header, wanted)
    assert again.matrix.deaths == whole.matrix.deaths == Counter(dict.fromkeys(wanted, 4))
    assert (whole.waiting, again.waiting, whole.bad) == (0, 0, [])
    assert sorted(out.read_bytes().splitlines()) == sorted(row.rstrip() for row in rows)
    with pytest.raises(ValueError, match="name another file"):
        deaths.read(out, deaths.Header("elsewhere", 4, 2, 0))


def _through(out: Path, header: deaths.Header, wanted: list[str]) -> deaths.Lanes:
    """Without processes: what a lane does is a function of its seed and what is left."""
    lanes = deaths.Lanes(header, wanted)
    for row in deaths.read(out, header):
        lanes.add(row)
    with out.open("ab") as file:
        for lane in range(header.lanes):
            while +lanes.left[lane]:
                row = deaths.live(lanes.next[lane], dict(+lanes.left[lane]))
                assert lanes.add(row) == lane
                file.write(msgspec.json.encode(row) + b"\n")
    return lanes


@pytest.mark.soak
def test_dying_often_at_every_point(tmp_path: Path) -> None:
    header = deaths.Header("soak", CRASHES, os.cpu_count() or 1, 0)
    lanes = deaths.run(tmp_path / "deaths.jsonl", header, worlds=CRASHES * WORLDS)
    assert (lanes.bad, lanes.waiting) == ([], 0)
    assert max(max(rows) for rows in lanes.matrix.calm.values()) <= BOUND_S
