"""``cockpit hotlist --at``: recorded markets ranked as they stood."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Shell

BARS = "market/ohlcv/binance_perp_5m_hotlist_2026-04.parquet"


@pytest.mark.shared
def test_recorded_markets_are_ranked_as_they_stood(shared: Path, tmp_path: Path, cockpit: Shell) -> None:
    tape = str(tmp_path / "h.tape")
    names = "binance:DOGEUSDT,binance:LTCUSDT,binance:SOLUSDT"
    brought = cockpit("data", "import", str(shared / BARS), "--symbols", names, "--out", tape)
    assert brought.code == 0, brought.err
    ask = ("hotlist", "--tape", tape, "--at", "2026-05-01T12:00", "--json")
    mood = ("--mood", str(shared / "market/sentiment/fear_greed_daily.parquet"))
    found = cockpit(*ask, *mood)
    assert found.code == 0, found.err
    rows = found.json["candidates"]
    assert [row["place"] for row in rows] == [1, 2, 3]
    assert {row["symbol"] for row in rows} == set(names.split(","))
    doge = next(row for row in rows if "DOGE" in row["symbol"])
    assert doge["terms"]["vol_jump"]["value"] == pytest.approx(oracle(shared / BARS, "DOGEUSDT"))
    assert set(doge["missing"]) == {"oi_delta", "funding_z"}, "no such recording belongs to these weeks"
    assert found.json["mood"]["source"] == "fear_greed_daily"
    assert found.json["mood"]["age_ms"] > 365 * 86_400_000
    said = cockpit(*ask[:-1], *mood)
    assert "TOO OLD" in said.out

    cut = str(tmp_path / "cut.tape")
    known = ("--symbols", names, "--to", "2026-05-01T12:00:00.001")
    assert cockpit("data", "import", str(shared / BARS), *known, "--out", cut).code == 0
    again = cockpit("hotlist", "--tape", cut, "--at", "2026-05-01T12:00", "--json")
    assert again.json["candidates"] == rows, "the rest of the recording makes no difference"


def oracle(path: Path, symbol: str) -> float:
    """The volatility jump once more, with pandas on the raw file."""
    import numpy
    import pandas

    frame = pandas.read_parquet(path, filters=[("symbol", "==", symbol)])
    now = int(pandas.Timestamp("2026-05-01T12:00", tz="UTC").value // 10**6)
    frame["end"] = frame["ts_ms"] + 300_000
    frame["squared"] = numpy.log(frame["close"]).diff() ** 2
    day = 86_400_000
    sigmas = [
        float(frame[(frame.end > now - (n + 1) * day) & (frame.end <= now - n * day)].squared.sum()) ** 0.5
        for n in range(8)
    ]
    return sigmas[0] / float(numpy.median(sigmas[1:]))


def test_what_cannot_be_ranked_is_refused(tmp_path: Path, cockpit: Shell) -> None:
    gone = ("hotlist", "--tape", str(tmp_path / "gone.tape"))
    assert cockpit(*gone, "--at", "2026-05-01").code == 5
    assert cockpit(*gone, "--at", "yesterday").code == 2
    assert cockpit(*gone, "--at", "2026-05-01", "--top", "0").code == 2
    weights = cockpit(*gone, "--at", "2026-05-01", "--set", "hotlist.weights={ vol_jump = 0.5 }")
    assert weights.code == 2
    assert "sum to" in weights.err
    strange = cockpit(*gone, "--at", "2026-05-01", "--set", "hotlist.weights={ vol_jmp = 1.0 }")
    assert (strange.code, "vol_jump" in strange.err) == (2, True), strange.err
    bad = tmp_path / "mood.csv"
    bad.write_text("ts_ms,value\n0,140\n")
    assert cockpit(*gone, "--at", "2026-05-01", "--mood", str(bad)).code == 5
    bad.write_text("when,value\n0,14\n")
    refused = cockpit(*gone, "--at", "2026-05-01", "--mood", str(bad))
    assert "ts_ms" in refused.err
