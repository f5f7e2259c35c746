"""From somebody's file into the archive, looked at, and out again to a backtest."""

import json
from pathlib import Path

from tests.cli.conftest import HOURS, Shell


def test_files_go_in_once_and_come_out_as_the_same_tape(tape: str, csv: Path, cockpit: Shell) -> None:
    first = cockpit("data", "import", str(csv), "--venue", "binance", "--archive", "--json")
    assert first.code == 0, first.err
    (source,) = first.json["sources"]
    took = source["series"]["binance:SOLUSDT bars 1h"]
    assert took == {"rows": HOURS - 3, "new": HOURS - 3, "changed": 0, "refused": 0}
    again = cockpit("data", "import", tape, "--archive")
    assert again.code == 0
    assert "897 rows, 0 new, 0 corrected" in again.out
    assert "not kept in the archive: 1 faults" in again.out
    assert cockpit("data", "export", "out.tape").code == 0
    old, new = (cockpit("backtest", "--tape", name, "--json").json for name in (tape, "out.tape"))
    assert new["fills"] == old["fills"] > 5
    assert new["pnl"] == old["pnl"]


def test_status_and_check_tell_the_hole_in_the_file(csv: Path, cockpit: Shell) -> None:
    cockpit("data", "import", str(csv), "--venue", "binance", "--archive")
    (row,) = cockpit("data", "status", "--json").json["series"]
    assert (row["rows"], row["hot"], row["months"]) == (HOURS - 3, 0, 2)
    assert round(row["coverage"], 4) == round((HOURS - 3) / HOURS, 4)
    said = cockpit("data", "status")
    assert "99.67%" in said.out
    found = cockpit("data", "check", "--json")
    assert found.code == 5
    (judged,) = found.json["series"]
    assert [gap["missing"] for gap in judged["gaps"]] == [3]
    told = cockpit("data", "check", "--lang", "zh")
    assert "缺口 2024-01-17 17:00:00Z 至 2024-01-17 19:00:00Z：3 行" in told.out
    assert cockpit("data", "check", "--timeframes", "4h").code == 5


def test_an_export_is_a_window_in_the_wanted_form(csv: Path, cockpit: Shell) -> None:
    cockpit("data", "import", str(csv), "--venue", "binance", "--archive")
    words = ("--kinds", "bars", "--from", "2024-01-02", "--to", "2024-01-03", "--json")
    found = cockpit("data", "export", "day.csv", *words)
    assert found.json["rows"] == 24
    lines = Path("day.csv").read_text("utf-8").splitlines()
    assert len(lines) == 25
    assert lines[0].replace('"', "").startswith("ts_ns,symbol,tf,open")
    assert cockpit("data", "export", "day.parquet", *words).code == 0
    back = cockpit("data", "import", "day.parquet", "--out", "day.tape", "--json")
    assert back.json["tape"]["rows"] == 24


def test_what_cannot_be_is_refused_in_words(csv: Path, tape: str, cockpit: Shell) -> None:
    nothing = cockpit("data", "status")
    assert nothing.code == 5
    assert "there is no archive at" in nothing.err
    cockpit("data", "import", str(csv), "--venue", "binance", "--archive")
    assert cockpit("data", "status", "--symbols", "okx:NOPE").code == 5
    assert cockpit("data", "check", "--kinds", "candles").code == 2
    assert cockpit("data", "check", "--timeframes", "hourly").code == 2
    assert cockpit("data", "export", "x.xlsx").code == 2
    assert cockpit("data", "export", tape).code == 5
    assert cockpit("data", "export", "x.csv", "--from", "2030-01-01").code == 5
    assert cockpit("data", "import", tape, "--archive", "--tf", "1h").code == 2
    assert cockpit("data", "import", "gone.csv", "--archive").code == 5
    assert not list(Path("data/archive").glob(".import-*"))
    assert not Path("x.csv").exists()
    assert json.loads(cockpit("data", "status", "--json").out)["series"]


def test_the_door_shows_a_market_as_it_could_be_known(csv: Path, cockpit: Shell) -> None:
    cockpit("data", "import", str(csv), "--venue", "binance", "--archive")
    instant = ("--as-of", "2024-01-05T10:30:00Z", "--limit", "3")
    found = cockpit("data", "show", "binance:SOLUSDT", *instant, "--json").json
    ten = 1_704_448_800_000
    assert [row["ts"] for row in found["candles"]] == [ten - 7_200_000, ten - 3_600_000, ten]
    assert (found["last_ts"], found["last"]) == (ten, found["candles"][-1]["close"])
    assert 0.1 < found["volatility"]["parkinson"] < 5
    said = cockpit("data", "show", "binance:SOLUSDT", *instant)
    assert "2024-01-05 09:00:00Z" in said.out
    assert "2024-01-05 10:00:00Z  " not in said.out.splitlines()[-1]
    nobody = cockpit("data", "show", "okx:NOPE")
    assert nobody.code == 5
    assert "holds nothing of okx:NOPE" in nobody.err
    assert cockpit("data", "show", "binance:SOLUSDT", "--limit", "0").code == 2


def test_help_tells_the_door_and_its_calls(cockpit: Shell) -> None:
    page = cockpit("help", "data")
    for call in (
        "get_ohlcv(symbol",
        "get_candles_range(symbol",
        "get_latest_funding(symbol",
        "get_latest_prices(",
    ):
        assert call in page.out


def test_the_doctor_looks_at_the_archive(csv: Path, cockpit: Shell) -> None:
    def found() -> dict[str, str]:
        rows = cockpit("doctor", "--json").json["checks"]
        return next((row for row in rows if row["name"] == "archive"), {})

    assert found() == {}
    cockpit("data", "import", str(csv), "--venue", "binance", "--archive")
    assert found()["level"] == "ok"
    assert "1 series, 897 rows" in found()["text"]
    next(Path("data/archive/bars").rglob("*.parquet")).unlink()
    assert found()["level"] == "bad"
    assert "1 files of the archive are gone" in found()["text"]
    Path("data/archive/index.db").write_bytes(b"nothing of the kind")
    assert "cannot be read" in found()["text"]
