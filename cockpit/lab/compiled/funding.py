"""Funding at the venue: what is held at a settlement pays, or is paid, at the mark.

A bill's news changes nothing but the sleeve's money, so nobody is woken for it: ``books.hear_bills`` adds it
up when the money is looked at. Only where it is learned late (a rate told after its settlement) it travels.
"""

from __future__ import annotations

from cockpit.lab.compiled.flight import PAID, SETTLE, report
from cockpit.lab.compiled.margin import limits, stay_clear
from cockpit.lab.compiled.records import BILL, FILL, QUIET, TOLD, Desk
from cockpit.lab.compiled.venue import line, whole_lots


def pass_over(d: Desk, at: int) -> None:
    """Nothing is held: settlements before ``at`` pay nothing."""
    m = d.m
    while m.settled < len(d.dues) and d.dues[m.settled].when < at:
        m.settled += 1


def settle_next(d: Desk) -> None:
    """The next settlement is due."""
    m = d.m
    s = d.dues[m.settled]
    m.settled += 1
    if not m.held:
        return
    qty = m.held
    k = m.booked - 1 if m.fill_ts > s.at else -1
    while k >= 0:
        e = d.b[k]
        k -= 1
        if e.kind == FILL:
            if e.ts <= s.at:
                break
            qty -= e.sign * e.lots * m.atoms
    if qty and d.rates[s.rate].rate != 0.0:
        _bill(d, qty, s.at, s.rate, s.when)
        if s.rank != SETTLE:
            m.told = 1
    stay_clear(d, m.reference, s.at)


def _bill(d: Desk, qty: int, at: int, rate: int, now: int) -> None:
    """What was due at ``at`` for ``qty`` atoms is paid ``now``."""
    m = d.m
    e = line(d)
    e.kind = BILL
    e.ts = at
    e.number = rate
    e.lots = qty
    e.price = m.reference
    value = qty * m.face_hi / m.reference if m.inverse else qty * m.face_hi * m.reference
    m.money -= value * d.rates[rate].rate
    limits(d, whole_lots(d))
    e.heard = max(at + m.report_ms, m.reported)
    if e.heard < now:
        e.note = TOLD
        report(d, at, PAID, m.booked - 1)
        return
    e.note = QUIET
    m.count += 1
    e.trade = m.count
    m.reported = m.billed = e.heard
