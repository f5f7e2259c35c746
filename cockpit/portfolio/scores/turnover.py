"""Is it traded more than usual?"""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.core.registry import score
from cockpit.portfolio.pasts import DAY, Past

FRESH_CAP = 3 * DAY
LEAST_DAYS, MOST_DAYS = 7, 90


@score("turnover", unit="")
def turnover(pasts: Mapping[str, Past], now: int) -> dict[str, float | None]:
    """Quote volume of 24 hours over market capitalisation, if every market's is known and no older than 3
    days; else, for all, where that volume stands among its own last 7 to 90 days, 0..1 (HL-02). Never a
    mixture: the two cannot be ranked against each other.
    """
    days = {symbol: past.window(now) for symbol, past in pasts.items()}
    caps = {symbol: _cap(past, now) for symbol, past in pasts.items()}
    if caps and all(caps.values()):
        return {s: None if (d := days[s]) is None else d.money / cap for s, cap in caps.items() if cap}
    found: dict[str, float | None] = {}
    for symbol, past in pasts.items():
        today = days[symbol]
        before = [d.money for ago in range(1, MOST_DAYS + 1) if (d := past.window(now, ago)) is not None]
        if today is None or len(before) < LEAST_DAYS:
            found[symbol] = None
            continue
        less = sum(money < today.money for money in before)
        equal = sum(money == today.money for money in before)
        found[symbol] = (less + equal / 2) / len(before)
    return found


def _cap(past: Past, now: int) -> float:
    """Market capitalisation, 0 when unknown or old."""
    if past.cap is None or not 0 <= now - past.cap[1] <= FRESH_CAP:
        return 0.0
    return past.cap[0]
