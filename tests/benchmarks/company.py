"""What goal E3 puts beside a trader: a screen in its process, and a search of parameters in another.

As a process: ``company`` searches until it is killed, and says ``ready`` when its first trials are done.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from cockpit.app import optimizing
from cockpit.app.commands import optimize
from cockpit.app.session import take_turns
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.frames import Frame
from cockpit.tui.app import CockpitApp
from cockpit.tui.link import FixedLink
from cockpit.tui.settings import TuiSettings
from tests.benchmarks.search import PARAMS, written
from tests.benchmarks.worlds import SYMBOL

WORKERS = 2
YIELDS = 10
"""How far a search lets others go first, unless it is told otherwise."""
SIZE = (120, 40)


@contextmanager
def search() -> Iterator[None]:
    """A search of ours at work on every core, in a process of its own, as ``cockpit optimize`` runs it."""
    command = [sys.executable, "-m", "tests.benchmarks.company"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("the search beside it did not begin")
        yield
    finally:
        process.kill()
        process.communicate()


def beside_a_screen(trade: Callable[[Callable[[Frame], None]], None]) -> None:
    """Run ``trade(show)`` on a thread of its own, as a run does, while the screen paints what it shows."""
    before = sys.getswitchinterval()
    take_turns()
    link = FixedLink(None)
    app = CockpitApp(link, TuiSettings())
    failed: list[BaseException] = []

    def work() -> None:
        try:
            trade(lambda frame: setattr(link, "frame", frame))
        except BaseException as error:  # noqa: BLE001  told below, where somebody hears it
            failed.append(error)
        finally:
            app.call_from_thread(app.exit)

    machine = threading.Thread(target=work, name="machine", daemon=True)
    app.call_later(machine.start)
    app.run(headless=True, size=SIZE)
    machine.join(30)
    sys.setswitchinterval(before)
    if failed:
        raise failed[0]


def main() -> None:
    """Search for ever."""
    optimize.yields(YIELDS)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
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
