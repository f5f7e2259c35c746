"""Goals C1-C4: order-book backtests, the kernel awake and asleep, beside hftbacktest and a fused numba loop.

Stream and strategy are the peers' own (``joiner``); rates are rows of that stream a CPU second. The peers run
where COCKPIT_PEERS_PYTHON names a Python with hftbacktest, on the same file in the same run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import process_time
from typing import Any

import msgspec

from cockpit.adapters.store.tape_writer import TapeWriter
from cockpit.core import events as ev
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.lab.depth import columns
from cockpit.lab.depth import run as depth
from tests.benchmarks import joiner, peers
from tests.benchmarks.rows import Row, cpu, peak_mb, recorded, row
from tests.lab.asleep import Played, alone, asleep, kernel, plugin_of, unbooked

ROWS = 300_000
TIMES = 4
"""How often the stream is told in a row, to see what a longer one takes."""
COLD = "import tests.benchmarks.books as b; b.cold({path!r})"
ELSEWHERE = Path(__file__).resolve().parents[1] / "peers" / "joiner_elsewhere.py"
SWAPS = {joiner.SYMBOL: joiner.SWAP}


class Watcher(msgspec.Struct):
    """Looks at every book and seldom wants anything: a wide maker in a tight market."""

    params: joiner.Size
    seen: float = 0.0

    @classmethod
    def create(cls, params: joiner.Size) -> Watcher:
        """A fresh one."""
        return cls(params)

    def on_book(self, view: View, want: Want) -> None:
        """Quote a spread that is not there."""
        if view.book_ok and view.ask - view.bid > 100 * view.tick:
            want.quote(view.bid, self.params.qty, view.ask, self.params.qty)
        self.seen += view.bid_qty


def run() -> list[Row]:
    """All of it; nothing where the peers' generator is not at hand."""
    stream = joiner.generated(ROWS)
    if stream is None:
        return [recorded("hftbacktest 2.4, njit strategy", 13.1e6, "rows/s", "the generator is not at hand")]
    rows = len(stream["kind"])
    with tempfile.TemporaryDirectory() as folder:
        joiner.save(stream, Path(folder))
        floor = peers.figure(sys.executable, [peers.FOLDER / "c_numba_engine.py"], folder, "events_s")
        busy = peers.figure(peers.python(), [ELSEWHERE, f"{folder}/l2.npz"], folder, "rows_s")
        theirs = peers.figure(
            peers.python(), [peers.FOLDER / "c_hftbacktest.py", "100", "roivec"], folder, "events_s"
        )
    events = joiner.events(stream, together=False)
    found = [
        *_watching(events, rows, floor, theirs),
        *_making(events, rows, floor, busy),
        *_fresh(events, rows),
    ]
    if floor is not None:
        found.append(row("fused numba loop (the peers' script)", floor, "rows/s", note="the floor"))
    if busy is not None and theirs is not None:
        found.append(row("hftbacktest, the same market maker", busy, "rows/s"))
        found.append(row("hftbacktest, the peers' own script", theirs, "rows/s"))
    else:
        found.append(recorded("hftbacktest 2.4, njit strategy", 13.1e6, "rows/s"))
    return found


def _watching(events: list[ev.AnyEvent], rows: int, floor: float | None, theirs: float | None) -> list[Row]:
    plugin = plugin_of(Watcher, joiner.Size, ("book",))
    prepared = depth.compile_strategy(plugin)
    reading, recorded_events = cpu(lambda: columns.from_events(events, SWAPS), 3)
    quick, mine = _sleeping(prepared, recorded_events, 5)
    slow, right = _awake(plugin, events)
    assert mine.run.digest == right.run.digest
    rate = rows / quick
    return [
        row("a maker that waits, kernel asleep", rate, "rows/s", floor=floor,
            goal="C2: >= 1.5 hftbacktest", met=None if theirs is None else rate >= 1.5 * theirs),
        row("  reading the events into columns besides", rows / reading, "rows/s"),
        row("  the same, kernel awake", rows / slow, "rows/s"),
        row("  asleep over awake", slow / quick, "x"),
    ]  # fmt: skip


