"""Lines over time as a picture in a page: no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from math import isnan, log, nan

WIDE = 960
POINTS = 1_200
FAR = 5.0


def chart(
    lines: Sequence[Sequence[float]],
    names: Sequence[str],
    tall: int,
    tick: Callable[[float], str] | None = None,
) -> str:
    """Lines over time as SVG, the first one strong; ends labelled (``tick`` writes them).

    Far apart, they are drawn in logarithms.
    """
    known = [v for line in lines for v in line if not isnan(v)]
    low, high = min(known), max(known)
    write = tick or _tick
    ends = (write(low), write(high))
    if 0 < low < high / FAR:
        lines = [[log(v) if v > 0 else nan for v in line] for line in lines]
        low, high, ends = log(low), log(high), (ends[0], f"{ends[1]} (log)")
    if high == low:
        low, high = low - 1, high + 1
    parts = []
    for number, (line, name) in enumerate(zip(lines, names, strict=True)):
        step = max(1, -(-len(line) // POINTS))
        spots = [(i, v) for i, v in enumerate(line) if (i % step == 0 or i == len(line) - 1) and not isnan(v)]
        path = " ".join(
            f"{i / max(len(line) - 1, 1) * WIDE:.1f},{(high - v) / (high - low) * (tall - 24) + 12:.1f}"
            for i, v in spots
        )
        look = (
            'stroke="var(--line)" stroke-width="1.6"'
            if number == 0
            else 'stroke="currentColor" opacity=".35"'
        )
        label = f"<title>{escape(name)}</title>" if name else ""
        parts.append(f'<polyline fill="none" {look} points="{path}">{label}</polyline>')
    parts.append(f'<text x="2" y="10">{ends[1]}</text><text x="2" y="{tall - 2}">{ends[0]}</text>')
    return f'<svg viewBox="0 0 {WIDE} {tall}" role="img">{"".join(parts)}</svg>'


def _tick(value: float) -> str:
    return f"{value:.1%}" if abs(value) <= 1 else f"{value:,.2f}"
