"""Returns of closed bars, for rules that judge several positions together (value at risk, correlation)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil, fsum, nan, sqrt

import msgspec

from cockpit.core.events import Bar

HAIR = 1e-9
"""Keeps 0.95 x 20 from being 19.000000000000004."""


class Track(msgspec.Struct):
    """One market's last returns, on its shortest bars."""

    tf: int
    close: float
    ts: list[int] = []
    r: list[float] = []


def learn(history: dict[str, Track], keep: int, bar: Bar) -> None:
    """Take in a closed bar. Longer bars than the shortest known are left out; a gap breaks no return."""
    track = history.get(bar.symbol)
    if track is None or bar.tf < track.tf:
        history[bar.symbol] = Track(bar.tf, bar.close)
        return
    if bar.tf != track.tf:
        return
    track.ts.append(bar.end)
    track.r.append(bar.close / track.close - 1.0)
    track.close = bar.close
    if len(track.r) > keep:
        del track.ts[:-keep], track.r[:-keep]


def together(history: Mapping[str, Track], symbols: Iterable[str]) -> dict[str, list[float]]:
    """The returns of these markets at the instants at which all of them have one."""
    names = list(dict.fromkeys(symbols))
    tracks = [history[name] for name in names if name in history]
    if len(tracks) < len(names) or not tracks:
        return {name: [] for name in names}
    common = set(tracks[0].ts).intersection(*(track.ts for track in tracks[1:]))
    return {
        name: [r for ts, r in zip(track.ts, track.r, strict=True) if ts in common]
        for name, track in zip(names, tracks, strict=True)
    }


def correlation(a: list[float], b: list[float]) -> float:
    """Pearson's; NaN when one of them never moves."""
    n = len(a)
    mean_a, mean_b = sum(a) / n, sum(b) / n
    both = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))
    square_a = sum((x - mean_a) ** 2 for x in a)
    square_b = sum((y - mean_b) ** 2 for y in b)
    return both / sqrt(square_a * square_b) if square_a and square_b else nan


def alone(rhos: Iterable[float], rho_star: float) -> float:
    """What correlation with others leaves of a weight: 1/(1 + sum of max(0, (rho-rho*)/(1-rho*))) (PF-06).

    Two identical ones end with the weight of one; what moves against them never raises it. Raises ValueError
    unless ``rho_star`` < 1.
    """
    if not rho_star < 1:
        raise ValueError(f"a threshold of {rho_star}")
    return 1.0 / (1.0 + fsum(max(0.0, (rho - rho_star) / (1.0 - rho_star)) for rho in rhos))


def enough(n: int, confidence: float) -> bool:
    """Fewer than 10/(1 - confidence) observations say nothing about the tail (quant reference 17)."""
    return n >= needed(confidence)


def needed(confidence: float) -> int:
    """Observations that a historical tail of this confidence takes."""
    return ceil(10.0 / (1.0 - confidence) - HAIR)


def tail(profits: list[float], confidence: float) -> tuple[float, float]:
    """(VaR, ES) of historical profits, losses positive: L(ceil(n·c)), and the mean beyond it by
    Rockafellar and Uryasev."""
    losses = sorted(-p for p in profits)
    n = len(losses)
    var = losses[ceil(n * confidence - HAIR) - 1]
    beyond = sum(loss - var for loss in losses if loss > var) / n
    return var, var + beyond / (1.0 - confidence)
