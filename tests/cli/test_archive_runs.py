"""A run on the archive is the run on the tape of the same facts; it can be repeated when that has grown."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from cockpit.adapters.archive.archive import Archive
from cockpit.app.data import cut
from cockpit.core.config import SleeveConfig
from cockpit.core.errors import TapeError
from cockpit.core.events import Bar
from tests.cli.conftest import Shell

SOL = "binance:SOLUSDT"
SLEEVE = f"ema_trend@{SOL}/1h"
HOUR = 3_600_000


@pytest.fixture
def archive(tape: str, cockpit: Shell, tmp_path: Path) -> Path:
    assert cockpit("data", "import", tape, "--archive").code == 0
    return tmp_path / "data" / "archive"


def test_the_archive_gives_the_decisions_of_the_tape(
    tape: str, archive: Path, cockpit: Shell, tmp_path: Path
) -> None:
    on_tape = cockpit("backtest", "--tape", tape, "--strategy", SLEEVE, "--json").json
    stored = cockpit("backtest", "--archive", "--strategy", SLEEVE, "--json")
    assert stored.code == 0, stored.err
    assert "3 candles are missing" in stored.err
    assert stored.json["equity"] == on_tape["equity"]
    assert stored.json["report"] == on_tape["report"]  # the tape also tells what was wrong with its source
    assert cockpit("data", "export", "out.tape").code == 0
    same = cockpit("backtest", "--tape", "out.tape", "--strategy", SLEEVE, "--json").json
    assert same["digest"] == stored.json["digest"]
    keys = {cockpit("runs", "show", did["run"], "--json").json["run"]["key"] for did in (same, stored.json)}
    assert len(keys) == 1  # one experiment: the same facts
    # What the archive learns later is no part of that run, wherever its cut is by then.
    with Archive(archive, write=True) as rows:
        last = next(h.last_ms for h in rows.holdings() if h.series.symbol == SOL)
        rows.put([Bar(last + (i + 1) * HOUR, SOL, HOUR, 100.0, 101.0, 99.0, 100.0, 5.0) for i in range(30)])
    shutil.rmtree(tmp_path / "data" / cut.CUTS)
    again = cockpit("runs", "repeat", stored.json["run"], "--json")
    assert again.code == 0, again.err
    assert again.json == {
        "run": stored.json["run"], "same": True, "changed": {"data": False, "code": False}
    }  # fmt: skip
    more = cockpit("backtest", "--archive", "--strategy", SLEEVE, "--json").json
    assert more["events"] == stored.json["events"] + 30


def test_plain_options_are_the_same_run(archive: Path, cockpit: Shell) -> None:
    plain = cockpit(
        "backtest", "--archive", "--strategy", "ema_trend", "--symbol", SOL, "--timeframe", "1h",
        "--limit", "300", "--initial-capital", "5000", "--fee-rate", "0.0002", "--json",
    )  # fmt: skip
    assert plain.code == 0, plain.err
    asked = ("--set", "run.equity=5000", "--set", "venue.fees=[0.0002,0.0002]")
    own = cockpit(
        "backtest", "--archive", "--strategy", SLEEVE, "--from", "2024-01-26T00:00:00.001", *asked, "--json"
    )
    assert plain.json["digest"] == own.json["digest"]
    assert plain.json["report"] == own.json["report"]
    assert plain.json["fills"] > 0


def test_other_commands_play_the_archive_too(archive: Path, cockpit: Shell, tmp_path: Path) -> None:
    found = cockpit("backtest", "--archive", "--strategy", "ema_trend@*/4h", "--json")
    assert found.code == 0, found.err
    assert found.json["sleeves"][0]["sleeve"].endswith("/4h")  # made of the hours that there are
    unnamed = cockpit("check", "lookahead", "ema_trend", "--archive")
    assert (unnamed.code, "ema_trend@SYMBOL/TF" in unnamed.err) == (2, True)
    did = cockpit(
        "optimize",
        SLEEVE,
        "--archive",
        "--trials",
        "3",
        "--workers",
        "1",
        "--executor",
        "interpreted",
        "--json",
    )
    assert did.code == 0, did.err
    assert len(list((tmp_path / "data" / cut.CUTS).iterdir())) == 1  # one set of data for all of them


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ["--strategy", f"ema_trend@{SOL}/7m"],
            "cockpit data backfill --symbols binance:SOLUSDT --timeframes 7m",
        ),
        (["--strategy", "ema_trend@okx:SOL/1h"], "it has binance:SOLUSDT"),
        ([], "name what to run"),
        (["--strategy", SLEEVE, "--kinds", "candles"], "--kinds: no 'candles'"),
        (["--strategy", SLEEVE, "--limit", "0"], "--limit 0"),
        (["--strategy", SLEEVE, "--symbol", SOL], "for a --strategy that names no market"),
        (["--strategy", "ema_trend", "--timeframe", "1h"], "--timeframe 1h needs --symbol"),
    ],
)
def test_what_cannot_be_played_is_said(archive: Path, cockpit: Shell, words: list[str], says: str) -> None:
    found = cockpit("backtest", "--archive", *words)
    assert found.code in {2, 5}
    assert says in found.err


def test_without_an_archive_it_says_how_to_fill_one(tape: str, cockpit: Shell) -> None:
    assert "cockpit data backfill" in cockpit("backtest", "--archive", "--strategy", SLEEVE).err
    both = cockpit("backtest", "--archive", "--tape", tape, "--strategy", SLEEVE)
    assert both.code == 2
    assert "name what to play" in both.err
    assert "a tape is played whole" in cockpit("backtest", "--tape", tape, "--kinds", "funding").err


def test_old_cuts_go_and_those_of_studies_stay(archive: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    for number in range(cut.KEEP + 4):
        path = data / cut.CUTS / f"{number:016x}.tape"
        path.mkdir(parents=True)
        then = time.time() - (cut.KEEP_S + 1_000 if number < 4 else 10)
        os.utime(path, (then, then))
    (data / "studies" / "mine").mkdir(parents=True)
    (data / "studies" / "mine" / "task.json").write_text(f'"{data}/cuts/{2:016x}.tape"')
    with Archive(archive) as rows:
        series = cut.chosen(rows, (SleeveConfig("ema_trend", SOL, "1h"),))
        path = cut.laid(data, rows, cut.within(rows, series, 0, 0), lambda _what, _rows: None)
        with pytest.raises(TapeError, match="nothing of that"):
            cut.within(rows, [], 0, 0)
    left = {one.name for one in (data / cut.CUTS).iterdir()}
    assert path.name in left
    assert {f"{number:016x}.tape" for number in range(4)} & left == {f"{2:016x}.tape"}
