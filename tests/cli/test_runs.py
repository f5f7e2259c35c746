"""A backtest is kept, shown, and run again to the same decisions."""

import csv
from pathlib import Path

import msgspec

from tests.cli.conftest import Shell


def test_a_run_is_kept_shown_and_repeated(tape: str, cockpit: Shell, tmp_path: Path) -> None:
    did = cockpit("backtest", "--tape", tape, "--out", "out", "--json")
    assert did.code == 0
    name = did.json["run"]
    assert did.json["report"]["trading"]["trips"] > 0
    assert {group["name"] for group in did.json["report"]["by_exit"]} & {"stop", "take"}
    for file in ("report.json", "report.html", "equity.csv", "trips.csv"):
        assert (tmp_path / "out" / file).exists()
        assert (tmp_path / "data" / "runs" / name / file).exists()
    with (tmp_path / "out" / "trips.csv").open() as rows:
        assert len(list(csv.DictReader(rows))) >= did.json["report"]["trading"]["trips"]
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
