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
    ANSWERED,
    BILLED,
    CANCEL,
    CANCELLED,
    DELIVERY,
    FILLED,
    LOOK,
    PAID,
    PAY,
    PLACE,
    QUERY,
    RATE,
    RATED,
    READY,
    REJECTED,
    SETTLE,
    TAPE,
    before,
    learn,
    push,
    report,
    request,
)
from cockpit.lab.compiled.grid import alike
from cockpit.lab.compiled.reasons import BENCHED, refuse
from cockpit.lab.compiled.records import MARKET, PROTECT, Desk
from cockpit.lab.compiled.trader import ANSWER_MS, ASK_MS, decide, find, settle, tidy, wish
from cockpit.lab.compiled.venue import USER, arrive, asked, pay, rate, take_back

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
        limit = q[i].at if due else at
        if 0 < m.deadline < limit:
            _wake(d, learn(d, m.deadline))
            continue
        if not due:
            return GO_ON
        if q[i].what == RATE:
            _pass_by(d, i, at)
        m.queued = i
        word = _happen(d, q[i].at, q[i].what, q[i].arg)
        if word != GO_ON:
            return word


def _pass_by(d: Desk, i: int, at: int) -> None:
    """Rates that leave nothing behind: nothing is held or ordered, nobody listens, and they are settled
    before the next one and before whatever else comes first.
    """
    m, row = d.m, d.m.q[i]
    if m.held or m.tickets or m.hears_rates or m.reads_rates or m.owed or m.deadline:
        return
    if i > 0:
        at = min(at, m.q[i - 1].at)
    k = row.arg
    while k + 1 < len(d.rates) and d.rates[k].due < d.rates[k + 1].ts < at:
        m.paid = max(m.paid, d.rates[k].due)
        k += 1
    if k == row.arg:
        return
    m.rates = k + 1
    m.last = max(m.last, d.rates[k].ts)
    row.at = d.rates[k].ts
    row.rank = d.rates[k].rank
    row.arg = k


def booked_by(d: Desk, now: int) -> None:
    """A strategy speaks, or asks for its worth, at a bar that nothing woke: its bills until then count."""
    m = d.m
    while m.now < now and m.queued and m.q[m.queued - 1].at <= now and m.q[m.queued - 1].what == BILLED:
        m.queued -= 1
        book_bill(d, d.b[m.q[m.queued].arg])


def _happen(d: Desk, at: int, what: int, arg: int) -> int:
    if what == RATE:
        return _told(d, at, arg)
    if what == BILLED:
        book_bill(d, d.b[arg])
        return GO_ON
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
    elif what == PAY:
        pay(d, at)
        d.m.paying = 1
    elif what == CANCEL:
        take_back(d, at, arg)
    elif what == QUERY:
        asked(d, at, arg)
    else:
        report(d, at, READY, 0)


def _told(d: Desk, at: int, i: int) -> int:
    """A rate on the tape: learned in its turn, but at once where nothing is between the venue and us."""
    m = d.m
    near = m.lag == 0 and not m.paying and d.rates[i].rank == TAPE and _quiet(d)
    m.paying = 0
    lines = m.booked
    rate(d, at, i)
    next_rate(d)
    if not (m.hears_rates or m.reads_rates):
        return GO_ON
    if near and m.booked == lines:
        return _rated(d, at, i)
    push(d, at + m.lag, DELIVERY, RATED, i)
    return GO_ON


def _quiet(d: Desk) -> bool:
    """Is nothing in flight? As ``World``: then the next event of the tape is the next event."""
    for k in range(d.m.queued):
        rank = d.m.q[k].rank
        if rank != SETTLE and rank != TAPE and rank != AFTER:
            return False
    return True


def next_rate(d: Desk) -> None:
    """Read one more funding rate from the tape."""
    m = d.m
    if m.rates < len(d.rates):
        at = d.rates[m.rates].ts
        m.last = max(m.last, at)
        push(d, at, d.rates[m.rates].rank, RATE, m.rates)
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
