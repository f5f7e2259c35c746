"""Every parser of outside bytes: only declared errors, no hang, no growth. The long campaign is ``make soak``."""

from __future__ import annotations

import os

import pytest

from tests.fuzz.campaign import FOUND, bounded, one, run
from tests.fuzz.catalogue import TARGETS, shares

SHORT = 4_000
COUNT = int(os.environ.get("SOAK_FUZZ", "1000000"))
"""Inputs of the long campaign, over all targets."""
SEED = int(os.environ.get("SOAK_FUZZ_SEED", "1"))


def test_what_was_found_once_stays_mended() -> None:
    with bounded():
        for path in sorted(FOUND.glob("*")):
            one(TARGETS[path.name.rpartition("-")[0]], path.read_bytes())


@pytest.mark.parametrize(("name", "count"), [(t.name, n) for t, n in shares([*TARGETS.values()], SHORT)])
def test_a_few_thousand_inputs(name: str, count: int) -> None:
    run(TARGETS[name], count, seed=7)


@pytest.mark.soak
@pytest.mark.parametrize(("name", "count"), [(t.name, n) for t, n in shares([*TARGETS.values()], COUNT)])
def test_a_long_campaign(name: str, count: int) -> None:
    found = run(TARGETS[name], count, SEED)
    print(f"{name}: {found.inputs:,} inputs, {found.refused:,} refused, {found.grown_mb:.1f} MB grown")
