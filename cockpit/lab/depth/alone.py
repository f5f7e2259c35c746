"""The loop of a maker of quotes alone: the World's order of things, and what the sleeve hears of its orders.

Between stops ``stretch`` goes on as ever; where it would wake the kernel, here the same is done in rows.
"""

from __future__ import annotations

from typing import Any

from cockpit.lab.compiled.reasons import ENTRY_GONE, LATE_ANSWER, refuse
from cockpit.lab.depth.ahead import onward
from cockpit.lab.depth.arrivals import arrive
from cockpit.lab.depth.mail import BACK, follow
from cockpit.lab.depth.records import (
    BEAT,
    DELTA,
    DUE,
    FAR,
    PAUSE,
    RARE,
    REPORT,
    REQUEST,
    TIMER,
    VENUE,
    WISH,
)
from cockpit.lab.depth.street import meet
from cockpit.lab.depth.stretch import GO_ON, ask_timer, resume
from cockpit.lab.depth.tickets import (
    ACKED,
    AGAIN,
    AMENDED,
    ANSWER,
    BILL,
    CANCELLED,
    ENTRY,
    FILLED,
    MAIL,
    POST_ONLY,
    REDUCE_ONLY,
    TOO_LATE,
    UNMOVED,
)
from cockpit.lab.depth.wishes import ASKED_WAIT, decide, due, leave, refresh, wish

CROSSED_MS, CROSSED_ENTRY, CROSSED_EXIT = 250, 4, 2
"""As ``core.patience``: the first wait after a quote that would have taken, and how often it doubles."""
HOLD_MS = 500
"""As ``lifecycle``: how long an order is left alone after a refused cancel; twice that after a change."""


def ask_fill(d: Any, s: Any, floats: Any, i: int) -> None:
    """Tell the strategy of a fill. A generated module puts the strategy's own in its place."""
    raise NotImplementedError


def alone(d: Any, s: Any, floats: Any) -> int:
    """Go on until Python must look: the tape ends, or somebody wants to see how things stand."""
    m = d.m
    why = resume(d, s, floats)
    while True:
        if why == GO_ON:
            if m.head >= m.pause:
                return PAUSE
            why = onward(d, s, floats)
        elif why in (WISH, BEAT):
            m.heard += 1
            if why == WISH and d.e[m.at].kind == DELTA and not m.whole:
                m.faults += 1
            wish(d)
            leave(d)
            why = GO_ON
        elif why == VENUE and d.e[m.at].kind != RARE:
            meet(d)
            why = resume(d, s, floats)
        elif why == REQUEST:
            if settles(d):
                return REQUEST
            arrive(d)
            why = GO_ON
        elif why in (TIMER, REPORT):
            at = max(m.now, m.deadline if why == TIMER else m.back)
            if at > m.due:
                m.soon = at
                return DUE
            if why == REPORT and d.letters[MAIL + d.lane[BACK].first % MAIL].what == BILL:
                return REPORT
            m.now = m.timed = at
            m.heard += 1
            if why == TIMER:
                timer(d, s, floats)
            else:
                report(d, s, floats)
            leave(d)
            why = GO_ON
        else:
            return int(why)


def settles(d: Any) -> bool:
    """Is a settlement past before anything else happens at the venue? As ``stretch.step`` has it; a request
    that arrives behind it finds it settled.
    """
    m = d.m
    happens = d.e[m.head].ts if m.head < len(d.e) else FAR
    comes = m.head < len(d.e) or m.wake <= max(m.last_tape + 1, m.out if m.out < FAR else 0)
    return bool(comes and m.wake <= min(happens, m.out) and m.wake < FAR)


def timer(d: Any, s: Any, floats: Any) -> None:
    """What was due by now."""
    m = d.m
    again = False
    for side in range(2):
        order = d.o[side]
        if order.alive and 0 < due(d, side) <= m.now:
            refuse(m, LATE_ANSWER, m.now)
        if order.alive and 0 < order.hold <= m.now:
            order.hold = 0
            again = True
    if m.retry_at and m.retry_at <= m.now:
        m.retry_at = 0
        again = True
    if m.reduce_at and m.reduce_at <= m.now:
        m.reduce_at = 0
        again = True
    if m.hears_timer and m.timer_at <= m.now:
        m.timer_at = m.now + m.timer_ms
        m.window.now = m.now
        ask_timer(d, s, floats)
        if m.pen.dirty:
            wish(d)
    if again:
        refresh(d)
        decide(d)


