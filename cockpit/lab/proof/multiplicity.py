"""Many tests at once, and tests that assume little. Quant reference, sections 7.10 and 8."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, fsum
from typing import Any

EXACT_UP_TO = 20
DRAWS = 10_000
METHODS = ("bonferroni", "holm", "bh")


def p_adjust(p: Sequence[float], method: str) -> list[float]:
    """Adjusted p-values in the given order. Raises ValueError for another method or a p outside [0, 1]."""
    if method not in METHODS:
        raise ValueError(f"no method {method!r}; there are {', '.join(METHODS)}")
    if any(not 0 <= value <= 1 for value in p):
        raise ValueError("a p-value outside [0, 1]")
    n = len(p)
    if method == "bonferroni":
        return [min(1.0, n * value) for value in p]
    order = sorted(range(n), key=lambda i: p[i])
    found = [0.0] * n
    if method == "holm":
        running = 0.0
        for rank, i in enumerate(order):
            running = max(running, min(1.0, (n - rank) * p[i]))
            found[i] = running
    else:
        running = 1.0
        for rank in range(n - 1, -1, -1):
            i = order[rank]
            running = min(running, p[i] * n / (rank + 1))
            found[i] = running
    return found


def sign_flip_pvalue(returns: Sequence[float], seed: int = 0, draws: int = DRAWS) -> float:
    """One-sided: how often random signs on the same returns sum to at least as much.

    Exact up to 20 returns, else ``draws`` seeded draws with (b + 1)/(m + 1). Raises ValueError without
    returns.
    """
    import numpy as np

    n = len(returns)
    if not n:
        raise ValueError("no returns")
    seen, values = fsum(returns), np.asarray(returns, dtype=np.float64)
    slack = 1e-12 * max(1.0, fsum(map(abs, returns)))
    if n <= EXACT_UP_TO:
        sums: Any = np.zeros(1)
        for value in np.abs(values):
            sums = np.concatenate((sums + value, sums - value))
        return float((sums >= seen - slack).mean())
    random = np.random.default_rng(seed)
    beyond = 0
    for start in range(0, draws, 1_000):
        signs = random.integers(0, 2, size=(min(1_000, draws - start), n)) * 2 - 1
        beyond += int(((signs * values).sum(axis=1) >= seen - slack).sum())
    return (beyond + 1) / (draws + 1)


def sign_test(k: int, n: int) -> float:
    """P(at least k of n positive by fair coins): k instruments of n made money."""
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n}")
    return float(sum(comb(n, i) for i in range(k, n + 1)) / 2**n)


def ks_2samp(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """(D, exact two-sided p) of two samples. Raises ValueError when one is empty."""
    if not len(x) or not len(y):
        raise ValueError("two samples are needed")
    from scipy.stats import ks_2samp as exact  # a second of import: only where it is asked for

    found = exact(x, y, alternative="two-sided", method="exact")
    return float(found.statistic), float(found.pvalue)
