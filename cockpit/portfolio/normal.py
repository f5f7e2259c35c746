"""The normal and the Student distribution, without a library: the live process judges with them too."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import atan, cos, erfc, exp, inf, lgamma, log, log1p, pi, sqrt, tan

NORMAL_PEAK = 1.0 / sqrt(2.0 * pi)
TINY = 1e-300


def pdf(z: float) -> float:
    """Density of the standard normal."""
    return NORMAL_PEAK * exp(-0.5 * z * z)


def cdf(z: float) -> float:
    """P(Z <= z)."""
    return 0.5 * erfc(-z / sqrt(2.0))


def quantile(p: float) -> float:
    """z with P(Z <= z) = p. Raises ValueError outside (0, 1). Full double precision.

    A rational start (relative error 1e-9, P. Acklam's form) and one step of Halley's method.
    """
    if not 0.0 < p < 1.0:
        raise ValueError(f"a probability of {p}")
    z = -_tail(p) if p < 0.5 else _tail(1.0 - p)
    error = cdf(z) - p if p < 0.9 else (1.0 - p) - 0.5 * erfc(z / sqrt(2.0))
    step = error / max(pdf(z), TINY)
    return z - step / (1.0 + 0.5 * z * step)


def _tail(p: float) -> float:
    """-quantile for a lower tail p <= 0.5."""
    if p < 0.02425:
        q = sqrt(-2.0 * log(p))
        above = -7.784894002430293e-03
        for c in (-3.223964580411365e-01, -2.400758277161838, -2.549732539343734):
            above = above * q + c
        above = (above * q + 4.374664141464968) * q + 2.938163982698783
        below = 7.784695709041462e-03
        for c in (3.224671290700398e-01, 2.445134137142996, 3.754408661907416, 1.0):
            below = below * q + c
        return -above / below
    q = p - 0.5
    r = q * q
    above = -3.969683028665376e01
    for c in (2.209460984245205e02, -2.759285104469687e02, 1.383577518672690e02, -3.066479806614716e01):
        above = above * r + c
    above = (above * r + 2.506628277459239) * q
    below = -5.447609879822406e01
    for c in (1.615858368580409e02, -1.556989798598866e02, 6.680131188771972e01, -1.328068155288572e01, 1.0):
        below = below * r + c
    return -above / below


def student_pdf(t: float, df: float) -> float:
    """Density of Student's t with ``df`` degrees of freedom."""
    return exp(_student_log_peak(df) - 0.5 * (df + 1.0) * log1p(t * t / df))


def student_cdf(t: float, df: float) -> float:
    """P(T <= t), by the regularised incomplete beta function."""
    if t == inf:
        return 1.0
    half = 0.5 * beta_share(0.5 * df, 0.5, df / (df + t * t))
    return half if t < 0 else 1.0 - half


def student_quantile(p: float, df: float) -> float:
    """t with P(T <= t) = p, by safeguarded Newton steps. Raises ValueError outside (0, 1)."""
    if not 0.0 < p < 1.0:
        raise ValueError(f"a probability of {p}")
    if p == 0.5:
        return 0.0
    if p < 0.5:
        return -student_quantile(1.0 - p, df)
    low, high = 0.0, 1.0
    while student_cdf(high, df) < p:
        low, high = high, 2.0 * high
    t = 0.5 * (low + high)
    for _ in range(200):
        miss = student_cdf(t, df) - p
        low, high = (t, high) if miss < 0 else (low, t)
        step = miss / max(student_pdf(t, df), TINY)
        after = t - step
        if not low < after < high:
            after = 0.5 * (low + high)
        if abs(after - t) <= 1e-15 * max(1.0, abs(t)):
            return after
        t = after
    return t


def student_exceeds(m1: float, s1: float, df1: float, m2: float, s2: float, df2: float) -> float:
    """P(X1 > X2) of two independent scaled Student variables (centre, scale, degrees of freedom).

    One integral over the first one's angle (t = tan), cut where the second one's step lies.
    """
    root = sqrt(df1)
    log_peak = _student_log_peak(df1) + 0.5 * log(df1)

    def weight(angle: float) -> float:
        side = cos(angle)
        if side <= 0.0:
            return 0.0
        at = m1 + s1 * root * tan(angle)
        return exp(log_peak + (df1 - 1.0) * log(side)) * student_cdf((at - m2) / s2, df2)

    spread = (-1e3, -100.0, -20.0, -6.0, -2.0, -0.5, 0.5, 2.0, 6.0, 20.0, 100.0, 1e3)
    own = (-1.45, -1.2, -0.8, -0.4, 0.0, 0.4, 0.8, 1.2, 1.45)
    cuts = {-pi / 2, pi / 2, *own, *(atan((m2 + k * s2 - m1) / (s1 * root)) for k in spread)}
    edges = sorted(cuts)
    total = sum(_gauss(weight, a, b) for a, b in pairwise(edges) if b > a)
    return min(1.0, max(0.0, total))


def _student_log_peak(df: float) -> float:
    return lgamma(0.5 * (df + 1.0)) - lgamma(0.5 * df) - 0.5 * log(df * pi)


def beta_share(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta I_x(a, b), by Lentz's continued fraction."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _beta_fraction(a, b, x) / a
    return 1.0 - front * _beta_fraction(b, a, 1.0 - x) / b


def _beta_fraction(a: float, b: float, x: float) -> float:
    c = 1.0
    d = 1.0 / _away(1.0 - (a + b) * x / (a + 1.0))
    total = d
    for m in range(1, 1_000):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        d = 1.0 / _away(1.0 + even * d)
        c = _away(1.0 + even / c)
        total *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        d = 1.0 / _away(1.0 + odd * d)
        c = _away(1.0 + odd / c)
        change = d * c
        total *= change
        if abs(change - 1.0) < 1e-16:
            break
    return total


def _away(value: float) -> float:
    return value if abs(value) > TINY else TINY


# Gauss-Legendre, 10 points a side.
NODES = (
    (0.0765265211334973, 0.1527533871307258),
    (0.2277858511416451, 0.1491729864726037),
    (0.3737060887154195, 0.1420961093183820),
    (0.5108670019508271, 0.1316886384491766),
    (0.6360536807265150, 0.1181945319615184),
    (0.7463319064601508, 0.1019301198172404),
    (0.8391169718222188, 0.0832767415767048),
    (0.9122344282513259, 0.0626720483341091),
    (0.9639719272779138, 0.0406014298003869),
    (0.9931285991850949, 0.0176140071391521),
)


def _gauss(function: Callable[[float], float], a: float, b: float) -> float:
    middle, half = 0.5 * (a + b), 0.5 * (b - a)
    return half * sum(w * (function(middle - half * x) + function(middle + half * x)) for x, w in NODES)
