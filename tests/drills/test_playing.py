"""Drills as they are played: the real daemon, a real exchange process, the real commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cockpit.app.drills.playing import Drill, kept, refuse_live
from cockpit.app.drills.scenarios import SCENARIOS
from cockpit.core.config import Config, RunConfig, SleeveConfig
from cockpit.core.errors import DoorError
from cockpit.text import LANGUAGES, catalogue
from tests.cli.conftest import Shell, cockpit, nowhere, only_what_ships

__all__ = ["cockpit", "nowhere", "only_what_ships"]
TIMED = {"alarm", "naked"}
"""Bounds in seconds: they hold on a machine that is not busy with other tests."""


def test_every_drill_has_its_sentences() -> None:
    for lang in LANGUAGES:
        wanted = [f"drill.{name}.{part}" for name in SCENARIOS for part in ("title", "brief")]
        assert [message for message in wanted if message not in catalogue(lang)] == []


def test_they_are_listed_and_a_wrong_name_meets_the_right_one(cockpit: Shell) -> None:
    listed = cockpit("drill", "--json")
    assert [row["name"] for row in listed.json] == [*SCENARIOS]
    assert "link_lost" in cockpit("drill").out
    wrong = cockpit("drill", "link_lots")
    assert wrong.code == 2
    assert "link_lost" in wrong.err
    screenless = cockpit("drill", "link_lost")
    assert screenless.code == 2
    assert "--auto" in screenless.err


def test_no_drill_beside_real_money(cockpit: Shell, tmp_path: Path) -> None:
    sleeve = SleeveConfig("ema_trend", "okx:BTC-USDT-SWAP", execution="live")
    for config in (
        Config(run=RunConfig(live=True)),
        Config(run=RunConfig(feed="okx", execution="live")),
        Config(sleeves=(sleeve,)),
    ):
        with pytest.raises(DoorError, match="real money"):
            refuse_live(config)
    live = ("run.feed=okx", "run.execution=live", "run.live=true")
    done = cockpit(*(word for row in live for word in ("--set", row)), "drill", "crash", "--auto")
    assert done.code == 8
    assert not (tmp_path / "data" / "drills").exists()


@pytest.mark.daemon
def test_a_lost_line_is_survived_and_kept(tmp_path: Path) -> None:
    drill = Drill(SCENARIOS["link_lost"], Config(), tmp_path, 7, screen=None, say=lambda _: None, pace=0.1)
    result = drill.play()
    assert [check for check in result.score.checks if not check.ok and check.name not in TIMED] == []
    assert result.ending.deed == "halt"
    assert result.ending.receipt
    assert result.score.alarm_s >= 0
    ((folder, again),) = kept(tmp_path)
    assert folder == drill.folder.name
    assert again == result
    left = {path.name for path in drill.folder.rglob("*")}
    assert left.isdisjoint({"keys.sealed", "password"})
    assert json.loads((drill.folder / "result.json").read_text())["looks"]


@pytest.mark.soak
@pytest.mark.daemon
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_drill(tmp_path: Path, name: str) -> None:
    result = Drill(SCENARIOS[name], Config(), tmp_path, 7, screen=None, say=lambda _: None).play()
    assert [check for check in result.score.checks if not check.ok] == []
    print(
        f"{name}: {result.score.total} points; first word after {result.score.alarm_s} s, halt asked for "
        f"after {result.score.halted_s} s, read back after {result.score.confirmed_s} s, naked for at most "
        f"{result.score.naked_s} s"
    )
