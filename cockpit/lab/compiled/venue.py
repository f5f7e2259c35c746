"""The simulated venue between bars: requests that arrive, money, funding. ``bars`` is what a bar does.

What it cannot do as ``matching`` does it refuses: refused entries, fills in parts, margin that gets short.
"""

from __future__ import annotations

from math import inf

from cockpit.lab.compiled.books import worth_at_ticks
from cockpit.lab.compiled.exact import GRAINS
from cockpit.lab.compiled.flight import (
    ACKED,
    AMENDED,
    ANSWERED,
    CANCELLED,
    FILLED,
    LOOK,
    OPEN,
    REJECTED,
    push,
    report,
)
from cockpit.lab.compiled.gate import dear
from cockpit.lab.compiled.grid import alike, nearest_ticks, opposed
from cockpit.lab.compiled.margin import short_of, traded
from cockpit.lab.compiled.reasons import (
    BOOKS_FULL,
    ENTRY_GONE,
    IN_PARTS,
    LEVEL_BELOW,
    MINIMUM,
    NO_COINS,
    SPOT_MONEY,
    TWO_WAITING,
    refuse,
)
from cockpit.lab.compiled.records import (
    ARMED,
    ARRIVED,
    ENTRY,
    FILL,
    GONE,
    MARKET,
    TRIGGER,
    Desk,
    Entry,
    Ticket,
)
from cockpit.lab.compiled.trader import find

REDUCE_ONLY, USER = 0, 1
"""Why an order was cancelled."""


def arrive(d: Desk, at: int, number: int) -> None:
    """A new order arrives."""
    m = d.m
    order = d.m.o[find(d, number)]
    if not _admit(d, at, order):
        report(d, at, REJECTED, number)
        return
    m.taken += 1
    order.venue_id = 1000 + m.taken
    order.arrived = at
    order.there = 1
    m.moved = 1
    report(d, at, ACKED, number)
    if order.kind == MARKET:
        order.phase = ARRIVED
        _look_for_open(d, at, order)
    else:
        order.phase = ARMED
        if order.kind == TRIGGER:
            order.rising = 1 if order.trigger >= nearest_ticks(d, m.reference) else -1


def take_back(d: Desk, at: int, number: int) -> None:
    """The owner cancels. An order that is gone has already said so."""
    i = find(d, number)
    if i >= 0 and d.m.o[i].there:
        end(d, d.m.o[i], at, USER)


def change(d: Desk, at: int, number: int) -> None:
    """A stop becomes another one where it rests. One that has gone off has already said so."""
    m, i = d.m, find(d, number)
    if i < 0 or not d.m.o[i].there:
        return
    order = d.m.o[i]
    if order.new_trigger <= 0 or order.new_take < 0:
        refuse(m, LEVEL_BELOW, at)
    moved = order.trigger != order.new_trigger or order.take != order.new_take
    order.lots = order.new_lots
    order.trigger = order.new_trigger
    order.take = order.new_take
    if moved:
        order.arrived = at
        m.moved = 1
    if moved and order.kind == TRIGGER:
        order.rising = 1 if order.trigger >= nearest_ticks(d, m.reference) else -1
    report(d, at, AMENDED, number)


def asked(d: Desk, at: int, number: int) -> None:
    """The owner asks what became of an order."""
    report(d, at, ANSWERED, number)


def _admit(d: Desk, at: int, order: Ticket) -> bool:
    m = d.m
    if order.kind != MARKET and (order.trigger <= 0 or order.take < 0):
        refuse(m, LEVEL_BELOW, at)
    if m.min_hi and not order.bound and not (m.reference > 0 and dear(m, order.lots, m.reference)):
        refuse(m, MINIMUM, at)
    if order.kind != MARKET:
        return True
    if order.bound:
        return reducible(d, order) > 0
    for i in range(m.tickets):
        if d.m.o[i].there and d.m.o[i].phase == ARRIVED:
            refuse(m, TWO_WAITING, at)
    short = short_of(d, order.sign * order.lots, whole_lots(d), m.reference)
    if m.spot and order.sign < 0:
        short = 0 if m.held >= order.lots * m.atoms else NO_COINS
    if short:
        refuse(m, short, at)
    return True


