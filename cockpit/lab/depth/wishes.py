"""The side of a sleeve that only shows quotes, in whole ticks and lots: wish, gate, what to do about it.

As ``engine``, ``gate`` and ``reconcile`` where every rule of the gate surely agrees; where one might speak,
or the kernel would do what is not known here, the machine stops, and the run is the sleeping kernel's again.
"""

from __future__ import annotations

from typing import Any

from cockpit.lab.compiled.exact import decimal_float
from cockpit.lab.compiled.grid import lots_of, opposed, trigger_ticks
from cockpit.lab.compiled.reasons import (
    LARGE,
    MINIMUM,
    NEAR_LIMIT,
    NO_LEVEL,
    POSITIONS,
    SLOW,
    STALE,
    TOO_FAST,
    refuse,
)
from cockpit.lab.depth.books import best_ask, best_bid
from cockpit.lab.depth.calm import deep
from cockpit.lab.depth.mail import send
from cockpit.lab.depth.records import FAR
from cockpit.lab.depth.tickets import AMEND, CANCEL, ENTRY, EXIT, PLACE, QUERY, SENT

ANSWER_WAIT = 5_000
"""As ``lifecycle.ANSWER_MS``: an order that has not been answered for so long is asked about."""
ASKED_WAIT = 2_000
"""As ``lifecycle.ASK_MS``: how long the answer to a question may take."""
WIDER = 1.001
"""More than any rounding, and than the hair that the rules themselves allow for."""
SECOND_MS, MINUTE_MS = 1_000, 60_000


def wish(d: Any) -> None:
    """The strategy wrote something new: onto the grid with it, and decide."""
    m, pen = d.m, d.m.pen
    pen.dirty = False
    if pen.kept or pen.sized or pen.weight == pen.weight:
        refuse(m, POSITIONS, m.now)
    m.bid_lots = m.ask_lots = 0
    if pen.quoting and pen.bid_qty > 0 and pen.bid > 0:
        m.bid_lots = lots_of(m, pen.bid_qty)
        m.bid_ticks = trigger_ticks(m, pen.bid, -1)
    if pen.quoting and pen.ask_qty > 0 and pen.ask > 0:
        m.ask_lots = lots_of(m, pen.ask_qty)
        m.ask_ticks = trigger_ticks(m, pen.ask, 1)
    if (m.bid_lots and m.bid_ticks <= 0) or (m.ask_lots and m.ask_ticks <= 0):
        refuse(m, NO_LEVEL, m.now)
    if m.most and max(m.bid_lots, m.ask_lots) > m.most:
        refuse(m, LARGE, m.now)
    m.wished = 1
    m.tag = pen.tag
    decide(d)


def decide(d: Any) -> None:
    """Gate and reconcile the wish in force."""
    m = d.m
    if not m.wished:
        return
    if opens(m.have, 1, m.bid_lots) or opens(m.have, -1, m.ask_lots):
        allowed(d)
    toward(d, 0, m.bid_ticks, m.bid_lots)
    toward(d, 1, m.ask_ticks, m.ask_lots)
    m.window.resting = d.o[0].alive + d.o[1].alive


def opens(have: int, sign: int, lots: int) -> bool:
    """Would a quote leave a larger position, or one on the other side?"""
    after = have + sign * lots
    return abs(after) > abs(have) or opposed(have, after)


def toward(d: Any, side: int, ticks: int, lots: int) -> None:
    """One quote of the wish, and the order that is there for it."""
    m = d.m
    alive, role, sign = d.o[side].alive, d.o[side].role, 1 - 2 * side
    if not lots:
        if alive:
            call_back(d, side)
        return
    meant = EXIT if lots <= -sign * m.have else ENTRY
    if not alive:
        if (m.reduce_at if meant == EXIT else m.retry_at) > m.now:
            return
        show_quote(d, side, ticks, lots, meant)
    elif free(d, side) and not d.o[side].amending:
        left = d.o[side].lots - d.o[side].filled
        if role == EXIT and meant == ENTRY:
            call_back(d, side)
        elif d.o[side].ticks != ticks or left != lots:
            if role == EXIT and lots > left:
                call_back(d, side)
            else:
                change(d, side, ticks, lots)


def show_quote(d: Any, side: int, ticks: int, lots: int, role: int) -> None:
    """A new order."""
    m, order = d.m, d.o[side]
    if role == ENTRY and m.min_worth > 0 and not lots * ticks * m.unit > m.min_worth * WIDER:
        refuse(m, MINIMUM, m.now)
    order.number = m.number
    m.number += 1
    order.ticks = ticks
    order.lots = lots
    order.role = role
    order.tag = m.tag
    order.alive = order.placing = 1
    order.live = order.filled = order.cancelling = order.pulling = order.done = order.venue_id = 0
    order.amending = order.moving = order.asked = order.asking = order.hold = 0
    order.created = order.updated = m.now
    d.placed_at[m.placed % SENT] = m.now
    m.placed += 1


def call_back(d: Any, side: int) -> None:
    """Cancel, if the venue has it and is not asked already."""
    m, order = d.m, d.o[side]
    if free(d, side):
        order.cancelling = order.pulling = 1
        order.updated = m.now
        if not order.amending:
            d.changed_at[m.changed % SENT] = m.now
            m.changed += 1


