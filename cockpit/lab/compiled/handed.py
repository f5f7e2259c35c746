"""The strategy's class as ordinary Python, the machine around it compiled: ``--executor python``.

``on_bar`` is called for every bar with the real View, Want and Bar, so any Python runs, breakpoints hold and
``print`` prints. Stops, fills, fees, funding, gate and money are the compiled machine's, which is only called
where something of ours happens. What it does not know exactly it refuses, and the kernel runs instead.

play = hand(STRATEGIES["ema_trend"])
result = run(play, params, instrument, tape, config)
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from struct import Struct, error
from typing import Any, NamedTuple

import msgspec

from cockpit.core.book import Book
from cockpit.core.config import Config
from cockpit.core.events import Bar
from cockpit.core.registry import Plugin
from cockpit.core.types import Instrument
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.lab.compiled import build, records
from cockpit.lab.compiled import rows as flat
from cockpit.lab.compiled.batch import LARGEST_ROOM
from cockpit.lab.compiled.drive import BEGIN, FINISH, RESUME, SPOKE, WORTH
from cockpit.lab.compiled.fold import fill_of
from cockpit.lab.compiled.news import HOOK_FILL
from cockpit.lab.compiled.reasons import BOOKS_FULL, WORDS, Unsupported
from cockpit.lab.compiled.result import PREFIX, Result
from cockpit.lab.compiled.run import reasons
from cockpit.lab.compiled.start import Start, start_of
from cockpit.lab.compiled.tape import Tape

HOOKS = ("on_bar", "on_fill", "on_funding")
PLAIN = frozenset((float, int, bool))
FORMS: dict[Any, str] = {float: "d", int: "q", flat.Short: "i"}
DOOR = """
def call(at: int, what: int, i: int, close: float, last: float, equity_at: int) -> int:
    m = row_at(at, Machine)
    m.window.last = last
    m.window.equity_at = equity_at
    return step(at, what, i, 0.0, 0.0, close)


def enter(at: int, i: int, high: float, low: float, close: float, last: float, equity_at: int) -> int:
    m = row_at(at, Machine)
    m.window.last = last
    m.window.equity_at = equity_at
    return step(at, 1, i, high, low, close)


def go_on(at: int, i: int, high: float, low: float, close: float) -> int:
    return step(at, 2, i, high, low, close)
"""
DOORS = {
    "call": ("int", "int", "int", "float", "float", "int"),
    "enter": ("int", "int", "float", "float", "float", "float", "int"),
    "go_on": ("int", "int", "float", "float", "float"),
}
"""The ways from Python into the machine; each tells it the price that the strategy knows."""
Line = NamedTuple("Line", [(name, Any) for name in flat.fields(records.Entry)])  # type: ignore[misc]


class Handed(msgspec.Struct, frozen=True):
    """A strategy that runs as it is, and the machine's door."""

    plugin: Plugin
    door: Any
    tags: dict[str, int]
    """Words of its wishes by number; grows as it speaks."""
    asks_rates = True
    """It may look at ``view.funding_rate`` at any time."""

    @property
    def hooks(self) -> Sequence[str]:
        """The hooks it has."""
        return tuple(hook for hook in HOOKS if hasattr(self.plugin.target, hook))

    def run(
        self, params: Any, instrument: Instrument, tape: Tape, config: Config | None = None,
        share: float = 1.0, sleeve: str = "", prefix: str = PREFIX,
    ) -> Result:  # fmt: skip
        """As ``run``."""
        return run(self, params, instrument, tape, config, share, sleeve, prefix)


def hand(plugin: Plugin, progress: build.Progress | None = None) -> Handed:
    """Make a strategy ready. Raises Unsupported for what only the kernel can drive."""
    if not build.available():
        raise Unsupported(build.MISSING)
    for reason, holds in reasons(plugin).items():
        if holds:
            raise Unsupported(f"{plugin.name}: {reason}")
    return Handed(plugin, door(progress), {"": 0})


def door(progress: build.Progress | None = None) -> Any:
    """The machine's door, compiled once for all strategies."""
    build.load_machine(progress)
    return build.load_text(DOOR, DOORS, lambda: build.bars_scope(DOOR))