def _look_for_open(d: Desk, at: int, order: Ticket) -> None:
    """The first bar that opens once the order is there, if it is near: its open may be known early."""
    m = d.m
    if m.opening >= 0:
        return
    for i in range(m.next, min(m.next + 4, len(d.ts))):
        closes = d.ts[i]
        if closes > order.arrived + 2 * m.tf:
            return
        opens = closes - m.tf
        if opens >= order.arrived - m.grace:
            m.opening = i
            push(d, max(order.arrived, opens, at), OPEN, LOOK, i)
            return


def reducible(d: Desk, order: Ticket) -> int:
    """Lots that the order could close."""
    return abs(d.m.held) // d.m.atoms if opposed(d.m.held, order.sign) else 0


def whole_lots(d: Desk) -> int:
    """The position in whole lots, signed."""
    m = d.m
    return m.held // m.atoms if m.held >= 0 else -(-m.held // m.atoms)


def execute(d: Desk, order: Ticket, ts: int, base: int, note: int) -> None:
    """An order meets the price of a bar (ticks)."""
    m, sign = d.m, order.sign
    if order.bound:
        lots = reducible(d, order)
        if not lots:
            end(d, order, ts, REDUCE_ONLY)
            return
        if lots < order.lots:
            refuse(m, IN_PARTS, ts)
    ticks = max(base + m.slippage * sign, 1)
    if m.spot and not _paid_for(d, order, ticks):
        refuse(m, SPOT_MONEY, ts)
    _fill(d, order, ticks, ts, note)


def _paid_for(d: Desk, order: Ticket, ticks: int) -> bool:
    m = d.m
    if order.sign < 0:
        return bool(m.held >= order.lots * m.atoms)
    price = m.price_hi * ticks
    return bool(order.lots * m.base_per_lot * price * (1 + 1e-9) < m.money)


def _fill(d: Desk, order: Ticket, ticks: int, ts: int, note: int) -> None:
    m, sign, before = d.m, order.sign, d.m.held
    e = line(d)
    e.kind = FILL
    e.ts = ts
    e.number = order.number
    e.venue_id = order.venue_id
    e.sign = sign
    e.lots = order.lots
    e.ticks = ticks
    e.note = note
    e.tag = order.tag
    e.role = order.role
    m.filled += 1
    m.fill_ts = ts
    e.trade = m.filled
    in_coin = m.spot and sign > 0
    m.held += sign * order.lots * m.atoms - (order.lots * m.fee_atoms if in_coin else 0)
    value, _ = worth_at_ticks(m, order.lots * m.atoms, ticks)
    if m.inverse:
        value /= GRAINS
    traded(d, sign, value, 0.0 if in_coin else value * m.taker_hi, whole_lots(d))
    order.phase = GONE
    order.there = 0
    report(d, ts, FILLED, m.booked - 1)
    if before and not m.spot and not alike(before, m.held):
        _drop_orphans(d, ts)


def _drop_orphans(d: Desk, ts: int) -> None:
    """The position has ended: orders that could only close it are gone with it."""
    for i in range(d.m.tickets):
        order = d.m.o[i]
        if order.there and order.bound and not reducible(d, order):
            end(d, order, ts, REDUCE_ONLY)


def line(d: Desk) -> Entry:
    """A fresh line of the books."""
    m = d.m
    if m.booked == len(d.b):
        refuse(m, BOOKS_FULL, m.now)
    m.booked += 1
    e: Entry = d.b[m.booked - 1]
    return e


def end(d: Desk, order: Ticket, ts: int, reason: int) -> None:
    """The venue no longer works an order."""
    if order.role == ENTRY and reason != USER:
        refuse(d.m, ENTRY_GONE, ts)
    order.phase = GONE
    order.there = 0
    d.m.moved = 1
    report(d, ts, CANCELLED, order.number * 2 + reason)


def watch(d: Desk) -> None:
    """Between which prices a bar touches nothing of ours; ``busy`` 0 when no bar can touch anything."""
    m = d.m
    m.moved = 0
    low, high = (m.safe_low, m.safe_high) if m.held else (0.0, inf)
    m.busy = 1 if m.held else 0
    for i in range(m.tickets):
        order = d.m.o[i]
        if not order.there:
            continue
        m.busy = 1
        if order.phase != ARMED:
            low = inf
            break
        below, above = order.trigger, order.take
        if order.rising > 0 or (order.kind != TRIGGER and order.sign > 0):
            below, above = above, below
        if below:
            low = max(low, (below + 1) / m.per_tick)
        if above:
            high = min(high, (above - 1) / m.per_tick)
    m.low, m.high = low, high
