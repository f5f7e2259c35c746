"""Run a strategy compiled, once or many times. ``Unsupported`` says why not; then the kernel is there.

play = compile_strategy(STRATEGIES["ema_trend"])
result = run(play, params, instrument, tape, config)
for row in sweep(play, [params, …], instrument, tape, config): …
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, NamedTuple

import msgspec

from cockpit.core.config import Config
from cockpit.core.registry import Plugin
from cockpit.core.types import Instrument
from cockpit.lab.compiled import build, layout, records, setting
from cockpit.lab.compiled import rows as flat
from cockpit.lab.compiled.drive import WORTH
from cockpit.lab.compiled.fold import Books, blank, fold
from cockpit.lab.compiled.packing import packing
from cockpit.lab.compiled.reasons import BOOKS_FULL, LIST_FULL, WORDS, Unsupported
from cockpit.lab.compiled.settlements import schedule
from cockpit.lab.compiled.shared import Made, Shelf
from cockpit.lab.compiled.tape import Tape
from cockpit.lab.compiled.translate import Program

PREFIX = "ckb001"
"""Of the client ids of a backtest's first sleeve."""
LIST_ROOM = 64
LARGEST_ROOM = 1 << 24


class Compiled(msgspec.Struct, frozen=True):
    """A strategy as machine code."""

    plugin: Plugin
    program: Any
    module: Any

    @property
    def hooks(self) -> Sequence[str]:
        """The hooks it has."""
        return tuple(self.program.hooks)

    @property
    def tags(self) -> dict[str, int]:
        """Words of its wishes, by number."""
        found: dict[str, int] = self.program.tags
        return found

    @property
    def asks_rates(self) -> bool:
        """Does it look at ``view.funding_rate``?"""
        return bool(self.program.asks_rates)

    def run(
        self, params: Any, instrument: Instrument, tape: Tape, config: Config | None = None,
        share: float = 1.0, sleeve: str = "", prefix: str = PREFIX,
    ) -> Result:  # fmt: skip
        """As ``run``."""
        return run(self, params, instrument, tape, config, share, sleeve, prefix)


class Result(msgspec.Struct, frozen=True, dict=True):
    """What one run did. Money is exact in ``books``; the floats are the nearest to it."""

    orders: int
    """Placed: entries, exits and protection."""
    trades: int
    """Times a position came back to zero."""
    filled: int
    equity: float
    """Everything at the last close."""
    rows: Any
    """Lines of the books as they were written."""
    booked: int
    instrument: Instrument
    tape: Tape
    config: Config
    sleeve: str
    prefix: str
    machine: Any
    state: Any
    """The strategy's own numbers at the end, in the order of ``layout``; itself where it ran as Python."""

    @property
    def lines(self) -> Any:
        """The rows, each with its fields as attributes."""
        import numpy as np

        return self.rows.view(np.recarray)

    @cached_property
    def books(self) -> Books:
        """Fills and ledger, as the kernel's own ledger books them. Worked out when asked for."""
        run = self.config.run
        ledger = blank(self.instrument, run.currency, run.equity, self.config.venue.leverage)
        return fold(self.lines, self.booked, self.instrument, self.tape, ledger, self.sleeve, self.prefix)


def compile_strategy(
    plugin: Plugin, progress: build.Progress | None = None, *, shared: bool = False
) -> Compiled:  # fmt: skip
    """Translate a strategy and compile what is not compiled yet. Raises Unsupported (Outside by line).

    ``shared``: for many runs over one tape; indicators that several of them have in common are made once.
    """
    if not build.available():
        raise Unsupported(build.MISSING)
    for reason, holds in reasons(plugin).items():
        if holds:
            raise Unsupported(f"{plugin.name}: {reason}")
    program = Program(plugin.target, plugin.name, shared=shared)
    return Compiled(plugin, program, build.load_strategy(program, progress))


def reasons(plugin: Plugin) -> dict[str, bool]:
    """Why the machine may not be able to drive a strategy, and whether it is so."""
    options, target = plugin.options, plugin.target
    return {
        "it trades several markets": options.get("legs", 1) not in (1, ()) and options.get("legs", 1) != 1,
        "it hears longer bars too": bool(options.get("timeframes")),
        "it has stop layers": bool(options.get("stops")),
        "it does not listen to bars": not hasattr(target, "on_bar"),
        "it has a timer": bool(getattr(target, "timer_ms", 0) or hasattr(target, "on_timer")),
    }


