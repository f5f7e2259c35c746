"""Many events of the tape in one go, where nobody decides anything between them.

What happens at the venue, and what we hear of, meet only in requests and reports. So the venue may run ahead,
as far as no request that is on its way, or that could still be sent, has arrived; and we may catch up as far
as no report has, nothing is due, and nobody wants to look. What is nearer than that is ``stretch.step``'s;
so is what the kernel's own code does at the venue, which may write a bill for an instant that is past.
"""

from __future__ import annotations

from math import nan
from typing import Any

from cockpit.lab.depth.books import middle, settle
from cockpit.lab.depth.records import DELTA, DEPTH, FAR, FLIGHT, PAUSE, RARE, TRADE, VENUE
from cockpit.lab.depth.stretch import (
    GO_ON,
    at_venue,
    depart,
    hear,
    hurry,
    look,
    moved,
    nothing_flies,
    resume,
    step,
)


def stretch(d: Any, s: Any, floats: Any) -> int:
    """Go on until the kernel must be awake. Returns why."""
    why = resume(d, s, floats)
    while why == GO_ON:
        why = onward(d, s, floats) if d.m.head < d.m.pause else PAUSE
    return int(why)


def onward(d: Any, s: Any, floats: Any) -> int:
    """Go on by as much as nobody has to be asked about. GO_ON, or as ``step``."""
    if nothing_flies(d):
        return hurry(d, s, floats)
    why = ahead(d)
    if why == GO_ON:
        why = catch_up(d, s, floats)
    return step(d, s, floats) if why == GO_ON else why


def ahead(d: Any) -> int:
    """What happens at the venue before anybody's next decision can be there."""
    m = d.m
    local = min(m.back, m.deadline or FAR)
    if m.speaks:
        if m.feed == m.head:
            return GO_ON
        local = min(local, d.ring[m.feed % FLIGHT].at)
    most = min(local + m.slack, m.out, m.wake - 1)
    end = min(len(d.e), m.pause, m.feed + FLIGHT)
    while m.head < end and d.e[m.head].ts <= most:
        written = plain(d) and sweep(d, most, end)
        if m.head == end or d.e[m.head].ts > most or d.e[m.head].kind == RARE:
            return GO_ON
        if (m.busy and moved(d, m.head, False)) if written else at_venue(d, m.head):
            m.at = m.head
            return VENUE
        m.last_tape = d.e[m.head].ts
        depart(d)
    return GO_ON


def plain(d: Any) -> bool:
    """Can changes of levels pass without a look at more than whether they concern us?"""
    m = d.m
    if m.eaten or m.rests > 2 or m.best_bid < 0 or m.best_ask < 0 or m.best_bid >= m.best_ask:
        return False
    if m.busy and (m.waiting or m.armed or not (m.marked or m.last)):
        return False
    for k in range(m.rests):
        if d.rest[k].rank < 0:
            return False
    return not (m.rests == 2 and d.rest[0].sign == d.rest[1].sign)


def ranks(d: Any) -> tuple[int, int]:
    """Where our bid and our ask stand."""
    ours, theirs = -1, FAR
    for k in range(d.m.rests):
        if d.rest[k].sign > 0:
            ours = d.rest[k].rank
        else:
            theirs = d.rest[k].rank
    return ours, theirs


def sweep(d: Any, most: int, end: int) -> bool:
    """Changed levels, as long as none is ours. True: the event at ``head`` is written already."""
    m = d.m
    events, levels, p, mine, first = d.e, d.l, d.p, m.mine, m.head
    bid, ask, low, high = m.best_bid, m.best_ask, m.low, m.high
    ours, theirs = ranks(d)
    written = False
    while m.head < end:
        event = events[m.head]
        if event.ts > most or event.kind != DELTA or event.market != mine:
            break
        gone = False
        written = False
        for j in range(event.lo, event.hi):
            level = levels[j]
            r, lots = level.rank, level.lots
            if j < event.mid:
                p[r].venue_bid = lots
                written = written or r == ours
                if lots:
                    bid, low = max(bid, r), min(low, r)
                elif r == bid:
                    gone = True
            else:
                p[r].venue_ask = lots
                written = written or r == theirs
                if lots:
                    ask, high = min(ask, r), max(high, r)
                elif r == ask:
                    gone = True
        if gone:
            while bid >= low and not p[bid].venue_bid:
                bid -= 1
            while ask <= high and not p[ask].venue_ask:
                ask += 1
        if written or bid >= ask or ask <= ours or bid >= theirs or bid < low or ask > high:
            written = True
            break
        depart(d)
    if m.head > first:
        m.last_tape = events[m.head - 1].ts
    if m.head > first or written:
        m.source = DEPTH
        m.best_bid, m.low = (bid, low) if bid >= low else (-1, d.k[mine + 1].first)
        m.best_ask, m.high = (ask, high) if ask <= high else (-1, d.k[mine].first - 1)
    return written


