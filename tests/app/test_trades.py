"""A face asks for the trades behind a number; they outlive the run, and nothing depends on them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from cockpit.app import trades
from cockpit.app.rig import Handler
from cockpit.app.runtime import Runtime
from cockpit.core.past import HOUR, Past
from tests.core.test_past import closed, eye
from tests.core.test_project import Watched


@pytest.fixture
def stand() -> Watched:
    made = Watched()
    made.now = 100 * HOUR
    made.frame()
    closed(made, 110.0)
    closed(made, 90.0, stop=None)
    return made


def runtime(stand: Watched) -> Runtime:
    return cast(Runtime, SimpleNamespace(engine=stand.engine, projector=stand.eye, beside=None, crew=None))


def test_they_are_told_newest_first_and_in_exact_money(stand: Watched) -> None:
    handler = Handler(runtime(stand))
    answer = asyncio.run(handler("trades", {"sleeve": "p1"}, "tty", "c1"))
    assert answer.ok
    assert answer.payload is not None
    rows = answer.payload["rows"]
    assert answer.payload["count"] == 2
    assert [row["exit"] for row in rows] == ["90.0", "110.0"]
    assert [row["r"] is None for row in rows] == [True, False]
    assert rows[1]["net"] == str(eye(stand).trades("p1")[1].trip.net)


@pytest.mark.parametrize("args", [{"sleeve": "nobody"}, {}, {"sleeve": "p1", "since": "soon"}])
def test_what_makes_no_sense_is_refused(stand: Watched, args: dict[str, str]) -> None:
    answer = trades.answer(runtime(stand), args, "c1")
    assert (answer.ok, answer.message) == (False, "trades.unknown")


def test_they_are_kept_beside_the_journal(stand: Watched, tmp_path: Path) -> None:
    trades.keep(eye(stand), tmp_path)
    again = Past(stand.state)
    trades.recall(again, tmp_path)
    assert again.trades("p1") == eye(stand).trades("p1")
    assert (tmp_path / trades.FILE).stat().st_mode & 0o077 == 0


def test_a_place_that_cannot_be_written_or_read_stops_nothing(stand: Watched, tmp_path: Path) -> None:
    trades.keep(eye(stand), tmp_path / "absent")
    blank = Past(stand.state)
    trades.recall(blank, tmp_path / "absent")
    (tmp_path / trades.FILE).write_bytes(b"\xff\x00")
    trades.recall(blank, tmp_path)
    assert blank.trades("p1") == []
