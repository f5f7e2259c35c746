"""From a weight to a compliant number of contracts. Quant reference, sections 2 and 11.

Two modes that must never be mixed (trap PF-02): the *notional* mode turns a weight, which already holds
1/sigma, into contracts; the *risk* mode turns a share of equity that one sigma may cost into contracts.
The seed's formula, which divides by sigma twice, is ``contracts_verbatim``: shown beside the others, never
the default.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from math import fsum, sqrt

from cockpit.core.lots import EXACT, round_contracts
from cockpit.core.types import ONE


def target_vol_weights(
    sigmas: Sequence[float],
    budgets: Sequence[float],
    sigma_star: float,
    w_max: float,
    gross_max: float,
    sigma_floor: float = 0.0,
) -> list[float]:
    """PF-01: min(w_max, budget * sigma*/sigma) each, all scaled down together when their sum exceeds
    gross_max.

    Volatilities annual on both sides; a volatility below ``sigma_floor`` counts as that. Raises ValueError
    for lists of different lengths or a volatility that is not above 0.
    """
    if len(sigmas) != len(budgets):
        raise ValueError("one budget for each volatility")
    used = [max(sigma, sigma_floor) for sigma in sigmas]
    if any(not sigma > 0 for sigma in used):
        raise ValueError("a volatility must be above 0")
    weights = [min(w_max, b * sigma_star / s) for s, b in zip(used, budgets, strict=True)]
    gross = fsum(map(abs, weights))
    return [w * gross_max / gross for w in weights] if gross > gross_max else weights


def portfolio_vol(weights: Sequence[float], covariance: Sequence[Sequence[float]]) -> float:
    """sqrt(w' S w): what the weights really add up to, correlation counted."""
    return sqrt(
        max(
            0.0,
            fsum(a * b * covariance[i][j] for i, a in enumerate(weights) for j, b in enumerate(weights)),
        )
    )


def contracts_linear(
    weight: Decimal,
    equity: Decimal,
    price: Decimal,
    ct_val: Decimal,
    ct_mult: Decimal,
    lot: Decimal,
    least: Decimal,
) -> Decimal:
    """Notional mode: weight * equity / (price * ct_val * ct_mult), in whole lots toward zero."""
    with localcontext(EXACT):
        qty = weight * equity / (price * ct_val * ct_mult)
    return round_contracts(qty, lot, least)


def contracts_inverse(
    weight: Decimal, equity_usd: Decimal, ct_val: Decimal, lot: Decimal, least: Decimal
) -> Decimal:
    """The same for a coin-margined contract of ``ct_val`` USD."""
    with localcontext(EXACT):
        qty = weight * equity_usd / ct_val
    return round_contracts(qty, lot, least)


def contracts_from_risk(
    risk_fraction: float,
    equity: float,
    sigma_bar: float,
    horizon_bars: float,
    price: float,
    ct_val: float,
    ct_mult: float = 1.0,
) -> float:
    """Risk mode.

    So many contracts that a one-sigma move over the horizon costs ``risk_fraction`` of equity.
    """
    if not sigma_bar > 0 or not horizon_bars > 0:
        raise ValueError("volatility and horizon must be above 0")
    return risk_fraction * equity / (sigma_bar * sqrt(horizon_bars) * price * ct_val * ct_mult)


def contracts_verbatim(
    weight: float, equity: float, sigma: float, ct_val: float, horizon_bars: float
) -> float:
    """PF-02 as the source writes it.

    W*Equity/(sigma*ct_val*sqrt(H)). Its units are wrong; for comparison only.
    """
    if not sigma > 0 or not horizon_bars > 0:
        raise ValueError("volatility and horizon must be above 0")
    return weight * equity / (sigma * ct_val * sqrt(horizon_bars))


def round_price(price: Decimal, tick: Decimal, side: str) -> Decimal:
    """A price on the grid: buys down, sells up, so that rounding never crosses the spread."""
    if side not in {"buy", "sell"} or tick <= 0:
        raise ValueError(f"side {side!r}, tick {tick}")
    with localcontext(EXACT):
        steps = (price / tick).quantize(ONE, rounding=ROUND_FLOOR if side == "buy" else ROUND_CEILING)
        return steps * tick
