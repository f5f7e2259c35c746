"""What makes a market hot, as ranks over the universe. HL-01, HL-02; quant reference, section 19."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import fsum, isnan


def vol_jump(sigmas: Sequence[float]) -> float | None:
    """Today's volatility (the last) over the median of the days before; None without a yardstick."""
    if len(sigmas) < 2:
        return None
    before = sorted(sigmas[:-1])
    half = len(before) // 2
    middle = before[half] if len(before) % 2 else (before[half - 1] + before[half]) / 2
    return sigmas[-1] / middle if middle > 0 else None


def oi_delta(before: float, now: float) -> float | None:
    """Relative change of open interest, in contracts (USD would move with the price); None from zero."""
    return (now - before) / before if before else None


def ranks(values: Sequence[float | None]) -> list[float]:
    """(less + half of equal)/n over what is known; what is missing stands in the middle (0.5)."""
    known = [v for v in values if v is not None and not isnan(v)]
    n = len(known)
    found = []
    for value in values:
        if value is None or isnan(value):
            found.append(0.5)
            continue
        less = sum(1 for v in known if v < value)
        equal = sum(1 for v in known if v == value)
        found.append((less + equal / 2) / n)
    return found


def hotlist_scores(
    components: Sequence[Mapping[str, float | None]], weights: Mapping[str, float]
) -> list[float]:
    """Sum of weight * rank, one score a candidate. Raises ValueError unless the weights sum to 1."""
    if any(w < 0 for w in weights.values()) or abs(fsum(weights.values()) - 1.0) > 1e-9:
        raise ValueError("weights must not be negative and must sum to 1")
    scores = [0.0] * len(components)
    for name, weight in weights.items():
        for i, rank in enumerate(ranks([row.get(name) for row in components])):
            scores[i] += weight * rank
    return scores