def run(
    play: Compiled, params: Any, instrument: Instrument, tape: Tape, config: Config | None = None,
    share: float = 1.0, sleeve: str = "", prefix: str = PREFIX,
) -> Result:  # fmt: skip
    """One backtest. Raises Unsupported where the kernel must be asked."""
    config = config or Config()
    start = start_of(instrument, tape, config, share, play)
    version = play.plugin.options.get("version", 1)
    sleeve = sleeve or f"{play.plugin.name}@{version}/{instrument.symbol}"
    room = LIST_ROOM
    lines = len(tape) // 8 + len(tape.rates) + 1024
    while True:
        try:
            return _once(play, params, start, _Of(instrument, tape, config, sleeve, prefix), room, lines)
        except _Again as full:
            room, lines = (room * 4, lines) if full.lists else (room, lines * 4)
            if max(room, lines) > LARGEST_ROOM:
                raise Unsupported("more memory than there is room for") from None


class _Again(Exception):
    """The same once more, with more room."""

    def __init__(self, lists: bool) -> None:
        super().__init__()
        self.lists = lists


class _Of(NamedTuple):
    """What a run is of, and under which names it is booked."""

    instrument: Instrument
    tape: Tape
    config: Config
    sleeve: str
    prefix: str


class _Memory(NamedTuple):
    """A run's own."""

    machines: Any
    states: Any
    floats: Any
    bytes: bytearray
    """Those of ``states``."""


class _Held(NamedTuple):
    """What a run reads that is not its own; it must stay there until the run is over."""

    table: Any
    made: list[tuple[str, Made]]
    """By field of the strategy."""


class Start(msgspec.Struct, frozen=True):
    """What every run of a strategy over a tape begins with."""

    machine: Any
    """The bytes of a machine before its first bar: numpy copies records field by field."""
    kind: Any
    """Its dtype."""
    state: Any
    """dtype of the strategy's own numbers."""
    line: Any
    """dtype of a line of the books."""
    owners: tuple[Any, ...]
    """Kept, so that their ids are nobody else's."""


class _Sheet(threading.local):
    """Room for the lines that one thread's runs write, one run after the other; what was booked is copied."""

    rows: Any = ()


_sheet = _Sheet()


def _once(
    play: Compiled, params: Any, start: Start, of: _Of, room: int, lines: int
) -> Result:  # fmt: skip
    import numpy as np

    strategy = play.plugin.target.create(params)
    arena: list[float] = []
    form = packing(play.plugin.target)
    values = form.values(strategy)
    own = form.bytes(values, arena, max(room, form.largest(values) + 2))
    states = np.frombuffer(own, start.state)
    floats = np.array(arena or [0.0])
    size = start.line.itemsize
    if len(_sheet.rows) < lines * size:
        _sheet.rows = np.empty(lines * size, np.uint8)
    rows = _sheet.rows
    machines = start.machine.copy().view(start.kind)
    m = machines[0]
    m["limit"] = setting.limit_of(params)
    m["at_books"], m["room"] = rows.ctypes.data, lines
    m["at_s"], m["at_f"], m["floats"] = states.ctypes.data, floats.ctypes.data, len(floats)
    at = machines.ctypes.data
    plan = play.program.shared
    try:
        memory = _Memory(machines, states, floats, own)
        held = _columns(play, values, of.tape, memory) if plan is not None else None
        play.module.drive(at)
    except records.Stop:
        why = int(m["why"])
        if why in (BOOKS_FULL, LIST_FULL):
            raise _Again(why == LIST_FULL) from None
        word = WORDS.get(why, f"reason {why}")
        raise Unsupported(word, int(m["why_ts"])) from None
    except (ArithmeticError, ValueError, IndexError) as error:
        raise Unsupported(f"{play.plugin.name} raised {type(error).__name__}", int(m["now"])) from error
    if play.module.worth(at, WORTH) < 0:
        raise Unsupported(WORDS.get(int(m["why"]), "its worth"))
    for name, made in held.made if held is not None else ():
        first = start.state.fields[name][1]
        own[first : first + len(made.end)] = made.end
    booked = int(m["booked"])
    return Result(
        int(m["number"]), int(m["trades"]), int(m["filled"]), float(m["worth"]),
        rows[: booked * size].copy().view(start.line), booked, of.instrument, of.tape, of.config, of.sleeve,
        of.prefix, machines, states,
    )  # fmt: skip


def _columns(play: Compiled, values: tuple[Any, ...], tape: Tape, memory: _Memory) -> _Held:
    """Put the shared columns where the run finds them; those that nobody has made yet are made."""
    import numpy as np

    plan, form = play.program.shared, packing(play.plugin.target)
    shelf: Shelf = tape.__dict__.setdefault("_shelf", Shelf())
    addresses: list[int] = []
    used: list[tuple[str, Made]] = []
    for number, update in enumerate(plan.updates):
        key = update.key(form, values)
        made = shelf.get(key)
        if made is None:
            made = _made(play, number, tape, memory)
            shelf.put(key, made)
        addresses += made.at
        used.append((update.name, made))
    table = np.array(addresses or [0], np.int64)
    memory.machines[0]["at_columns"] = table.ctypes.data
    return _Held(table, used)


