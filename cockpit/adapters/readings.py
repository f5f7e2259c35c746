"""Small side tables of others: a sentiment index, market capitalisations. CSV or Parquet."""

from __future__ import annotations

import csv
from math import isfinite, nan
from pathlib import Path
from typing import Any

from cockpit.core.candidates import Mood
from cockpit.core.errors import TapeError


def moods(path: Path) -> list[Mood]:
    """A sentiment index by time: columns ``ts_ms`` and ``value`` (0..100). Raises TapeError."""
    found = []
    for ts, row in _rows(path, ("value",)):
        value = _number(path, row["value"])
        if not 0 <= value <= 100:
            raise TapeError(f"{path}: a sentiment of {value:g} (0 is fear, 100 is greed)")
        found.append(Mood(value, path.stem, ts))
    return found


def capitals(path: Path) -> dict[str, list[tuple[int, float]]]:
    """Market capitalisations by coin: ``symbol``, ``ts_ms``, ``market_cap_usd``. Raises TapeError."""
    found: dict[str, list[tuple[int, float]]] = {}
    for ts, row in _rows(path, ("symbol", "market_cap_usd")):
        if row["market_cap_usd"] not in (None, ""):
            value = _number(path, row["market_cap_usd"])
            if isfinite(value) and value > 0:
                found.setdefault(str(row["symbol"]), []).append((ts, value))
    return found


def mood_at(rows: list[Mood], now: int) -> Mood | None:
    """The newest that was known then."""
    known = [row for row in rows if row.ts <= now]
    return known[-1] if known else None


def _rows(path: Path, needed: tuple[str, ...]) -> list[tuple[int, dict[str, Any]]]:
    """(ts, row), by time."""
    try:
        if path.suffix == ".parquet":
            import pyarrow.parquet as parquet

            rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
        else:
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
    except (OSError, ValueError) as error:  # pyarrow's own errors are ValueErrors
        raise TapeError(f"{path} cannot be read: {error}") from error
    missing = [name for name in ("ts_ms", *needed) if rows and name not in rows[0]]
    if missing:
        raise TapeError(f"{path} has no column {missing[0]!r}")
    if not rows:
        raise TapeError(f"{path} is empty")
    return sorted(((int(_number(path, row["ts_ms"])), row) for row in rows), key=lambda pair: pair[0])


def _number(path: Path, value: Any) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = nan
    if not isfinite(found):
        raise TapeError(f"{path}: {value!r} is no number")
    return found
