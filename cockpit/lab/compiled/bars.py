"""What a closed bar does to our orders and position: ``matching.bars`` for one market, in whole ticks.

The open first (stops it jumps over, then orders that have arrived), then the range: exits against us, the
nearest to the open first, then exits in our favour.
"""

from __future__ import annotations

from math import inf

from cockpit.lab.compiled.grid import nearest_ticks
from cockpit.lab.compiled.margin import stay_clear
from cockpit.lab.compiled.reasons import IDLE_STOP, NO_PRICES, refuse
from cockpit.lab.compiled.records import ARMED, ARRIVED, OCO, TRIGGER, Desk, Ticket
from cockpit.lab.compiled.venue import execute, reducible

NO_LEG, STOP_LEG, TAKE_LEG, TRIGGER_LEG = 0, 1, 2, 3
AT_OPEN, AMBIGUOUS_BAR = 0, 1
AT_THE_OPEN = 10
"""Notes: plus the leg; how a fill was decided (``report.NOTES``)."""
AT_TRIGGER = 20


def open_early(d: Desk, i: int) -> None:
    """The open of bar ``i`` is known before the bar is over."""
    m = d.m
    m.opening = -1
    for k in range(m.tickets):
        if d.m.o[k].there:
            opened(d, i)
            return
    if m.held:
        opened(d, i)


def opened(d: Desk, i: int) -> None:
    """The first trade of a bar: jumped stops, then what arrived since the last close."""
    m, o = d.m, d.m.o
    price = d.open[i]
    ticks = nearest_ticks(d, price)
    at = d.ts[i] - m.tf
    latest = at + m.grace
    m.reference = price
    if m.held:
        stay_clear(d, price, at)
    _gapped(d, ticks, at, latest)
    for k in range(m.tickets):
        order = o[k]
        if order.there and order.phase == ARRIVED and order.arrived <= latest:
            execute(d, order, max(order.arrived, at), ticks, AT_OPEN)
    _gapped(d, ticks, at, latest)


def meet(d: Desk, i: int, high: float, low: float) -> None:
    """A bar happens. Call for every bar that may touch something of ours (``watch``)."""
    m = d.m
    ts = d.ts[i]
    if not (0 < low < inf and 0 < high < inf and 0 < d.open[i] < inf):
        refuse(m, NO_PRICES, ts)
    opened(d, i)
    if m.held:
        stay_clear(d, low, ts)
        stay_clear(d, high, ts)
    _range(d, nearest_ticks(d, low), nearest_ticks(d, high), ts)


def _range(d: Desk, low: int, high: int, ts: int) -> None:
    m, o = d.m, d.m.o
    _stops(d, low, high, ts)
    _targets(d, low, high, ts)
    for k in range(m.tickets):
        order = o[k]
        if order.there and order.phase == ARMED and not order.bound and not reducible(d, order):
            if adverse_leg(order, low, high) or favourable_leg(order, low, high):
                refuse(m, IDLE_STOP, ts)


def _gapped(d: Desk, ticks: int, at: int, latest: int) -> None:
    for k in range(d.m.tickets):
        order = d.m.o[k]
        if not order.there or order.phase != ARMED or order.arrived > latest:
            continue
        if order.bound and not reducible(d, order):
            continue
        leg = adverse_leg(order, ticks, ticks) or favourable_leg(order, ticks, ticks)
        if leg:
            execute(d, order, max(order.arrived, at), ticks, AT_THE_OPEN + leg)


def adverse_leg(order: Ticket, low: int, high: int) -> int:
    """The leg that the range reaches and that closes the position against us."""
    if order.kind == TRIGGER:
        hit = order.rising == order.sign and (
            high >= order.trigger if order.sign > 0 else low <= order.trigger
        )
        return TRIGGER_LEG if hit else NO_LEG
    return STOP_LEG if (high >= order.trigger if order.sign > 0 else low <= order.trigger) else NO_LEG


def favourable_leg(order: Ticket, low: int, high: int) -> int:
    """The leg that the range reaches and that closes it in our favour."""
    if order.kind == TRIGGER:
        hit = order.rising == -order.sign and (
            low <= order.trigger if order.sign > 0 else high >= order.trigger
        )
        return TRIGGER_LEG if hit else NO_LEG
    if order.kind != OCO:
        return NO_LEG
    return TAKE_LEG if (low <= order.take if order.sign > 0 else high >= order.take) else NO_LEG


def _stops(d: Desk, low: int, high: int, ts: int) -> None:
    """Exits against us, the nearest to the open first."""
    m, o = d.m, d.m.o
    done = 0
    while True:
        best = -1
        for k in range(m.tickets):
            order = o[k]
            if not order.there or order.phase != ARMED or (done >> k) & 1 or not reducible(d, order):
                continue
            if not adverse_leg(order, low, high):
                continue
            if best < 0 or order.trigger * order.sign < o[best].trigger * o[best].sign:
                best = k
        if best < 0:
            return
        done |= 1 << best
        order = o[best]
        leg = adverse_leg(order, low, high)
        note = AMBIGUOUS_BAR if _rivals(d, order, low, high) else AT_TRIGGER + leg
        execute(d, order, ts, order.trigger, note)


def _rivals(d: Desk, stop: Ticket, low: int, high: int) -> bool:
    """Did the same bar reach a target of the position too?"""
    for k in range(d.m.tickets):
        order = d.m.o[k]
        if order.there and order.phase == ARMED and order.sign == stop.sign:
            if favourable_leg(order, low, high):
                return True
    return False


def _targets(d: Desk, low: int, high: int, ts: int) -> None:
    """Exits in our favour."""
    for k in range(d.m.tickets):
        order = d.m.o[k]
        if order.there and order.phase == ARMED and reducible(d, order):
            leg = favourable_leg(order, low, high)
            if leg:
                level = order.take if leg == TAKE_LEG else order.trigger
                execute(d, order, ts, level, AT_TRIGGER + leg)
