"""Twelve simulated weeks of busy trading in the real daemon: memory, descriptors, tasks, disk; slopes.

``SOAK_WEEKS``: how many. The daemon plays a tape of minute bars as fast as it goes, its whole path at
work (engine, gate, execution, journal, simulated venue, door); another process looks at it from outside.
"""

from __future__ import annotations

import os
import random
import sys
import time
from decimal import Decimal
from math import sin
from pathlib import Path

import msgspec
import pytest

from cockpit.adapters.store.tape_writer import TapeWriter
from cockpit.core.errors import CockpitError
from cockpit.core.events import Bar, FundingRate
from cockpit.core.types import Instrument, Kind
from tests.daemon.process import Daemon

WEEKS = float(os.environ.get("SOAK_WEEKS", "12"))
MINUTE, WEEK = 60_000, 7 * 86_400_000
START = 1_704_067_200_000
A_FILL_MB = 2.5 / 1_024
"""The simulated exchange, which lives in the same process here, remembers every order that it ever had and
every fill: some 2 kB a fill with its orders. A real one remembers them elsewhere."""
BUSY = '''
"""Long, flat, short, flat: one after the other every five minutes, behind a stop."""
import msgspec
from cockpit.sdk import Bar, View, Want, strategy

@strategy("busy")
class Busy(msgspec.Struct):
    bars: int = 0

    @classmethod
    def create(cls, params: None) -> "Busy":
        return cls()

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        self.bars += 1
        turn = self.bars // 5 % 4
        if turn == 0:
            want.long(0.3, stop=bar.close * 0.9, tag="long")
        elif turn == 2:
            want.short(0.3, stop=bar.close * 1.1, tag="short")
        else:
            want.flat("flat")
'''
pytestmark = [
    pytest.mark.daemon,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc"),
]


class Look(msgspec.Struct, frozen=True):
    """From outside, at an instant of the tape."""

    week: float
    rss_mb: float
    descriptors: int
    threads: int
    tasks: int
    disk_mb: float
    fills: int


def market(file: Path, weeks: float, symbols: tuple[str, ...] = ("soak:A-USDT", "soak:B-USDT")) -> Path:
    """Minute bars that swing within the hour, with funding every eight."""
    rng = random.Random(3)
    with TapeWriter(file, source="test") as writer:
        for symbol in symbols:
            lot = Decimal("0.001")
            writer.instrument(Instrument(symbol, Kind.LINEAR, "A", "USDT", "USDT", Decimal("0.01"), lot, lot))
        before = dict.fromkeys(symbols, 100.0)
        for minute in range(1, int(weeks * WEEK / MINUTE) + 1):
            ts = START + minute * MINUTE
            for place, symbol in enumerate(symbols):
                close = round(100 + 8 * sin(minute / (19 + 6 * place)) + rng.gauss(0, 0.15), 2)
                high, low = max(before[symbol], close) + 0.05, min(before[symbol], close) - 0.05
                if minute % 480 == 0:
                    writer.add(FundingRate(ts, symbol, round(rng.gauss(0, 1e-4), 8), ts, True))
                opened = before[symbol]
                writer.add(Bar(ts, symbol, MINUTE, opened, round(high, 2), round(low, 2), close, 5_000.0))
                before[symbol] = close
        writer.close()
    return file


def look(daemon: Daemon, folder: Path) -> Look:
    status = daemon.status()
    proc = Path(f"/proc/{daemon.pid}")
    rows = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
    return Look(
        week=(status["engine_ts"] - START) / WEEK,
        rss_mb=int(rows["VmRSS"].split()[0]) / 1_024,
        descriptors=len(list((proc / "fd").iterdir())),
        threads=int(rows["Threads"]),
        tasks=status["tasks"],
        disk_mb=sum(path.stat().st_size for path in folder.glob("cockpit.db*")) / 2**20,
        fills=status["fills"],
    )


def watched(folder: Path, weeks: float) -> list[Look]:
    """Looks all along the way."""
    tape = market(folder / "market.tape", weeks)
    data = folder / "data"
    plugins = folder / "plugins"
    plugins.mkdir()
    (plugins / "busy.py").write_text(BUSY, "utf-8")
    sleeves = [word for name in "AB" for word in ("--strategy", f"busy@soak:{name}-USDT/1m")]
    found: list[Look] = []
    sets = ("--set", f"run.plugins_dir={plugins}", "--set", "risk.max_entries_per_hour=100000")
    with Daemon(data, "--tape", str(tape), "--speed", "max", *sleeves, *sets[:2]) as daemon:
        while daemon.process is not None and daemon.process.poll() is None:
            try:
                found.append(look(daemon, data))
            except (CockpitError, OSError, KeyError):
                break
            time.sleep(0.25)
        assert daemon.ended() == 0
    return found


def slope(looks: list[Look], name: str) -> float:
    """Growth a week by least squares."""
    xs = [one.week for one in looks]
    ys = [float(getattr(one, name)) for one in looks]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((a - x) ** 2 for a in xs)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / spread if spread else 0.0


@pytest.mark.soak
def test_weeks_of_busy_trading_cost_no_memory(tmp_path: Path) -> None:
    looks = watched(tmp_path, WEEKS)
    settled = [one for one in looks if one.week > WEEKS / 6]
    first, last = settled[0], settled[-1]
    names = ("rss_mb", "descriptors", "threads", "tasks", "disk_mb", "fills")
    for name in names:
        print(
            f"{name:12} {getattr(first, name):10.1f} at week {first.week:.1f}"
            f" {getattr(last, name):10.1f} at week {last.week:.1f} {slope(settled, name):+10.2f} a week"
        )
    assert last.week > WEEKS * 0.8
    assert last.fills > 500 * WEEKS, "it was not busy"
    remembered = (last.fills - first.fills) * A_FILL_MB
    assert last.rss_mb <= first.rss_mb * 1.1 + 16 + remembered
    assert abs(last.descriptors - first.descriptors) <= 2
    assert abs(last.tasks - first.tasks) <= 5
    assert last.threads <= first.threads + 1
    assert last.disk_mb <= 2 * first.disk_mb * last.week / first.week, (
        "the journal grows faster than the trading"
    )


def test_the_slope_is_that_of_the_line() -> None:
    looks = [Look(float(w), 3.0 * w + 5, 1, 1, 1, 0.0, 0) for w in range(6)]
    assert slope(looks, "rss_mb") == pytest.approx(3.0)
    assert slope(looks, "tasks") == 0.0