def _made(play: Compiled, number: int, tape: Tape, memory: _Memory) -> Made:
    """An indicator over the whole tape, by the function that the strategy would call."""
    import numpy as np

    plan, (machines, states, floats, _) = play.program.shared, memory
    update, m = plan.updates[number], machines[0]
    columns = tuple(np.empty(len(tape)) for _ in range(1 + len(update.reads)))
    table = np.zeros(plan.columns, np.int64)
    at = tuple(int(column.ctypes.data) for column in columns)
    table[plan.first[number] : plan.first[number] + len(at)] = at
    scratch, lists = states.copy(), floats.copy()
    m["at_columns"], m["at_s"], m["at_f"] = table.ctypes.data, scratch.ctypes.data, lists.ctypes.data
    getattr(play.module, f"column_{number}")(machines.ctypes.data)
    m["at_s"], m["at_f"] = states.ctypes.data, floats.ctypes.data
    return Made(scratch[update.name].tobytes(), columns, at)


def start_of(instrument: Instrument, tape: Tape, config: Config, share: float, play: Any) -> Start:
    """The same for every run of a sweep, so it is made once. Raises Unsupported."""
    import numpy as np

    key = (id(instrument), id(config), share, id(play.plugin), play.asks_rates)
    known = tape.__dict__.setdefault("_starts", {})
    found: Start | None = known.get(key)
    if found is None:
        setting.check(instrument, tape, config, play.hooks)
        m = records.Machine()
        setting.prepare(m, instrument, tape, config, share)
        _windows(m, instrument)
        m.hears_fills = int("on_fill" in play.hooks)
        m.hears_rates = int("on_funding" in play.hooks)
        m.reads_rates = int(play.asks_rates)
        columns = [*arrays(tape), *_funding(m, tape)]
        (
            m.at_ts, m.at_open, m.at_high, m.at_low, m.at_close, m.at_volume, m.at_rates, m.at_dues,
        ) = (column.ctypes.data for column in columns)  # fmt: skip
        m.bars = len(tape)
        made = np.array([flat.pack(m)], np.dtype(flat.dtype(records.Machine)))
        found = known[key] = Start(
            made.view(np.uint8), made.dtype, np.dtype(layout.dtype(play.plugin.target)),
            np.dtype(flat.dtype(records.Entry)), (instrument, config, play.plugin, columns),
        )  # fmt: skip
    return found


def _windows(m: records.Machine, instrument: Instrument) -> None:
    """The window and the pen as a strategy first finds them."""
    from cockpit.core.book import Book
    from cockpit.core.view import View
    from cockpit.core.want import Want

    view, want = View(instrument, Book()), Want()
    for name in flat.fields(records.Window):
        setattr(m.window, name, getattr(view, name))
    m.window.tf = m.tf
    for name in flat.fields(records.Pen):
        setattr(m.pen, name, 0 if name == "tag" else getattr(want, name))


def arrays(tape: Tape) -> list[Any]:
    """Close times, open, high, low, close and volume as numpy arrays; made once a tape."""
    import numpy as np

    found: list[Any] | None = tape.__dict__.get("_arrays")
    if found is None:
        kinds = (np.int64, *[np.float64] * 5)
        columns = (tape.ts, tape.open, tape.high, tape.low, tape.close, tape.volume)
        found = [np.ascontiguousarray(c, dtype=k) for c, k in zip(columns, kinds, strict=True)]
        tape.__dict__["_arrays"] = found
    return found


def _funding(m: records.Machine, tape: Tape) -> tuple[Any, Any]:
    """Rates and settlements as the machine reads them."""
    import numpy as np

    plan = schedule(tape, spot=bool(m.spot))
    m.tape_rates, m.settlements, m.end = len(tape.rates), len(plan.dues), plan.end
    rates = np.zeros(max(1, len(tape.rates)), np.dtype(flat.dtype(records.Rate)))
    for at, row in enumerate(tape.rates):
        rates[at] = (
            row.ts, row.settle_ts, tape.rate_rank[at], int(row.settled), row.rate,
            tape.rate_hi[at], tape.rate_lo[at], int(plan.near[at]),
        )  # fmt: skip
    dues = np.zeros(max(1, len(plan.dues)), np.dtype(flat.dtype(records.Due)))
    dues[: len(plan.dues)] = plan.dues
    return rates, dues


def sweep(
    play: Compiled, many: Sequence[Any], instrument: Instrument, tape: Tape, config: Config | None = None,
    threads: int = 1,
) -> Iterator[Result | Unsupported]:  # fmt: skip
    """A result for each of many parameter sets, in their order; threads share the work without the GIL."""
    config = config or Config()
    arrays(tape)

    def one(params: Any) -> Result | Unsupported:
        try:
            return run(play, params, instrument, tape, config)
        except Unsupported as reason:
            return reason

    if threads <= 1:
        yield from map(one, many)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(one, many, chunksize=16)
