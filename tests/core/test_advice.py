"""An adviser (LLM, RL, optimiser): none is connected, and a fact of one moves nothing."""

from __future__ import annotations

import math

import msgspec
import pytest

from cockpit.core import events as ev
from tests.core.stand import Stand


@pytest.mark.parametrize(
    "weights",
    [{}, {"puppet": 1e9}, {"puppet": -1.0}, {"puppet": math.nan}, {"nobody": math.inf}, {"": 0.0}],
)
def test_what_an_adviser_says_moves_nothing(weights: dict[str, float]) -> None:
    stand = Stand()
    before = msgspec.to_builtins(stand.engine.state)
    outcome = stand.engine.step(ev.Advice(stand.now, "llm", weights))
    after = msgspec.to_builtins(stand.engine.state)
    assert outcome.actions == ()
    moved = {name for name in before if before[name] != after[name]}
    assert moved <= {"seq", "now", "last_fact_ts"}, moved
