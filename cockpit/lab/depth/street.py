"""The venue's side of a maker of quotes alone: ``matching`` on rows.

One order a side, post-only, one netted linear position. What the venue would refuse, and liquidation as soon
as it is not far, stop the machine.
"""

from __future__ import annotations

from math import inf
from typing import Any

from cockpit.lab.compiled.grid import opposed
from cockpit.lab.compiled.reasons import (
    BOOKS_FULL,
    LIQUIDATION,
    refuse,
)
from cockpit.lab.depth.mail import tell
from cockpit.lab.depth.queue import resized
from cockpit.lab.depth.records import MARK, SNAPSHOT, TOUCH, TOUCHES, TRADE
from cockpit.lab.depth.stretch import seen
from cockpit.lab.depth.tickets import (
    CAME,
    CANCELLED,
    FILLED,
    QUEUED,
    REDUCE_ONLY,
    THROUGH,
)

MARGIN = 0.5
"""What must be left of a position's worth, as a fraction of it, for liquidation to be far."""
WIDTH = 0.3
"""How far the price may go before that is looked at again."""


def reference_ticks(d: Any) -> float:
    """The price that bands and margins are measured at, in ticks."""
    m = d.m
    if m.marked:
        return float(m.venue_mark * m.per_tick)
    if m.last:
        return float(m.last)
    bid = d.p[m.best_bid].tick if m.best_bid >= 0 else 0
    ask = d.p[m.best_ask].tick if m.best_ask >= 0 else 0
    return (bid + ask) / 2 if bid and ask else float(max(bid, ask))


def money(d: Any, ticks: float) -> float:
    """Equity at the venue with the market there, but for rounding."""
    m = d.m
    return float(m.cash + m.unit * (m.held * ticks - m.flow - m.fee * m.volume))


def reducible(d: Any, side: int) -> int:
    """Lots that an order of this side could close."""
    return abs(d.m.held) if opposed(d.m.held, 1 - 2 * side) else 0


def end(d: Any, ts: int, side: int, why: int) -> None:
    """The venue no longer works an order, and says so."""
    gone(d, side)
    tell(d, ts, CANCELLED, side, d.o[side].number, why)


def gone(d: Any, side: int) -> None:
    """It is not there any more."""
    d.o[side].there = 0
    lifted(d, side)


def lifted(d: Any, side: int) -> None:
    """It stands in no queue any more."""
    m, sign = d.m, 1 - 2 * side
    for k in range(m.rests):
        if d.rest[k].sign == sign:
            for j in range(k, m.rests - 1):
                moved_up(d.rest[j + 1], d.rest[j])
            m.rests -= 1
            return


def moved_up(a: Any, b: Any) -> None:
    """Write one row over another."""
    b.sign = a.sign
    b.ticks = a.ticks
    b.rank = a.rank
    b.left = a.left
    b.shown = a.shown
    b.traded = a.traded
    b.front = a.front


def occupied(d: Any) -> None:
    """Is anything of ours there, and between which prices is liquidation far?"""
    m = d.m
    m.busy = int(m.rests > 0 or m.held != 0)
    if m.held:
        reference = reference_ticks(d) / m.per_tick
        if not m.safe_low < reference < m.safe_high:
            far_off(d, reference)
    else:
        m.safe_low, m.safe_high = -inf, inf


def far_off(d: Any, price: float) -> None:
    """Find prices between which the position is carried with much to spare. Both ends prove all between."""
    m = d.m
    low, high = price * (1 - WIDTH), price * (1 + WIDTH)
    least = min(spare(d, low * m.per_tick), spare(d, high * m.per_tick))
    if not least > 0:
        refuse(m, LIQUIDATION, m.now)
    m.safe_low, m.safe_high = low, high


def spare(d: Any, ticks: float) -> float:
    """What is left beyond the margin with the market there."""
    return float(money(d, ticks) - MARGIN * abs(d.m.held) * d.m.unit * ticks)


# --- the market ---------------------------------------------------------------------------------------------


def meet(d: Any) -> None:
    """The event at ``at`` of the tape may concern an order or the position of ours."""
    m, i = d.m, d.m.at
    event = d.e[i]
    m.told = 0
    if event.kind == TRADE:
        traded_at(d, event.ts, event.ticks, event.lots, event.sign)
    elif event.kind == MARK:
        m.marked = 1
        m.venue_mark = event.x
        if event.qty:
            m.venue_index, m.index_ticks = event.qty, event.lots
    else:
        changed(d, i)
    occupied(d)
    if m.held and not m.marked and not m.last:
        price = reference_ticks(d) / m.per_tick
        if not m.safe_low < price < m.safe_high:
            refuse(m, LIQUIDATION, event.ts)
    m.last_tape = max(m.last_tape, event.ts)
    if m.told or not m.quick:
        m.quick = 0
        m.depart = 1


