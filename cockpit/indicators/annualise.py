"""Volatility per year, and memory in bars: the two conversions that are most often done wrongly."""

from __future__ import annotations

from math import sqrt

YEAR_SECONDS = 365 * 86_400
"""Crypto never closes: 365 days, not 252."""


def annualise_vol(sigma_bar: float, bar_seconds: float) -> float:
    """Yearly volatility from that of one bar: sigma * sqrt(365*86400/bar length). Fractions of price.

    Raises ValueError unless ``bar_seconds`` > 0.
    """
    if not bar_seconds > 0:
        raise ValueError(f"a bar of {bar_seconds} s")
    return sigma_bar * sqrt(YEAR_SECONDS / bar_seconds)


def decay_of(half_life_bars: float) -> float:
    """The ``lam`` of an EWMA that forgets half within so many bars: 2^(-1/h).

    0.94, meant for days, is a half-life of 11.2 days; on minutes it would remember 11 minutes. Raises
    ValueError unless ``half_life_bars`` > 0.
    """
    if not half_life_bars > 0:
        raise ValueError(f"a half-life of {half_life_bars} bars")
    return float(2.0 ** (-1.0 / half_life_bars))
