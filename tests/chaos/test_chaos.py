"""Real-process chaos: the real daemon over real sockets, with everything cut that can be cut.

The short forms run in ``make test``, the table in ``make soak``. ``SOAK_KILLS``: rounds of kill -9 there;
``SOAK_KILLS_LOG``: a file from which a run that was broken off goes on.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.app.drills.watching import entries, naked
from cockpit.core.config import ScreenConfig
from cockpit.core.errors import VenueError
from tests.chaos import kills, mortal
from tests.chaos.bench import HELD, NAKED_S, PATIENCE_S, Bench, alive_or_started, bench, judge
from tests.chaos.proxy import MODES

pytestmark = [
    pytest.mark.daemon,
    # The proxy of the test is cut in the middle of everything; what it leaves open is not the product's.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
REQUESTS = range(4, 12)
"""Among them is the stop's: after some questions, the entry and a quote."""
KILLS = int(os.environ.get("SOAK_KILLS", "2000"))
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prlimit is Linux's")


def test_two_kills_lose_nothing_and_send_nothing_twice(tmp_path: Path) -> None:
    kills.rounds_of_kill9(tmp_path / "data", 2, 41)


class Holding(Bench):
    """Only a position behind a stop, and a program that dies before it sends its request number ``nth``."""

    SLEEVES = (("drill_holder", HELD),)
    PROGRAM = mortal.__name__
    nth = 0

    def _furnish(self) -> None:
        super()._furnish()
        mortal.arm(self.folder, "pre_wire", self.nth)


@pytest.mark.soak
def test_a_position_whose_stop_never_left_has_another_one_in_seconds(tmp_path: Path) -> None:
    """That the first can no longer arrive is proven half a minute later: so long its signature is good."""
    for nth in REQUESTS:
        folder = tmp_path / f"{nth}"
        folder.mkdir(mode=0o700)
        made = Holding(folder, 3, ScreenConfig())
        made.nth = nth
        with contextlib.suppress(VenueError), made:  # it may be dead before it is ready
            assert made.daemon is not None
            made.daemon.wait(PATIENCE_S)
            mortal.disarm(folder)
            if naked(made.truth(), HELD):
                made.start_daemon()
                made.until(lambda one=made: kills.compared(one), PATIENCE_S)
                covered = made.covered_within(NAKED_S)
                print(f"request {nth}: covered {covered:.1f} s after the start; {judge(made)}")
                return
    pytest.fail("none of its first requests was the stop's")


def test_a_broken_off_run_of_kills_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rounds(folder: Path, count: int, seed: int, number: int) -> kills.Held:
        seen.append(number)
        if number == broken:
            raise AssertionError("does not hold")
        return kills.Held(
            number, count, kills.code_hash(), (1.0,) * count, (0.1,), {"random": count}, 9, 5, 4, 3, 0.5
        )

    monkeypatch.setattr(kills, "rounds_of_kill9", rounds)
    log, seen, broken = tmp_path / "held.jsonl", [], 1
    with pytest.raises(AssertionError):
        list(kills.campaign(60, log, tmp_path))
    broken = -1
    assert list(kills.campaign(60, log, tmp_path))[-1].startswith("all: 60 kills (60 random), 15 orders")
    assert seen == [0, 1, 1, 2]
    monkeypatch.setattr(kills, "code_hash", lambda: "another")
    list(kills.campaign(25, log, tmp_path))
    assert seen[4:] == [0], "another cockpit's kills were counted"


@pytest.mark.soak
def test_thousands_of_kills(tmp_path: Path) -> None:
    log = Path(os.environ.get("SOAK_KILLS_LOG") or tmp_path / "held.jsonl")
    for line in kills.campaign(KILLS, log, tmp_path):
        print(line, flush=True)


def cut_line(folder: Path, mode: str, seconds: float) -> dict[str, int]:
    """The line is bad for so long; afterwards everything agrees by itself."""
    with bench(folder) as made:
        made.line.set(mode)
        time.sleep(seconds)
        made.line.set("pass")
        alive_or_started(made)
        made.until(made.settled, PATIENCE_S)
        made.until(made.trading, PATIENCE_S)
        return judge(made)


