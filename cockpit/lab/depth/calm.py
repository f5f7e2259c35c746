"""Answers of the venue that come to nothing: what is on its way stays as it is wished, and no rule says no.

Which answers may be such ones the kernel's side has worked out (``answers``), and between which prices the
rules surely agree; here the rest is looked at, at the instant at which the answer arrives.
"""

from __future__ import annotations

from typing import Any

from cockpit.lab.depth.books import best_ask, best_bid, next_rank, size_at
from cockpit.lab.depth.records import FAR


def passed(d: Any, now: int) -> bool:
    """Does the next answer change nothing but what is known of its order? Then it has been heard."""
    if not nothing(d, now):
        return False
    take(d, now)
    return True


def nothing(d: Any, now: int) -> bool:
    """Would the kernel do nothing about the next answer?"""
    m = d.m
    if m.answered >= m.answers or now > m.due:
        return False
    k = m.mine
    if not d.k[k].ok or now - d.k[k].heard > m.fresh:
        return False
    if d.k[k].mark != 0.0 and now - d.k[k].marked > m.mark_fresh:
        return False
    last = d.k[k].last
    price = d.k[k].mark if d.k[k].mark != 0.0 else last
    if not m.calm_low < price < m.calm_high or not m.calm_low < last < m.calm_high:
        return False
    asked = d.answer[m.answered].asked
    if asked and m.slowest and now - asked > m.slowest:
        return False
    if not m.need > 0.0:
        return True
    return deep(d, True, best_bid(d, k) * (1 - m.band)) and deep(d, False, best_ask(d, k) * (1 + m.band))


def deep(d: Any, bids: bool, bound: float) -> bool:
    """Does the book show enough up to a price? As ``Book.depth_to``, sum by sum."""
    m = d.m
    k = m.mine
    r = d.k[k].best_bid if bids else d.k[k].best_ask
    if r < 0:
        return False
    if d.p[r].price < bound if bids else d.p[r].price > bound:
        return False
    total = 0.0 + (d.k[k].bid_qty if bids else d.k[k].ask_qty)
    while total < m.need:
        r = next_rank(d, k, r, bids)
        if r < 0:
            return False
        if d.p[r].price < bound if bids else d.p[r].price > bound:
            return False
        total += size_at(d, r, bids)
    return True


def take(d: Any, now: int) -> None:
    """It has been heard; what it says is booked before the kernel goes on."""
    m, view = d.m, d.m.window
    row = d.answer[m.answered]
    m.now = now
    m.heard += 1
    row.heard, row.now = m.heard, now
    if row.decides:
        view.now = now
        view.equity_at = -1
        view.resting = row.resting
        view.latency = float(max(0, now - row.asked))
        view.latency_ts = now
    m.answered += 1
    m.back, m.back_no = d.answer[m.answered].at, d.answer[m.answered].no
    m.flying = int(m.back < FAR or m.out < FAR)
    m.other = row.other
    soonest = m.other
    if m.hears_timer:
        soonest = min(soonest, m.timer_at)
    m.deadline = max(soonest, now) if soonest < FAR else 0
