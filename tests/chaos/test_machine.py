"""What is in the same process or on the same machine: a thread that never rests, a loop that is held up,
memory that is all gone.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from cockpit.app.drills.watching import entries
from tests.chaos.bench import HELD, PATIENCE_S, Bench, alive_or_started, bench, judge

pytestmark = [
    pytest.mark.daemon,
    pytest.mark.soak,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
HOG = '''
"""A strategy that misbehaves while files say so: a thread that spins, a call that takes its time."""

import threading
import time
from pathlib import Path

import msgspec

from cockpit.sdk import View, Want, strategy

SPIN, HOLD = (Path(__file__).with_name(name) for name in ("spin", "hold"))


def spin() -> None:
    while True:
        end = time.monotonic() + 0.05
        while SPIN.exists() and time.monotonic() < end:
            sum(range(2_000))
        if not SPIN.exists():
            time.sleep(0.1)


@strategy("chaos_hog")
class Hog(msgspec.Struct):
    @classmethod
    def create(cls, params: None) -> "Hog":
        threading.Thread(target=spin, daemon=True).start()
        return cls()

    def on_book(self, view: View, want: Want) -> None:
        if HOLD.exists():
            ms = float(HOLD.read_text())
            HOLD.unlink()
            time.sleep(ms / 1_000)
'''


class Hogged(Bench):
    """The bench, with a bad neighbour among its strategies."""

    SLEEVES = (*Bench.SLEEVES, ("chaos_hog", HELD))

    def _furnish(self) -> None:
        super()._furnish()
        (self.folder / "plugins" / "hog.py").write_text(HOG, "utf-8")

    def file(self, name: str) -> Path:
        return self.folder / "plugins" / name


def test_a_thread_that_never_rests(tmp_path: Path) -> None:
    """It takes the interpreter from everybody: orders and stops go on, and the switch still works."""
    with bench(tmp_path / "data", kind=Hogged) as made:
        assert isinstance(made, Hogged)
        made.file("spin").touch()
        time.sleep(15)
        made.until(made.trading, PATIENCE_S)
        before = time.monotonic()
        killed = subprocess.run(
            [sys.executable, "-m", "cockpit", "kill", "--keep", "--json", "--wait", "60", *made.words()],
            env=made.env, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        took = time.monotonic() - before
        assert killed.returncode == 0, killed.stderr
        assert [row for row in entries(made.truth()) if row["state"] == "live"] == []
        made.file("spin").unlink()
        print(f"a thread that spins: halted and read back in {took:.1f} s, {judge(made)}")


@pytest.mark.parametrize("ms", [50, 500, 5_000])
def test_a_loop_that_is_held_up(tmp_path: Path, ms: int) -> None:
    """Three times; what was told meanwhile is heard afterwards, and no position goes without its stop."""
    with bench(tmp_path / "data", kind=Hogged) as made:
        assert isinstance(made, Hogged)
        for _ in range(3):
            made.file("hold").write_text(str(ms), "utf-8")
            made.until(lambda: not made.file("hold").exists(), PATIENCE_S)
            time.sleep(ms / 1_000 + 2)
            made.until(made.settled, PATIENCE_S)
        made.until(made.trading, PATIENCE_S)
        print(f"the loop was held up for {ms} ms: {judge(made)}")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prlimit is Linux's")
def test_no_more_memory_may_be_had(tmp_path: Path) -> None:
    """RLIMIT_AS at what is mapped: it trades on or ends, and a start afterwards finds everything."""
    import resource

    with bench(tmp_path / "data") as made:
        words = Path(f"/proc/{made.pid}/statm").read_text("utf-8").split()
        mapped = int(words[0]) * resource.getpagesize()
        resource.prlimit(made.pid, resource.RLIMIT_AS, (mapped, resource.RLIM_INFINITY))
        made.line.set("reset")
        time.sleep(1)
        made.line.set("pass")
        time.sleep(10)
        ended = not made.alive
        if not ended:
            resource.prlimit(made.pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        alive_or_started(made)
        made.until(made.trading, PATIENCE_S)
        print(f"no memory: {'ended and was started again' if ended else 'went on'}, {judge(made)}")
