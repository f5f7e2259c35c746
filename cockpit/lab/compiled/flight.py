"""Everything on its way between the sleeve and the venue, in the one time order of ``matching.World``.

At one instant: settlements, early opens, the tape (rates before the bar, the bar, rates after it), requests
that arrive, then deliveries as they happened; a timer only when nothing else is due at its instant.
"""

from __future__ import annotations

from cockpit.lab.compiled.reasons import CROWDED, refuse
from cockpit.lab.compiled.records import Desk
from cockpit.lab.compiled.rows import QUEUE

SETTLE, OPEN, TAPE, AFTER, REQUEST, DELIVERY = 0, 1, 2, 3, 4, 5
FAR = 1 << 62
"""A time that never comes."""
LOOK, RATE, READ, PLACE, CANCEL, QUERY, AMEND = 1, 2, 3, 4, 5, 6, 7
"""What happens at the venue."""
READY, ACKED, FILLED, CANCELLED, REJECTED, ANSWERED, PAID, RATED, AMENDED = 10, 11, 12, 13, 14, 15, 16, 17, 18
"""What the sleeve learns."""


def push(d: Desk, at: int, rank: int, what: int, arg: int) -> None:
    """Something is due at ``at``. The queue is kept in order, what comes next at its end."""
    m, q = d.m, d.m.q
    k = m.queued
    if k == QUEUE:
        refuse(m, CROWDED, at)
    while k > 0 and (q[k - 1].at < at or (q[k - 1].at == at and q[k - 1].rank <= rank)):
        row, later = q[k - 1], q[k]
        later.at = row.at
        later.rank = row.rank
        later.number = row.number
        later.what = row.what
        later.arg = row.arg
        k -= 1
    m.count += 1
    row = q[k]
    row.at = at
    row.rank = rank
    row.number = m.count
    row.what = what
    row.arg = arg
    m.queued += 1


def request(d: Desk, what: int, arg: int) -> None:
    """Something is asked of the venue now."""
    push(d, d.m.now + d.m.order_ms, REQUEST, what, arg)


def report(d: Desk, ts: int, what: int, arg: int) -> None:
    """The venue says something that happened at ``ts``; no report overtakes another."""
    m = d.m
    at = ts + m.report_ms
    if at < m.reported:
        at = m.reported
    m.reported = at
    push(d, at, DELIVERY, what, arg)


def learn(d: Desk, at: int) -> int:
    """A delivery due at ``at`` is made: the time at which it is learned."""
    m = d.m
    if at > m.now:
        m.now = at
    return m.now


def before(at: int, rank: int, number: int, at2: int, rank2: int, number2: int) -> bool:
    """The one time order."""
    if at != at2:
        return at < at2
    if rank != rank2:
        return rank < rank2
    return number < number2


def next_due(d: Desk) -> int:
    """The next instant at which anything is due; with nothing held, settlements can wait."""
    m = d.m
    at = m.q[m.queued - 1].at if m.queued else FAR
    if m.held and m.settled < len(d.dues):
        at = min(at, d.dues[m.settled].when)
    deadline = m.deadline
    return deadline if 0 < deadline < at else at
