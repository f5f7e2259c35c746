"""Thousands of seeds in one run: ``python -m tests.simulation.campaign OUT --first 18000000 --seeds 10000``.

Each seed's account is written to OUT (one JSON line) as soon as it is done; the same command after an
interruption goes on where it stopped. ``--table`` prints the summary of what is there and runs nothing.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO, Any

import msgspec

from tests.simulation.coverage import Reached, pairs_told
from tests.simulation.faults import REPORT, REQUEST, SIGNED_FROM
from tests.simulation.venue_link import TICK
from tests.simulation.world import SECONDS, World

EVERY_S = 10.0
"""Seconds between two lines of progress."""
CHUNK = 5
FRESH = 200
"""Chunks after which a process makes way for a new one: what leaks must not add up."""
WIRE = (*REQUEST, *REPORT)
PATIENCE_S = 120.0
"""Processor seconds that a seed may take: a hundred times the usual. A livelock is a finding, not a wait."""


class Row(msgspec.Struct):
    """What one seed came to."""

    seed: int
    violation: str
    digest: str
    simulated: float
    """Seconds of virtual time."""
    cpu: float
    orders: int
    fills: int
    crashes: int
    kills: int
    """Halts that somebody was told are taken."""
    refused: int
    """Requests that met a venue in maintenance or no line."""
    sectors: int
    """Sectors that power cuts took."""
    faults: dict[str, int]
    pairs: dict[str, int]
    passed: dict[str, int]
    crashed: dict[str, int]
    judged: dict[str, int]


class Kind(msgspec.Struct, frozen=True):
    """What worlds are run."""

    rate: float = 1.0
    """How many faults; 2 = twice as likely."""
    seconds: float = SECONDS
    """How long faults and strategies run in each."""
    tick: float = TICK
    """Seconds between two moves of the market."""
    pace: int = 1
    """How many times as slow as usual strategies are; above 1 they look at bars of a minute."""
    again: int = 0
    """After so many visits the faults of a transition are drawn anew; 0 = once for a whole life."""


DEFAULT = Kind()
TRADER = Kind(seconds=3_600.0, tick=2.0, pace=30, again=100)
"""Hours as dense as those of the prototype that the reliability report measured at 6.1 simulated hours a CPU
second: its market moves every 2 s, and an hour holds about 151 orders, 72 wire faults, 3.1 crashes and 0.6
kill presses. Here an hour has at least as many of each; the table says how many."""
KINDS = {"busy": DEFAULT, "trader": TRADER}


class Header(msgspec.Struct):
    """What the rows below it are rows of."""

    commit: str
    kind: Kind = DEFAULT


class Stuck(BaseException):
    """A seed takes far too long. No worker's fence may swallow it."""


@contextmanager
def impatient(seconds: float) -> Iterator[None]:
    """Raise Stuck, with the place in its words, when so much processor time has gone by."""

    def stop(_number: int, frame: FrameType | None) -> None:
        where = [line.strip().replace("\n", ": ") for line in traceback.format_stack(frame)[-12:]]
        raise Stuck(f"I28: stuck after {seconds:.0f} processor seconds: " + " <- ".join(reversed(where)))

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


def account(seed: int, kind: Kind) -> Row:
    """Run one seed and count."""
    started = time.process_time()
    reached = Reached()
    world = World(
        seed, rate=kind.rate, seconds=kind.seconds, tick=kind.tick, pace=kind.pace, again=kind.again
    )
    try:
        with impatient(PATIENCE_S * max(1.0, kind.seconds / SECONDS)), reached.watching():
            violation = world.run()
    except Stuck as stuck:
        violation = str(stuck)
        world.loop.close()
    reached.see(world)
    return Row(
        seed,
        violation,
        world.history.digest,
        round(world.loop.time(), 3),
        round(time.process_time() - started, 4),
        len(world.checker.arrivals),
        len(world.truth.fills),
        world.crashes,
        sum(verb == "halt" for verb in world.checker.acknowledged.values()),
        world.hub.refused,
        world.disk.lost if world.disk is not None else 0,
        dict(reached.faults),
        {f"{state} {word}": count for (state, word), count in reached.pairs.items()},
        dict(reached.passed),
        dict(reached.crashed),
        {f"{name} {when}": count for (name, when), count in reached.judged.items()},
    )


