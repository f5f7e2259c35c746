"""Is it livelier than usual?"""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.core.registry import score
from cockpit.portfolio import ranking
from cockpit.portfolio.pasts import Past


@score("vol_jump", unit="x")
def vol_jump(pasts: Mapping[str, Past], now: int) -> dict[str, float | None]:
    """Volatility of the last 24 hours over the median of the 7 days before (HL-02). All 8 must be known."""
    found: dict[str, float | None] = {}
    for symbol, past in pasts.items():
        days = [past.sigma(now, ago) for ago in range(7, -1, -1)]
        known = [day for day in days if day is not None]
        found[symbol] = ranking.vol_jump(known) if len(known) == len(days) else None
    return found