def run(
    play: Handed, params: Any, instrument: Instrument, tape: Tape, config: Config | None = None,
    share: float = 1.0, sleeve: str = "", prefix: str = PREFIX,
) -> Result:  # fmt: skip
    """One backtest. Raises Unsupported where the kernel must be asked."""
    config = config or Config()
    start = start_of(instrument, tape, config, share, play)
    version = play.plugin.options.get("version", 1)
    names = (sleeve or f"{play.plugin.name}@{version}/{instrument.symbol}", prefix)
    lines = len(tape) // 8 + len(tape.rates) + 1024
    while lines <= LARGEST_ROOM:
        drive = _Drive(play, start, instrument, tape, lines, prefix)
        strategy = play.plugin.target.create(params)
        if drive.run(strategy, params):
            m = drive.machines[0]
            booked = int(m["booked"])
            return Result(
                int(m["number"]), int(m["trades"]), int(m["filled"]), float(m["worth"]), drive.rows[:booked],
                booked, instrument, tape, config, *names, int(m["now"]), int(m["tag"]), strategy,
            )  # fmt: skip
        lines *= 4
    raise Unsupported("more memory than there is room for")


class _Drive:
    """One run: the bars, the strategy's own objects, and the machine's memory."""

    def __init__(
        self, play: Handed, start: Start, instrument: Instrument, tape: Tape, lines: int, prefix: str
    ) -> None:
        import numpy as np

        self.play = play
        self.instrument, self.tape, self.prefix = instrument, tape, prefix
        self.rows = np.zeros(lines, start.line)
        self.machines = start.machine.copy().view(start.kind)
        self.machines["at_books"], self.machines["room"] = self.rows.ctypes.data, lines
        self.at = int(self.machines.ctypes.data)
        self.view, self.want = View(instrument, Book()), Want()
        self.view.equity_of = self._equity
        self.share = float(self.machines["share"][0])
        memory: Any = memoryview
        self._memory, self._lines = memory(self.machines.view(np.uint8)), memory(self.rows.view(np.uint8))
        self._bounds, self._window, self._news, self._pen, self._line = _places(start)
        self._call: Callable[..., int] = play.door.call

    def run(self, strategy: Any, params: Any) -> bool:
        """All of the tape; False when the books are full. Raises Unsupported."""
        from cockpit.lab.compiled import setting

        self.machines["limit"] = setting.limit_of(params)
        self.view.tf = self.tape.tf
        self.on_fill: Any = getattr(strategy, "on_fill", None)
        self.on_funding: Any = getattr(strategy, "on_funding", None)
        try:
            self._bars(strategy.on_bar)
            while word := self._said(
                self._call(self.at, FINISH, 0, self.view.last, self.view.last, self.view.equity_at)
            ):
                self._ask(word)
            self._said(self._call(self.at, WORTH, 0, 0.0, self.view.last, self.view.equity_at))
        except _Full:
            return False
        except Unsupported:
            raise
        except Exception as wrong:
            where = traceback.extract_tb(wrong.__traceback__)[-1]
            place = f"{where.filename.rpartition('/')[2]} line {where.lineno}"
            words = f"{self.play.plugin.name} raised {type(wrong).__name__} in {place}: {wrong}"
            raise Unsupported(words, self.view.now) from wrong
        return True

    def _bars(self, on_bar: Callable[..., None]) -> None:
        """Every bar is the strategy's; the machine is asked where something of ours could happen."""
        tape, view, want, at = self.tape, self.view, self.want, self.at
        symbol, tf, lag = tape.symbol, tape.tf, int(self.machines["lag"][0])
        enter, go_on, bounds = self.play.door.enter, self.play.door.go_on, self._bounds
        memory = self._memory
        self._said(self._call(at, BEGIN, 0, 0.0, view.last, -1))
        low, high, busy, due = bounds[0](memory, bounds[1])
        index = 0
        rows = zip(*(_listed(c) for c in (tape.ts, tape.open, tape.high, tape.low, tape.close, tape.volume)),
                   strict=True)  # fmt: skip
        for closed, o, h, lo, c, v in rows:
            ts = closed + lag
            if ts >= due or (busy and not (low < lo and low < o and h < high and o < high)):
                word = enter(at, index, h, lo, c, view.last, view.equity_at)
                while word:
                    self._ask(self._said(word))
                    word = go_on(at, index, h, lo, c)
                self._look()
                low, high, busy, due = bounds[0](memory, bounds[1])
            view.now = ts
            view.last = c
            on_bar(Bar(ts, symbol, tf, o, h, lo, c, v), view, want)
            if want.dirty:
                self._write()
                self._said(self._call(at, SPOKE, ts, 0.0, c, view.equity_at))
                self._look()
                due = bounds[0](memory, bounds[1])[3]
            index += 1

    def _said(self, word: int) -> int:
        """A word of the machine. Raises Unsupported where it has stopped."""
        if word < 0:
            m = self.machines[0]
            why = int(m["why"])
            if why == BOOKS_FULL:
                raise _Full
            raise Unsupported(WORDS.get(why, f"reason {why}"), int(m["why_ts"]))
        return word

    def _ask(self, word: int) -> None:
        """The strategy hears of a fill or of a funding rate, and the machine goes on."""
        self._look()
        view, want = self.view, self.want
        now, index = self._news[0](self._memory, self._news[1])
        view.now = now
        if word == HOOK_FILL:
            read, size = self._line
            fill = fill_of(Line(*read(self._lines, index * size)), self.instrument, self.prefix)
            self.on_fill(msgspec.structs.replace(fill, ts=now), view, want)
        else:
            self.on_funding(msgspec.structs.replace(self.tape.rates[index], ts=now), view, want)
        if want.dirty:
            self._write()
        self._said(self._call(self.at, RESUME, word, 0.0, view.last, view.equity_at))

    def _look(self) -> None:
        """The window as the machine has left it."""
        view = self.view
        (
            _, view.position, view.entry, _, _, view.funding_rate, _, view.resting, view.latency,
            view.latency_ts, _, _, view.equity_at,
        ) = self._window[0](self._memory, self._window[1])  # fmt: skip

    def _write(self) -> None:
        """The wish into the machine's memory. Raises Unsupported for what is no plain number."""
        want, tags = self.want, self.play.tags
        numbers = (
            want.weight, want.qty, want.stop, want.take, want.bid, want.bid_qty, want.ask, want.ask_qty,
            want.confidence,
        )  # fmt: skip
        if not PLAIN.issuperset(map(type, numbers)) or type(want.tag) is not str:
            raise Unsupported("a wish that is no plain number", self.view.now)
        tag = tags.setdefault(want.tag, len(tags))
        write, place = self._pen
        try:
            write(self._memory, place, True, want.sized, want.kept, want.quoting, *numbers, tag)
        except (error, OverflowError):
            raise Unsupported("a wish that is no plain number", self.view.now) from None
        want.dirty = False

    def _equity(self) -> float:
        view = self.view
        self._said(self._call(self.at, WORTH, view.now, 0.0, view.last, view.equity_at))
        capital = float(self.machines["worth"][0]) * self.share
        return capital * view.last if view.inverse else capital


class _Full(Exception):
    """The books are full."""


def _places(start: Start) -> tuple[Any, ...]:
    """How to read bounds, window and news, and to write the pen: (packed form, place) each."""
    fields = start.kind.fields
    window, pen = fields["window"][1], fields["pen"][1]
    line = "".join(FORMS[kind] for kind in flat.fields(records.Entry).values())
    return (
        (Struct("<2d2q").unpack_from, fields["low"][1]),
        (Struct("<q5d2qd4q").unpack_from, window),
        (_two(fields["now"][1], fields["index"][1]), 0),
        (Struct("<4?9dq").pack_into, pen),
        (Struct(f"<{line}").unpack_from, start.line.itemsize),
    )  # fmt: skip


def _two(first: int, second: int) -> Callable[[Any, int], tuple[int, int]]:
    read = Struct("<q").unpack_from

    def both(memory: Any, _place: int) -> tuple[int, int]:
        return read(memory, first)[0], read(memory, second)[0]

    return both


def _listed(column: Sequence[Any]) -> Sequence[Any]:
    """Plain numbers, whatever the column is made of."""
    made: Any = column
    return made.tolist() if hasattr(made, "tolist") else column
