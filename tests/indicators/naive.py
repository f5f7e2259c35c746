"""The definitions of the quant reference, written the slow way: whole history at hand, exact fractions.

Nothing here is shared with cockpit.indicators. ``None`` = no value yet, or undefined.
"""

from fractions import Fraction
from itertools import pairwise
from math import log, sqrt

Series = list[float]
Line = list[float | None]


def exact(values: Series) -> list[Fraction]:
    return [Fraction(v) for v in values]


def tidy(values: list[Fraction | None]) -> Line:
    return [None if v is None else float(v) for v in values]


def mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def sma(x: Series, n: int) -> Line:
    e = exact(x)
    return tidy([mean(e[i + 1 - n : i + 1]) if i + 1 >= n else None for i in range(len(e))])


def smoothed(x: Series, n: int, alpha: float) -> Line:
    """Seed with the mean of the first n, then forget with alpha. Floats: fractions would grow without end."""
    out: Line = [None] * len(x)
    for i in range(n - 1, len(x)):
        before = out[i - 1] if i else None
        out[i] = float(mean(exact(x[:n]))) if before is None else before * (1 - alpha) + alpha * x[i]
    return out


def ema(x: Series, n: int) -> Line:
    return smoothed(x, n, 2 / (n + 1))


def rma(x: Series, n: int) -> Line:
    return smoothed(x, n, 1 / n)


def rsi(close: Series, n: int) -> Line:
    changes = [b - a for a, b in pairwise(close)]
    gains = rma([max(c, 0.0) for c in changes], n)
    losses = rma([max(-c, 0.0) for c in changes], n)
    out: Line = [None]
    for g, k in zip(gains, losses, strict=True):
        if g is None or k is None:
            out.append(None)
        else:
            out.append(50.0 if g == k == 0 else 100 * g / (g + k))
    return out[: len(close)]


def true_range(high: Series, low: Series, close: Series) -> Series:
    """From bar 1 on."""
    return [
        max(high[i] - low[i], abs(high[i] - close[i - 1]), abs(low[i] - close[i - 1]))
        for i in range(1, len(close))
    ]


def atr(high: Series, low: Series, close: Series, n: int) -> Line:
    return ([None, *rma(true_range(high, low, close), n)])[: len(close)]


def macd(close: Series, fast: int, slow: int, smooth: int) -> tuple[Line, Line, Line]:
    nothing: Line = [None] * len(close)
    skip = slow - fast
    quick = [None] * min(skip, len(close)) + ema(close[skip:], fast)
    gaps = [None if a is None or b is None else a - b for a, b in zip(quick, ema(close, slow), strict=True)]
    signal = [None] * min(slow - 1, len(close)) + ema([g for g in gaps if g is not None], smooth)
    line, hist = nothing[:], nothing[:]
    for i, s in enumerate(signal):
        g = gaps[i]
        if s is not None and g is not None:
            line[i], hist[i] = g, g - s
    return line, signal, hist


def bollinger(close: Series, n: int, k: float) -> dict[str, Line]:
    names = ("mid", "upper", "lower", "pct_b", "bandwidth")
    out: dict[str, Line] = {name: [None] * len(close) for name in names}
    e = exact(close)
    for i in range(n - 1, len(e)):
        window = e[i + 1 - n : i + 1]
        mid = mean(window)
        sigma = sqrt(sum(((v - mid) ** 2 for v in window), Fraction(0)) / n)
        row = (float(mid), float(mid) + k * sigma, float(mid) - k * sigma)
        away = float(e[i] - mid)
        share = 0.5 + away / (2 * k * sigma) if sigma else None
        for name, v in zip(names, (*row, share, 2 * k * sigma / float(mid) if mid else None), strict=True):
            out[name][i] = v
    return out


def donchian_prior(high: Series, low: Series, n: int) -> tuple[Line, Line]:
    upper: Line = [max(high[i - n : i]) if i >= n else None for i in range(len(high))]
    lower: Line = [min(low[i - n : i]) if i >= n else None for i in range(len(low))]
    return upper, lower


