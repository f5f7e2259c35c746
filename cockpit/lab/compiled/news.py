"""What the sleeve learns, and what happens at the venue: one function a kind of message.

Where the strategy must be asked, the machine stops with a word (``HOOK_*``) and is taken up again by
``resume``: it is compiled once, for every strategy.
"""

from __future__ import annotations

from math import nan

from cockpit.lab.compiled.bars import open_early
from cockpit.lab.compiled.books import book_bill, book_fill
from cockpit.lab.compiled.exact import decimal_float
from cockpit.lab.compiled.flight import (
    ACKED,
    AFTER,
    AMEND,
    AMENDED,
    ANSWERED,
    CANCEL,
    CANCELLED,
    DELIVERY,
    FAR,
    FILLED,
    LOOK,
    PAID,
    PLACE,
    QUERY,
    RATE,
    RATED,
    READY,
    REJECTED,
    TAPE,
    before,
    learn,
    push,
    report,
    request,
)
from cockpit.lab.compiled.funding import pass_over, settle_next
from cockpit.lab.compiled.grid import alike
from cockpit.lab.compiled.reasons import BENCHED, refuse
from cockpit.lab.compiled.records import MARKET, PROTECT, Desk
from cockpit.lab.compiled.trader import ANSWER_MS, ASK_MS, decide, find, settle, tidy, wish
from cockpit.lab.compiled.venue import USER, arrive, asked, change, take_back

GO_ON, HOOK_FILL, HOOK_RATE = 0, 1, 2
BACKOFF_MS = 1_000
BENCH_AFTER = 6
"""As ``core.lifecycle``."""


def until(d: Desk, at: int, rank: int, number: int) -> int:
    """Let everything happen that comes before this; a word when the strategy must be asked first."""
    m, q = d.m, d.m.q
    while True:
        i = m.queued - 1
        due = i >= 0 and before(q[i].at, q[i].rank, q[i].number, at, rank, number)
        limit, turn = (q[i].at, q[i].rank + 1) if due else (at, rank)
        if m.settled < len(d.dues):
            if not m.held:
                pass_over(d, min(limit, m.deadline) if m.deadline > 0 else limit)
            if _settles(d, limit, turn):
                settle_next(d)
                continue
        if 0 < m.deadline < limit:
            m.upto, m.upto_number = m.deadline, FAR
            _wake(d, learn(d, m.deadline))
            continue
        if not due:
            return GO_ON
        m.queued = i
        m.upto, m.upto_number = q[i].at, q[i].number
        word = _happen(d, q[i].at, q[i].what, q[i].arg)
        if word != GO_ON:
            return word


def _settles(d: Desk, limit: int, turn: int) -> bool:
    """Is a settlement next? ``turn`` is the first place at the instant ``limit`` that is too late."""
    m = d.m
    if m.settled == len(d.dues):
        return False
    s = d.dues[m.settled]
    if s.when > limit or (s.when == limit and s.rank >= turn):
        return False
    return not 0 < m.deadline < s.when


def speaks(d: Desk, now: int) -> None:
    """The strategy speaks, or looks at its worth, at a bar: what it has heard by then counts."""
    m = d.m
    if m.now < now:
        m.upto, m.upto_number = now, FAR


