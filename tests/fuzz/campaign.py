"""Runs a target: so many inputs, only declared errors, no hang, no growth.

A hang is measured in work, not in time: one input may use ``CPU_S`` seconds of this process's own processor time
(ITIMER_VIRTUAL), however busy the machine is. Memory is the highest the process ever had.
"""

from __future__ import annotations

import hashlib
import resource
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import FrameType

import msgspec

from tests.fuzz.mutate import Maker
from tests.fuzz.target import Target

CPU_S = 5.0
GROWTH_MB = 256.0
FOUND = Path(__file__).with_name("found")
"""Inputs that once broke something: ``<target>-<hash>``; every run of the tests tries them again."""


class Broken(AssertionError):
    """An input that broke a promise."""


class Hang(BaseException):
    """One input has used too much work. No parser may catch it."""


class Report(msgspec.Struct, frozen=True):
    """What a campaign came to."""

    target: str
    inputs: int
    refused: int
    """Inputs that a declared error refused; the others were taken."""
    seconds: float
    grown_mb: float


@contextmanager
def bounded() -> Iterator[None]:
    """Within it, ``limit`` may arm the clock of this process's own work."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise Hang

    before = signal.signal(signal.SIGVTALRM, ring)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def one(target: Target, raw: bytes) -> bool:
    """Feed it; True when it was taken, False when a declared error refused it. Raises Broken."""
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_S)
    try:
        target.feed(raw)
    except target.declared:
        return False
    except Hang:
        raise Broken(f"{target.name}: more than {CPU_S:g} s of work for {kept(target, raw)}") from None
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        raise Broken(f"{target.name}: {type(error).__name__}: {error} for {kept(target, raw)}") from error
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return True


def kept(target: Target, raw: bytes) -> str:
    """Where the input was written, so that it is never forgotten."""
    FOUND.mkdir(exist_ok=True)
    path = FOUND / f"{target.name}-{hashlib.sha256(raw).hexdigest()[:12]}"
    path.write_bytes(raw)
    return f"{path.name} ({len(raw)} bytes): {raw[:200]!r}"


def run(target: Target, count: int, seed: int) -> Report:
    """``count`` inputs, the seeds as they are first. Raises Broken at the first that breaks a promise."""
    rng = Random(f"{target.name}-{seed}")
    make: Maker = target.make
    corpus = target.corpus
    begin = time.monotonic()
    with bounded():
        for raw in corpus:
            if not one(target, raw) and not target.refuses_seeds:
                raise Broken(f"{target.name}: refuses its own seed {raw[:120]!r}")
        resident = peak_mb()
        taken = sum(one(target, make(rng, corpus)) for _ in range(count))
    grown = peak_mb() - resident
    if grown > GROWTH_MB:
        raise Broken(f"{target.name}: {grown:.0f} MB more after {count} inputs")
    return Report(target.name, count, count - taken, time.monotonic() - begin, grown)


def peak_mb() -> float:
    """The most that this process ever held, MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1_024