def efficiency_ratio(close: Series, n: int) -> Line:
    e = exact(close)
    out: Line = [None] * len(e)
    for i in range(n, len(e)):
        way = sum((abs(e[j] - e[j - 1]) for j in range(i - n + 1, i + 1)), Fraction(0))
        out[i] = float(abs(e[i] - e[i - n]) / way) if way else 0.0
    return out


def adx(high: Series, low: Series, close: Series, n: int) -> tuple[Line, Line, Line]:
    size = len(close)
    plus_di: Line = [None] * size
    minus_di: Line = [None] * size
    out: Line = [None] * size
    ranges = [0.0, *true_range(high, low, close)]
    plus, minus = [0.0], [0.0]
    for i in range(1, size):
        up, down = high[i] - high[i - 1], low[i - 1] - low[i]
        plus.append(up if up > down and up > 0 else 0.0)
        minus.append(down if down > up and down > 0 else 0.0)
    dxs: Series = []
    for i in range(n, size):
        sums = []
        for x in (ranges, plus, minus):
            total = sum(x[1:n])
            for j in range(n, i + 1):
                total = total - total / n + x[j]
            sums.append(total)
        plus_di[i] = p = 100 * sums[1] / sums[0] if sums[0] else 0.0
        minus_di[i] = m = 100 * sums[2] / sums[0] if sums[0] else 0.0
        dxs.append(100 * abs(p - m) / (p + m) if p + m else 0.0)
        if len(dxs) == n:
            out[i] = sum(dxs) / n
        elif len(dxs) > n:
            out[i] = ((out[i - 1] or 0.0) * (n - 1) + dxs[-1]) / n
    return out, plus_di, minus_di


def zscore_prior(x: Series, n: int) -> Line:
    e = exact(x)
    out: Line = [None] * len(e)
    for i in range(n, len(e)):
        mid = mean(e[i - n : i])
        spread = sqrt(sum(((v - mid) ** 2 for v in e[i - n : i]), Fraction(0)) / (n - 1))
        out[i] = float(e[i] - mid) / spread if spread else None
    return out


def percentile_rank_prior(x: Series, n: int) -> Line:
    out: Line = [None] * len(x)
    for i in range(n, len(x)):
        before = x[i - n : i]
        out[i] = (sum(v < x[i] for v in before) + sum(v == x[i] for v in before) / 2) / n
    return out


def ewma_var(r: Series, lam: float) -> Line:
    return [
        sum(lam**i * r[t - i] ** 2 for i in range(t + 1)) / sum(lam**i for i in range(t + 1))
        for t in range(len(r))
    ]


def parkinson(high: Series, low: Series, n: int) -> Line:
    bars = [log(h / k) ** 2 / (4 * log(2)) for h, k in zip(high, low, strict=True)]
    return [sum(bars[i + 1 - n : i + 1]) / n if i + 1 >= n else None for i in range(len(bars))]


def psar(high: Series, low: Series, step: float, most: float) -> Line:
    """Line by line as the reference words it; a short is a long in the mirror."""
    out: Line = [None] * len(high)
    if len(high) < 2:
        return out
    up, down = high[1] - high[0], low[0] - low[1]
    mirrored = down > up and down > 0
    top, bottom = (high, low) if not mirrored else ([-v for v in low], [-v for v in high])
    extreme, stop, af = top[1], bottom[0], step
    for i in range(1, len(high)):
        j = max(i - 1, 1)
        if bottom[i] <= stop:
            said = -max(extreme, top[j], top[i])
            mirrored = not mirrored
            top, bottom = [-v for v in bottom], [-v for v in top]
            af, extreme = step, top[i]
        else:
            said = stop
            if top[i] > extreme:
                extreme, af = top[i], min(af + step, most)
        out[i] = -said if mirrored else said
        stop = min(said + af * (extreme - said), bottom[j], bottom[i])
    return out