def report(d: Any, s: Any, floats: Any) -> None:
    """The venue's oldest report on its way arrives."""
    m, lane = d.m, d.lane[BACK]
    letter = d.letters[MAIL + lane.first % MAIL]
    lane.first += 1
    follow(d)
    what, side, arg = letter.what, letter.side, letter.arg
    order = d.o[side]
    known = order.alive and order.number == letter.number
    if what == FILLED:
        filled(d, s, floats, side, arg)
        return
    if what == ACKED:
        order.live = 1
        answered(d, order.created)
        order.updated = m.now
    elif what == AGAIN or not known:
        return
    elif what == CANCELLED:
        cancelled(d, side, arg)
    elif what == AMENDED and order.amending:
        amended(d, side)
    elif what == UNMOVED:
        order.amending = 0
        wonder(d, side, 2 * HOLD_MS)
        return
    elif what == TOO_LATE:
        order.cancelling = 0
        wonder(d, side, HOLD_MS)
        return
    elif what == ANSWER and arg < 2:
        order.asked = 0
        order.updated = m.now
        order.alive = 1 - arg
    else:
        refuse(m, LATE_ANSWER, m.now)
    refresh(d)
    decide(d)


def answered(d: Any, asked: int) -> None:
    """How long the venue took."""
    d.m.answer_ms = max(0, d.m.now - asked)
    d.m.answer_ts = d.m.now


def filled(d: Any, s: Any, floats: Any, side: int, i: int) -> None:
    """A fill of ours is heard of: it is booked, and the strategy is told."""
    m, order, line = d.m, d.o[side], d.line[i]
    line.heard = m.now
    m.have += line.sign * line.lots
    m.heard_flow += line.sign * line.order_ticks * line.lots
    m.heard_volume += line.order_ticks * line.lots
    line.tag = order.tag
    order.filled += line.lots
    order.updated = m.now
    order.asked = 0
    if order.filled >= (max(order.lots, order.aim_lots) if order.amending else order.lots):
        order.alive = 0
    refresh(d)
    ask_fill(d, s, floats, i)
    if m.pen.dirty:
        wish(d)
    else:
        decide(d)


def amended(d: Any, side: int) -> None:
    """An order is what we asked for."""
    m, order = d.m, d.o[side]
    answered(d, order.updated)
    order.ticks = order.aim_ticks
    order.lots = order.aim_lots
    order.amending = 0
    if order.filled >= order.lots:
        order.alive = 0
        order.updated = m.now


def wonder(d: Any, side: int, wait: int) -> None:
    """A change or a cancel was refused: the order is left alone for a moment, and asked about."""
    m, order = d.m, d.o[side]
    order.hold = m.now + wait
    if not order.asked or m.now >= order.asked + ASKED_WAIT // 4:
        order.asked = m.now
        order.asking = 1


def cancelled(d: Any, side: int, why: int) -> None:
    """An order is gone, asked for or not."""
    m, order = d.m, d.o[side]
    if order.cancelling:
        answered(d, order.updated)
    elif why == REDUCE_ONLY and order.role == ENTRY:
        refuse(m, ENTRY_GONE, m.now)
    order.alive = 0
    order.updated = m.now
    if why != POST_ONLY:
        return
    price = order.ticks
    m.crossings = m.crossings + 1 if m.crossed_at == price else 1
    m.crossed_at = price
    entry = order.role == ENTRY
    wait = CROSSED_MS << min(m.crossings - 1, CROSSED_ENTRY if entry else CROSSED_EXIT)
    if entry:
        m.retry_at = max(m.retry_at, m.now + wait)
    else:
        m.reduce_at = max(m.reduce_at, m.now + wait)
