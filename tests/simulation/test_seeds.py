"""The cockpit under hundreds of seeded accidents: not one invariant may break.

``python -m tests.simulation SEED`` replays a failing seed; ``--shrink`` takes away what it does not need.
"""

import os
from pathlib import Path

import pytest

from tests.simulation import campaign
from tests.simulation.faults import HELD_FROM, NEWER_FROM, SIGNED_FROM
from tests.simulation.regressions import REGRESSIONS
from tests.simulation.run import Result, run_seed, summary

FIRSTS = (
    *range(1_000, 1_150, 25), *range(3_100, 3_250, 25), NEWER_FROM, NEWER_FROM + 25, HELD_FROM, SIGNED_FROM,
)  # fmt: skip
"""Chunks of seeds; from 3,000 on worlds also have disks, clocks and venues that fail (``faults.LATER``)."""
SOAK_SEEDS = int(os.environ.get("COCKPIT_SOAK_SEEDS", "10000"))
CHUNK = 25


def verdict(results: list[Result]) -> None:
    """Print what was simulated; fail with the story of the first bad seed."""
    print(summary(results))
    bad = [result for result in results if result.violation]
    if bad:
        story = "\n".join(bad[0].story.splitlines()[-80:])
        pytest.fail(
            f"{summary(results)}\n\nseed {bad[0].seed}: {bad[0].violation}\n"
            f"replay: python -m tests.simulation {bad[0].seed} --shrink\n\n{story}"
        )


@pytest.mark.parametrize("seed", sorted(REGRESSIONS))
def test_seeds_that_once_failed(seed: int) -> None:
    verdict([run_seed(seed), run_seed(seed, rate=2.0)])


@pytest.mark.parametrize("first", FIRSTS)
def test_no_invariant_breaks(first: int) -> None:
    verdict([run_seed(seed) for seed in range(first, first + CHUNK)])


@pytest.mark.parametrize("first", range(5_000, 5_000 + 25, CHUNK))
def test_no_invariant_breaks_at_twice_the_faults(first: int) -> None:
    verdict([run_seed(seed, rate=2.0) for seed in range(first, first + CHUNK)])


@pytest.mark.soak
def test_thousands_of_seeds(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Fresh seeds with progress; the file keeps what is done, and the same command goes on from there."""
    first = int(os.environ.get("COCKPIT_SOAK_FIRST", str(SIGNED_FROM + 1_000_000)))
    out = Path(os.environ.get("COCKPIT_SOAK_OUT") or repo / "build" / "soak" / f"seeds-{first}.jsonl")

    def say(line: str) -> None:
        with capsys.disabled():
            print(line, flush=True)

    sums = campaign.run(out, range(first, first + SOAK_SEEDS), say=say)
    assert not sums.bad, sums.bad
    assert sums.seeds == SOAK_SEEDS
