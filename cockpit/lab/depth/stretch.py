"""From one moment at which somebody must be asked to the next: the World's order of things over arrays.

The order is that of ``matching.world``: at one instant what happens at the venue comes first, the tape before
requests; then deliveries in the order in which they happened. What stops the machine has not happened yet,
but for VENUE, where the venue's book is already changed, and WISH, where the strategy has already spoken.
"""

from __future__ import annotations

from typing import Any

from cockpit.core.matching.draws import draw
from cockpit.lab.depth.books import (
    best_ask,
    best_bid,
    hear_delta,
    hear_snapshot,
    hear_touch,
    highest_ask,
    lowest_bid,
    middle,
    show,
    show_all,
)
from cockpit.lab.depth.calm import passed
from cockpit.lab.depth.queue import resized
from cockpit.lab.depth.records import (
    BEAT,
    DELTA,
    DEPTH,
    DUE,
    END,
    FAR,
    FLIGHT,
    FULL,
    KERNEL,
    MARK,
    RARE,
    REPORT,
    REQUEST,
    SKIP,
    SNAPSHOT,
    TIMER,
    TOUCHES,
    TRADE,
    VENUE,
    WISH,
)

GO_ON = -1


def ask_book(d: Any, s: Any, floats: Any) -> None:
    """Let the strategy look at its book. A generated module puts the strategy's own in its place."""
    raise NotImplementedError


def ask_trade(d: Any, s: Any, floats: Any, i: int) -> None:
    """Tell the strategy of a trade; likewise."""
    raise NotImplementedError


def ask_timer(d: Any, s: Any, floats: Any) -> None:
    """Its timer; likewise."""
    raise NotImplementedError


def resume(d: Any, s: Any, floats: Any) -> int:
    """Take up the event with which the machine stopped: the venue has seen it."""
    m = d.m
    if m.depart:
        m.depart = 0
        depart(d)
    if not m.quick:
        return GO_ON
    m.quick = 0
    m.head += 1
    m.feed = m.head
    m.now = d.e[m.head - 1].ts
    return hear(d, s, floats, m.head - 1)


def nothing_flies(d: Any) -> bool:
    """Is the next event of the tape the next thing that we hear of?"""
    m = d.m
    if not m.instant or m.flying or m.feed != m.head or m.head >= len(d.e):
        return False
    happens = d.e[m.head].ts
    late = 0 < m.deadline < happens
    return bool(happens >= m.now and not late and happens < m.wake)


def hurry(d: Any, s: Any, floats: Any) -> int:
    """An event happens and is heard of at once."""
    m = d.m
    head = m.head
    happens = d.e[head].ts
    if happens > m.due:
        m.soon = happens
        return DUE
    if at_venue(d, head):
        m.quick = 1
        m.at = head
        return VENUE
    m.last_tape = happens
    m.head = head + 1
    m.feed = head + 1
    m.now = happens
    return hear(d, s, floats, head)


def step(d: Any, s: Any, floats: Any) -> int:
    """The next thing that happens or is heard of. As ``World._slowly``."""
    m = d.m
    head = m.head
    idle = m.feed == head
    happens = d.e[head].ts if head < len(d.e) else FAR
    wake = m.wake if head < len(d.e) or m.wake <= m.last_tape + 1 else FAR
    soonest = min(happens, m.out, wake)
    heard = d.ring[m.feed % FLIGHT].at if not idle else FAR
    local = min(heard, m.back)
    limit = m.deadline or FAR
    if soonest <= min(local, limit) and soonest < FAR:
        if wake <= soonest or m.out < happens:
            return REQUEST
        if head - m.feed == FLIGHT:
            return FULL
        if at_venue(d, head):
            m.at = head
            return VENUE
        m.last_tape = max(m.last_tape, happens)
        depart(d)
        return GO_ON
    if limit < local and (soonest < FAR or local < FAR):
        if not m.hears_timer or limit >= m.other or max(limit, m.now) > m.due:
            return TIMER
        return BEAT if beat(d, s, floats, limit) else GO_ON
    if local == FAR:
        return END
    if m.back < heard or (m.back == heard and m.back_no < d.ring[m.feed % FLIGHT].no):
        return GO_ON if passed(d, max(m.now, m.back)) else REPORT
    return deliver(d, s, floats, max(m.now, heard))


