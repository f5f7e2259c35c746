"""Has the kind of market just changed?"""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan

from cockpit.core.registry import score
from cockpit.indicators import regime
from cockpit.indicators.regime import Regime
from cockpit.portfolio.pasts import Past

HOURS = 14 * 24
RECENT = 24
TREND = frozenset((regime.STRONG_TREND, regime.WEAK_TREND, regime.BREAKOUT))
RANGE = frozenset((regime.RANGE, regime.LOW_VOLATILITY))


@score("regime_shift", unit="0/1")
def regime_shift(pasts: Mapping[str, Past], now: int) -> dict[str, float | None]:
    """1 when the regime of the hourly bars (``indicator:regime``) now is of another kind (trend, range, or
    neither) than 24 hours ago, else 0 (HL-02). Not known before both have been published.
    """
    found: dict[str, float | None] = {}
    for symbol, past in pasts.items():
        candles = past.candles(now, HOURS)
        meter = Regime()
        kinds = [meter.update(hour.high, hour.low, hour.close, hour.volume) for hour in candles]
        if len(kinds) <= RECENT or isnan(kinds[-1]) or isnan(kinds[-1 - RECENT]):
            found[symbol] = None
        else:
            found[symbol] = float(_kind(kinds[-1]) != _kind(kinds[-1 - RECENT]))
    return found


def _kind(code: float) -> int:
    return 1 if code in TREND else 2 if code in RANGE else 0
