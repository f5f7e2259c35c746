"""Is new money coming in?"""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.core.registry import score
from cockpit.portfolio import ranking
from cockpit.portfolio.pasts import DAY, HOUR, Past

FRESH = 36 * HOUR


@score("oi_delta", unit="fraction")
def oi_delta(pasts: Mapping[str, Past], now: int) -> dict[str, float | None]:
    """Open interest against a day before, in contracts, fraction (HL-02); not known once 36 hours old."""
    found: dict[str, float | None] = {}
    for symbol, past in pasts.items():
        last = past.interest_at(now, FRESH)
        before = None if last is None else past.interest_at(last[0] - DAY, FRESH)
        known = last is not None and before is not None
        found[symbol] = ranking.oi_delta(before[1], last[1]) if known and before and last else None
    return found
