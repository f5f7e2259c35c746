"""A stretch of the practice market as a tape: to try a strategy on before anything has been recorded."""

from __future__ import annotations

from pathlib import Path

from cockpit.adapters import practice
from cockpit.adapters.store.tape_columns import ENCODERS
from cockpit.adapters.store.tape_writer import TapeInfo, TapeWriter
from cockpit.core.config import Config

MINUTES = 30


def write(path: Path, config: Config, minutes: int = MINUTES) -> TapeInfo:
    """Invented, and its source says so. The same seed gives the same tape. Raises TapeError."""
    spec = practice.PracticeSpec(seed=config.run.seed, rate=config.run.practice_rate)
    writer = TapeWriter(path, source=f"practice seed {spec.seed}: invented")
    with writer:
        for instrument in practice.instruments(spec).values():
            writer.instrument(instrument)
        for event in practice.stream(spec):
            if event.ts > spec.start_ms + minutes * 60_000:
                break
            if type(event) in ENCODERS:
                writer.add(event)
        return writer.close()
