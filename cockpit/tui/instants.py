"""Times as people type them: ISO-8601, a clock time of the day that is looked at, or so long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from cockpit.tui.figures import DAY_MS, date

AGO = re.compile(r"-(\d+(?:\.\d+)?)(ms|s|m|h|d)")
UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": DAY_MS}
CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z?")


def instant(text: str, now: int) -> int:
    """``2026-05-01T12:00``, ``12:00:05`` (UTC, the day of ``now``), ``-15m`` → UTC ms. Raises ValueError."""
    text = text.strip()
    ago = AGO.fullmatch(text)
    if ago:
        return now - int(float(ago[1]) * UNITS[ago[2]])
    if CLOCK.fullmatch(text):
        text = f"{date(now)}T{text.rjust(5, '0') if len(text) < 5 else text}"
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)