def deliver(d: Any, s: Any, floats: Any, now: int) -> int:
    """The oldest event on its way arrives."""
    m = d.m
    if now > m.due:
        m.soon = now
        return DUE
    m.now = now
    m.feed += 1
    return hear(d, s, floats, m.feed - 1)


def depart(d: Any) -> None:
    """The event at ``head`` has happened: it is on its way to us."""
    m = d.m
    m.count += 1
    delay = m.shortest
    if m.latency == 1:
        delay = m.shortest + drawn(m.seed, m.sent, m.spread + 1)
    elif m.latency == 2:
        delay = d.series[m.sent % len(d.series)]
    m.sent += 1
    m.lane_last = max(m.lane_last, d.e[m.head].ts + delay)
    d.ring[m.head % FLIGHT].at = m.lane_last
    d.ring[m.head % FLIGHT].no = m.count
    m.head += 1


def beat(d: Any, s: Any, floats: Any, at: int) -> bool:
    """Nothing is due but the strategy's timer. Has it written something?"""
    m = d.m
    m.now = max(at, m.now)
    m.window.now = m.now
    m.heard += 1
    m.timed = m.now
    m.timer_at = m.now + m.timer_ms
    m.deadline = min(m.timer_at, m.other)
    ask_timer(d, s, floats)
    if m.pen.dirty:
        m.heard -= 1
    return bool(m.pen.dirty)


# --- the venue ----------------------------------------------------------------------------------------------


def at_venue(d: Any, i: int) -> bool:
    """An event of the tape happens at the venue. True: something of ours may follow, the kernel must look."""
    m, event = d.m, d.e[i]
    kind = event.kind
    if kind == RARE:
        return True
    if kind == SKIP or event.market != m.mine:
        return False
    if kind == TRADE:
        return traded(d, i)
    if kind == MARK:
        if not event.x > 0:
            return False
        return marked(d, i)
    if kind == DELTA:
        m.source = DEPTH
        show(d, i)
    elif kind == SNAPSHOT:
        m.source = DEPTH
        show_all(d, i)
    elif m.source == DEPTH:
        return False
    else:
        m.source = TOUCHES
        show_all(d, i)
        return bool(m.busy)
    return bool(m.busy) and moved(d, i, kind == SNAPSHOT)


def marked(d: Any, i: int) -> bool:
    """The mark moved, and perhaps the index: does it set off or liquidate something of ours?"""
    m, event = d.m, d.e[i]
    if m.busy:
        index = event.lots if event.qty else m.index_ticks
        if not quiet(d, event.ticks) or (index and not quiet(d, index)):
            return True
        if not m.safe_low < event.x < m.safe_high:
            return True
    m.marked = 1
    m.venue_mark = event.x
    if event.qty:
        m.venue_index, m.index_ticks = event.qty, event.lots
    return False


def quiet(d: Any, ticks: int) -> bool:
    """Does a price set off no order of ours, whichever price that watches?"""
    m = d.m
    return bool(m.armed_low < ticks < m.armed_high)


def traded(d: Any, i: int) -> bool:
    """Somebody traded: does it reach an order of ours?"""
    m = d.m
    ticks, lots, side = d.e[i].ticks, d.e[i].lots, d.e[i].sign
    if m.busy:
        if m.waiting or not quiet(d, ticks):
            return True
        if not m.marked and not m.safe_low < ticks / m.per_tick < m.safe_high:
            return True
        for k in range(m.rests):
            order = d.rest[k]
            if order.sign == side:
                continue
            beyond = (order.ticks - ticks) * order.sign
            if beyond > 0 or (beyond == 0 and lots - order.front > 0.5):
                return True
        for k in range(m.rests):
            order = d.rest[k]
            if order.sign != side and order.ticks == ticks:
                order.front = max(order.front - lots, 0.0)
                order.traded += lots
    m.last = ticks
    if m.source < TOUCHES:
        m.source = TOUCHES
    return False


