"""Worlds in which the settings name other sleeves at every start, most of them after a crash.

What was decided before must be repeated by those who decided it, whatever the settings say now: no decision
differs, no order is unknown, the journal gives the same state from its first fact on by those who wrote it,
and every judge of the ordinary worlds stays on. Not judged is what a change of the settings changes: that
orders which only a sleeve that is gone would have taken off stay as they are.
"""

from __future__ import annotations

import os
import random
from unittest.mock import patch

import msgspec
import pytest

from tests.simulation import rest
from tests.simulation.faults import HELD_FROM
from tests.simulation.world import World

KEPT = 0.7
"""How likely a row of the settings is there at a start."""
SHORT = 12
SOAK = int(os.environ.get("SOAK_CHANGED", "1000"))


class Changing(World):
    """Every process until the world heals draws its sleeves; rows of several legs stay."""

    async def _start(self) -> None:
        if not self.boots:
            self.rows = self.stage.sleeves
            self.changes = 0
        elif not self.plan.healed:
            rng = random.Random(f"{self.seed}/settings/{self.boots}")
            rows = tuple(row for row in self.rows if row.symbols or rng.random() < KEPT)
            self.changes += rows != self.stage.sleeves
            self.stage = msgspec.structs.replace(self.stage, sleeves=rows)
        await super()._start()


async def _unchanged(_world: World) -> None:
    """See above."""


def changes(seeds: range) -> int:
    """Worlds without a violation; how often their settings changed."""
    count = 0
    with patch.object(rest, "replayed", rest.replayed_by_each), patch.object(rest, "twice", _unchanged):
        for seed in seeds:
            world = Changing(seed)
            violation = world.run()
            assert not violation, f"seed {seed}: {violation}\n{world.history.tail(60)}"
            count += world.changes
    return count


def test_sleeves_come_and_go_at_restarts() -> None:
    assert changes(range(HELD_FROM, HELD_FROM + SHORT)) > 2 * SHORT


@pytest.mark.soak
def test_sleeves_come_and_go_in_many_worlds() -> None:
    assert changes(range(HELD_FROM + SHORT, HELD_FROM + SHORT + SOAK)) > SOAK
