"""Power cuts, failing writes and a full disk, under the interpreter's own SQLite with our own pragmas."""

from __future__ import annotations

import os
import random
import sqlite3
from pathlib import Path

import pytest

from cockpit.adapters.store.schema import open_exclusive
from tests.simulation import disk
from tests.simulation.disk import SECTOR, Disk, File, mounted

CUTS = 150
SOAK_CUTS = int(os.environ.get("COCKPIT_SOAK_CUTS", "20000"))
ROWS = 120
needs_disk = pytest.mark.skipif(not disk.available(), reason="sqlite3 is linked statically here")


def trial(path: Path, seed: int, synchronous: str) -> tuple[int, int, int]:
    """Write until the power goes somewhere; (rows acknowledged, rows found, sectors lost)."""
    dice = random.Random(seed)
    left = dice.randrange(1, 900)

    def trouble(_what: str) -> str:
        nonlocal left
        left -= 1
        return "cut" if left == 0 else ""

    machine = Disk(seed, trouble)
    acknowledged = 0
    with mounted(machine):
        connection = None
        try:
            connection = open_exclusive(path, "practice", synchronous)
            connection.execute("PRAGMA wal_autocheckpoint = 20")  # cuts fall into checkpoints too
            for number in range(1, ROWS + 1):
                connection.execute("BEGIN IMMEDIATE")
                row = (number, number, "x", bytes(dice.randrange(10, 3_000)), b"")
                connection.execute("INSERT INTO facts VALUES (?, ?, ?, ?, ?)", row)
                connection.execute("COMMIT")
                acknowledged = number
        except Exception:  # noqa: BLE001 - sqlite's or ours: the machine is dark
            assert machine.dead
        if connection is not None:
            connection.close()
        machine.trouble = lambda _what: ""
        machine.die(power=True)
        machine.restart()
        connection = open_exclusive(path, "practice", synchronous)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = [row[0] for row in connection.execute("SELECT seq FROM facts")]
        connection.close()
    assert found == list(range(1, len(found) + 1))
    return acknowledged, len(found), machine.lost


@needs_disk
def test_what_was_acknowledged_survives_a_power_cut_anywhere(tmp_path: Path) -> None:
    trials = [trial(tmp_path / "j.db", seed, "FULL") for seed in range(CUTS)]
    assert all(found >= acknowledged for acknowledged, found, _ in trials)
    assert sum(lost for *_, lost in trials) > CUTS, "the cuts took something"


@needs_disk
def test_the_disk_would_show_a_journal_that_does_not_wait_for_it(tmp_path: Path) -> None:
    trials = [trial(tmp_path / "j.db", seed, "NORMAL") for seed in range(20)]
    assert any(found < acknowledged for acknowledged, found, _ in trials)


@needs_disk
@pytest.mark.soak
def test_power_cuts_by_the_thousand(tmp_path: Path) -> None:
    lost = 0
    for seed in range(1_000_000, 1_000_000 + SOAK_CUTS):
        acknowledged, found, sectors = trial(tmp_path / "j.db", seed, "FULL")
        assert found >= acknowledged, seed
        lost += sectors
    print(f"{SOAK_CUTS} power cuts, {lost} sectors lost, no acknowledged row, nothing corrupt")


@needs_disk
@pytest.mark.parametrize(("trouble", "words"), [("full", "full"), ("fail", "disk I/O error")])
def test_a_disk_that_refuses_says_so_and_goes_on_later(tmp_path: Path, trouble: str, words: str) -> None:
    machine = Disk(1)
    with mounted(machine):
        connection = open_exclusive(tmp_path / "j.db", "practice", "FULL")
        machine.trouble = lambda what: trouble if what != "sync" else ""
        with pytest.raises(sqlite3.OperationalError, match=words):
            connection.execute("INSERT INTO meta VALUES ('a', 'b')")
        machine.trouble = lambda _what: ""
        connection.execute("INSERT INTO meta VALUES ('a', 'b')")
        assert connection.execute("SELECT value FROM meta WHERE key = 'a'").fetchone() == ("b",)
        connection.close()


def test_a_write_is_torn_by_sectors_and_what_was_synced_stays() -> None:
    fates = set()
    for seed in range(40):
        file = File()
        file.write(0, b"a" * (2 * SECTOR))
        file.sync()
        file.write(0, b"b" * (2 * SECTOR))
        file.cut(random.Random(seed))
        fates.add(bytes(file.data[::SECTOR]))
    assert fates == {b"aa", b"ab", b"ba", b"bb"}