def moved(d: Any, i: int, whole: bool) -> bool:
    """The venue's book has changed: does it come to an order of ours? If not, who left the queues?"""
    m, event = d.m, d.e[i]
    if m.waiting or not (m.marked or m.last) or (m.armed and not (m.marked and m.last)):
        return True
    bid = d.p[m.best_bid].tick if m.best_bid >= 0 else 0
    ask = d.p[m.best_ask].tick if m.best_ask >= 0 else 0
    if not bid >= ask > 0:
        for k in range(m.rests):
            order = d.rest[k]
            near = order.ticks >= ask > 0 if order.sign > 0 else order.ticks <= bid
            if near:
                return True
    for k in range(m.rests):
        order = d.rest[k]
        r, buy = order.rank, order.sign > 0
        changed = whole
        if not changed and r >= 0:
            for j in range(event.lo if buy else event.mid, event.mid if buy else event.hi):
                if d.l[j].rank == r:
                    changed = True
        if not changed:
            continue
        shown = 0
        if r >= 0:
            shown = d.p[r].venue_bid if buy else d.p[r].venue_ask
        if shown or seen(d, order):
            resized(order, shown, m.queue, m.power)
    return False


def seen(d: Any, order: Any) -> bool:
    """Would the data show it if somebody stood at the order's price?"""
    if order.sign > 0:
        edge = lowest_bid(d)
        return bool(0 < edge <= order.ticks)
    edge = highest_ask(d)
    return bool(order.ticks <= edge)


# --- us -----------------------------------------------------------------------------------------------------


def hear(d: Any, s: Any, floats: Any, i: int) -> int:
    """We learn of an event at our time ``now``. GO_ON, or why the kernel must be awake."""
    m, event = d.m, d.e[i]
    kind, k = event.kind, event.market
    m.heard += 1
    if kind == SKIP:
        return GO_ON
    if kind == RARE:
        m.heard -= 1
        m.at = i
        return KERNEL
    book = d.k[k]
    m.news = 1
    if kind == MARK:
        book.mark, book.index, book.marked = event.x, event.qty, m.now
        book.mark_new = True
        if k == m.mine:
            m.window.mark = event.x
        return GO_ON
    book.heard = m.now
    book.heard_new = True
    if kind == TRADE:
        if not book.ok:
            book.last = event.x
            book.last_new = True
        if k == m.mine and m.hears_trades:
            m.window.now = m.now
            m.window.last = event.x
            ask_trade(d, s, floats, i)
            return said(d, i)
        return GO_ON
    whole = True
    if kind == DELTA:
        whole = hear_delta(d, i, m.now)
        if not whole:
            m.faults += 1
    elif kind == SNAPSHOT:
        hear_snapshot(d, i, m.now)
    else:
        hear_touch(d, i, m.now)
    if book.ok:
        book.last = middle(d, k)
        book.last_new = True
    if k != m.mine:
        return GO_ON
    look(d)
    if not m.hears_book:
        return GO_ON
    m.whole = int(whole)
    m.window.now = m.window.touch_ts = m.now
    ask_book(d, s, floats)
    if m.pen.dirty and not whole:
        m.faults -= 1
    return said(d, i)


def said(d: Any, i: int) -> int:
    """Has the strategy written something?"""
    m = d.m
    if not m.pen.dirty:
        return GO_ON
    m.heard -= 1
    m.at = i
    return WISH


def look(d: Any) -> None:
    """The touch of our book into the strategy's window."""
    m = d.m
    k, view = m.mine, m.window
    view.bid, view.ask = best_bid(d, k), best_ask(d, k)
    view.bid_qty, view.ask_qty = d.k[k].bid_qty, d.k[k].ask_qty
    view.mid = (view.bid + view.ask) / 2
    view.book_ok = d.k[k].ok


def drawn(seed: int, counter: int, below: int) -> int:
    """``matching.draws.draw`` below a bound. A generated module does it in machine words."""
    return draw(int(seed), int(counter)) % int(below)
