"""What trading costs beyond the fee, and what waiting pays. Quant reference, section 13 and BT-05."""

from __future__ import annotations

from math import sqrt

import msgspec


class Impact(msgspec.Struct, frozen=True):
    """Square-root impact of an order: ``impact_frac`` of the price, ``cost`` in money."""

    coefficient: float
    """lambda = y sigma_daily / sqrt(adv)."""
    impact_frac: float
    cost: float


def sqrt_impact(notional: float, adv: float, sigma_daily: float, y: float = 1.0) -> Impact:
    """lambda sqrt(notional) of the price, N of it in money: conservative for a completed order.

    ``adv``: daily volume in the same currency; ``y`` about 1. Raises ValueError for adv <= 0 or notional < 0.
    """
    if adv <= 0 or notional < 0:
        raise ValueError(f"a daily volume of {adv}, an order of {notional}")
    coefficient = y * sigma_daily / sqrt(adv)
    share = coefficient * sqrt(notional)
    return Impact(coefficient, share, notional * share)


def funding_cashflow(
    side: str, contracts: float, ct_val: float, mark: float, rate: float, kind: str = "linear"
) -> float:
    """What a settlement pays us (> 0) in the settle currency: longs pay shorts when the rate is positive."""
    if side not in {"long", "short"} or kind not in {"linear", "inverse"}:
        raise ValueError(f"side {side!r}, kind {kind!r}")
    value = contracts * ct_val * mark if kind == "linear" else contracts * ct_val / mark
    return (-1.0 if side == "long" else 1.0) * value * rate


def basis_annualised(future: float, spot: float, days: float) -> float:
    """(F/S - 1) * 365/days. Raises ValueError for a spot price or a time that is not above 0."""
    if spot <= 0 or days <= 0:
        raise ValueError(f"spot {spot}, days {days}")
    return (future / spot - 1.0) * 365.0 / days