class Sum:
    """Rows, added up."""

    def __init__(self) -> None:
        self.seeds = 0
        self.bad: list[str] = []
        self.totals: Counter[str] = Counter()
        self.hours = self.cpu = 0.0
        self.faults: Counter[str] = Counter()
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.passed: Counter[str] = Counter()
        self.crashed: Counter[str] = Counter()
        self.judged: Counter[str] = Counter()

    def add(self, row: Row) -> None:
        self.seeds += 1
        if row.violation:
            self.bad.append(f"{row.seed}: {row.violation[:300]}")
        self.hours += row.simulated / 3_600
        self.cpu += row.cpu
        for name in ("orders", "fills", "crashes", "kills", "refused", "sectors"):
            self.totals[name] += getattr(row, name)
        self.faults.update(row.faults)
        for pair, count in row.pairs.items():
            state, _, word = pair.partition(" ")
            self.pairs[state, word] += count
        for name in ("passed", "crashed", "judged"):
            getattr(self, name).update(getattr(row, name))

    @property
    def speed(self) -> float:
        """Simulated hours per second of processor time."""
        return self.hours / max(self.cpu, 1e-9)

    def density(self) -> str:
        """What an hour of these worlds holds: a speed says little without it."""
        hours = max(self.hours, 1e-9)
        orders, kills, crashes = (self.totals[name] / hours for name in ("orders", "kills", "crashes"))
        wire = sum(self.faults[kind] for kind in WIRE) / hours
        return (
            f"{orders:,.0f} orders, {wire:,.0f} wire faults, {sum(self.faults.values()) / hours:,.0f} faults "
            f"in all, {crashes:.1f} crashes, {kills:.1f} kill presses"
        )

    def line(self, wanted: int, left_s: float) -> str:
        """Progress."""
        pairs = next(iter(pairs_told(self.pairs))).partition(";")[0].rpartition(": ")[2]
        return (
            f"{self.seeds:,} of {wanted:,} seeds, {len(self.bad)} bad, {self.hours:,.1f} simulated hours, "
            f"{self.speed:.3f} h per CPU s, {sum(self.faults.values()):,} faults, "
            f"{self.totals['crashes']:,} crashes, {self.totals['kills']:,} kills, pairs {pairs}, "
            f"crash points {len(self.passed)} passed and {len(self.crashed)} crashed at, "
            f"about {left_s / 60:.0f} min left"
        )

    def table(self, command: str) -> Iterator[str]:
        """The account, in the terms of the figures a release must show."""
        wire = sum(self.faults[kind] for kind in WIRE)
        yield f"$ {command}"
        yield f"Seeded worlds with zero violations   {self.seeds - len(self.bad):,} of {self.seeds:,}"
        yield f"Simulated hours                      {self.hours:,.1f} ({self.hours / 8_766:.3f} years)"
        yield f"Simulation speed                     {self.speed:.3f} hours per CPU s of {self.cpu:,.0f}"
        yield f"  in which an hour holds             {self.density()}"
        yield f"Orders, fills                        {self.totals['orders']:,}, {self.totals['fills']:,}"
        rate = self.totals["orders"] / max(self.cpu, 1e-9)
        yield f"  a CPU s                            {rate:,.0f} orders"
        yield f"Wire faults                          {wire:,}"
        yield f"Crashes                              {self.totals['crashes']:,}"
        yield f"Kill presses, entries after one      {self.totals['kills']:,}, {self._after_kill()}"
        yield f"Calls refused in maintenance or cut  {self.totals['refused']:,}"
        yield f"Power cuts, sectors lost by them     {self.faults['power']:,}, {self.totals['sectors']:,}"
        kinds = sorted(self.faults.items(), key=lambda item: (-item[1], item[0]))
        yield "Faults by class                      " + ", ".join(f"{k} {n:,}" for k, n in kinds)
        yield "Judged (at events / when quiet)      " + ", ".join(self._judged())
        yield from pairs_told(self.pairs)
        whole = sorted(self.passed.keys() - self.crashed.keys())
        told = f"Crash points: {len(self.passed)} passed, {len(self.crashed)} crashed at"
        yield f"{told}; not: {', '.join(whole) or 'none'}"
        for point in sorted(self.passed):
            yield f"  {point}  passed {self.passed[point]:,}, crashed at {self.crashed[point]:,}"
        yield from (f"BAD {what}" for what in self.bad)

    def _after_kill(self) -> int:
        return sum("I03: entry" in what for what in self.bad)

    def _judged(self) -> Iterator[str]:
        for name in sorted({key.partition(" ")[0] for key in self.judged}):
            yield f"{name} {self.judged[f'{name} event']:,}/{self.judged[f'{name} rest']:,}"


def commit() -> str:
    """Which build this is."""
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or "unknown"


def read(path: Path, header: Header) -> dict[int, Row]:
    """What an earlier run left."""
    rows = [msgspec.json.decode(line, type=Row) for line in kept(path, header)]
    return {row.seed: row for row in rows}


