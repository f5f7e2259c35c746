"""The sleeve's side: ``engine``, ``gate``, ``reconcile`` and ``lifecycle`` for one market sleeve without
quotes, in whole ticks and lots.
"""

from __future__ import annotations

from math import inf

from cockpit.lab.compiled.books import equity
from cockpit.lab.compiled.flight import AMEND, CANCEL, PLACE, request
from cockpit.lab.compiled.gate import allow, called_back, quoted, sent, unit_at, worthwhile
from cockpit.lab.compiled.grid import alike, lots_of, opposed, order_lots, trigger_ticks
from cockpit.lab.compiled.reasons import CROWDED, NO_LEVEL, NO_NUMBER, QUOTES, refuse
from cockpit.lab.compiled.records import (
    ENTRY,
    EXIT,
    MARKET,
    OCO,
    PROTECT,
    STOP,
    TRIGGER,
    Desk,
    Machine,
    Pen,
    Ticket,
)
from cockpit.lab.compiled.rows import TICKETS

ANSWER_MS = 5_000
"""As ``core.lifecycle``: an order that has not been answered for this long is asked about."""
ASK_MS = 2_000


def wish(d: Desk) -> None:
    """The strategy wrote something new: size it, and decide."""
    m, want, last = d.m, d.m.pen, d.m.window.last
    want.dirty = False
    if want.quoting and (want.bid_qty > 0 or want.ask_qty > 0):
        refuse(m, QUOTES, m.now)
    if not (want.kept and m.wished and m.aimed):
        m.aimed = 1 if want.sized or want.weight == want.weight else 0
        m.target = _sized(d, want, last) if m.aimed else 0
    m.wished = 1
    m.stop = _level(m, want.stop) if m.target and want.stop == want.stop else 0
    m.take = _level(m, want.take) if m.target and want.take == want.take else 0
    m.confidence = want.confidence
    m.tag = want.tag
    decide(d)


def _sized(d: Desk, want: Pen, price: float) -> int:
    """The wish in atoms."""
    m = d.m
    weight = want.qty if want.sized else want.weight
    if not (0 < price < inf and -inf < weight < inf):
        refuse(m, NO_NUMBER, m.now)
    if want.sized:
        return lots_of(m, weight) * m.atoms
    money = quoted(m, abs(weight) * equity(d, price) * m.share, price)
    size = lots_of(m, money / unit_at(m, price)) * m.atoms if money > 0 else 0
    return -size if weight < 0 else size


def _level(m: Machine, price: float) -> int:
    if not 0 < price < inf:
        refuse(m, NO_LEVEL, m.now)
    return trigger_ticks(m, price, m.target)


def decide(d: Desk) -> None:
    """Gate and reconcile the wish in force."""
    m, o = d.m, d.m.o
    if not m.wished:
        return
    have, target = m.have, m.target
    exiting = False
    if m.aimed:
        if abs(target) > abs(have) or opposed(have, target):
            target = allow(d, target, have, d.m.window.last)
        exiting = _toward(d, target)
    guarded = False
    for i in range(m.tickets):
        if o[i].alive:
            if o[i].role == EXIT:
                exiting = True
            elif o[i].role == PROTECT:
                guarded = True
    if have or guarded:
        _protect(d, target, exiting)


