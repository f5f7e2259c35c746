"""One try of a study, as it is kept for ever: what was tried, what came of it, and why it may not count."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from cockpit.lab.search.measure import Measured
from cockpit.lab.search.space import Point


class Outcome(StrEnum):
    """What became of a trial."""

    DONE = "done"
    SHORT = "short"
    """It breaks a constraint of the study: kept, never best."""
    VOID = "void"
    """Its objective is undefined, e.g. it never traded."""
    PRUNED = "pruned"
    """Given up on a part of the period."""
    FAILED = "failed"
    """The strategy broke."""
    BARRED = "barred"
    """The strategy's own rules (fast < slow) forbid it: never run, no trial in anybody's count."""


class Trial(msgspec.Struct, frozen=True):
    """A try. ``scores``: one number a goal, larger is better; None where undefined."""

    number: int
    batch: int
    point: Point
    params: dict[str, Any]
    outcome: Outcome
    scores: tuple[float | None, ...]
    train: Measured | None = None
    validate: Measured | None = None
    """The rows that the search never saw."""
    returns: bytes = b""
    """float32, net returns a period over the whole span, for deflation and PBO."""
    why: str = ""
    twin: int = -1
    """Number of the earlier trial with the same parameters, which was not run again."""
    share: float = 1.0
    """Of the training rows that it was run on, when it was given up."""

    @property
    def counts(self) -> bool:
        """May it be best?"""
        return self.outcome is Outcome.DONE


BAD = -1e6
"""What a method is told of a trial that does not count: far below any score. Methods rank, or clip."""