def kept(path: Path, header: msgspec.Struct) -> list[bytes]:
    """The rows of a file that begins with ``header``; begun here where there is none yet.

    Rows of another build or another kind are none of ours: ValueError. A last line that was torn by the
    interruption is dropped (and cut off, so that the next is whole).
    """
    if not path.exists() or not path.stat().st_size:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.encode(header) + b"\n")
        return []
    lines = path.read_bytes().splitlines(keepends=True)
    whole = [line for line in lines if line.endswith(b"\n")]
    if len(whole) < len(lines):
        path.write_bytes(b"".join(whole))
    before = msgspec.json.decode(whole[0], type=type(header)) if whole else header
    if before != header:
        raise ValueError(f"{path} holds rows of {before}, this is {header}: name another file")
    return whole[1:]


def run(
    path: Path,
    seeds: range,
    *,
    kind: Kind = DEFAULT,
    processes: int = 0,
    say: Callable[[str], None] = print,
    command: str = "",
) -> Sum:
    """Run what is not in ``path`` yet and add up everything."""
    done = read(path, Header(commit(), kind))
    sums = Sum()
    for seed, row in done.items():
        if seed in seeds:
            sums.add(row)
    jobs = [(seed, kind) for seed in seeds if seed not in done]
    if sums.seeds:
        say(f"{sums.seeds:,} seeds are in {path} already, {len(jobs):,} to go")
    before, started, said = sums.seeds, time.monotonic(), time.monotonic()
    with path.open("ab") as out:
        for row in _rows(jobs, processes or os.cpu_count() or 1):
            _write(out, row)
            sums.add(row)
            if row.violation:
                say(f"BAD {row.seed}: {row.violation[:500]}")
            now = time.monotonic()
            if now - said >= EVERY_S or sums.seeds == len(seeds):
                said = now
                left = (now - started) / (sums.seeds - before) * (len(seeds) - sums.seeds)
                say(sums.line(len(seeds), left))
    for line in sums.table(command or f"python -m tests.simulation.campaign {path}"):
        say(line)
    return sums


def _write(out: IO[bytes], row: Row) -> None:
    out.write(msgspec.json.encode(row) + b"\n")
    out.flush()


def _rows(jobs: list[tuple[int, Kind]], processes: int) -> Iterator[Row]:
    if processes == 1:
        yield from (account(*job) for job in jobs)
        return
    context: Any = multiprocessing.get_context("spawn")
    with context.Pool(processes, maxtasksperchild=FRESH) as pool:
        yield from pool.imap_unordered(_job, jobs, chunksize=CHUNK)


def _job(job: tuple[int, Kind]) -> Row:
    return account(*job)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.campaign", description=__doc__)
    parser.add_argument("out", type=Path, help="file for the account of each seed (JSON lines)")
    parser.add_argument("--first", type=int, default=SIGNED_FROM, help="the first seed")
    parser.add_argument("--seeds", type=int, default=10_000, help="how many")
    parser.add_argument("--kind", choices=sorted(KINDS), default="busy", help="trader: hours of a slow one")
    parser.add_argument("--rate", type=float, help="how many faults; 2 = twice as likely")
    parser.add_argument("--seconds", type=float, help="how long one lives (3600: an hour)")
    parser.add_argument("--tick", type=float, help="seconds between two moves of its market")
    parser.add_argument("--processes", type=int, default=0, help="0 = one per core")
    parser.add_argument("--table", action="store_true", help="only print the summary of what is there")
    args = parser.parse_args()
    seeds = range(args.first, args.first + args.seeds)
    command = f"{parser.prog} {args.out} --first {args.first} --seeds {args.seeds}"
    named = KINDS[args.kind]
    if named is not DEFAULT:
        command += f" --kind {args.kind}"
    given = {name: getattr(args, name) for name in ("rate", "seconds", "tick")}
    kind = msgspec.structs.replace(named, **{k: v for k, v in given.items() if v is not None})
    for name in given:
        if getattr(kind, name) != getattr(named, name):
            command += f" --{name} {getattr(kind, name):g}"

    def say(line: str) -> None:
        print(line, flush=True)

    if args.table:
        lines = args.out.read_bytes().splitlines()
        header = msgspec.json.decode(lines[0], type=Header)
        sums = Sum()
        for row in read(args.out, header).values():
            sums.add(row)
        say(f"commit {header.commit}")
        print(*sums.table(command), sep="\n")
        return int(bool(sums.bad))
    try:
        sums = run(args.out, seeds, kind=kind, processes=args.processes, say=say, command=command)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return int(bool(sums.bad))


if __name__ == "__main__":
    sys.exit(main())
