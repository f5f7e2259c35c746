"""A journal is there whole or not at all, whatever happens in its first moments."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from cockpit.adapters.store import creation
from cockpit.adapters.store.creation import Files, create_whole
from cockpit.adapters.store.schema import STEPS, open_exclusive
from cockpit.core.errors import StoreError
from tests.simulation import disk
from tests.simulation.disk import Disk, mounted

MOMENTS = 120
"""More writes and syncs than the making of a journal takes."""
needs_disk = pytest.mark.skipif(not disk.available(), reason="sqlite3 is linked statically here")


def whole(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE meta (key)")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@needs_disk
@pytest.mark.parametrize("then", ["cut", "fail"])
@pytest.mark.parametrize("first", ["cut", "fail", "full"])
def test_no_two_accidents_in_its_first_moments_leave_a_file_that_no_start_can_open(
    tmp_path: Path, first: str, then: str
) -> None:
    """Seed 6088 at twice the faults: a power cut, a failing fsync, a power cut; then no start succeeded."""
    path, reached = tmp_path / "j.db", 0
    for moment in range(1, MOMENTS, 2):
        left = {1: (moment, first), 2: (1 + moment * 7 % 23, then)}
        machine = Disk(moment)
        for life in (1, 2):
            count, accident = left[life]

            def trouble(what: str, accident: str = accident) -> str:
                nonlocal count
                count -= 1
                if count or (accident == "full") != (what == "grow"):
                    return ""
                return accident

            machine.trouble = trouble
            with mounted(machine), suppress(StoreError):
                open_exclusive(path, "practice", "FULL").close()
            reached += count <= 0
            machine.die(power=True)
            machine.restart()
        machine.trouble = lambda _what: ""
        with mounted(machine):
            connection = open_exclusive(path, "practice", "FULL")
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            version = connection.execute("SELECT max(version) FROM migrations").fetchone()
            assert version == (STEPS[-1].version,)
            connection.close()
    assert reached > 20, f"only {reached} accidents happened"


def test_what_a_crash_left_of_a_new_one_is_dropped_and_nothing_else(tmp_path: Path) -> None:
    for name in ("j.db.new", "j.db.new-wal", "j.db.new-journal", "other.db.new"):
        (tmp_path / name).write_text("half of it")
    open_exclusive(tmp_path / "j.db", "practice", "OFF").close()
    assert names(tmp_path) == ["j.db", "j.db.pid", "other.db.new"]
    assert (tmp_path / "j.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("end", ["-wal", "-journal"])
def test_the_log_of_a_journal_that_is_gone_may_hold_facts(tmp_path: Path, end: str) -> None:
    log = tmp_path / f"j.db{end}"
    log.write_text("facts")
    with pytest.raises(StoreError, match="may hold facts"):
        open_exclusive(tmp_path / "j.db", "practice", "OFF")
    assert names(tmp_path) == [log.name]
    assert log.read_text() == "facts"


def test_a_file_that_is_no_journal_is_left_as_it_is_and_said(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    path.write_bytes(b"not a page of SQLite" * 300)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="not a database; it is left as it is: put a copy in its place"):
        open_exclusive(path, "practice", "OFF")
    assert path.read_bytes() == before


def test_one_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    def half(connection: sqlite3.Connection) -> None:
        whole(connection)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        create_whole(tmp_path / "j.db", half, durable=False)
    assert names(tmp_path) == []


def test_one_that_another_process_has_made_meanwhile_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "j.db"
    create_whole(path, whole, durable=False)
    sizes = [0, path.stat().st_size]
    monkeypatch.setattr(creation, "FILES", files := Files())
    monkeypatch.setattr(files, "size", lambda _path: sizes.pop(0))
    create_whole(path, lambda _connection: pytest.fail("made twice"), durable=False)
    assert not sizes


def test_the_file_and_its_folder_are_durable_before_anything_is_written_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(creation, "FILES", files := Files())
    sync, put = files.sync, files.put
    monkeypatch.setattr(files, "sync", lambda path: (done.append(f"sync {path.name}"), sync(path)))
    monkeypatch.setattr(files, "put", lambda new, path: (done.append("put"), put(new, path)))
    create_whole(tmp_path / "j.db", whole, durable=True)
    assert done == ["sync j.db.new", "put", f"sync {os.path.basename(tmp_path)}"]
