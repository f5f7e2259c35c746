"""What was tried and what is being tried, as the lab page is told it; and what the page begins."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from cockpit.app import going
from cockpit.app.going import Telling, listed
from cockpit.app.lab_port import LabProcess
from cockpit.app.labs import Lab
from cockpit.core.config import SleeveConfig
from cockpit.core.errors import TapeError
from tests.cli.conftest import Shell

SLEEVE = "ema_trend@binance:SOLUSDT/1h"


def test_a_run_tells_how_far_it_is_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(going, "EVERY_S", 0.0)
    with Telling(tmp_path, "ema_trend on X", "/tapes/x.tape") as telling:
        telling.spans(1_000, 2_000)
        telling.point(1_250, 100.0)
        telling.point(1_500, 101.0)
        (one,) = listed(tmp_path)
        assert (one.state, one.done, one.curve[-1]) == ("running", 0.5, (1_500, 101.0))
        (row,) = Lab(tmp_path, "en").sheet(()).rows
        assert (row.state, row.done) == ("running", 0.5)
        assert row.total == pytest.approx(0.01)
        for at in range(1_000):
            telling.point(1_500 + at // 10, 101.0)
        (one,) = listed(tmp_path)
        assert len(one.curve) <= going.POINTS + 2
    assert list(listed(tmp_path)) == []
    assert list((tmp_path / going.FOLDER).iterdir()) == []


def test_a_failed_one_says_why_for_a_day_and_a_killed_one_does_not_run_for_ever(tmp_path: Path) -> None:
    with pytest.raises(TapeError), Telling(tmp_path, "a", "b"):
        raise TapeError("no tape at b")
    (one,) = listed(tmp_path)
    assert (one.state, one.why) == ("failed", "no tape at b")
    file = tmp_path / going.FOLDER / f"{one.name}.json"
    file.write_bytes(msgspec.json.encode(msgspec.structs.replace(one, state="running")))
    (one,) = listed(tmp_path)
    assert one.state == "stopped"  # nobody holds its lock
    (tmp_path / going.FOLDER / "zzz.json").write_text("{half", "utf-8")
    assert len(list(listed(tmp_path))) == 1
    long_ago = time.time() - 2 * 86_400
    os.utime(file, (long_ago, long_ago))
    with Telling(tmp_path, "c", "d"):
        assert [found.sleeves for found in listed(tmp_path)] == ["c"]


def test_a_finished_run_is_listed_with_its_numbers_and_its_tape(
    tape: str, cockpit: Shell, tmp_path: Path
) -> None:
    ran = cockpit("backtest", "--tape", tape, "--strategy", SLEEVE, "--brief", "--json").json
    lab = Lab(tmp_path / "data", "en")
    (row,) = lab.sheet(()).rows
    assert row.key == f"run:{ran['run']}"
    assert row.trades == ran["report"]["trading"]["trips"]
    assert (row.total, row.sharpe) == (ran["report"]["growth"]["total"], ran["report"]["growth"]["sharpe"])
    assert row.error == ran["report"]["growth"]["sharpe_error"]
    sheet = lab.sheet((row.key, "run:gone", "nonsense"))
    assert [found.symbols for found in sheet.tapes] == [("binance:SOLUSDT",)]
    detail = sheet.details[row.key]
    assert detail.curve[-1] == pytest.approx(float(ran["equity"]), rel=1e-3)
    assert len(detail.ts) == len(detail.curve) == len(detail.held)
    assert any("±" in value for _, value in detail.numbers)
    assert sheet.details["run:gone"].warnings
    assert "nonsense" not in sheet.details
    assert lab.sheet((row.key,)).details[row.key] is detail  # it cannot change any more: read once


def test_a_study_is_listed_with_the_map_of_its_space(coin: str, cockpit: Shell, tmp_path: Path) -> None:
    found = cockpit(
        "optimize", "ema_trend:volume_threshold=0.5,rsi_min=40,rsi_max=90@lab:COIN-USDT", "--tape", coin,
        "--param", "ema_fast=4..12", "--param", "stop_loss_atr=1..4", "--require", "trades>=3",
        "--trials", "12", "--method", "lhs", "--workers", "1", "--executor", "interpreted", "--study", "s",
        "--json",
    )  # fmt: skip
    assert found.code == 0, found.err
    lab = Lab(tmp_path / "data", "en")
    sheet = lab.sheet(("study:s",))
    row = next(row for row in sheet.rows if row.key == "study:s")
    assert (row.state, row.trades, row.done) == ("done", 12, 1.0)
    detail = sheet.details["study:s"]
    assert detail.curve[-1] == found.json["best"]["scores"][0]
    assert {strip.name for strip in detail.strips} == {"ema_fast", "stop_loss_atr"}
    assert detail.heat is not None
    assert {detail.heat.x, detail.heat.y} == {"ema_fast", "stop_loss_atr"}
    assert any(cell is not None for cells in detail.heat.cells for cell in cells)
    assert any("12" in warning for warning in detail.warnings)


def test_what_the_page_begins_is_an_ordinary_backtest(tape: str, cockpit: Shell, tmp_path: Path) -> None:
    task = {
        "options": ["--data-dir", str(tmp_path / "data")],
        "strategy": SLEEVE,
        "tape": tape,
        "folder": str(tmp_path / "data" / "lab"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "cockpit.app.errand", json.dumps(task)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (run,) = cockpit("runs", "--json").json
    assert run["sleeves"] == ["ema_trend@binance:SOLUSDT"]


def test_a_practice_tape_is_made_and_says_that_it_is_invented(cockpit: Shell) -> None:
    made = cockpit("data", "practice", "--out", "p.tape", "--minutes", "1")
    assert made.code == 0, made.err
    assert "invented" in made.out
    ran = cockpit(
        "backtest", "--tape", "p.tape", "--strategy", "ema_trend@practice:BTC-USDT-SWAP/5s", "--json"
    )
    assert ran.code == 0, ran.err
    assert cockpit("data", "practice", "--out", "q.tape", "--minutes", "0").code == 2
    assert cockpit("data", "practice", "--out", "p.tape").code == 5


def test_the_process_answers_and_tells_what_failed(tmp_path: Path) -> None:
    rows = [SleeveConfig("ema_trend", "okx:BTC-USDT-SWAP", "1h", params={"ema_fast": 5})]
    port = LabProcess(tmp_path, "en", [], rows)
    try:
        assert port.text("ema_trend@1/okx:BTC-USDT-SWAP/1h") == "ema_trend:ema_fast=5@okx:BTC-USDT-SWAP/1h"
        assert port.text("ema_trend@1/okx:BTC-USDT-SWAP/4h#2") == "ema_trend@okx:BTC-USDT-SWAP/4h"
        assert port.text("paper:market_maker@1/okx:A") == "market_maker@okx:A"
        port.ask(())
        port.backtest("ema_trend@1/okx:BTC-USDT-SWAP/1h", str(tmp_path / "none.tape"))
        said: list[str] = []
        end = time.monotonic() + 60
        while time.monotonic() < end and not (said and port.sheet()):
            said += port.failures()
            time.sleep(0.05)
        assert "none.tape" in said[0]
        sheet = port.sheet()
        assert sheet is not None
        assert sheet.read
    finally:
        port.close()
