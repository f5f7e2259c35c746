"""When funding is paid over a tape, and by which rate: worked out once, because no order changes it.

As ``matching.funding``: the newest word about a settlement counts until it is paid, which is once the tape
has passed it; a rate that is told late is paid at once.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from typing import NamedTuple

from cockpit.lab.compiled.flight import SETTLE, TAPE
from cockpit.lab.compiled.tape import Tape

HISTORY = 16
"""As ``matching.funding``: settlements remembered."""


class Settlement(NamedTuple):
    """One payment: when it is made, where in the order of that instant, what it is for, which rate counts."""

    when: int
    rank: int
    at: int
    rate: int


class Schedule(NamedTuple):
    """Everything about a tape's funding that does not depend on what is held."""

    dues: list[Settlement]
    """In the order in which they are paid."""
    near: list[bool]
    """By rate: is it learned at once where nothing is between the venue and us? As ``matching.World``: no
    settlement was due since the tape was read last.
    """
    end: int
    """When the last rate or settlement has happened; timers go off until then."""


def schedule(tape: Tape, *, spot: bool) -> Schedule:
    """Of a market; spot settles nothing."""
    owed: dict[int, int] = {}
    dues, near = list[Settlement](), list[bool]()
    passed: list[int] = []
    paid, late = 0, False
    for index, row in enumerate(tape.rates):
        rank = tape.rate_rank[index]
        for at in _before(owed, row.ts):
            dues.append(Settlement(at + 1, SETTLE, at, owed.pop(at)))
            paid = at
        near.append(rank == TAPE and not _due_since(tape, index, passed, late=late))
        late = False
        if row.settle_ts > paid and not spot:
            if row.settle_ts not in owed:
                late = row.settle_ts < row.ts
                if not late:
                    insort(passed, row.settle_ts + 1)
            owed[row.settle_ts] = index
            while len(owed) > HISTORY:
                del owed[min(owed)]
        for at in _before(owed, row.ts):
            dues.append(Settlement(row.ts, rank, at, owed.pop(at)))
            paid = at
    last = max([row.ts for row in tape.rates[-1:]] + [int(ts) for ts in tape.ts[-1:]], default=0)
    dues += [Settlement(at + 1, SETTLE, at, owed[at]) for at in _before(owed, last + 1)]
    end = max([row.ts for row in tape.rates[-1:]] + [at for at in passed if at <= last + 1], default=0)
    return Schedule(dues, near, end)


def _before(owed: dict[int, int], now: int) -> list[int]:
    return sorted(at for at in owed if at < now)


def _due_since(tape: Tape, index: int, passed: list[int], *, late: bool) -> bool:
    """Was a settlement due between the tape's event before a rate and the rate? ``late``: the rate before it
    came after its own settlement, which was due at once then.
    """
    now = tape.rates[index].ts
    before = tape.rates[index - 1].ts if index else -1
    bars = bisect_right(tape.ts, now - 1)
    bar = int(tape.ts[bars - 1]) if bars else -1
    if late and not (bar > before or (bar == before and tape.rate_rank[index - 1] == TAPE)):
        return True
    return bisect_right(passed, max(bar, before)) < bisect_right(passed, now)