@pytest.mark.soak
@pytest.mark.parametrize("seconds", [3.0, 25.0])
@pytest.mark.parametrize("mode", MODES)
def test_every_way_to_cut_a_line(tmp_path: Path, mode: str, seconds: float) -> None:
    print(f"{mode} for {seconds:g} s: {cut_line(tmp_path / 'data', mode, seconds)}")


@pytest.mark.soak
@pytest.mark.parametrize("seconds", [1, 5, 20, 60, 120])
def test_a_process_without_time(tmp_path: Path, seconds: int) -> None:
    """SIGSTOP: when it wakes up it reconciles before it enters; the guardian halts it after 15 s."""
    with bench(tmp_path / "data") as made:
        os.kill(made.pid, signal.SIGSTOP)
        time.sleep(seconds)
        resting = len([row for row in entries(made.truth()) if row["state"] == "live"])
        os.kill(made.pid, signal.SIGCONT)
        made.until(made.settled, PATIENCE_S)
        halted = made.status()["halt"]
        if seconds >= 60:
            assert halted is not None, "the guardian has not halted it"
            assert resting == 0, "the guardian has left entries"
        print(f"SIGSTOP {seconds} s: halted {halted is not None}, {judge(made)}")


@pytest.mark.soak
@pytest.mark.parametrize("ms", [-3_600_000, -5_000, 5_000, 3_600_000])
def test_the_exchanges_clock_jumps(tmp_path: Path, ms: int) -> None:
    with bench(tmp_path / "data") as made:
        made.admin("strike", {"on": "clock", "do": "skew", "ms": ms})
        time.sleep(10)
        made.admin("heal")
        made.until(made.trading, PATIENCE_S)
        print(f"clock {ms / 1000:+g} s: {judge(made)}")


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A tmpfs of its own; skips where nobody lets us mount one."""
    folder.mkdir(mode=0o700)
    size = f"size={megabytes}m,mode=0700"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], capture_output=True)
    if done.returncode:
        pytest.skip("no tmpfs may be mounted here; the drill disk_full does it by RLIMIT_FSIZE")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.soak
@pytest.mark.skipif(shutil.which("mount") is None, reason="no mount here")
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    """Entries stop, the halt still works and is read back, and with room again everything goes on."""
    with small_disk(tmp_path / "small", 24) as disk, bench(disk / "data") as made:
        filler = disk / "filler"
        with contextlib.suppress(OSError), filler.open("wb") as file:
            while True:
                file.write(b"x" * 65_536)
                file.flush()
        made.until(lambda: made.status()["light"] == "red", PATIENCE_S)
        assert "journal" in made.status()["light_why"]
        killed = subprocess.run(
            [sys.executable, "-m", "cockpit", "kill", "--keep", "--json", "--wait", "60", *made.words()],
            env=made.env, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert killed.returncode == 0, killed.stderr
        assert [row for row in entries(made.truth()) if row["state"] == "live"] == []
        filler.unlink()
        made.until(lambda: made.status()["light_why"].startswith("halt"), PATIENCE_S)
        print(f"full disk: {judge(made)}")


@pytest.mark.soak
@LINUX
def test_no_more_files_may_be_opened(tmp_path: Path) -> None:
    """RLIMIT_NOFILE at what is open: lines that are lost cannot be opened anew; afterwards they can."""
    import resource

    with bench(tmp_path / "data") as made:
        hard = resource.prlimit(made.pid, resource.RLIMIT_NOFILE)[1]
        open_now = len(os.listdir(f"/proc/{made.pid}/fd"))
        resource.prlimit(made.pid, resource.RLIMIT_NOFILE, (open_now, hard))
        made.line.set("reset")
        time.sleep(1)
        made.line.set("pass")
        time.sleep(8)
        resource.prlimit(made.pid, resource.RLIMIT_NOFILE, (hard, hard))
        alive_or_started(made)
        made.until(made.trading, PATIENCE_S)
        print(f"no files: {judge(made)}")
