"""``python -m tests.chaos.kills --count 2000 --log FILE --workers 2``: kill -9 of the daemon under load.

Kills go in benches of 25: one exchange and one journal each, killed, started, compared with the exchange,
and judged at the end by both sides' books. Half of the deaths are asked for at a named point of a commit or
of the wire (``tests.chaos.mortal``), the others come at a random moment; some starts are killed as well. A
bench that held is one line of the log; a run that was broken off goes on with the benches that the log does
not have yet. Lines of another state of the code do not count. ``--workers``: benches at a time, each with
processes of its own. A bench that does not hold ends the run; its folder is kept.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import msgspec

import cockpit
from tests.chaos import mortal
from tests.chaos.bench import NAKED_S, PATIENCE_S, Bench, bench, judge

A_BENCH = 25
"""Kills on one exchange: it keeps every order that it ever had, and a bench that is broken off is lost."""
FIRST_SEED = 1_000
PATIENT_S = 400.0
RANDOM = "random"
POINT_S = 3.0
"""A point that is not passed for so long: the kill comes from outside then."""
PASSINGS = {"step.after": 60, "pre_wire": 3, "post_wire": 3}
"""A point is passed so many times at most before the death there; elsewhere 6."""
STARTING = 0.15
"""Share of starts that are killed too."""


CHURN = """
import msgspec

from cockpit.sdk import View, Want, strategy


