"""Goal of the lab: while a study runs, the loop of the trading process is late by less than 30 ms at 5,000/s.

The study is the one that ``search`` measures (ema_trend, four years of hours), started as a job is: a process
of its own, at a job's niceness, a worker a core. The machine is the one that ``live`` measures. Alone first,
then beside the study; each with an empty loop in another process, which shows what the machine itself delays.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from cockpit.app.discover import discover
from cockpit.app.jobs.process import command
from cockpit.app.priority import give_way
from tests.benchmarks.live import RATE, SETTLE_S, Taken, headless
from tests.benchmarks.rows import Row, load, row
from tests.benchmarks.search import PARAMS, written
from tests.benchmarks.worlds import SYMBOL

SECONDS = 12.0
BEGUN_S = 60.0
"""How long a study may take to its first trial."""


def run() -> list[Row]:
    """Alone, and beside a study."""
    discover()
    alone = headless(RATE, SETTLE_S, SECONDS)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        study = _begun(folder)
        try:
            nice = os.getpriority(os.PRIO_PROCESS, study.pid)
            before = _trials(folder)
            beside = headless(RATE, SETTLE_S, SECONDS)
            found = _trials(folder) - before
            running = study.poll() is None
        finally:
            os.killpg(study.pid, signal.SIGKILL)
            study.wait()
    note = f"{found} trials meanwhile, niceness {nice}, load {load():.1f}"
    note += "" if running else "; the study ended before"
    return [*_rows("alone", alone, ""), *_rows("beside a study", beside, note)]


def _rows(where: str, taken: Taken, note: str) -> list[Row]:
    aimed = where != "alone"
    return [
        row(f"market messages, {where}", taken.rate, "msgs/s", note=note),
        row(
            f"worst loop delay, {where}", taken.worst_ms, "ms", floor=taken.floor_ms,
            goal="< 30 ms" if aimed else "", met=taken.worst_ms < 30 if aimed else None,
        ),
        row(f"loop delay p99, {where}", taken.p99_ms, "ms", floor=taken.floor_p99_ms),
        row(f"messages conflated, {where}", taken.conflated, "events"),
    ]  # fmt: skip


def _begun(folder: Path) -> subprocess.Popen[bytes]:
    """A study that has its first trials."""
    words = ["optimize", f"ema_trend@{SYMBOL}", "--tape", str(written(folder)), "--trials", "100000"]
    words += ["--study", "beside", "--require", "trades>=1", "--method", "lhs"]
    for param in PARAMS:
        words += ["--param", param]
    process = subprocess.Popen(
        command(tuple(words), folder / "data", None), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    give_way(process.pid)
    until = time.monotonic() + BEGUN_S
    while not _trials(folder):
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            raise RuntimeError("the study did not begin")
        time.sleep(0.2)
    return process


def _trials(folder: Path) -> int:
    """How many are durable."""
    from cockpit.app import studies
    from cockpit.core.errors import ConfigError

    try:
        return studies.read(folder / "data", "beside").trials
    except ConfigError:
        return 0
