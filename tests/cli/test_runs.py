"""A backtest is kept, shown, and run again to the same decisions."""

import csv
import shutil
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from cockpit.app.reports import tables
from cockpit.indicators.regime import NAMES
from tests.cli.conftest import Shell


def test_a_run_is_kept_shown_and_repeated(tape: str, cockpit: Shell, tmp_path: Path) -> None:
    did = cockpit("backtest", "--tape", tape, "--out", "out", "--json")
    assert did.code == 0
    name = did.json["run"]
    assert did.json["report"]["trading"]["trips"] > 0
    assert {group["name"] for group in did.json["report"]["by_exit"]} & {"stop", "take"}
    for file in tables.FILES:
        assert (tmp_path / "out" / file).exists()
        assert (tmp_path / "data" / "runs" / name / file).exists()
    with (tmp_path / "out" / "trips.csv").open() as rows:
        trips = [*csv.DictReader(rows)]
    assert len(trips) >= did.json["report"]["trading"]["trips"]
    with (tmp_path / "out" / "groups.csv").open() as rows:
        groups = [row for row in csv.DictReader(rows) if row["by"] == "regime"]
    done = [trip["regime"] for trip in trips if trip["closed"] != "0"]
    assert {row["name"]: int(row["trips"]) for row in groups if row["trips"] != "0"} == Counter(done)
    assert {row["name"] for row in groups} <= {*NAMES, "UNKNOWN"}
    assert sum(float(row["time"]) for row in groups if row["time"]) == pytest.approx(1.0)
    assert "By regime at the entry" in (tmp_path / "out" / "report.html").read_text()
    assert [row["id"] for row in cockpit("runs", "--json").json] == [name]
    assert name in cockpit("runs").out
    assert cockpit("runs", "show", name, "--json").json["run"]["digest"] == did.json["digest"]
    again = cockpit("runs", "repeat", "last")
    assert again.code == 0
    assert "the same decisions again" in again.out
    assert cockpit("--lang", "zh", "runs", "repeat", name).out.startswith(name)


def test_a_run_that_no_longer_decides_the_same_says_so(tape: str, cockpit: Shell, tmp_path: Path) -> None:
    name = cockpit("backtest", "--tape", tape, "--json").json["run"]
    file = tmp_path / "data" / "runs" / name / "run.json"
    known = msgspec.json.decode(file.read_bytes())
    known["request"]["config"]["risk"]["max_notional"] = 100.0
    known["data_hash"] = "0" * 64
    file.write_bytes(msgspec.json.encode(known))
    again = cockpit("runs", "repeat", name, "--json")
    assert again.code == 1
    assert again.json["same"] is False
    assert again.json["changed"] == {"data": True, "code": False}


def test_runs_refuse_what_they_do_not_know(tape: str, cockpit: Shell) -> None:
    assert "no backtest has been run" in cockpit("runs").out
    assert cockpit("runs", "show").code == 2
    missing = cockpit("runs", "show", "2020")
    assert missing.code == 2
    assert "no run" in missing.err
    assert cockpit("backtest", "--tape", tape, "--no-record", "--brief", "--json").code == 0
    assert cockpit("runs", "--json").json == []


def test_every_backtest_counts_whatever_is_deleted(tape: str, cockpit: Shell, tmp_path: Path) -> None:
    def trials() -> int:
        return int(cockpit("ledger", "--json").json["trials"])

    assert trials() == 0
    for fast in (5, 6, 7):
        words = ("backtest", "--tape", tape, "--strategy", f"ema_trend:ema_fast={fast}@binance:SOLUSDT")
        assert cockpit(*words, "--brief", *(["--no-record"] if fast == 6 else [])).code == 0
    assert trials() == 3
    assert cockpit("runs", "repeat", "last").code == 0  # the same again is no other trial
    shutil.rmtree(tmp_path / "data" / "runs")
    found = cockpit("ledger", "--json").json
    assert (found["trials"], found["rows"], found["lost"]) == (3, 4, 0)
    assert {row["params"]["ema_fast"] for row in found["last"]} == {5, 6, 7}
    assert set(found["by_data"].values()) == {3}
    assert "3 trials" in cockpit("ledger").out
    assert "试验" in cockpit("--lang", "zh", "ledger").out
    assert cockpit("ledger", "verify").code == 0
    file = tmp_path / "data" / "ledger" / "trials.detail"
    raw = bytearray(file.read_bytes())
    raw[40] ^= 1
    file.write_bytes(raw)
    broken = cockpit("ledger", "verify")
    assert broken.code == 4
    assert "row 0" in broken.out
    assert cockpit("ledger", "verify", "--json").json["damage"][0]["kind"] == "detail"


