"""Hundreds of deaths at every point: ``python -m tests.simulation.deaths OUT --times 200``.

Each world's account is one JSON line of OUT, written as soon as it is done; the same command after an
interruption goes on where it stopped, and a world that breaks is told and does not end the run. Each process
is a lane with its own seeds and its own share of the deaths, so that the same command makes the same worlds.
Seeds go in pairs: an even one has sound links, and some points are only reached where they are bad.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path

import msgspec

from tests.simulation.campaign import FRESH, Stuck, commit, impatient, kept
from tests.simulation.crash_points import Dying, Matrix, points

EVERY_S = 15.0
MOST = 8
"""Deaths of one world."""
PATIENCE_S = 240.0
"""Processor seconds that a world may take; it is usually three."""


class Account(msgspec.Struct):
    """What one world came to."""

    seed: int
    violation: str
    calm: bool
    died: int
    deaths: dict[str, int]
    """By point; one death may be at several."""
    rto: list[tuple[str, float]]
    """(where it had died, virtual seconds) of each start."""


class Header(msgspec.Struct):
    """What the rows below it are rows of."""

    commit: str
    times: int
    lanes: int
    first: int


def live(seed: int, left: dict[str, int]) -> Account:
    """One world, which dies where deaths are left."""
    before = Counter(left)
    world = Dying(seed, Counter(left), MOST)
    try:
        with impatient(PATIENCE_S):
            violation = world.run()
    except Stuck as stuck:
        violation = str(stuck)
        world.loop.close()
    return Account(seed, violation, world.calm, world.died, dict(before - world.left), world.rto)


class Lanes:
    """What is still to be died at in each lane, and the account of all of them."""

    def __init__(self, header: Header, wanted: list[str]) -> None:
        share = -(-header.times // header.lanes)
        self.left = [Counter(dict.fromkeys(wanted, share)) for _ in range(header.lanes)]
        self.next = [header.first + 2 * lane for lane in range(header.lanes)]
        self.matrix = Matrix(wanted, header.times)
        self.bad: list[str] = []
        self._header = header

    def add(self, row: Account) -> int:
        """Returns the lane that is free now."""
        lanes, offset = self._header.lanes, row.seed - self._header.first
        lane = offset // 2 % lanes
        self.left[lane] -= Counter(row.deaths)
        self.next[lane] = max(self.next[lane], row.seed + (2 * lanes - 1 if offset % 2 else 1))
        self.matrix.take(row.calm, row.died, Counter(row.deaths), row.rto)
        if row.violation:
            self.bad.append(f"{row.seed}: {row.violation[:300]}")
        return lane

    @property
    def waiting(self) -> int:
        """Deaths that are still to come, at all points together."""
        return sum(sum((+left).values()) for left in self.left)


def read(path: Path, header: Header) -> list[Account]:
    """What an earlier run left. Rows of another run: ValueError."""
    return [msgspec.json.decode(line, type=Account) for line in kept(path, header)]


def run(path: Path, header: Header, *, worlds: int, say: Callable[[str], None] = print) -> Lanes:
    """Until every point has been died at ``header.times`` times, or a lane has had ``worlds`` worlds."""
    lanes = Lanes(header, points())
    for row in read(path, header):
        lanes.add(row)
    said = time.monotonic()
    end = header.first + worlds * header.lanes
    with path.open("ab") as out:
        for row in _rows(lanes, end):
            out.write(msgspec.json.encode(row) + b"\n")
            out.flush()
            if row.violation:
                say(f"BAD {row.seed}: {row.violation[:500]}")
            if time.monotonic() - said >= EVERY_S:
                said = time.monotonic()
                done = sum(lanes.matrix.deaths.values())
                say(
                    f"{lanes.matrix.worlds:,} worlds, {lanes.matrix.died:,} deaths, {len(lanes.bad)} bad; "
                    f"at points {done:,}, {lanes.waiting:,} to come"
                )
    for line in told(lanes):
        say(line)
    return lanes


def _rows(lanes: Lanes, end: int) -> Iterator[Account]:
    """Each lane's next world as soon as its last is done; its account is added before it is given."""
    with ProcessPoolExecutor(len(lanes.left), get_context("spawn"), max_tasks_per_child=FRESH) as pool:

        def begin(lane: int) -> set[Future[Account]]:
            left = +lanes.left[lane]
            if not left or lanes.next[lane] >= end:
                return set()
            return {pool.submit(live, lanes.next[lane], dict(left))}

        under_way = set().union(*(begin(lane) for lane in range(len(lanes.left))))
        while under_way:
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for one in done:
                row = one.result()
                under_way |= begin(lanes.add(row))
                yield row


def told(lanes: Lanes) -> Iterator[str]:
    """The account, in lines."""
    yield from lanes.matrix.table(by_point=True)
    missing = {point: count for left in lanes.left for point, count in (+left).items()}
    yield f"never often enough: {', '.join(sorted(missing)) or 'none'}"
    yield f"worlds with zero violations: {lanes.matrix.worlds - len(lanes.bad):,} of {lanes.matrix.worlds:,}"
    yield from (f"BAD {what}" for what in lanes.bad)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.deaths", description=__doc__)
    parser.add_argument("out", type=Path, help="file for the account of each world (JSON lines)")
    parser.add_argument("--times", type=int, default=200, help="deaths at every point")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--worlds", type=int, default=40_000, help="worlds of a process at the most")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    header = Header(commit(), args.times, args.processes, args.first)
    try:
        lanes = run(args.out, header, worlds=args.worlds, say=lambda line: print(line, flush=True))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return int(bool(lanes.bad or lanes.waiting))


if __name__ == "__main__":
    sys.exit(main())
