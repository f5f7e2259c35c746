"""What the status row says of the day and of the fall from the best does not begin anew with a restart."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cockpit.app import market
from cockpit.app.discover import discover
from cockpit.app.runtime import Plan, open_runtime
from cockpit.app.wiring import WallClock
from cockpit.core.config import Config
from cockpit.core.frames import Frame, Health
from cockpit.core.project import DAY

NOW = 1_772_600_770_500


async def _picture(folder: Path) -> Frame:
    discover()
    config = Config()
    source = market.practice(config, NOW - 10_000, folder, ())
    runtime = await open_runtime(Plan(config, "practice", folder), source)
    try:
        return runtime.projector.frame(NOW, 0, Health())
    finally:
        await runtime.close()


def test_the_day_and_the_best_are_of_the_journal_not_of_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WallClock, "now_ms", lambda _self: NOW)
    assert asyncio.run(_picture(tmp_path)).day_pnl == 0.0
    rows = [  # equity, cash, realised, unrealised, fees, funding
        (NOW // DAY * DAY - 60_000, "USDT", "12500", "12500", "900", "0", "0", "0"),
        (NOW // DAY * DAY, "USDT", "10400", "10400", "500", "0", "100", "0"),
        (NOW - 60_000, "USDT", "10000", "10000", "0", "0", "0", "0"),
    ]
    with closing(sqlite3.connect(tmp_path / "cockpit.db")) as connection, connection:
        connection.executemany("INSERT OR REPLACE INTO equity VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    frame = asyncio.run(_picture(tmp_path))
    assert frame.day_pnl == pytest.approx(-400.0), "the day began at +400, and nothing is left of it"
    assert frame.drawdown == pytest.approx(900 / 10_900), "+900 was the best; the 1,600 beyond it went out"