def test_a_ledger_that_is_deleted_still_counts(tape: str, cockpit: Shell, tmp_path: Path) -> None:
    assert cockpit("backtest", "--tape", tape, "--brief").code == 0
    counted = cockpit("ledger", "--json").json["trials"]
    shutil.rmtree(tmp_path / "data" / "ledger")
    (tmp_path / "data" / "ledger.head").unlink()
    assert cockpit("ledger", "verify").code == 4  # the run remembers
    assert cockpit("backtest", "--tape", tape, "--brief").code == 0
    found = cockpit("ledger", "--json").json
    assert found["lost"] >= counted  # as often as it was written
    assert found["trials"] == found["lost"] + counted
    assert cockpit("ledger", "verify").code == 0


def test_several_sleeves_and_their_account_are_trials(tape: str, cockpit: Shell) -> None:
    sleeves = ("--strategy", "ema_trend@*", "--strategy", "breakout@*")
    assert cockpit("backtest", "--tape", tape, *sleeves, "--brief").code == 0
    assert cockpit("ledger", "--json").json["trials"] == 3


def test_a_restored_backup_does_not_forget_what_was_tried_since(
    tape: str, cockpit: Shell, tmp_path: Path
) -> None:
    def run(fast: int) -> None:
        sleeve = f"ema_trend:ema_fast={fast}@binance:SOLUSDT"
        assert cockpit("backtest", "--tape", tape, "--strategy", sleeve, "--brief").code == 0

    run(5)
    assert cockpit("backup", "--to", str(tmp_path / "kept")).code == 0
    (file,) = (tmp_path / "kept").iterdir()
    run(6)
    run(7)
    assert cockpit("restore", str(file)).code == 0
    assert cockpit("ledger", "--json").json["trials"] == 3
    assert cockpit("ledger", "verify").code == 0
    shutil.rmtree(tmp_path / "data")
    run(8)  # another history, and then the first one again
    assert cockpit("restore", str(file)).code == 0
    found = cockpit("ledger", "--json").json
    assert found["lost"] >= 1
    assert found["trials"] == found["lost"] + 1
    assert cockpit("ledger", "verify").code == 0


def test_a_tape_that_is_played_is_a_try_too(tape: str, cockpit: Shell, tmp_path: Path) -> None:
    sleeve = ("--strategy", "ema_trend:ema_fast=5@binance:SOLUSDT")
    assert cockpit("--tape", tape, *sleeve, "--daemon", "--speed", "max", "--json").code == 0
    found = cockpit("ledger", "--json").json
    assert (found["trials"], found["last"][0]["sharpe"]) == (1, None)
    assert cockpit("backtest", "--tape", tape, *sleeve, "--brief").code == 0  # the same experiment
    assert cockpit("ledger", "--json").json["trials"] == 1


def test_a_backtest_that_breaks_off_was_a_try(
    tape: str, cockpit: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can be watched on the screen while it runs."""
    from cockpit.lab import backtest

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(backtest, "run", stopped)
    assert cockpit("backtest", "--tape", tape, "--brief").code == 130
    found = cockpit("ledger", "--json").json
    assert (found["trials"], found["rows"], found["last"][0]["status"]) == (1, 1, "begun")