def _making(events: list[ev.AnyEvent], rows: int, floor: float | None, busy: float | None) -> list[Row]:
    prepared = depth.compile_strategy(joiner.PLUGIN)
    market = columns.from_events(events, SWAPS)
    asleep_s, _ = _sleeping(prepared, market, 1)
    slow, right = _awake(joiner.PLUGIN, events)
    orders, fills = right.engine.state.next_order - 1, len(right.exchange.fills)

    def bare(ready: depth.Prepared = prepared) -> Any:
        return unbooked(ready, joiner.Size(), joiner.SWAP, market, joiner.CONFIG)

    def booked() -> Any:
        return alone(prepared, joiner.Size(), joiner.SWAP, market, joiner.CONFIG)

    quick, ran = cpu(bare, 9)
    kept, played = cpu(booked, 3)
    stays = depth.hand(joiner.PLUGIN)
    plain, same = cpu(lambda: bare(stays), 9)
    worth = right.engine.state.equity()
    assert (ran.equity, same.equity, played.engine.state.equity()) == (worth, worth, worth)
    assert played.exchange.fills == right.exchange.fills
    rate = rows / quick
    return [
        row("a maker at the touch, the machine alone", rate, "rows/s", floor=floor,
            note=f"{orders:,} orders, {fills:,} fills; money exact, no ledger",
            goal="C2: >= 1.5 hftbacktest", met=None if busy is None else rate >= 1.5 * busy),
        row("  the kernel's ledger told each fill besides", rows / kept, "rows/s"),
        row("  beside a kernel that sleeps", rows / asleep_s, "rows/s"),
        row("  the class as it stands, in Python", rows / plain, "rows/s", floor=floor,
            goal="C1: >= 0.4 hftbacktest", met=None if busy is None else rows / plain >= 0.4 * busy),
        row("  the same, kernel awake", rows / slow, "rows/s", floor=floor),
    ]  # fmt: skip


def cold(path: str) -> None:
    """In a process of its own, over a tape: CPU from the start of Python to the result, less the reading."""
    from cockpit.app import deep

    prepared = depth.compile_strategy(plugin_of(Watcher, joiner.Size, ("book",)))
    begin = process_time()
    market = deep.columns_of(path, SWAPS, joiner.CONFIG)
    reading = process_time() - begin
    asleep(prepared, joiner.Size(), joiner.SWAP, market, joiner.CONFIG)
    sys.stdout.write(json.dumps({"spent": process_time() - reading, "peak_mb": peak_mb()}))


def _fresh(events: list[ev.AnyEvent], rows: int) -> list[Row]:
    """Of the maker that waits: its machine code is on disk; the tape is read as a backtest reads it."""
    with tempfile.TemporaryDirectory() as folder:
        whole, longer = (_by_itself(Path(folder) / f"{times}.tape", events, times) for times in (1, TIMES))
    slope = (longer["peak_mb"] - whole["peak_mb"]) / (rows * (TIMES - 1)) * 1e6
    least = longer["peak_mb"] + slope * (3 - rows * TIMES / 1e6)
    return [
        row("cold start, code on disk, CPU", whole["spent"], "s",
            goal="C3: <= 1.3", met=whole["spent"] <= 1.3, note="from Python's start, without the reading"),
        row(f"peak memory, {rows:,} rows", whole["peak_mb"], "MB"),
        row(f"peak memory, {rows * TIMES:,} rows", longer["peak_mb"], "MB"),
        row("  so with 3 million rows", least, "MB", goal="C4: <= 250", met=least <= 250,
            note="of the columns only what is looked at"),
    ]  # fmt: skip


def _by_itself(path: Path, events: list[ev.AnyEvent], times: int) -> dict[str, float]:
    """``cold`` in a process of its own over so many times the stream; what it needs is compiled by now."""
    span = events[-1].ts - events[0].ts + 1_000
    with TapeWriter(path, source="bench") as writer:
        writer.instrument(joiner.SWAP)
        for turn in range(times):
            for event in events:
                if not isinstance(event, ev.Listing):
                    writer.add(msgspec.structs.replace(event, ts=event.ts + turn * span) if turn else event)
        writer.close()
    command = [sys.executable, "-c", COLD.format(path=str(path))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _sleeping(prepared: depth.Prepared, market: columns.Columns, times: int) -> tuple[float, Played]:
    spent = []
    for at in range(times + 1):
        begin = process_time()
        played = asleep(prepared, joiner.Size(), joiner.SWAP, market, joiner.CONFIG)
        if at:
            spent.append(process_time() - begin)
    return sorted(spent)[len(spent) // 2], played


def _awake(plugin: Any, events: list[ev.AnyEvent]) -> tuple[float, Played]:
    begin = process_time()
    played = kernel(plugin, joiner.Size(), joiner.SWAP, events, joiner.CONFIG)
    return process_time() - begin, played
