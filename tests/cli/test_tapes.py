"""From somebody's file to a tape, a backtest, a headless run and the replay of its journal: one stream."""

import csv as csv_rows
import gc
import json
from pathlib import Path

import pytest

from cockpit.app import session
from tests.cli.conftest import HOURS, Shell


def test_an_import_says_what_it_found_and_what_was_wrong(csv: Path, cockpit: Shell) -> None:
    found = cockpit("data", "import", str(csv), "--venue", "binance", "--out", "sol.tape", "--json")
    assert found.code == 0
    (source,) = found.json["sources"]
    assert (source["format"], source["rows"], source["facts"]) == ("ohlcv", HOURS - 2, HOURS - 3)
    assert found.json["tape"]["defects"] == {
        "duplicate": {"binance:SOLUSDT": 1},
        "gap": {"binance:SOLUSDT": 1},
    }
    again = cockpit("data", "import", str(csv), "--venue", "binance", "--out", "sol.tape")
    assert again.code == 5
    assert "exists already" in again.err


def test_a_tape_is_described_and_verified(tape: str, cockpit: Shell) -> None:
    info = cockpit("data", "info", tape)
    assert info.code == 0
    assert "binance:SOLUSDT" in info.out
    assert "2024-01-01 01:00:00Z" in info.out
    assert cockpit("data", "info", tape, "--json").json["rows"] == HOURS - 2
    assert cockpit("data", "verify", tape).code == 0


