"""Journals of older cockpits under today's, and how long a start takes with a long one.

The older cockpits are those of this repository's own history: the last one of each schema writes a journal
under today's interpreter and packages, is killed, and today's goes on from there. No history: skipped.
``SOAK_RTO_ROWS``, ``SOAK_RTO_STARTS``: rows to fold, and how often. ``SOAK_RTO_LONG``: rows of a long one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cockpit.adapters.store.journal_file import JournalFile
from cockpit.adapters.store.schema import STEPS
from tests.chaos import flood, kills
from tests.chaos.bench import NAKED_S, PATIENCE_S, Bench, bench, judge
from tests.daemon.process import Daemon

pytestmark = [pytest.mark.daemon, pytest.mark.soak]
SCHEMA = "cockpit/adapters/store/schema.py"
ROWS = int(os.environ.get("SOAK_RTO_ROWS", "10000"))
STARTS = int(os.environ.get("SOAK_RTO_STARTS", "5"))
LONG = int(os.environ.get("SOAK_RTO_LONG", "1000000"))
LONG_CPU_S = 10.0
BOUND_S = 5.0
"""Processor seconds of a start: on a busy machine the clock on the wall measures the others."""
LONG_S = 1_200.0


def git(repo: Path, *words: str) -> bytes:
    done = subprocess.run(["git", "-C", str(repo), *words], capture_output=True)
    return done.stdout if done.returncode == 0 else b""


def last_of(repo: Path, version: int, into: Path) -> None:
    """Unpack the last cockpit that wrote this schema. Skips where the history is not there."""
    first = (
        git(repo, "log", "--reverse", "--format=%H", f"-SStep({version + 1},", "--", SCHEMA).decode().split()
    )
    packed = git(repo, "archive", f"{first[0]}^") if first else b""
    if not packed:
        pytest.skip("the history of the repository is not here")
    into.mkdir()
    subprocess.run(["tar", "-x", "-C", str(into)], input=packed, check=True)


@pytest.mark.parametrize("version", [step.version for step in STEPS[1:-1]])
def test_todays_cockpit_goes_on_from_an_older_ones_journal_and_that_one_refuses_it_then(
    tmp_path: Path, repo: Path, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    """Killed, not stopped: the older one has had no chance to tidy up."""
    last_of(repo, version, tmp_path / "old")
    folder = tmp_path / "data"
    old = {**os.environ, "PYTHONPATH": str(tmp_path / "old")}
    words = [sys.executable, "-m", "cockpit", "--daemon", "--data-dir", str(folder)]
    with (tmp_path / "old.log").open("wb") as log:
        before = subprocess.Popen(words, env=old, cwd=tmp_path, stdout=log, stderr=log)
        time.sleep(40)
        before.send_signal(signal.SIGKILL)
        before.wait()
    with Daemon(folder) as daemon:
        daemon.wait(lambda: daemon.status()["posture"] == "NORMAL")
        seq = daemon.status()["seq"]
        daemon.wait(lambda: daemon.status()["seq"] > seq + 200)
        daemon.stop()
    assert (folder / f"cockpit.db.schema{version}-1.bak").exists()
    with JournalFile(folder / "cockpit.db") as journal:
        rows = journal.verify()
    refused = subprocess.run(words, env=old, cwd=tmp_path, capture_output=True, text=True, timeout=LONG_S)
    assert refused.returncode != 0
    assert "newer cockpit" in refused.stderr, refused.stderr
    print(f"schema {version}: today's went on at fact {seq}, {rows} rows hold, the older one refuses it")


def spent(pid: int) -> float:
    """Processor seconds of a process and its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def compared(daemon: Daemon) -> bool:
    """Twice: the folded state remembers that it was compared before, until the start is its first fact."""
    first = daemon.status()["reconciled"]
    time.sleep(0.1)
    return bool(first and daemon.status()["reconciled"])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")
def test_the_time_from_a_kill_to_compared_books(tmp_path: Path) -> None:
    """RTO of the real process with a long journal: kill -9, start, until the books are compared."""
    wall: list[float] = []
    cpu: list[float] = []
    with Daemon(tmp_path / "data") as daemon:
        daemon.wait(lambda: daemon.status()["seq"] >= ROWS, LONG_S)
        seq = daemon.status()["seq"]
        for _ in range(STARTS):
            daemon.kill9()
            begin = time.monotonic()
            daemon.start()
            daemon.wait(lambda: compared(daemon), LONG_S)
            wall.append(round(time.monotonic() - begin, 2))
            cpu.append(spent(daemon.pid))
        daemon.stop()
    load = f"{os.getloadavg()[0]:.1f}"
    print(f"{seq} rows: start to compared books {sorted(wall)} s, processor {sorted(cpu)} s, load {load}")
    assert max(cpu) <= BOUND_S


class Flooded(Bench):
    """Its market says in minutes what takes days."""

    PROGRAM = flood.__name__

    @property
    def env(self) -> dict[str, str]:
        return {**super().env, flood.ROWS: f"{LONG}"}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")
def test_the_time_from_a_kill_to_covered_positions_with_a_million_rows(tmp_path: Path) -> None:
    """The real daemon's own journal, over sockets; killed, started, until its books are compared and nothing
    is naked at the exchange."""
    wall: list[float] = []
    cpu: list[float] = []
    begin = time.monotonic()
    with bench(tmp_path / "data", kind=Flooded) as made:
        made.until(lambda: made.status()["seq"] >= LONG, LONG_S)
        took, seq = time.monotonic() - begin, made.status()["seq"]
        made.PROGRAM = Bench.PROGRAM  # type: ignore[misc]
        for _ in range(STARTS):
            assert made.daemon is not None
            made.daemon.kill()
            made.daemon.wait()
            begin = time.monotonic()
            made.start_daemon()
            made.until(lambda: kills.compared(made), PATIENCE_S)
            made.covered_within(NAKED_S)
            wall.append(round(time.monotonic() - begin, 2))
            cpu.append(spent(made.pid))
        told = (made.folder / "daemon.log").read_text("utf-8").splitlines()
        folded = [line.rpartition(";")[2].strip() for line in told if "recovered" in line]
        print(f"{seq} facts, written in {took:.0f} s; {folded[-1]}; load {os.getloadavg()[0]:.1f}")
        print(f"start to books compared and positions covered {sorted(wall)} s, processor {sorted(cpu)} s")
        print(f"{judge(made)}; {(made.folder / 'cockpit.db').stat().st_size / 1e6:.0f} MB")
    assert max(cpu) <= LONG_CPU_S
