"""Many seeds, one seed again, and a failing seed with everything taken away that it does not need."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from tests.simulation.plants import PLANTS, planted
from tests.simulation.world import SECONDS, World


class Result(NamedTuple):
    """What one seed came to."""

    seed: int
    violation: str
    """Empty = every invariant held."""
    digest: str
    simulated: float
    """Seconds of virtual time."""
    cpu: float
    orders: int
    fills: int
    crashes: int
    faults: tuple[str, ...]
    """Plan items that happened: what a shrinker may switch off."""
    story: str
    """The whole history of a failing seed; empty when nothing failed."""

    @property
    def invariant(self) -> str:
        return self.violation.partition(":")[0]


def run_seed(
    seed: int,
    *,
    plant: str = "",
    off: Iterable[str] = (),
    rate: float = 1.0,
    seconds: float = SECONDS,
    story: bool = False,
) -> Result:
    """One world from its first second to quiescence."""
    started = time.process_time()
    focus = PLANTS[plant][1] if plant else ()
    with planted(plant):
        world = World(seed, off=off, focus=focus, rate=rate, seconds=seconds)
        violation = world.run()
    return Result(
        seed,
        violation,
        world.history.digest,
        world.loop.time(),
        time.process_time() - started,
        len(world.checker.arrivals),
        len(world.truth.fills),
        world.crashes,
        tuple(world.plan.items()),
        world.history.tail(1_000_000) if violation or story else "",
    )


def _one(job: tuple[int, str, float]) -> Result:
    seed, plant, rate = job
    return run_seed(seed, plant=plant, rate=rate)


def run_many(
    seeds: Sequence[int], *, plant: str = "", rate: float = 1.0, processes: int = 0
) -> Iterator[Result]:
    """Results in the order of the seeds; ``processes`` 0 = one per core."""
    jobs = [(seed, plant, rate) for seed in seeds]
    workers = processes or os.cpu_count() or 1
    if workers == 1:
        yield from map(_one, jobs)
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_one, jobs, chunksize=5)


def shrink(seed: int, *, plant: str = "", rate: float = 1.0) -> Result:
    """Switch off plan items, one at a time, for as long as the same invariant still breaks and less happens.

    Without a crash the rest of a plan may come to more than with it: that would be no simpler story.
    """
    result = run_seed(seed, plant=plant, rate=rate)
    if not result.violation:
        return result
    off: set[str] = set()
    for item in result.faults:
        trial = run_seed(seed, plant=plant, rate=rate, off=off | {item})
        if trial.invariant == result.invariant and len(trial.faults) < len(result.faults):
            off.add(item)
            result = trial
    return result


def summary(results: Sequence[Result]) -> str:
    """One line: how much was simulated, how fast, and what broke."""
    hours = sum(r.simulated for r in results) / 3600
    cpu = sum(r.cpu for r in results) or 1e-9
    bad = [f"{r.seed} ({r.violation[:240]})" for r in results if r.violation]
    head = (
        f"{len(results)} seeds, {hours:.2f} simulated hours, {sum(r.orders for r in results)} orders, "
        f"{sum(r.fills for r in results)} fills, {sum(r.crashes for r in results)} crashes, "
        f"{hours / cpu:.3f} simulated hours per CPU second: "
    )
    return head + (f"{len(bad)} bad: " + "; ".join(bad[:20]) if bad else "no violation")