def catch_up(d: Any, s: Any, floats: Any) -> int:
    """What we hear of before anything else is due."""
    m = d.m
    most = min(m.deadline or FAR, m.back - 1, m.out - 1, m.wake - 1, m.due)
    if m.head < len(d.e):
        most = min(most, d.e[m.head].ts - 1)
    why = GO_ON
    while why == GO_ON and m.feed < m.head:
        if not m.speaks and d.k[m.mine].ok and d.k[m.mine].whole:
            overhear(d, most)
        if m.feed == m.head:
            break
        now = max(m.now, d.ring[m.feed % FLIGHT].at)
        if now > most:
            break
        m.now = now
        m.feed += 1
        why = hear(d, s, floats, m.feed - 1)
    return why


def overhear(d: Any, most: int) -> None:
    """Changed levels and trades that nobody is told of one by one."""
    m = d.m
    events, levels, p, ring = d.e, d.l, d.p, d.ring
    k = m.mine
    book = d.k[k]
    feed, head, now = m.feed, m.head, m.now
    bid, ask, low, high, seq = book.best_bid_depth, book.best_ask_depth, book.low, book.high, book.seq
    least, end = book.first, d.k[k + 1].first
    first, ts, changed = feed, 0, 0
    was_bid, was_ask = bid, ask
    while feed < head:
        event = events[feed]
        at = max(now, ring[feed % FLIGHT].at)
        if at > most or event.market != k:
            break
        if event.kind == TRADE:
            now = at
            feed += 1
            continue
        if event.kind != DELTA or (event.prev != seq and event.prev != -1):
            break
        changed, was_bid, was_ask = ts, bid, ask
        gone = False
        for j in range(event.lo, event.hi):
            level = levels[j]
            r, qty = level.rank, level.qty
            if j < event.mid:
                p[r].bid = qty
                if qty > 0.0:
                    bid, low = max(bid, r), min(low, r)
                elif r == bid:
                    gone = True
            else:
                p[r].ask = qty
                if qty > 0.0:
                    ask, high = min(ask, r), max(high, r)
                elif r == ask:
                    gone = True
        if gone:
            while bid >= low and not p[bid].bid > 0.0:
                bid -= 1
            if bid < low:
                bid, low = least - 1, end
            while ask <= high and not p[ask].ask > 0.0:
                ask += 1
            if ask > high:
                ask, high = end, least - 1
        now = ts = at
        seq = event.seq
        feed += 1
        if bid >= ask:
            break
    if ts:
        book.best_bid_depth, book.best_ask_depth, book.low, book.high = bid, ask, low, high
    if bid >= ask and changed:  # the last price is the middle before the book crossed
        book.last = between(d, k, was_bid, was_ask)
        book.last_new = True
    if feed > first:
        overheard(d, feed, now, ts, seq)


def between(d: Any, k: int, bid: int, ask: int) -> float:
    """The middle of two ranks, NaN where one of them is none."""
    low = d.p[bid].price if bid >= d.k[k].first else nan
    high = d.p[ask].price if ask < d.k[k + 1].first else nan
    return float((low + high) / 2)


def overheard(d: Any, feed: int, now: int, ts: int, seq: int) -> None:
    """All before ``feed`` has been heard, the last change of our book at ``ts``; 0 = there was none."""
    m = d.m
    book = d.k[m.mine]
    m.heard += feed - m.feed
    m.feed = feed
    m.now = now
    m.news = 1
    book.heard = now
    book.heard_new = True
    if not ts:
        return
    if not settle(d, seq, m.mine, ts):
        m.faults += 1
    if book.ok:
        book.last = middle(d, m.mine)
        book.last_new = True
    look(d)