def change(d: Any, side: int, ticks: int, lots: int) -> None:
    """Ask for another price or size of what is still to trade."""
    m, order = d.m, d.o[side]
    order.aim_ticks = ticks
    order.aim_lots = order.filled + lots
    order.amending = order.moving = 1
    order.tag = m.tag or order.tag
    order.updated = m.now
    d.changed_at[m.changed % SENT] = m.now
    m.changed += 1


def free(d: Any, side: int) -> bool:
    """May it be cancelled now? As ``Desk.pullable``."""
    order = d.o[side]
    return bool(order.live and not order.cancelling and not order.hold)


def due(d: Any, side: int) -> int:
    """When it must be asked about; 0 = no need. As ``lifecycle.due_at``."""
    order = d.o[side]
    if order.asked:
        return int(order.asked + ASKED_WAIT)
    waits = order.cancelling or order.amending or not order.live
    return int(order.updated + ANSWER_WAIT) if waits else 0


def leave(d: Any) -> None:
    """The step is over: what was decided leaves, cancels first; find out when to look again."""
    m = d.m
    other = FAR
    for side in range(2):
        if d.o[side].pulling:
            d.o[side].pulling = 0
            send(d, CANCEL, side)
        if d.o[side].asking:
            d.o[side].asking = 0
            send(d, QUERY, side)
    for side in range(2):
        if d.o[side].placing:
            d.o[side].placing = 0
            send(d, PLACE, side)
        if d.o[side].moving:
            d.o[side].moving = 0
            send(d, AMEND, side)
        if d.o[side].alive:
            other = min(other, due(d, side) or FAR, d.o[side].hold or FAR)
    if m.retry_at:
        other = min(other, m.retry_at)
    if m.reduce_at:
        other = min(other, m.reduce_at)
    m.other = other
    soonest = min(other, m.timer_at) if m.hears_timer else other
    m.deadline = max(soonest, m.now) if soonest < FAR else 0


def refresh(d: Any) -> None:
    """The window's own numbers after a fill or an order's news."""
    m, view = d.m, d.m.window
    view.position = decimal_float(m, m.have * m.lot_m, m.lot_k)
    view.resting = d.o[0].alive + d.o[1].alive
    view.latency = float(m.answer_ms)
    view.latency_ts = m.answer_ts
    view.equity_at = -1
    view.now = m.now


# --- the gate -----------------------------------------------------------------------------------------------


def allowed(d: Any) -> None:
    """Is every rule surely content with quotes that open something?"""
    m = d.m
    k = m.mine
    mark, last = d.k[k].mark, d.k[k].last
    price = mark if mark != 0.0 else last
    if not d.k[k].ok or m.now - d.k[k].heard > m.fresh or not price > 0:
        refuse(m, STALE, m.now)
    if mark != 0.0 and (m.now - d.k[k].marked > m.mark_fresh or not abs(last - mark) < m.apart * mark):
        refuse(m, STALE, m.now)
    if m.slowest and m.answer_ms > m.slowest:
        refuse(m, SLOW, m.now)
    ticks, most = price * m.per_tick, max(m.bid_lots, m.ask_lots)
    near = ticks * m.beyond
    if (m.bid_lots and not m.bid_ticks - ticks < near) or (m.ask_lots and not ticks - m.ask_ticks < near):
        refuse(m, NEAR_LIMIT, m.now)
    if m.depth_over > 0:
        m.need = m.depth_over * decimal_float(m, most * m.lot_m, m.lot_k)
        low, high = best_bid(d, k) * (1 - m.band), best_ask(d, k) * (1 + m.band)
        if not (deep(d, True, low) and deep(d, False, high)):
            refuse(m, NEAR_LIMIT, m.now)
    paced(d)
    size = (abs(m.have) + max(most, m.least) + 1) * m.unit * ticks * WIDER
    worth = m.cash + m.unit * (m.have * ticks - m.heard_flow - m.fee * m.heard_volume)
    if m.pen.confidence < m.min_confidence or not size < min(m.room_worth, m.room_equity * worth):
        refuse(m, NEAR_LIMIT, m.now)


def paced(d: Any) -> None:
    """May one more order and one more change be sent, by the second and by the minute?"""
    m = d.m
    orders, changes = m.placed, m.changed
    if orders >= m.second_orders and d.placed_at[(orders - m.second_orders) % SENT] > m.now - SECOND_MS:
        refuse(m, TOO_FAST, m.now)
    if orders >= m.minute_orders and d.placed_at[(orders - m.minute_orders) % SENT] > m.now - MINUTE_MS:
        refuse(m, TOO_FAST, m.now)
    if changes >= m.second_changes and d.changed_at[(changes - m.second_changes) % SENT] > m.now - SECOND_MS:
        refuse(m, TOO_FAST, m.now)
    if changes >= m.minute_changes and d.changed_at[(changes - m.minute_changes) % SENT] > m.now - MINUTE_MS:
        refuse(m, TOO_FAST, m.now)
