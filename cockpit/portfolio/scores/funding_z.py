"""Is one side paying unusually much?"""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan

from cockpit.core.registry import score
from cockpit.indicators.zscore_prior import ZscorePrior
from cockpit.portfolio.pasts import DAY, Past

LOOK = 90
FRESH = DAY


@score("funding_z", unit="sd")
def funding_z(pasts: Mapping[str, Past], now: int) -> dict[str, float | None]:
    """z-score of the last settled funding rate (per 8 hours) against the 90 before it (HL-02)."""
    found: dict[str, float | None] = {}
    for symbol, past in pasts.items():
        rates = [row for row in past.rates if row[0] <= now]
        found[symbol] = None
        if len(rates) > LOOK and now - rates[-1][0] <= FRESH:
            meter = ZscorePrior(LOOK)
            for _, rate in rates[-LOOK - 1 :]:
                meter.update(rate)
            found[symbol] = None if isnan(meter.value) else meter.value
    return found
