"""A version as faces, allocators and schedulers see it."""

from __future__ import annotations

import msgspec


class VersionRow(msgspec.Struct, frozen=True, array_like=True):
    """A strategy version, how far it is trusted, and what it has shown in that stage."""

    id: str
    strategy: str
    symbols: tuple[str, ...]
    timeframe: str
    stage: str
    since: int
    origin: str
    """candidate | settings"""
    parent: str
    samples: int
    """Observations of the stage."""
    annual: float
    """Net return of a year at that pace, fraction of capital."""
    total: float
    """Net return of the stage so far."""
    drawdown: float
    """Deepest fall of the stage."""
    trades: int
    slippage: float
    """Basis points that the account's fills cost beyond the price of the decision."""
    modelled: float
    """The same of the twin's fills."""
    against: float
    """e-value against it: at 1/alpha it goes back by itself."""
    better: float
    """e-value that it is better than what is in production."""
    asked: str
    """Stage that waits for people; empty = none does."""
    asked_at: int
    asked_by: str
    approvals: tuple[str, ...]
    needed: int
    """People who must approve."""
    fault: str
    until: int
    """Retired: not before then may it begin again."""
    sleeves: tuple[str, ...]
    pnl: float
    """Of its sleeves since they began, account currency."""
    named: float = -1.0
    """Share of the equity that it names; -1 = an engine too old to say."""
    share: float = -1.0
    """What it may use, or would in production: the smaller of that and what was applied."""
