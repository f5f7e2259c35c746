"""The proof of a version, as far as release asks for it. Without a valid one nothing is promoted."""

from __future__ import annotations

from pathlib import Path

from cockpit.core.config import SleeveConfig
from cockpit.core.release.records import Passport


def passport_of(home: Path, row: SleeveConfig, span_minutes: float) -> Passport | None:
    """The newest passport of exactly this version under the data directory ``home``; None = there is none."""
    return None
