"""The hotlist as of an instant of a recorded market: the same scanner that runs beside the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cockpit.app.complaints import nearest
from cockpit.core.candidates import Candidate, Mood
from cockpit.core.config import HotlistConfig
from cockpit.core.errors import ConfigError
from cockpit.core.registry import SCORES
from cockpit.portfolio.pasts import HOUR as HOUR_MS
from cockpit.portfolio.pasts import KEPT_HOURS
from cockpit.portfolio.scanner import Scanner

PAST_MS = (KEPT_HOURS + 24) * HOUR_MS


def checked(config: HotlistConfig) -> Mapping[str, float]:
    """The weights. Raises ConfigError for a score that nobody has written."""
    for name in config.weights:
        if name not in SCORES:
            raise ConfigError(f"hotlist.weights: there is no score {name!r}{nearest(name, SCORES)}")
    return config.weights


def capped(scanner: Scanner, capitals: Mapping[str, list[tuple[int, float]]], now: int) -> None:
    """Tell the scanner the newest market capitalisation that was known then, by base currency."""
    for symbol, instrument in scanner.listed.items():
        known = [row for row in capitals.get(instrument.base, ()) if row[0] <= now]
        scanner.pasts[symbol].cap = (known[-1][1], known[-1][0]) if known else None


def on_tape(
    path: Path, now: int, config: HotlistConfig, capitals: Mapping[str, list[tuple[int, float]]] | None = None
) -> list[Candidate]:
    """The ranking at ``now`` from nothing later. Raises TapeError, ConfigError (nothing before it)."""
    from cockpit.adapters.store import tape

    weights = checked(config)
    info = tape.read_info(path)
    scanner = Scanner(info.instruments)
    for event in tape.read(path, start_ms=max(0, now - PAST_MS), end_ms=now + 1):
        scanner.hear(event)
    capped(scanner, capitals or {}, now)
    found = scanner.scan(now, weights)
    if not found:
        raise ConfigError(f"{path} holds no bars before --at")
    return found


def rows_of(candidates: Iterable[Candidate], mood: Mood | None, now: int) -> dict[str, Any]:
    """As ``cockpit hotlist --json`` prints it."""
    return {
        "at": now,
        "mood": None
        if mood is None
        else {
            "value": mood.value,
            "word": mood.word,
            "source": mood.source,
            "ts": mood.ts,
            "age_ms": now - mood.ts,
        },
        "candidates": [
            {
                "place": row.place,
                "symbol": row.symbol,
                "score": row.score,
                "price": row.price,
                "terms": {
                    t.name: {"value": t.value, "rank": t.rank, "weight": t.weight, "part": t.weight * t.rank}
                    for t in row.terms
                },
                "missing": list(row.missing),
                "low_7d": row.low,
                "high_7d": row.high,
                "sigma_daily": row.sigma,
                "safe_leverage": row.leverage or None,
                "seal": row.seal,
            }
            for row in candidates
        ],
    }
