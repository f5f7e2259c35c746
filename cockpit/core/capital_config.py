"""The settings of who may use how much of the equity (``[capital]`` of the settings file)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Fraction = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]
SUITS: dict[str, tuple[str, ...]] = {
    "ema_trend": ("STRONG_TREND", "WEAK_TREND", "BREAKOUT"),
    "breakout": ("BREAKOUT", "STRONG_TREND", "HIGH_VOLATILITY"),
    "momentum": ("STRONG_TREND", "WEAK_TREND"),
    "bollinger_range": ("RANGE", "LOW_VOLATILITY"),
    "mean_reversion": ("RANGE", "LOW_VOLATILITY"),
    "grid_trading": ("RANGE", "LOW_VOLATILITY"),
    "market_maker": ("RANGE", "LOW_VOLATILITY", "WEAK_TREND"),
}
"""Strategy → regimes that it is made for (``cockpit help indicator:regime``)."""


class CapitalConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may size against how much of the equity, by evidence (quant reference 15)."""

    method: Annotated[str, Meta(pattern="^(|equal|ucb|thompson)$")] = ""
    """Empty: shares stay as the sleeves name them, and nothing is proposed."""
    schedule: str = "*/5 * * * *"
    """Cron line (UTC) of the evaluation."""
    apply: Annotated[str, Meta(pattern="^(ask|auto)$")] = "ask"
    """ask: a plan waits for a person; auto: it is applied at once."""
    total: Annotated[float, Meta(gt=0)] = 1.0
    """Sum of all shares."""
    most: Annotated[float, Meta(gt=0, le=1)] = 0.5
    least: Annotated[float, Meta(ge=0, le=1)] = 0.02
    """Bounds of one sleeve's share."""
    window_days: Positive = 7.0
    window_trades: Annotated[int, Meta(ge=1)] = 50
    """Judged over the longer of these."""
    target_vol: Positive = 0.2
    """Annual volatility that a share is allowed: rewards are counted in units of it."""
    damping: Annotated[float, Meta(gt=0, le=1)] = 0.05
    """Most that a share moves in an hour."""
    least_move: Annotated[float, Meta(ge=0)] = 10.0
    """A change of less money than this is none."""
    rest_hours: Annotated[float, Meta(ge=0, le=2_160)] = 72.0
    """How long the last-placed rests; 0 = nobody does."""
    judge_trades: Annotated[int, Meta(ge=1)] = 30
    losing: Annotated[float, Meta(gt=0.5, lt=1)] = 0.9
    behind: Annotated[float, Meta(gt=0.5, lt=1)] = 0.95
    """How sure it must be that an arm loses, or that it is behind the median arm."""
    exploration: Annotated[float, Meta(ge=0)] = 1.4142135623730951
    """The c of UCB1."""
    regime_weight: Fraction = 0.2
    """What the regime score counts beside the performance score."""
    rho: Annotated[float, Meta(gt=0, lt=1)] = 0.7
    """Daily returns more alike than this share one weight."""
    suits: dict[str, tuple[str, ...]] = msgspec.field(default_factory=lambda: dict(SUITS))

    def __post_init__(self) -> None:
        if self.least > self.most:
            raise ValueError("least is above most")
