"""The rules of the gate for a wish of one market sleeve that wants to grow: ``risk/rules`` in scalars.

A rule that would say "look again later" stops the machine.
"""

from __future__ import annotations

from math import inf

from cockpit.lab.compiled.books import about, equity
from cockpit.lab.compiled.exact import decimal_pair, mul, pair
from cockpit.lab.compiled.grid import alike, lots_of, opposed
from cockpit.lab.compiled.reasons import CLOSE_CALL, LOCKED, SLOW, STALE, TOO_FAST, refuse
from cockpit.lab.compiled.records import ENTRY, Desk, Machine
from cockpit.lab.compiled.rows import RING

SECOND, MINUTE = 1_000, 60_000
HAIR = 1e-9
LOOSE = 1e-6
DRIFT = 0.02
"""As ``risk.rules.strategy_limit``."""


def unit_at(m: Machine, price: float) -> float:
    """Quote-currency value of one contract or coin."""
    return m.contract_value * (1.0 if m.inverse else price)


def quoted(m: Machine, money: float, price: float) -> float:
    """An amount of the account's currency in the quote currency of the market. As ``core.worth``."""
    return money * price if m.inverse else money


def allow(d: Desk, target: int, have: int, price: float) -> int:
    """What is left of a wish that would grow from ``have`` (both signed, in atoms)."""
    m = d.m
    if m.spot and target < 0 and m.ready:
        return 0  # what is not held cannot be sold
    if not m.ready or m.confidence < m.min_confidence:
        return have if alike(have, target) else 0
    if m.now - m.heard > m.fresh:
        refuse(m, STALE, m.now)
    if m.max_latency and m.latency > m.max_latency and m.latency_ts + m.latency_pause > m.now:
        refuse(m, SLOW, m.now)
    if not _surely(d, target, price):
        money = max(0.0, quoted(m, equity(d, price), price))
        unit = unit_at(m, price)
        for rule in range(4):
            room = _room(m, rule, money)
            if abs(target) * _atom(m) * unit * (1 + HAIR) > room:
                target = _trimmed(d, target, have, lots_of(m, room / unit))
                if abs(target) <= abs(have) and not opposed(have, target):
                    return target
    _pace(d)
    return target


def _surely(d: Desk, target: int, price: float) -> bool:
    """Is the wish within every limit by a wide margin? Then the exact worth does not matter."""
    m = d.m
    worth = quoted(m, about(d, price), price) * (1 - LOOSE)
    size = abs(target) * _atom(m) * unit_at(m, price) * (1 + LOOSE)
    for rule in range(4):
        if not size < _room(m, rule, max(0.0, worth)):
            return False
    return True


def _room(m: Machine, rule: int, money: float) -> float:
    """What a limit leaves at this equity, quote currency; in the order of the rules."""
    if rule == 0:
        return min(m.max_notional, m.max_position * money)
    if rule == 1:
        return m.limit * (money * m.share) * (1 + DRIFT) if m.limit else inf
    if rule == 2:
        return m.max_leverage * money
    return m.max_margin_use * money * (1 + HAIR) * (1.0 if m.spot else m.leverage)


def _atom(m: Machine) -> float:
    return 1.0 / (m.per_lot * m.atoms)


def _trimmed(d: Desk, target: int, have: int, limit: int) -> int:
    """No more than ``limit`` lots; what is held, or on its way, may stay. As ``gate.scaled``."""
    m = d.m
    held = abs(have) if alike(target, have) else 0
    on_its_way = 0
    for i in range(m.tickets):
        order = m.o[i]
        if order.alive and order.role == ENTRY and alike(order.sign, target):
            on_its_way += order.lots * m.atoms
    most = max(limit * m.atoms, held, min(abs(target), held + on_its_way))
    if abs(target) <= most:
        return target
    lots = most // m.atoms
    size = lots * m.atoms if lots >= m.least else 0
    return size if target > 0 else -size


def _pace(d: Desk) -> None:
    """Orders per second and minute: the ring holds as many of the newest as are counted."""
    m = d.m
    if m.placed >= m.per_second and m.sent_at[(m.placed - m.per_second) % RING] > m.now - SECOND:
        refuse(m, TOO_FAST, m.now)
    if m.placed >= m.per_minute and m.sent_at[(m.placed - m.per_minute) % RING] > m.now - MINUTE:
        refuse(m, TOO_FAST, m.now)
    if m.changed >= m.changes_second and m.changed_at[(m.changed - m.changes_second) % RING] > m.now - SECOND:
        refuse(m, TOO_FAST, m.now)
    if m.changed >= m.changes_minute and m.changed_at[(m.changed - m.changes_minute) % RING] > m.now - MINUTE:
        refuse(m, TOO_FAST, m.now)
    most = m.max_entries
    if most and m.entries >= most and m.entered_at[(m.entries - most) % RING] > m.now - m.entries_window:
        refuse(m, LOCKED, m.now)


def called_back(d: Desk) -> None:
    """A cancel leaves now."""
    m = d.m
    m.changed_at[m.changed % RING] = m.now
    m.changed += 1


def sent(d: Desk, role: int) -> None:
    """An order leaves now."""
    m = d.m
    if role == ENTRY:
        m.entered_at[m.entries % RING] = m.now
        m.entries += 1
    m.sent_at[m.placed % RING] = m.now
    m.placed += 1


def worthwhile(m: Machine, lots: int, price: float, bound: int) -> bool:
    """Is an order of so many lots worth the venue's minimum? As ``dust.enough``."""
    if lots <= 0:
        return False
    if bound or m.min_hi == 0.0 or not price > 0:
        return True
    return dear(m, lots, price)


def dear(m: Machine, lots: int, price: float) -> bool:
    """Is it worth the minimum, quote currency?"""
    hi, lo = pair(lots * m.atoms)
    hi, lo = mul(hi, lo, m.face_hi, m.face_lo)
    if not m.inverse:
        ph, pl = decimal_pair(m, price)
        hi, lo = mul(hi, lo, ph, pl)
    gap = (hi - m.min_hi) + (lo - m.min_lo)
    if gap == 0.0:
        return True
    if abs(gap) <= abs(hi) * 1e-28:
        refuse(m, CLOSE_CALL, m.now)
    return gap > 0.0
