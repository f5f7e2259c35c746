"""A study on disk: what was appended is there, one process writes, a killed one loses at most its batch."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from cockpit.core.errors import ConfigError, StoreError
from cockpit.lab.search.measure import Measured
from cockpit.lab.search.store import SqliteStore
from cockpit.lab.search.trial import Outcome, Trial
from tests.lab.search.hills import plane, searching

ONE = Trial(
    0, 0, (0.5, 0.25), {"fast": 9, "word": "up"}, Outcome.DONE, (1.5,),
    Measured(0.5, 0.2, 1.5, None, 2.0, 0.1, 80.0, 40, 365, 12.0), None, b"\x00\x00\x80?", "", -1,
)  # fmt: skip
KILLED = """
import os, signal, sys
from pathlib import Path
from tests.lab.search.hills import plane, searching
from cockpit.lab.search.store import SqliteStore
store = SqliteStore(Path(sys.argv[1]))
def judge(point, seen=[]):
    seen.append(1)
    if len(seen) == 150:
        os.kill(os.getpid(), signal.SIGKILL)
    return (point[0],)
def record(batch):
    print(len(batch), flush=True)
searching("lhs", plane(2), store, 1000, judge=judge, record=record).run(1000)
"""


def test_a_trial_comes_back_as_it_was(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "study" / "study.db")
    store.begin({"method": "lhs"})
    store.append([ONE, msgspec.structs.replace(ONE, number=1, outcome=Outcome.VOID, scores=(None,), why="x")])
    store.close()
    again = SqliteStore(tmp_path / "study" / "study.db", write=False)
    assert list(again.trials()) == [
        ONE,
        msgspec.structs.replace(ONE, number=1, outcome=Outcome.VOID, scores=(None,), why="x"),
    ]
    assert (again.head() or {})["method"] == "lhs"
    again.close()


def test_a_batch_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "study.db")
    store.append([ONE])
    with pytest.raises(StoreError, match="cannot be written"):
        store.append([msgspec.structs.replace(ONE, number=1), ONE])
    assert [trial.number for trial in store.trials()] == [0]
    store.close()


def test_only_one_process_goes_on_with_a_study(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "study.db")
    with pytest.raises(ConfigError, match="is running; name another"):
        SqliteStore(tmp_path / "study.db")
    store.close()
    SqliteStore(tmp_path / "study.db").close()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be opened"):
        SqliteStore(tmp_path / "file" / "study.db")


def test_a_killed_study_has_every_batch_that_it_reported(tmp_path: Path, repo: Path) -> None:
    file = tmp_path / "study.db"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(file)], cwd=repo, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(repo)},
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    reported = sum(map(int, done.stdout.split()))
    store = SqliteStore(file)
    kept = list(store.trials())
    assert len(kept) in {0, 64, 128}  # two batches of 64 were handed over; the third was running
    assert len(kept) <= reported <= 128  # the ledger hears of a batch before the study keeps it
    before = len(kept)
    again = searching("lhs", plane(2), store, 1000, judge=lambda p: (p[0],))
    assert again.resume() == before
    again.run(200)
    assert [trial.number for trial in store.trials()] == list(range(200))
    store.close()


def test_a_batch_that_cannot_be_counted_is_not_kept_and_the_search_ends(tmp_path: Path) -> None:
    def refuse(_batch: object) -> None:
        raise StoreError("the ledger is full")

    store = SqliteStore(tmp_path / "study.db")
    search = searching("lhs", plane(2), store, 300, record=refuse)
    with pytest.raises(StoreError, match="the ledger is full"):
        search.run(300)
    assert (list(store.trials()), search.kept) == ([], 0)
    store.close()


def test_a_search_that_is_stopped_keeps_the_batch_that_ran(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "study.db")
    search = searching("lhs", plane(2), store, 300)
    assert search.run(300, stop=lambda: True) == "stopped"
    assert len(list(store.trials())) == search.kept == len(search.trials) == 64
    store.close()
