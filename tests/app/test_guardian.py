"""The guardian alone: when it acts, what it touches, and that it never reports what it has not read."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cockpit.app.guardian import BEAT, Guardian, Heart, Held, Row, newest
from cockpit.core.errors import Transient
from cockpit.workers.kill import KillFlag


class Venue:
    """Two doors: resting orders and algos; cancels that may fail."""

    def __init__(self, *rows: Row, algos: tuple[Row, ...] = (), failures: int = 0) -> None:
        self.rows = {row.ord_id: row for row in rows}
        self.algos = {row.algo_id: row for row in algos}
        self.failures = failures
        self.cancelled: list[str] = []

    async def get(self, path: str, params: dict[str, Any], _rows: Any, **_: Any) -> list[Any]:
        if path == "account/positions":
            return [Held("BTC-USDT-SWAP", "2")]
        if path == "trade/orders-pending":
            return list(self.rows.values())
        return list(self.algos.values()) if params["ordType"].startswith("conditional") else []

    async def post(self, _path: str, body: Any, **_: Any) -> None:
        if self.failures:
            self.failures -= 1
            raise Transient("busy")
        self.cancelled.append(body["ordId"])
        self.rows.pop(body["ordId"], None)


ENTRY = Row("BTC-USDT-SWAP", "1", cl_ord_id="ck1", tag="ckin")
EXIT = Row("BTC-USDT-SWAP", "2", cl_ord_id="ck2", tag="ckout")
HAND = Row("BTC-USDT-SWAP", "3", cl_ord_id="byhand")
STOP = Row("BTC-USDT-SWAP", algo_id="9", algo_cl_ord_id="ck9", tag="ckstop", sz="2", sl_trigger_px="90")


def guardian(folder: Path, venue: Venue, lines: list[str]) -> Guardian:
    return Guardian(folder, venue, 10.0, lines.append)  # type: ignore[arg-type]


def beating(folder: Path) -> None:
    (folder / BEAT).write_text(f"{os.getpid()}\n", "utf-8")


def test_only_entries_are_cancelled_and_the_receipt_tells_what_stays(tmp_path: Path) -> None:
    venue, lines = Venue(ENTRY, EXIT, HAND, algos=(STOP,)), []
    beating(tmp_path)
    asyncio.run(guardian(tmp_path, venue, lines)._act(True, 5.0))
    assert venue.cancelled == ["1"]
    found = newest(tmp_path, 0)
    assert found is not None
    assert found["cancelled"] == ["ck1"]
    assert [row["cid"] for row in found["stops"]] == ["ck9"]
    assert [row["qty"] for row in found["positions"]] == ["2"]
    assert newest(tmp_path, found["read_ts"] + 1) is None


def test_while_the_venue_refuses_it_says_what_remains_and_leaves_no_receipt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cockpit.app.guardian.AGAIN_S", 0.0)
    venue, lines = Venue(ENTRY, failures=3), []
    beating(tmp_path)
    asyncio.run(guardian(tmp_path, venue, lines)._act(True, 5.0))
    assert sum("NOT done" in line for line in lines) == 3
    found = newest(tmp_path, 0)
    assert found is not None
    assert found["tries"] == 4


def test_without_a_halt_file_it_leaves_one_for_a_frozen_process_and_none_for_a_dead_one(
    tmp_path: Path,
) -> None:
    beating(tmp_path)
    asyncio.run(guardian(tmp_path, Venue(ENTRY), [])._act(False, 20.0))
    assert (tmp_path / "halt").read_text("utf-8") == "halt\n"
    (tmp_path / "halt").unlink()
    (tmp_path / BEAT).write_text("no process\n", "utf-8")
    asyncio.run(guardian(tmp_path, Venue(ENTRY), [])._act(False, 20.0))
    assert not (tmp_path / "halt").exists()


def test_a_heart_is_timed_by_its_own_clock_and_an_orderly_end_is_no_alarm(tmp_path: Path) -> None:
    now = 100.0
    heart = Heart(tmp_path, lambda: now)
    assert heart.still() == 0.0
    beating(tmp_path)
    assert heart.still() == 0.0
    now += 7.0
    assert heart.still() == 7.0
    os.utime(tmp_path / BEAT)
    assert heart.still() == 0.0
    assert heart.alive()
    (tmp_path / BEAT).unlink()
    assert heart.still() == -1.0


def test_the_wire_is_closed_until_the_watchdog_has_looked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 50.0
    monkeypatch.setattr("cockpit.workers.kill.time.monotonic", lambda: now)
    kill = KillFlag()
    kill.fresh_s = 2.0
    kill.beat()
    assert not kill.on
    now += 3.0
    assert kill.on
    assert not kill.pressed
    kill.beat()
    assert not kill.on


def test_it_loads_neither_the_machine_nor_the_screen() -> None:
    code = "import sys, json, cockpit.app.guardian; print(json.dumps(sorted(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(found.stdout))
    heavy = {"cockpit.core.engine", "cockpit.core.matching", "textual", "ccxt", "numpy", "cockpit.tui"}
    assert loaded & heavy == set()


def test_it_is_refused_where_there_is_nothing_to_guard(tmp_path: Path) -> None:
    asked = subprocess.run(
        [sys.executable, "-m", "cockpit", "guardian", "--data-dir", str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert asked.returncode == 2
    assert "okx" in asked.stderr
