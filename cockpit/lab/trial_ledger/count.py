"""How many trials were there? What was tried twice alike counts once; what was lost counts everywhere."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from cockpit.lab.trial_ledger.record import Row


class Counts(msgspec.Struct, frozen=True):
    """The whole history in numbers."""

    trials: int
    """Different experiments, ``lost`` included."""
    rows: int
    """As often as something was run; a run that was begun and ended is one."""
    lost: int
    by_data: dict[str, int]
    """Hash of the data set → trials on it, ``lost`` not included."""
    by_family: dict[tuple[str, str], int]
    """(data, family) → trials."""
    by_source: dict[str, int]

    def on(self, data: str, family: str = "") -> int:
        """Trials on a data set, of one family or of all: what was lost counts on every one."""
        found = self.by_family.get((data, family), 0) if family else self.by_data.get(data, 0)
        return found + self.lost


def counted(rows: Iterable[Row]) -> Counts:
    """Count distinct trials."""
    seen: set[bytes] = set()
    begun: set[bytes] = set()
    ended: set[bytes] = set()
    total = number = lost = 0
    by_data: dict[str, int] = {}
    by_family: dict[tuple[str, str], int] = {}
    by_source: dict[str, int] = {}
    for row in rows:
        (begun if row.status == "begun" else ended).add(row.key)
        number += row.status != "begun"
        if row.key in seen or row.source == "passport":
            continue
        seen.add(row.key)
        total += row.weight
        by_source[row.source] = by_source.get(row.source, 0) + row.weight
        if row.source == "lost":
            lost += row.weight
            continue
        by_data[row.data] = by_data.get(row.data, 0) + row.weight
        pair = (row.data, row.family)
        by_family[pair] = by_family.get(pair, 0) + row.weight
    return Counts(total, number + len(begun - ended), lost, by_data, by_family, by_source)
