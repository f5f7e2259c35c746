"""I28: the same seed is the same run, to the byte, whatever the interpreter's hash seed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.run import run_seed, shrink

SEED = 14
ONE_SEED = "from tests.simulation.run import run_seed; print(run_seed({seed}).digest)"


def test_same_seed_same_digest() -> None:
    first, second = run_seed(SEED), run_seed(SEED)
    assert first.digest == second.digest
    assert first.faults == second.faults
    assert first.orders > 10
    assert run_seed(SEED + 1).digest != first.digest


def test_the_order_of_sets_and_dicts_of_hashes_does_not_matter(repo: Path) -> None:
    digests = set()
    for hash_seed in ("0", "4711"):
        done = subprocess.run(
            [sys.executable, "-c", ONE_SEED.format(seed=SEED)],
            cwd=repo,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(done.stdout.strip())
    assert len(digests) == 1
    assert digests == {run_seed(SEED).digest}


def test_switching_a_fault_off_leaves_the_others_where_they_were() -> None:
    whole = run_seed(SEED)
    assert len(whole.faults) > 3
    less = run_seed(SEED, off=[whole.faults[0]])
    assert whole.faults[0] not in less.faults
    assert less.digest != whole.digest


def test_a_failing_seed_shrinks_and_tells_its_story() -> None:
    found = next(
        r for r in (run_seed(s, plant="halt_confirmed_early", rate=2.0) for s in range(400)) if r.violation
    )
    small = shrink(found.seed, plant="halt_confirmed_early", rate=2.0)
    assert small.invariant == found.invariant == "I03"
    assert len(small.faults) < len(found.faults)
    assert "halt" in " ".join(small.faults)
    assert "VIOLATION I03" in small.story
    assert "person    c1 halt" in small.story


def test_a_worker_that_reaches_for_a_thread_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    from cockpit.workers.risk import Watchdog

    async def run(self: Watchdog) -> None:
        await asyncio.to_thread(print)

    monkeypatch.setattr(Watchdog, "run", run)
    result = run_seed(1)
    assert result.violation == "I28: reached for the real world: ['run_in_executor']"


def test_a_disk_that_fails_tells_the_same_story_in_every_folder() -> None:
    """Error texts name the journal's file; its folder is another one each time."""
    seed = 3_060
    first, second = run_seed(seed, story=True), run_seed(seed)
    assert "FOLDER" in first.story
    assert first.digest == second.digest