@strategy("chaos_churn")
class Churn(msgspec.Struct):
    \"\"\"Another price with each book, another side with each tenth: orders without an end.\"\"\"

    turn: int = 0

    @classmethod
    def create(cls, params: None) -> "Churn":
        return cls()

    def on_book(self, view: View, want: Want) -> None:
        if not view.book_ok:
            return
        self.turn += 1
        away = 0.0004 * (1 + self.turn % 5)
        want.position(2.0 if self.turn // 10 % 2 else -2.0, tag="side")
        want.quote(view.bid * (1 - away), 3.0, view.ask * (1 + away), 3.0, "churn")
"""
"""Load: a strategy that quotes, cancels and turns its position as fast as the rules let it."""


class Busy(Bench):
    """A strategy that never rests, and a program that can die at a named point.

    No guardian: it acts after 15 s, and each start that finds one there costs a process for nothing.
    """

    SLEEVES = (*Bench.SLEEVES, ("chaos_churn", "SOL-USDT-SWAP"))
    PROGRAM = mortal.__name__

    def until(self, condition: Callable[[], bool], seconds: float = PATIENT_S) -> None:
        """A machine that is busy otherwise is no violation."""
        super().until(condition, max(seconds, PATIENT_S))

    def admin(self, what: str, body: Any = None) -> Any:
        """Nor is an exchange that gets no time to answer."""
        for _ in range(20):
            with contextlib.suppress(TimeoutError):
                return super().admin(what, body)
        return super().admin(what, body)

    def _furnish(self) -> None:
        super()._furnish()
        (self.folder / "plugins" / "churn.py").write_text(CHURN, "utf-8")

    def _settings(self, plugins: Path) -> str:
        limits = "[risk]\nmax_orders_per_minute = 100000\nmax_changes_per_minute = 100000\n"
        return limits + super()._settings(plugins).replace("guardian = true", "guardian = false")


class Held(msgspec.Struct, frozen=True):
    """One bench that held."""

    number: int
    kills: int
    code: str
    starts: tuple[float, ...]
    """Seconds from each new process to books that have been compared with the exchange's."""
    covered: tuple[float, ...]
    """Seconds from there until no position was without its stop."""
    at: dict[str, int]
    """Deaths by where they came: ``random``, a point, and the same with ``start:`` before it."""
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
    """Kill, start, compare with the exchange; again and again on one journal."""
    rng = random.Random(seed)
    starts: list[float] = []
    covered: list[float] = []
    at: Counter[str] = Counter()
    with bench(folder, seed, Busy) as made:
        while at.total() < kills:
            at[_dies(made, rng, 0.8)] += 1
            if at.total() < kills and rng.random() < STARTING:
                made.launch_daemon()
                at[f"start {_dies(made, rng, 2.0)}"] += 1
            begin = time.monotonic()
            made.start_daemon()
            made.until(lambda: compared(made), PATIENCE_S)
            starts.append(round(time.monotonic() - begin, 3))
            covered.append(round(made.covered_within(NAKED_S), 3))
        found = judge(made)
    load = round(os.getloadavg()[0], 2)
    return Held(number, kills, code_hash(), tuple(starts), tuple(covered), dict(at), load=load, **found)


def _dies(made: Bench, rng: random.Random, longest: float) -> str:
    """kill -9, by its own hand at a point or from outside at a random moment. Returns where."""
    assert made.daemon is not None
    point = rng.choice(mortal.POINTS) if rng.random() < 0.5 else RANDOM
    if point == RANDOM:
        time.sleep(rng.uniform(0.003, longest))
    else:
        mortal.arm(made.folder, point, rng.randint(1, PASSINGS.get(point, 6)))
        try:
            made.daemon.wait(POINT_S)
        except subprocess.TimeoutExpired:
            point = RANDOM
    made.daemon.kill()
    made.daemon.wait()
    mortal.disarm(made.folder)
    return point


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


def campaign(count: int, log: Path, folder: Path, workers: int = 1) -> Iterator[str]:
    """Yields a line a bench and a summary. Raises what the first bench that does not hold raises."""
    done = held(log, code_hash())
    wanted = {number: min(A_BENCH, count - number * A_BENCH) for number in range(-(-count // A_BENCH))}
    left = {n: kills for n, kills in wanted.items() if n not in done or done[n].kills != kills}
    for row in _benches(left, folder, workers):
        with log.open("ab") as file:
            file.write(msgspec.json.encode(row) + b"\n")
        done[row.number] = row
        yield f"{sum(row.kills for row in done.values())} of {count}: {summary([row])}"
    yield f"all: {summary([*done.values()])}"


def _benches(left: dict[int, int], folder: Path, workers: int) -> Iterator[Held]:
    if workers == 1:
        for number, kills in left.items():
            yield rounds_of_kill9(folder / f"{number}", kills, FIRST_SEED + number, number)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        jobs = [
            pool.submit(rounds_of_kill9, folder / f"{number}", kills, FIRST_SEED + number, number)
            for number, kills in left.items()
        ]
        try:
            for job in as_completed(jobs):
                yield job.result()
        finally:
            pool.shutdown(cancel_futures=True)


def summary(rows: Sequence[Held]) -> str:
    """The figures of some benches."""
    starts = sorted(second for row in rows for second in row.starts)
    covered = max((second for row in rows for second in row.covered), default=0.0)
    p50, p99 = (starts[min(len(starts) - 1, int(len(starts) * q))] for q in (0.5, 0.99))
    kills, orders, taken, fills = (
        sum(getattr(row, name) for row in rows) for name in ("kills", "orders", "accepted", "fills")
    )
    at: Counter[str] = Counter()
    for row in rows:
        at.update(row.at)
    places = ", ".join(f"{count} {place}" for place, count in sorted(at.items()))
    return (
        f"{kills} kills ({places}), {orders} orders decided, {taken} taken, {fills} fills, none lost, none "
        f"sent twice, no orphan; start to compared books p50 {p50:.1f} s, p99 {p99:.1f} s, slowest "
        f"{starts[-1]:.1f} s; stops there after {covered:.1f} s at most; load {rows[-1].load}"
    )


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.kills", description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="kills in all")
    parser.add_argument("--log", type=Path, required=True, help="what has held; a run goes on from there")
    parser.add_argument("--workers", type=int, default=1, help="benches at a time")
    args = parser.parse_args(words)
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    print(f"benches live in {folder}, code {code_hash()}", flush=True)
    for line in campaign(args.count, args.log, folder, args.workers):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
