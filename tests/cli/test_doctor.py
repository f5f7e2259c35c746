"""doctor finds what is broken, says so, and touches nothing."""

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cockpit.app.health import data_dir
from cockpit.app.settings import load
from tests.cli.conftest import Said, Shell

ALWAYS = (
    "python",
    "config",
    "data_dir",
    "disk",
    "sqlite",
    "plugins",
    "terminal",
    "clock",
    "running",
    "recorded",
)


def checks(found: Said) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in found.json["checks"]}


def test_a_sound_place_is_in_order(cockpit: Shell, tmp_path: Path) -> None:
    found = cockpit("doctor", "--json")
    assert found.code == 0
    assert found.json["ok"] is True
    rows = checks(found)
    assert {
        "python",
        "config",
        "data_dir",
        "disk",
        "sqlite",
        "plugins",
        "terminal",
        "clock",
        "running",
    } <= set(rows)
    assert all(row["level"] != "bad" and row["text"] for row in rows.values())
    assert sorted(os.listdir(tmp_path / "data")) == []


def test_it_speaks_to_people_too(cockpit: Shell) -> None:
    assert "everything is in order" in cockpit("doctor").out
    assert "一切正常" in cockpit("doctor", "--lang", "zh").out


def test_data_of_a_checkout_one_is_not_in_is_named_as_such(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    found = msgspec.structs.replace(load(None, {}), data_dir=checkout / "data", checkout=True)
    monkeypatch.chdir(checkout)
    assert data_dir(found).message == "cli.doctor.data_dir"
    monkeypatch.chdir(tmp_path)
    assert data_dir(found).message == "cli.doctor.data_dir.checkout"


def test_broken_settings_are_a_finding(cockpit: Shell) -> None:
    found = cockpit("doctor", "--json", "--set", "run.eqity=5")
    assert found.code == 1
    assert checks(found)["config"]["level"] == "bad"
    assert "did you mean 'run.equity'?" in checks(found)["config"]["text"]
    assert checks(found)["sqlite"]["level"] == "ok"


def test_a_data_directory_that_cannot_be_is_a_finding(cockpit: Shell, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    found = cockpit("doctor", "--json")
    assert found.code == 1
    assert checks(found)["data_dir"]["level"] == "bad"
    assert checks(found)["sqlite"]["level"] == "bad"


def test_an_open_data_directory_is_mentioned(cockpit: Shell, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data").chmod(0o755)
    found = cockpit("doctor", "--json")
    assert found.code == 0
    assert checks(found)["data_dir"]["level"] == "warn"
    assert "755" in checks(found)["data_dir"]["text"]


def test_a_broken_plugin_is_a_finding(cockpit: Shell, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "bad.py").write_text("1 / 0\n")
    found = cockpit("doctor", "--json", "--set", "run.plugins_dir=own")
    assert found.code == 1
    assert "ZeroDivisionError" in checks(found)["plugins"]["text"]


def test_a_cockpit_that_died_and_a_forgotten_halt_are_mentioned(cockpit: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "practice"
    folder.mkdir(parents=True)
    (folder / "cockpit.db").touch()
    (folder / "cockpit.db.pid").write_text("999999999")
    (folder / "halt").touch()
    rows = checks(cockpit("doctor", "--json"))
    assert rows["running"]["message"] == "cli.doctor.running.stale"
    assert rows["halt_file"]["level"] == "warn"


def test_a_damaged_tape_is_a_finding(cockpit: Shell, tmp_path: Path) -> None:
    tape = tmp_path / "data" / "bad.tape"
    tape.mkdir(parents=True)
    (tape / "tape.json").write_text("{")
    found = cockpit("doctor", "--json")
    assert found.code == 1
    assert "bad.tape" in checks(found)["recorded"]["text"]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ('risk.stops=[{layer="tine",bars=3}]', "no stop layer 'tine'"),
        ('breakers.ladder=[{breaker="day_loss",halt=0.02,reduce_only=0.03}]', "must rise"),
        ("hotlist.schedule=99 * * * *", "not a cron line: '99 * * * *'"),
        ('jobs=[{name="a",run=["doctor"],cron="nightly"}]', "not a cron line: 'nightly'"),
    ],
)
def test_what_no_start_takes_is_not_in_order(cockpit: Shell, setting: str, said: str) -> None:
    found = cockpit("doctor", "--set", setting, "--json")
    assert found.code != 0
    assert said in checks(found)["plugins"]["text"]


@pytest.mark.parametrize(
    ("currency", "level", "said"),
    [
        ("USDT", "ok", "one USD is counted as one USDT"),
        ("BTC", "ok", "limits in money are in the quote currency of each market (USD)"),
        ("EUR", "warn", "no market named here says what USD is worth: nothing is entered there"),
    ],
)
def test_money_that_must_be_converted_is_named(
    cockpit: Shell, tmp_path: Path, currency: str, level: str, said: str
) -> None:
    row = '[run]\ncurrency = "{}"\n[[sleeves]]\nstrategy = "ema_trend"\nsymbol = "okx:BTC-USD-SWAP"\n'
    (tmp_path / "cockpit.toml").write_text(row.format(currency) + 'timeframe = "1m"\n', encoding="utf-8")
    money = checks(cockpit("doctor", "--json"))["money"]
    assert money["level"] == level
    assert said in money["text"]