def traded_at(d: Any, ts: int, ticks: int, lots: int, taker: int) -> None:
    """Somebody traded: through our price, or at it and past those before us."""
    m = d.m
    m.last = ticks
    if m.source < TOUCHES:
        m.source = TOUCHES
    given = 0
    first = d.rest[0].sign
    for turn in range(m.rests):
        sign = first if turn == 0 else -first
        k = row_of(d, sign)
        if k < 0 or sign == taker:
            continue
        rest = d.rest[k]
        beyond = (rest.ticks - ticks) * sign
        if beyond > 0:
            fill_quote(d, ts, k, rest.left, THROUGH)
        elif beyond == 0:
            rest.front -= lots
            rest.traded += lots
            passed = 0
            if rest.front < 0:
                passed = even(-rest.front)
                rest.front = 0.0
            ours = min(passed - given, rest.left)
            if ours > 0:
                given += fill_quote(d, ts, k, ours, QUEUED)


def row_of(d: Any, sign: int) -> int:
    """Where the order of a side rests; -1 = none does."""
    for k in range(d.m.rests):
        if d.rest[k].sign == sign:
            return k
    return -1


def even(x: float) -> int:
    """The nearest whole number, half to even; x > 0."""
    whole = int(x)
    rest = x - whole
    if rest > 0.5 or (rest == 0.5 and whole % 2 == 1):
        whole += 1
    return whole


def changed(d: Any, i: int) -> None:
    """The book has changed: our places in the queues, then whether it has come to us."""
    m = d.m
    event = d.e[i]
    bid = d.p[m.best_bid].tick if m.best_bid >= 0 else 0
    ask = d.p[m.best_ask].tick if m.best_ask >= 0 else 0
    for k in range(m.rests):
        rest = d.rest[k]
        r, buy = rest.rank, rest.sign > 0
        if event.kind == SNAPSHOT:
            concerned = True
        elif event.kind == TOUCH:
            concerned = (bid > 0 and rest.ticks >= bid) if buy else (ask > 0 and rest.ticks <= ask)
        else:
            concerned = False
            if r >= 0:
                for j in range(event.lo if buy else event.mid, event.mid if buy else event.hi):
                    if d.l[j].rank == r:
                        concerned = True
        if not concerned:
            continue
        shown = 0
        if r >= 0:
            shown = d.p[r].venue_bid if buy else d.p[r].venue_ask
        if shown or seen(d, rest):
            resized(rest, shown, m.queue, m.power)
    if bid and ask and bid >= ask:
        return
    first = d.rest[0].sign
    for turn in range(m.rests):
        sign = first if turn == 0 else -first
        k = row_of(d, sign)
        if k < 0:
            continue
        rest = d.rest[k]
        near = (ask > 0 and rest.ticks >= ask) if sign > 0 else (bid > 0 and rest.ticks <= bid)
        if near:
            fill_quote(d, event.ts, k, rest.left, CAME)


def fill_quote(d: Any, ts: int, k: int, lots: int, note: int) -> int:
    """An order of ours trades at its price; returns what really did."""
    m, sign = d.m, d.rest[k].sign
    side = 0 if sign > 0 else 1
    order, before = d.o[side], d.m.held
    if order.role:
        lots = min(lots, reducible(d, side))
        if lots <= 0:
            end(d, ts, side, REDUCE_ONLY)
            return 0
    if m.lines == m.room:
        refuse(m, BOOKS_FULL, ts)
    line = d.line[m.lines]
    line.ts = ts
    line.heard = 0
    line.number = order.number
    line.venue_id = order.venue_id
    line.created = order.created
    line.order_ticks = order.price
    line.order_lots = order.size
    line.lots = lots
    line.before = order.done
    line.sign = sign
    line.note = note
    line.role = order.role
    line.tag = order.tag
    m.held += sign * lots
    m.flow += sign * order.price * lots
    m.volume += order.price * lots
    order.done += lots
    d.rest[k].left -= lots
    tell(d, ts, FILLED, side, order.number, m.lines)
    m.lines += 1
    if order.done >= order.size:
        gone(d, side)
    m.safe_low = m.safe_high = 0.0
    if before and not (before > 0 and m.held > 0) and not (before < 0 and m.held < 0):
        for other in range(2):
            if d.o[other].there and d.o[other].role and not reducible(d, other):
                end(d, ts, other, REDUCE_ONLY)
    return lots