def _toward(d: Desk, target: int) -> bool:
    """Come closer to the target; True when an exit was sent."""
    m, o, have = d.m, d.m.o, d.m.have
    delta = target - have
    working = False
    for i in range(m.tickets):
        if o[i].alive and o[i].role != PROTECT:
            working = True
            delta -= o[i].sign * o[i].lots * m.atoms
    if not delta:
        return False
    sign = 1 if delta > 0 else -1
    if working:
        for i in range(m.tickets):
            order = o[i]
            if order.alive and order.role != PROTECT and order.sign != sign:
                _pull(d, order)
        return False
    leaving = opposed(have, sign)
    if leaving:
        if m.reduce_at > m.now:
            return False
        delta = min(abs(delta), abs(have))
    else:
        for i in range(m.tickets):
            if o[i].alive and o[i].sign == sign:
                return False  # a stop may still go off on that side
    lots = order_lots(m, abs(delta) // m.atoms)
    bound = 1 if leaving and not m.spot else 0
    if not worthwhile(m, lots, d.m.window.last, bound):
        return False
    if leaving and m.spot and not _beside(d, sign, lots):
        return False
    _place(d, EXIT if leaving else ENTRY, MARKET, sign, lots, bound, 0, 0)
    return leaving


def _beside(d: Desk, sign: int, lots: int) -> bool:
    """May an exit be sent beside the stops of its side? If not, they shrink or go. As ``core.restop``."""
    m, at, count, rest = d.m, -1, 0, 0
    for i in range(m.tickets):
        order = d.m.o[i]
        if order.alive and order.role == PROTECT and order.sign == sign:
            at, count = i, count + 1
            rest += (order.most if order.amending else order.lots) * m.atoms
    stays = abs(m.have) - lots * m.atoms
    if count == 0 or rest <= stays:
        return True
    stop = d.m.o[at]
    if count == 1 and stays > 0:
        if stop.amending:
            return False
        cover = order_lots(m, stays // m.atoms)
        if (m.stop or m.take) and worthwhile(m, cover, d.m.window.last, 0) and _changeable(d, stop, sign):
            _amend(d, stop, cover, stop.tag)
            return False
    for i in range(m.tickets):
        if d.m.o[i].alive and d.m.o[i].role == PROTECT and d.m.o[i].sign == sign:
            _pull(d, d.m.o[i])
    return False


def _guard_kind(m: Machine) -> int:
    """What kind of order protects as the wish says."""
    if not m.stop:
        return TRIGGER
    return OCO if m.take else STOP


def _changeable(d: Desk, order: Ticket, sign: int) -> bool:
    free = order.live and not order.cancelling and not order.amending
    return bool(free and order.kind == _guard_kind(d.m) and order.sign == sign)


def _restop(d: Desk, sign: int, cover: int) -> None:
    """None of the stops is what is wanted: make one of them that. As ``core.restop``."""
    m, count, keep, under_way = d.m, 0, -1, False
    for i in range(m.tickets):
        order = d.m.o[i]
        if order.alive and order.role == PROTECT:
            count += 1
            if order.amending and not order.cancelling:
                under_way = True
            elif _changeable(d, order, sign):
                if keep < 0 or min(order.lots, cover) > min(d.m.o[keep].lots, cover):
                    keep = i
    if count == 1 and keep >= 0:
        _amend(d, d.m.o[keep], cover, m.tag)
        return
    for i in range(m.tickets):
        order = d.m.o[i]
        if order.alive and order.role == PROTECT and not (order.amending if under_way else i == keep):
            _pull(d, order)


def _amend(d: Desk, order: Ticket, cover: int, tag: int) -> None:
    m = d.m
    order.amending = 2
    order.new_lots = cover
    order.new_trigger = m.stop or m.take
    order.new_take = m.take if m.stop else 0
    order.most = max(order.lots, cover)
    order.tag = tag or order.tag
    called_back(d)
    order.updated = m.now


def _protect(d: Desk, target: int, exiting: bool) -> None:
    m, have = d.m, d.m.have
    sign = -1 if have > 0 else 1
    cover = order_lots(m, abs(have) // m.atoms)
    clipped = 1 if not m.spot and have != 0 and cover * m.atoms <= abs(have) else 0
    if not worthwhile(m, cover, d.m.window.last, clipped):
        _pull_guards(d, -1)
        return
    if exiting or (m.aimed and not alike(target, have)):
        return
    if not (m.stop or m.take):
        _pull_guards(d, -1)
        return
    trigger = m.stop or m.take
    take = m.take if m.stop else 0
    if _kept(d, cover, trigger, take):
        return
    if _guards(d) and not clipped:
        _restop(d, sign, cover)
        return
    _pull_guards(d, _largest(d, cover))
    if m.reduce_at > m.now or not _answered(d):
        return
    _place(d, PROTECT, _guard_kind(m), sign, cover, clipped, trigger, take)


def _kept(d: Desk, cover: int, trigger: int, take: int) -> bool:
    """Is the right stop there, or on its way? Then the others go, once it is proven."""
    good = False
    proven = -1
    for i in range(d.m.tickets):
        order = d.m.o[i]
        if not (order.alive and order.role == PROTECT) or order.cancelling:
            continue
        if order.amending:
            good = good or _same_stop(order.new_lots, order.new_trigger, order.new_take, cover, trigger, take)
        elif _same_stop(order.lots, order.trigger, order.take, cover, trigger, take):
            good = True
            if proven < 0 and order.live:
                proven = i
    if proven >= 0:
        _pull_guards(d, proven)
    return good


def _same_stop(lots: int, trigger: int, take: int, lots2: int, trigger2: int, take2: int) -> bool:
    return lots == lots2 and trigger == trigger2 and take == take2


def _guards(d: Desk) -> bool:
    for i in range(d.m.tickets):
        if d.m.o[i].alive and d.m.o[i].role == PROTECT:
            return True
    return False


def _answered(d: Desk) -> bool:
    """Has the venue taken every stop that was sent? One at a time."""
    for i in range(d.m.tickets):
        if d.m.o[i].alive and d.m.o[i].role == PROTECT and not d.m.o[i].live:
            return False
    return True


def _largest(d: Desk, cover: int) -> int:
    """The old stop that covers most, the newest of equals; -1 = none."""
    best = -1
    most = -1
    for i in range(d.m.tickets):
        order = d.m.o[i]
        if order.alive and order.role == PROTECT and order.live and not order.cancelling:
            covers = min(order.lots, cover)
            if covers >= most:
                best = i
                most = covers
    return best


def _pull_guards(d: Desk, but: int) -> None:
    for i in range(d.m.tickets):
        if i != but and d.m.o[i].alive and d.m.o[i].role == PROTECT:
            _pull(d, d.m.o[i])


def _pull(d: Desk, order: Ticket) -> None:
    """Cancel, if the venue has it and is not asked already."""
    if order.live and not order.cancelling:
        order.cancelling = 2
        called_back(d)
        order.updated = d.m.now


def _place(d: Desk, role: int, kind: int, sign: int, lots: int, bound: int, trigger: int, take: int) -> None:
    m = d.m
    if m.tickets == TICKETS:
        refuse(m, CROWDED, m.now)
    m.number += 1
    order = d.m.o[m.tickets]
    m.tickets += 1
    order.number = m.number
    order.role = role
    order.kind = kind
    order.sign = sign
    order.lots = lots
    order.bound = bound
    order.trigger = trigger
    order.take = take
    order.tag = m.tag
    order.alive = 2
    m.window.resting += 1
    order.updated = m.now
    order.live = 0
    order.cancelling = 0
    order.asked = 0
    order.amending = 0
    order.there = 0
    order.venue_id = 0
    order.arrived = 0
    order.phase = 0
    order.rising = 0
    sent(d, role)


def settle(d: Desk) -> None:
    """The step is over: what was decided leaves, cancels first; find out when to look again."""
    m, o = d.m, d.m.o
    due = m.reduce_at
    for i in range(m.tickets):
        if o[i].cancelling == 2:
            o[i].cancelling = 1
            request(d, CANCEL, o[i].number)
    for i in range(m.tickets):
        order = o[i]
        if order.alive == 2:
            order.alive = 1
            request(d, PLACE, order.number)
        if order.alive and order.kind == MARKET:
            at = order.asked + ASK_MS if order.asked else order.updated + ANSWER_MS
            due = min(due, at) if due else at
    for i in range(m.tickets):
        if o[i].amending == 2:
            o[i].amending = 1
            request(d, AMEND, o[i].number)
    m.deadline = max(due, m.now) if due else 0


def find(d: Desk, number: int) -> int:
    """Where an order is; -1 = both sides are done with it."""
    for i in range(d.m.tickets):
        if d.m.o[i].number == number:
            return i
    return -1


def tidy(d: Desk) -> None:
    """Forget the orders that both sides are done with."""
    m, o = d.m, d.m.o
    kept = 0
    for i in range(m.tickets):
        if o[i].alive or o[i].there:
            if kept != i:
                copy(o[i], o[kept])
            kept += 1
    m.tickets = kept


def copy(a: Ticket, b: Ticket) -> None:
    """Write one row over another."""
    b.number = a.number
    b.role = a.role
    b.kind = a.kind
    b.sign = a.sign
    b.lots = a.lots
    b.bound = a.bound
    b.trigger = a.trigger
    b.take = a.take
    b.tag = a.tag
    b.alive = a.alive
    b.updated = a.updated
    b.live = a.live
    b.cancelling = a.cancelling
    b.asked = a.asked
    b.amending = a.amending
    b.new_lots = a.new_lots
    b.new_trigger = a.new_trigger
    b.new_take = a.new_take
    b.most = a.most
    b.there = a.there
    b.venue_id = a.venue_id
    b.arrived = a.arrived
    b.phase = a.phase
    b.rising = a.rising
