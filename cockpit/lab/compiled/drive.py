"""The loop's slow half: everything around a bar in which something of ours happens. Compiled once.

begin  ·  for each bar: meet … (ask the strategy) … go_on   the strategy hears it, spoke   ·  finish …
"""

from __future__ import annotations

from cockpit.lab.compiled.bars import meet
from cockpit.lab.compiled.books import equity
from cockpit.lab.compiled.flight import AFTER, DELIVERY, FAR, READ, learn, next_due, request
from cockpit.lab.compiled.news import GO_ON, next_rate, resume, speaks, until
from cockpit.lab.compiled.records import Desk
from cockpit.lab.compiled.trader import settle, wish
from cockpit.lab.compiled.venue import watch

BEGIN, REACH, WORK, SPOKE, RESUME, FINISH, WORTH = 0, 1, 2, 3, 4, 5, 6
BROKEN = -1


def work(d: Desk, what: int, i: int, high: float, low: float, close: float) -> int:
    """One call from a strategy's loop; BROKEN when the machine has stopped."""
    try:
        if what == WORK:
            return go_on(d, i, high, low, close)
        if what == REACH:
            reach(d, i)
            return go_on(d, i, high, low, close)
        if what == SPOKE:
            spoke(d, i)
        elif what == RESUME:
            resume(d, i)
        elif what == FINISH:
            return finish(d, close)
        elif what == WORTH:
            worth(d, i)
        else:
            begin(d)
    except Exception:  # noqa: BLE001 - machine code knows no narrower one; ``why`` says what it was
        return BROKEN
    return GO_ON


def begin(d: Desk) -> None:
    """The account is read back first; until its answer nothing may be entered."""
    m = d.m
    m.opening = m.met = -1
    next_rate(d)
    start = d.rates[0].ts if len(d.rates) else d.ts[0] if len(d.ts) else 0
    if len(d.ts):
        start = min(start, d.ts[0])
    if m.start:
        start = min(start, m.start)
    m.now = start + m.lag
    request(d, READ, 0)
    m.due = next_due(d)


def spoke(d: Desk, now: int) -> None:
    """The strategy wrote something at a bar."""
    m = d.m
    speaks(d, now)
    m.now = m.heard = now
    wish(d)
    settle(d)
    m.due = next_due(d)


def worth(d: Desk, now: int) -> float:
    """Everything at the price that the strategy knows."""
    speaks(d, now)
    return equity(d, d.m.window.last)


def reach(d: Desk, i: int) -> None:
    """Start on bar ``i``: the bars up to it have happened and been heard."""
    m = d.m
    _catch_up(d, i, m.window.last)
    m.met = i
    m.stage = 0


def go_on(d: Desk, i: int, high: float, low: float, close: float) -> int:
    """Work through bar ``i`` until the strategy must be asked (a word) or hears the bar (0)."""
    m = d.m
    at = d.ts[i]
    if m.stage == 0:
        word = until(d, at, AFTER, 0)
        if word != GO_ON:
            return word
        if m.moved:
            watch(d)
        if m.busy and not (m.low < low and m.low < d.open[i] and high < m.high and d.open[i] < m.high):
            meet(d, i, high, low)
        m.reference = close
        m.next = i + 1
        m.count += 1
        m.stage = m.count
    word = until(d, at + m.lag, DELIVERY, m.stage)
    if word != GO_ON:
        return word
    m.now = m.heard = m.upto = at + m.lag
    m.upto_number = m.stage
    if m.moved:
        watch(d)
    m.due = next_due(d)
    return GO_ON


def finish(d: Desk, close: float) -> int:
    """The tape is over: what is in flight still arrives, but nothing settles after it."""
    m = d.m
    n = len(d.ts)
    if m.stage != -1:
        m.stage = -1
        if n:
            _catch_up(d, n, close)
            m.last = d.ts[n - 1]
        if len(d.rates):
            m.last = max(m.last, d.rates[len(d.rates) - 1].ts)
    word = until(d, m.end, DELIVERY, 0)
    while word == GO_ON:
        i = m.queued - 1
        if i < 0:
            learn(d, m.last + m.lag)
            m.upto = FAR
            return GO_ON
        word = until(d, d.m.q[i].at, d.m.q[i].rank, d.m.q[i].number + 1)
    return word


def _catch_up(d: Desk, i: int, close: float) -> None:
    m = d.m
    if i:
        if m.met != i - 1:
            m.reference = close
        heard = d.ts[i - 1] + m.lag
        m.heard = heard
        learn(d, heard)
    m.next = i
