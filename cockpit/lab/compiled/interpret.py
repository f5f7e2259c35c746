"""The machine in plain Python around the strategy object itself: slower, and it needs nothing installed.

Any Python a strategy may use works here, a debugger too; what the machine cannot do it refuses as the
compiled one does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from cockpit.core.book import Book
from cockpit.core.events import Bar
from cockpit.core.types import Instrument
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.lab.compiled import drive
from cockpit.lab.compiled.fold import fill_of
from cockpit.lab.compiled.gate import quoted
from cockpit.lab.compiled.news import HOOK_FILL, resume
from cockpit.lab.compiled.records import Desk, Entry, Machine, Rate
from cockpit.lab.compiled.settlements import schedule
from cockpit.lab.compiled.tape import Tape


class Lines(list[Entry]):
    """Books that grow as they are written."""

    def __getitem__(self, at: Any) -> Any:
        while at >= super().__len__():
            self.append(Entry())
        return super().__getitem__(at)

    def __len__(self) -> int:
        return 1 << 30


def play(m: Machine, strategy: Any, instrument: Instrument, tape: Tape, prefix: str) -> tuple[Desk, View]:
    """Run a strategy object over a tape with a prepared machine. Raises Stop, or what the strategy raises."""
    view = View(instrument, Book())
    view.tf = m.tf
    rates = []
    plan = schedule(tape, spot=bool(m.spot))
    m.end = plan.end
    for row, rank, hi, lo, near in zip(
        tape.rates, tape.rate_rank, tape.rate_hi, tape.rate_lo, plan.near, strict=True
    ):
        rate = Rate()
        rate.near = int(near)
        rate.ts, rate.due, rate.settled = row.ts, row.settle_ts, int(row.settled)
        rate.rank, rate.rate, rate.hi, rate.lo = rank, row.rate, hi, lo
        rates.append(rate)
    desk = Desk(m, Lines(), tape.ts, tape.open, rates, plan.dues)
    want = Want()
    m.window, m.pen = view, want  # type: ignore[assignment]
    view.equity_of = lambda: quoted(m, drive.worth(desk, view.now) * m.share, view.last)
    on_fill: Any = getattr(strategy, "on_fill", None)
    on_funding: Any = getattr(strategy, "on_funding", None)
    m.reads_rates = 1
    m.hears_fills, m.hears_rates = int(on_fill is not None), int(on_funding is not None)

    def ask(word: int) -> None:
        at = m.index
        if word == HOOK_FILL:
            fill = fill_of(desk.b[at], instrument, prefix)
            on_fill(msgspec.structs.replace(fill, ts=m.now), view, want)
        else:
            on_funding(msgspec.structs.replace(tape.rates[at], ts=m.now), view, want)
        resume(desk, word)

    _bars(desk, tape, strategy.on_bar, ask)
    while word := drive.finish(desk, view.last):
        ask(word)
    return desk, view


def _bars(d: Desk, tape: Tape, on_bar: Callable[..., None], ask: Callable[[int], None]) -> None:
    """The loop: a bar that can touch nothing costs two comparisons besides the strategy."""
    m, view, want = d.m, d.m.window, d.m.pen
    symbol, tf, lag = tape.symbol, tape.tf, m.lag
    drive.begin(d)
    due, busy, low, high = m.due, 0, 0.0, 0.0
    index = 0
    rows = zip(tape.ts, tape.open, tape.high, tape.low, tape.close, tape.volume, strict=True)
    for closed, o, h, lo, c, v in rows:
        ts = closed + lag
        if ts >= due or (busy and not (low < lo and low < o and h < high and o < high)):
            drive.reach(d, index)
            while word := drive.go_on(d, index, h, lo, c):
                ask(word)
            due, busy, low, high = m.due, m.busy, m.low, m.high
        view.now = ts
        view.last = c
        on_bar(Bar(ts, symbol, tf, o, h, lo, c, v), view, want)
        if want.dirty:
            drive.spoke(d, ts)
            due = m.due
        index += 1
