"""``cockpit backtest --beside K=V``: a run beside the same run under other settings, in every form."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Shell

RULE = 'risk.stops=[{layer="account_drawdown",limit=0.05,action="close"}]'
MOMENTUM = "ema_trend@binance:SOLUSDT"


def test_the_drawdown_rule_beside_a_run_without_it(tape: str, cockpit: Shell, tmp_path: Path) -> None:
    out = tmp_path / "report"
    asked = ("backtest", "--tape", tape, "--strategy", MOMENTUM, "--set", RULE, "--beside", "risk.stops=[]")
    found = cockpit(*asked, "--json", "--out", str(out))
    assert found.code == 0, found.err
    (fired,) = found.json["fired"]
    assert (fired["by"], fired["did"]) == ("account_drawdown", "close")
    assert "allowed 0.05%" in fired["reason"]
    other = found.json["beside"]
    assert (other["settings"], other["fired"]) == (["risk.stops=[]"], [])
    trips = [row["trading"]["trips"] for row in (found.json["report"], other["report"])]
    assert trips[0] < trips[1], "after the stop nothing is entered any more"
    plain = cockpit("backtest", "--tape", tape, "--strategy", MOMENTUM, "--json", "--no-record")
    assert other["digest"] == plain.json["digest"], "it is exactly the run without the rule"
    assert other["report"]["closing"] == plain.json["report"]["closing"]
    page = (out / "report.html").read_text("utf-8")
    assert "risk.stops=[]" in page
    assert "account_drawdown (close)" in page
    kept = json.loads((out / "report.json").read_text("utf-8"))
    assert kept["beside"] == other


def test_the_terminal_shows_number_beside_number(tape: str, cockpit: Shell) -> None:
    asked = ("backtest", "--tape", tape, "--strategy", MOMENTUM, "--set", RULE, "--no-record")
    text = cockpit(*asked, "--beside", "risk.stops=[]").out
    assert "Stops of the account and breakers that fired" in text
    head = next(line for line in text.splitlines() if "risk.stops=[]" in line)
    assert "this run" in head
    trips = next(line for line in text.splitlines() if line.startswith("Round trips (+ open)   "))
    assert trips.split()[-1] != trips.split()[-2]


def test_the_same_settings_beside_are_an_error(tape: str, cockpit: Shell) -> None:
    found = cockpit("backtest", "--tape", tape, "--strategy", MOMENTUM, "--beside", "risk.stops=[]")
    assert found.code == 2
    assert "so already" in found.err