def _happen(d: Desk, at: int, what: int, arg: int) -> int:
    if what == RATE:
        return _told(d, at, arg)
    if what < READY:
        _at_the_venue(d, at, what, arg)
    elif what == FILLED:
        return _filled(d, at, arg)
    elif what == RATED:
        return _rated(d, at, arg)
    elif what == ACKED:
        _acked(d, at, arg)
    elif what == CANCELLED:
        _cancelled(d, at, arg // 2, arg % 2)
    elif what == REJECTED:
        _rejected(d, at, arg)
    elif what == AMENDED:
        _amended(d, at, arg)
    elif what == ANSWERED:
        _answer(d, at, arg)
    elif what == PAID:
        d.b[arg].heard = learn(d, at)
        book_bill(d, d.b[arg])
        settle(d)
    else:
        learn(d, at)
        d.m.ready = 1
        look_again(d)
        decide(d)
        settle(d)
    return GO_ON


def _at_the_venue(d: Desk, at: int, what: int, arg: int) -> None:
    if what == PLACE:
        arrive(d, at, arg)
    elif what == LOOK:
        open_early(d, arg)
    elif what == CANCEL:
        take_back(d, at, arg)
    elif what == QUERY:
        asked(d, at, arg)
    elif what == AMEND:
        change(d, at, arg)
    else:
        report(d, at, READY, 0)


def _told(d: Desk, at: int, i: int) -> int:
    """A rate on the tape: learned in its turn, but at once where nothing is between the venue and us."""
    m = d.m
    near = m.lag == 0 and d.rates[i].near and not m.told and _quiet(d, at)
    m.told = 0
    next_rate(d)
    if near:
        return _rated(d, at, i)
    push(d, at + m.lag, DELIVERY, RATED, i)
    return GO_ON


def _quiet(d: Desk, at: int) -> bool:
    """Is nothing in flight? As ``World``: then the next event of the tape is the next event."""
    for k in range(d.m.queued):
        rank = d.m.q[k].rank
        if rank != TAPE and rank != AFTER:
            return False
    return bool(d.m.billed < at)


def next_rate(d: Desk) -> None:
    """Read one more funding rate from the tape, for a strategy that wants to know."""
    m = d.m
    if m.rates < len(d.rates) and (m.hears_rates or m.reads_rates):
        push(d, d.rates[m.rates].ts, d.rates[m.rates].rank, RATE, m.rates)
        m.rates += 1


def look_again(d: Desk) -> None:
    """Something about the sleeve changed: bring its window up to date."""
    view = d.m.window
    view.equity_at = -1
    view.now = d.m.now


def _answered_in(d: Desk, since: int, now: int) -> None:
    """How long the venue took."""
    m, view = d.m, d.m.window
    m.latency = max(0, now - since)
    m.latency_ts = now
    view.latency = float(m.latency)
    view.latency_ts = now


def _acked(d: Desk, at: int, number: int) -> None:
    """The venue has taken an order."""
    order = d.m.o[find(d, number)]
    now = learn(d, at)
    _answered_in(d, order.updated, now)
    order.live = 1
    order.updated = now
    order.asked = 0
    look_again(d)
    decide(d)
    settle(d)


def _amended(d: Desk, at: int, number: int) -> None:
    """A stop is from now on what was asked for."""
    i, now = find(d, number), learn(d, at)
    if i >= 0 and d.m.o[i].alive:
        order = d.m.o[i]
        _answered_in(d, order.updated, now)
        order.amending = 0
        look_again(d)
        decide(d)
    settle(d)


def _filled(d: Desk, at: int, i: int) -> int:
    """An order has traded, whole."""
    m, e = d.m, d.b[i]
    e.heard = learn(d, at)
    e.last = d.m.window.last
    order = d.m.o[find(d, e.number)]
    had = m.have
    book_fill(d, e)
    m.window.position = decimal_float(m, m.have * m.atom_m, m.atom_k)
    m.window.entry = m.entry if m.have else nan
    m.window.resting -= 1
    m.rejects = 0
    if had and not m.have:
        m.trades += 1
    order.alive = 0
    if order.role == PROTECT:
        _lower(d, e.sign)
    tidy(d)
    look_again(d)
    if m.hears_fills:
        m.index = i
        m.news_sign = e.sign
        m.news_price = decimal_float(m, e.ticks * m.tick_m, m.tick_k)
        m.news_qty = decimal_float(m, e.lots * m.lot_m, m.lot_k)
        return HOOK_FILL
    decide(d)
    settle(d)
    return GO_ON


def _lower(d: Desk, sign: int) -> None:
    """A stop closed (part of) the position: the wish must not buy it back."""
    m = d.m
    if not (m.wished and m.aimed) or m.target == 0 or alike(m.target, sign):
        return
    if not alike(m.target, m.have):
        m.target = 0
    elif abs(m.have) < abs(m.target):
        m.target = m.have


def _rated(d: Desk, at: int, i: int) -> int:
    """A funding rate was published."""
    now = learn(d, at)
    d.m.window.funding_rate = d.rates[i].rate
    d.m.window.now = now
    if not d.m.hears_rates:
        return GO_ON
    d.m.index = i
    d.m.news_rate = d.rates[i].rate
    d.m.news_due = d.rates[i].due
    d.m.news_settled = d.rates[i].settled
    return HOOK_RATE


def resume(d: Desk, word: int) -> None:
    """The strategy has been asked: take up what it wrote."""
    if d.m.pen.dirty:
        wish(d)
    if word == HOOK_FILL:
        decide(d)
    settle(d)


def _cancelled(d: Desk, at: int, number: int, reason: int) -> None:
    """An order is gone, asked for or not."""
    m, order = d.m, d.m.o[find(d, number)]
    now = learn(d, at)
    if order.cancelling:
        _answered_in(d, order.updated, now)
    elif reason != USER:
        m.rejects += 1
        m.reduce_at = now + BACKOFF_MS
    _gone(d, number)


def _gone(d: Desk, number: int) -> None:
    d.m.o[find(d, number)].alive = 0
    d.m.window.resting -= 1
    tidy(d)
    look_again(d)
    decide(d)
    settle(d)


def _rejected(d: Desk, at: int, number: int) -> None:
    """An exit found nothing to close."""
    m = d.m
    now = learn(d, at)
    m.rejects += 1
    m.reduce_at = now + BACKOFF_MS
    if m.rejects >= BENCH_AFTER:
        refuse(m, BENCHED, now)
    _gone(d, number)


def _answer(d: Desk, at: int, number: int) -> None:
    """What became of an order that was asked about: it still waits, or its end was heard before."""
    now = learn(d, at)
    i = find(d, number)
    if i >= 0 and d.m.o[i].alive:
        order = d.m.o[i]
        if order.updated <= order.asked:
            order.cancelling = 0
        order.asked = 0
        order.updated = now
        look_again(d)
        decide(d)
    settle(d)


def _wake(d: Desk, now: int) -> None:
    """A timer: ask about market orders that stay silent; after a pause, look again."""
    m = d.m
    for i in range(m.tickets):
        order = d.m.o[i]
        if order.alive and order.kind == MARKET:
            due = order.asked + ASK_MS if order.asked else order.updated + ANSWER_MS
            if due <= now:
                order.asked = now
                request(d, QUERY, order.number)
    if m.reduce_at and m.reduce_at <= now:
        m.reduce_at = 0
        look_again(d)
        decide(d)
    settle(d)