def test_a_changed_tape_is_found_out(tape: str, cockpit: Shell) -> None:
    part = Path(tape) / "bars.parquet"
    raw = bytearray(part.read_bytes())
    raw[len(raw) // 2] ^= 1
    part.write_bytes(raw)
    found = cockpit("data", "verify", tape, "--json")
    assert found.code == 5
    assert found.json["sound"] is False
    assert "sha256" in found.json["problems"][0]


def test_what_is_wanted_of_an_import_must_make_sense(csv: Path, cockpit: Shell) -> None:
    assert cockpit("data", "import", str(csv), "--out", "x.tape", "--rename", "SOL").code == 2
    assert cockpit("data", "import", str(csv), "--out", "x.tape", "--tf", "h1").code == 2
    assert cockpit("data", "import", str(csv), "--out", "x.tape", "--from", "soon").code == 2
    assert not Path("x.tape").exists()


def test_backtest_daemon_and_replay_decide_the_same(tape: str, cockpit: Shell, tmp_path: Path) -> None:
    tested = cockpit("backtest", "--tape", tape, "--json")
    assert tested.code == 0, tested.err
    assert tested.json["fills"] > 5
    ran = cockpit("--daemon", "--tape", tape, "--speed", "max", "--json")
    assert ran.code == 0
    same = ("digest", "events", "fills", "orders", "fees", "pnl", "equity")
    assert [ran.json[key] for key in same] == [tested.json[key] for key in same]
    replayed = cockpit("replay", str(tmp_path / "data"), "--export", "decisions.jsonl", "--json")
    assert replayed.code == 0
    assert (replayed.json["digest"], replayed.json["differing"]) == (tested.json["digest"], 0)
    decisions = Path("decisions.jsonl").read_text("utf-8").splitlines()
    assert len(decisions) == replayed.json["outcomes"] == ran.json["outcomes"]


def test_a_backtest_takes_a_window_and_a_strategy(tape: str, cockpit: Shell) -> None:
    whole = cockpit("backtest", "--tape", tape, "--json").json
    words = ["--strategy", "ema_trend:ema_fast=3,ema_medium=6,ema_slow=12@binance:SOLUSDT/1h"]
    part = cockpit(
        "backtest", "--tape", tape, "--from", "2024-01-10", "--to", "2024-01-20", *words, "--json"
    ).json
    assert 240 < part["events"] < whole["events"]
    assert part["sleeves"][0]["sleeve"] == "ema_trend@1/binance:SOLUSDT/1h"
    assert cockpit("backtest", "--tape", tape, "--strategy", "ema_trend:fast=3@binance:SOLUSDT").code == 2
    assert cockpit("backtest", "--tape", tape, "--strategy", "nobody@binance:SOLUSDT").code == 2
    assert cockpit("backtest", "--tape", tape, "--strategy", "ema_trend").code == 2


def test_a_replay_under_other_limits_says_so(tape: str, cockpit: Shell, tmp_path: Path) -> None:
    assert cockpit("--daemon", "--tape", tape, "--json", "--set", "risk.max_notional=900").code == 0
    folder = tmp_path / "data"
    assert cockpit("replay", str(folder)).code == 0, "its own limits are kept beside it"
    for file in (folder / "settings").iterdir():
        file.unlink()
    found = cockpit("replay", str(folder), "--json")
    assert found.code == 1
    assert found.json["differing"] > 0
    assert found.json["foreign_settings"] == 1
    assert 0 < found.json["first_difference"] < found.json["events"]


def test_a_journal_without_its_opening_is_refused(tape: str, cockpit: Shell, tmp_path: Path) -> None:
    import sqlite3

    assert cockpit("--daemon", "--tape", tape, "--json").code == 0
    path = tmp_path / "data" / "cockpit.db"
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM snapshots WHERE seq = 0")
    database.close()
    found = cockpit("replay", str(path))
    assert found.code == 4
    assert "before its first fact" in found.err


def test_a_data_directory_that_holds_a_run_is_not_written_over(tape: str, cockpit: Shell) -> None:
    assert cockpit("--daemon", "--tape", tape, "--json").code == 0
    found = cockpit("--daemon", "--tape", tape, "--json")
    assert found.code == 2
    assert "already holds a run" in found.err


def test_what_a_run_writes_is_its_owners_alone(tape: str, cockpit: Shell, tmp_path: Path) -> None:
    assert cockpit("--daemon", "--tape", tape, "--json").code == 0
    written = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert len(written) > 3
    assert {path.name: oct(path.stat().st_mode & 0o077) for path in written} == {
        path.name: "0o0" for path in written
    }


def test_the_delays_of_a_recording_become_those_of_the_simulated_venue(
    cockpit: Shell, tmp_path: Path
) -> None:
    rows = []
    for n in range(70):
        sent = 1_700_000_000_000 + n * 500
        deal = {
            "e": "aggTrade",
            "E": sent,
            "s": "BTCUSDT",
            "a": n,
            "p": "100.0",
            "q": "1",
            "T": sent,
            "m": False,
        }
        message = {"stream": "btcusdt@aggTrade", "data": deal}
        rows.append(json.dumps({"recv_ns": (sent + n % 7) * 1_000_000, "msg": message}))
    (tmp_path / "t.jsonl").write_text("\n".join(rows) + "\n", "utf-8")
    assert cockpit("data", "import", "t.jsonl", "--venue", "binance", "--out", "t.tape").code == 0
    found = cockpit("data", "latency", "t.tape", "--out", "delays.csv", "--json")
    assert found.code == 0, found.err
    assert (found.json["messages"], found.json["p50_ms"], found.json["shift_ms"]) == (70, 3, 0)
    assert (tmp_path / "delays.csv").read_text("utf-8").splitlines()[:3] == [
        "order_ms,report_ms",
        "0,0",
        "1,1",
    ]
    again = cockpit("data", "latency", "t.tape", "--out", "delays.csv")
    assert (again.code, "exists already" in again.err) == (5, True)


def test_a_tape_of_candles_has_no_delays(tape: str, cockpit: Shell) -> None:
    found = cockpit("data", "latency", tape, "--out", "delays.csv")
    assert found.code == 5
    assert "no message" in found.err


def test_bars_that_a_tape_does_not_have_are_made(tape: str, cockpit: Shell) -> None:
    """Of hourly candles, those of four hours; of an hour and a half, none, and it says so."""
    found = cockpit("--daemon", "--tape", tape, "--strategy", "ema_trend@binance:SOLUSDT/4h", "--json")
    assert found.code == 0, found.err
    assert found.json["sleeves"][0]["sleeve"] == "ema_trend@1/binance:SOLUSDT/4h"
    assert found.json["events"] > HOURS + HOURS // 4 - 9
    words = ("--strategy", "ema_trend@binance:SOLUSDT/90m", "--data-dir", "other")
    odd = cockpit("--daemon", "--tape", tape, *words)
    assert odd.code == 2
    assert "the feed has 1h, not 90m" in odd.err


def test_an_account_in_another_money_than_the_tape_is_told_so(tape: str, cockpit: Shell) -> None:
    said = cockpit("--daemon", "--tape", tape, "--set", "run.currency=USD", "--to", "2024-01-03")
    assert said.code == 0
    assert "the account has USD, and these markets are paid in USDT: --set run.currency=USDT" in said.err
    said = cockpit("--daemon", "--tape", tape, "--to", "2024-01-03", "--data-dir", "other")
    assert (said.code, "paid in" in said.err) == (0, False)


def test_litter_is_collected_as_soon_as_the_start_is_over(
    tape: str, cockpit: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    monkeypatch.setattr(session, "write_summary", lambda *_: seen.append(gc.isenabled()))
    assert cockpit("--daemon", "--tape", tape).code == 0
    assert [*seen, gc.isenabled()] == [True, True]
    assert cockpit("--daemon", "--tape", "nowhere.tape", "--data-dir", "other").code == 5
    assert gc.isenabled()


def test_decisions_are_exported_as_a_table(tape: str, cockpit: Shell, tmp_path: Path) -> None:
    ran = cockpit("--daemon", "--tape", tape, "--speed", "max", "--json")
    assert cockpit("replay", str(tmp_path / "data"), "--export", "decisions.csv").code == 0
    with open("decisions.csv", encoding="utf-8", newline="") as file:
        rows = list(csv_rows.DictReader(file))
    placed = [row for row in rows if row["what"] == "place"]
    assert len({row["cid"] for row in placed}) == len(placed) == ran.json["orders"]
    assert {row["side"] for row in placed} == {"buy", "sell"}
    assert all(float(row["qty"]) > 0 and row["symbol"] == "binance:SOLUSDT" for row in placed)
    wishes = [row for row in rows if row["what"] == "wish"]
    assert {row["sleeve"] for row in wishes} == {"ema_trend@1/binance:SOLUSDT/1h"}
    assert len({row["seq"] for row in rows}) == ran.json["outcomes"]
