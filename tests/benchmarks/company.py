"""What goal E3 puts beside a trader: a screen in its process, and a search of parameters in another.

As a process: ``company`` searches until it is killed, and says ``ready`` when its first trials are done.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from cockpit.app import optimizing
from cockpit.app.commands import optimize
from cockpit.app.priority import AGAIN_S, TRIES, give_way, leave_a_core
from cockpit.app.session import take_turns
from cockpit.core.config import Config, SleeveConfig
from cockpit.tui.app import CockpitApp
from cockpit.tui.link import FixedLink
from cockpit.tui.settings import TuiSettings
from cockpit.workers.crew import Crew
from tests.benchmarks.search import PARAMS, written
from tests.benchmarks.worlds import SYMBOL

WORKERS = 2
YIELDS = 10
"""How far a search lets others go first, unless it is told otherwise."""
SIZE = (120, 40)


@contextmanager
def search() -> Iterator[None]:
    """A search on every core, in a session of its own that gives way, as the cockpit starts its jobs."""
    command = [sys.executable, "-m", "tests.benchmarks.company"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        for _ in range(TRIES):
            if give_way(process.pid):
                break
            time.sleep(AGAIN_S)
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("the search beside it did not begin")
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


class Seat(FixedLink):
    """The screen's link to what trades beside it in this process."""

    crew: Crew | None = None
    knock: Callable[[], None] | None = None

    def on_order(self, knock: Callable[[], None]) -> None:
        """The crew comes later."""
        self.knock = knock

    def take(self, crew: Crew) -> None:
        """This one trades; as ``LocalLink`` knows it from the start."""
        self.crew = crew
        if self.knock is not None:
            crew.kernel.on_order = self.knock

    @property
    def hurried(self) -> bool:
        """As ``LocalLink`` tells it."""
        return self.crew is not None and self.crew.hurried


def beside_a_screen(trade: Callable[[Seat], None]) -> None:
    """Run ``trade`` on a thread of its own, as a run does, while the screen paints what it seats."""
    interval, cores = sys.getswitchinterval(), os.sched_getaffinity(0) if sys.platform == "linux" else None
    take_turns()
    link = Seat(None)
    app = CockpitApp(link, TuiSettings())
    failed: list[BaseException] = []

    def work() -> None:
        try:
            trade(link)
        except BaseException as error:  # noqa: BLE001  told below, where somebody hears it
            failed.append(error)
        finally:
            app.call_from_thread(app.exit)

    machine = threading.Thread(target=work, name="machine", daemon=True)

    def begin() -> None:
        machine.start()
        leave_a_core()

    app.call_later(begin)
    app.run(headless=True, size=SIZE)
    machine.join(30)
    sys.setswitchinterval(interval)
    if cores is not None:
        os.sched_setaffinity(0, cores)
    if failed:
        raise failed[0]


def main() -> None:
    """Search for ever."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        optimize.yields(YIELDS, folder)
        tape = written(folder)
        wish = optimizing.Wish(
            str(tape), SleeveConfig("ema_trend", SYMBOL), PARAMS, trials=20, limits=(), seed=5
        )
        for number in range(1_000_000):
            plan = optimizing.planned(Config(), wish)
            optimizing.search(folder / "data", f"n{number}", plan, wish.trials, optimizing.Crew(WORKERS))
            if not number:
                print("ready", flush=True)
                wish = msgspec.structs.replace(wish, trials=50_000)


if __name__ == "__main__":
    main()
