"""``python -m tests.chaos.kills --count 2000 --log FILE``: kill -9 of the daemon under load, again and again.

Kills go in benches of 25: one exchange and one journal each, killed at a random moment, started, compared
with the exchange, and judged at the end by both sides' books. A bench that held is one line of the log; a run
that was broken off goes on with the benches that the log does not have yet. Lines of another state of the
code do not count. The first bench that does not hold ends the run; its folder is kept.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

import cockpit
from tests.chaos.bench import NAKED_S, PATIENCE_S, Bench, bench, judge

A_BENCH = 25
"""Kills on one exchange: it keeps every order that it ever had, and a bench that is broken off is lost."""
FIRST_SEED = 1_000


class Held(msgspec.Struct, frozen=True):
    """One bench that held."""

    number: int
    kills: int
    code: str
    starts: tuple[float, ...]
    """Seconds from each new process to books that have been compared with the exchange's."""
    covered: tuple[float, ...]
    """Seconds from there until no position was without its stop."""
    rows: int
    orders: int
    accepted: int
    fills: int
    load: float
    """Of the machine, when it ended: a busy one starts slowly."""


def code_hash() -> str:
    """Which cockpit was killed."""
    root = Path(cockpit.__file__).parent
    found = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        found.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]


def rounds_of_kill9(folder: Path, kills: int, seed: int, number: int = 0) -> Held:
    """Kill at a random moment, start, compare with the exchange; again and again on one journal."""
    rng = random.Random(seed)
    starts: list[float] = []
    covered: list[float] = []
    with bench(folder, seed) as made:
        for _ in range(kills):
            time.sleep(rng.uniform(0.003, 0.8))
            assert made.daemon is not None
            made.daemon.kill()
            made.daemon.wait()
            begin = time.monotonic()
            made.start_daemon()
            made.until(lambda: compared(made), PATIENCE_S)
            starts.append(round(time.monotonic() - begin, 3))
            covered.append(round(made.covered_within(NAKED_S), 3))
        found = judge(made)
    return Held(
        number, kills, code_hash(), tuple(starts), tuple(covered), load=round(os.getloadavg()[0], 2), **found
    )


def compared(made: Bench) -> bool:
    """Twice: the folded state remembers that it was compared before, until the start is its first fact."""
    first = made.status()["reconciled"]
    time.sleep(0.1)
    return bool(first and made.status()["reconciled"])


def held(log: Path, code: str) -> dict[int, Held]:
    """What the log has of this code, by number."""
    if not log.exists():
        return {}
    rows = [msgspec.json.decode(line, type=Held) for line in log.read_bytes().splitlines() if line]
    return {row.number: row for row in rows if row.code == code}


def campaign(count: int, log: Path, folder: Path) -> Iterator[str]:
    """Yields a line a bench and a summary. Raises what the first bench that does not hold raises."""
    code = code_hash()
    done = held(log, code)
    for number in range(-(-count // A_BENCH)):
        kills = min(A_BENCH, count - number * A_BENCH)
        if number in done and done[number].kills == kills:
            continue
        row = rounds_of_kill9(folder / f"{number}", kills, FIRST_SEED + number, number)
        with log.open("ab") as file:
            file.write(msgspec.json.encode(row) + b"\n")
        done[number] = row
        yield f"{sum(row.kills for row in done.values())} of {count}: {summary([row])}"
    yield f"all: {summary([*done.values()])}"


def summary(rows: Sequence[Held]) -> str:
    """The figures of some benches."""
    starts = sorted(second for row in rows for second in row.starts)
    covered = max((second for row in rows for second in row.covered), default=0.0)
    p50, p99 = (starts[min(len(starts) - 1, int(len(starts) * q))] for q in (0.5, 0.99))
    orders, taken, fills = (
        sum(getattr(row, name) for row in rows) for name in ("orders", "accepted", "fills")
    )
    return (
        f"{len(starts)} kills, {orders} orders decided, {taken} taken, {fills} fills, none lost, none sent "
        f"twice, no orphan; start to compared books p50 {p50:.1f} s, p99 {p99:.1f} s, slowest "
        f"{starts[-1]:.1f} s; stops there after {covered:.1f} s at most; load {rows[-1].load}"
    )


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.kills", description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="kills in all")
    parser.add_argument("--log", type=Path, required=True, help="what has held; a run goes on from there")
    args = parser.parse_args(words)
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    print(f"benches live in {folder}, code {code_hash()}", flush=True)
    for line in campaign(args.count, args.log, folder):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
