"""Our requests where they arrive: ``matching.requests`` for a maker of quotes alone.

What the venue would refuse for its size, its price's band or lack of money stops the machine.
"""

from __future__ import annotations

from math import inf
from typing import Any

from cockpit.lab.compiled.reasons import MINIMUM, NEAR_LIMIT, NO_MONEY, NO_PRICES, NO_TIER, refuse
from cockpit.lab.depth.mail import THERE, follow, tell
from cockpit.lab.depth.records import DEPTH
from cockpit.lab.depth.street import end, lifted, money, occupied, reducible, reference_ticks
from cockpit.lab.depth.stretch import seen
from cockpit.lab.depth.tickets import (
    ACKED,
    AGAIN,
    AMEND,
    AMENDED,
    ANSWER,
    FILLED_SO,
    MAIL,
    PLACE,
    POST_ONLY,
    QUERY,
    REDUCE_ONLY,
    TOO_LATE,
    UNMOVED,
    USER,
)
from cockpit.lab.depth.wishes import WIDER

FRONT_QUEUE = 1
"""As ``queue.FRONT``."""
COSTS = 1.05
"""More than an order's margin and its fee ever take of its worth."""


def arrive(d: Any) -> None:
    """Our oldest request on its way is there."""
    lane = d.lane[THERE]
    letter = d.letters[lane.first % MAIL]
    lane.first += 1
    follow(d)
    ts, what, side, number = letter.at, letter.what, letter.side, letter.number
    there = d.o[side].there and d.o[side].number == number
    if what == PLACE:
        receive(d, ts, side)
    elif what == QUERY:
        answer(d, ts, side, number, letter.arg)
    elif what == AMEND and there:
        amend(d, ts, side)
    elif there:
        end(d, ts, side, USER)
    else:
        tell(d, ts, UNMOVED if what == AMEND else TOO_LATE, side, number, 0)
    occupied(d)


def receive(d: Any, ts: int, side: int) -> None:
    """A new order: taken, and it rests or is thrown out at once."""
    m, order = d.m, d.o[side]
    order.price = order.ticks
    order.size = order.lots
    admit(d, ts, side, order.price, order.size)
    m.taken += 1
    order.venue_id = 1000 + m.taken
    order.there = 1
    tell(d, ts, ACKED, side, order.number, 0)
    stand(d, ts, side)


def stand(d: Any, ts: int, side: int) -> None:
    """It rests behind all that is shown at its price, or is thrown out."""
    m, order = d.m, d.o[side]
    if order.role and not reducible(d, side):
        end(d, ts, side, REDUCE_ONLY)
        return
    if takes(d, side, order.price) or meets(d, side):
        end(d, ts, side, POST_ONLY)
        return
    rest = d.rest[m.rests]
    m.rests += 1
    rest.sign = 1 - 2 * side
    rest.ticks = order.price
    rest.rank = rank_of(d, order.price)
    rest.left = order.size - order.done
    rest.traded = 0
    rest.shown = 0
    if rest.rank >= 0:
        rest.shown = d.p[rest.rank].venue_ask if side else d.p[rest.rank].venue_bid
    rest.front = float(rest.shown) if rest.shown or seen(d, rest) else inf
    if m.queue == FRONT_QUEUE:
        rest.front = 0.0


def amend(d: Any, ts: int, side: int) -> None:
    """Another price or size. Only a smaller size alone keeps the place in the queue."""
    m, order = d.m, d.o[side]
    ticks, lots = order.aim_ticks, order.aim_lots
    if lots > order.done and (lots < m.least or (m.most and lots > m.most)):
        refuse(m, NEAR_LIMIT, ts)
    if takes(d, side, ticks):
        tell(d, ts, UNMOVED, side, order.number, 0)
        return
    admit(d, ts, side, ticks, lots)
    if m.min_worth > 0 and not order.role and not lots * ticks * m.unit > m.min_worth * WIDER:
        refuse(m, MINIMUM, ts)
    tell(d, ts, AMENDED, side, order.number, 0)
    keeps = ticks == order.price and lots <= order.size
    order.size = lots
    if lots <= order.done:
        end(d, ts, side, FILLED_SO)
    elif keeps:
        for k in range(m.rests):
            if d.rest[k].sign == 1 - 2 * side:
                d.rest[k].left = lots - order.done
    else:
        order.price = ticks
        lifted(d, side)
        stand(d, ts, side)


def answer(d: Any, ts: int, side: int, number: int, created: int) -> None:
    """What became of an order: its fills once more, then how it stands."""
    m, order = d.m, d.o[side]
    first = m.lines
    while first > 0 and d.line[first - 1].ts >= created:
        first -= 1
    for i in range(first, m.lines):
        if d.line[i].number == number:
            tell(d, d.line[i].ts, AGAIN, side, number, i)
    gone = 0
    if order.number != number or not order.there:
        gone = 1 if order.number == number and order.done >= order.size else 2
    tell(d, ts, ANSWER, side, number, gone)


def admit(d: Any, ts: int, side: int, ticks: int, size: int) -> None:
    """Would the venue surely take it?"""
    m, order = d.m, d.o[side]
    if not (m.last or m.best_bid >= 0 or m.best_ask >= 0):
        refuse(m, NO_PRICES, ts)
    reference = reference_ticks(d)
    if m.venue_band > 0:
        edge = reference * (1 + (1 - 2 * side) * m.venue_band)
        if not (ticks - edge) * (1 - 2 * side) < -1.0:
            refuse(m, NEAR_LIMIT, ts)
    if order.role:
        if not reducible(d, side):
            refuse(m, NEAR_LIMIT, ts)
        return
    lots = abs(m.held) + size
    for k in range(m.rests):
        lots += d.rest[k].left
    if lots > m.largest:
        refuse(m, NO_TIER, ts)
    if not lots * m.unit * max(reference, float(ticks)) * COSTS < money(d, reference):
        refuse(m, NO_MONEY, ts)


def takes(d: Any, side: int, ticks: int) -> bool:
    """Would a quote at a price take from the book?"""
    m = d.m
    best = m.best_bid if side else m.best_ask
    if best < 0 and m.source != DEPTH:
        refuse(m, NO_PRICES, m.out)
    return bool(best >= 0 and (ticks - d.p[best].tick) * (1 - 2 * side) >= 0)


def meets(d: Any, side: int) -> bool:
    """Would it take from our own order of the other side?"""
    m, sign = d.m, 1 - 2 * side
    met = False
    for k in range(m.rests):
        if d.rest[k].sign != sign and (d.o[side].price - d.rest[k].ticks) * sign >= 0:
            met = True
    return met


def rank_of(d: Any, ticks: int) -> int:
    """Of a price on the tape; -1 = the tape never shows it."""
    m = d.m
    low, high = d.k[m.mine].first, d.k[m.mine + 1].first
    while low < high:
        middle = (low + high) // 2
        if d.p[middle].tick < ticks:
            low = middle + 1
        else:
            high = middle
    return low if low < d.k[m.mine + 1].first and d.p[low].tick == ticks else -1
