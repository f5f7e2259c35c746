"""Does a strategy know what it cannot know? Decisions of several runs, held beside each other.

A run is its decisions: when, on which sleeve, what was wanted. Two runs that were told the same up to an
instant must have decided the same up to it, whatever came later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec


class Decision(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A wish at the instant it was made; ``wish`` is all of it in words."""

    ts: int
    sleeve: str
    wish: str


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong. ``kind``: future | outside | unsteady | memory | warmup."""

    kind: str
    ts: int
    """Where it showed first; 0 = no instant."""
    detail: str


def first_difference(a: Sequence[Decision], b: Sequence[Decision], until: int) -> Decision | None:
    """The earliest decision up to ``until`` (inclusive) that only one of two runs made."""
    ours, theirs = ([d for d in run if d.ts <= until] for run in (a, b))
    only = set(ours) ^ set(theirs)
    if only:
        return min(only)
    return None if ours == theirs else ours[0]


def look_ahead(whole: Sequence[Decision], cut: Mapping[int, Sequence[Decision]]) -> list[Finding]:
    """``cut``.

    Instant up to which a run was told the truth → what it decided. Any difference before is a leak.
    """
    found = []
    for until, run in sorted(cut.items()):
        wrong = first_difference(whole, run, until)
        if wrong is not None:
            found.append(Finding("future", wrong.ts, f"{wrong.sleeve}: {wrong.wish}"))
    return found


def steady(first: Sequence[Decision], second: Sequence[Decision], kind: str) -> list[Finding]:
    """Two runs told the same must decide the same: no clock, no chance, nothing kept from another run."""
    wrong = first_difference(first, second, 1 << 62)
    return [] if wrong is None else [Finding(kind, wrong.ts, f"{wrong.sleeve}: {wrong.wish}")]


class Warmth(msgspec.Struct, frozen=True):
    """What a run decided that began ``bars`` before the judged stretch."""

    bars: int
    decisions: int
    differing: int


def warm_up(
    reference: Sequence[Decision], shorter: Mapping[int, Sequence[Decision]], since: int
) -> tuple[list[Warmth], int | None]:
    """(each start, bars of history needed): the shortest from which all longer starts decide the same.

    None: not even the longest agrees with the whole history.
    """
    truth = [d for d in reference if d.ts >= since]
    rows = []
    for bars, run in sorted(shorter.items()):
        own = [d for d in run if d.ts >= since]
        rows.append(Warmth(bars, len(own), len(set(own) ^ set(truth))))
    needed: int | None = None
    for row in reversed(rows):
        if row.differing:
            break
        needed = row.bars
    return rows, needed


def cuts(times: Sequence[int], decided: Sequence[int], most: int) -> list[int]:
    """Where to cut the future off: at decisions first (a leak acts there), then evenly between."""
    if len(times) < 3:
        return []
    inner = set(times[1:-1])
    spots = [ts for ts in dict.fromkeys(decided) if ts in inner]
    chosen = _spread(spots, max(1, most * 2 // 3))
    even = _spread([ts for ts in times[1:-1] if ts not in chosen], most - len(chosen))
    return sorted({*chosen, *even})


def _spread(values: Sequence[int], most: int) -> list[int]:
    if most <= 0 or not values:
        return []
    if len(values) <= most:
        return list(values)
    return [values[i * (len(values) - 1) // max(most - 1, 1)] for i in range(most)]
