"""Programs as machine code, made once: the machine for all strategies, then each strategy's own loop.

The folder is the user's cache (``COCKPIT_JIT_CACHE`` names another). An object's name is the hash of all that
it is made from: the text, the machine's and the compiler's files, the version of LLVM, the processor.
What is compiled is never asked again, until one of these changes.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cockpit.lab.compiled import compose, layout, records
from cockpit.lab.compiled.drive import WORTH
from cockpit.lab.compiled.reasons import LIST_FULL, Unsupported
from cockpit.lab.compiled.translate import Program

Progress = Callable[[str, float], None]
"""Called with what is being compiled and how much is done, 0…1."""
MISSING = "compiled backtests need llvmlite: pip install 'cockpit[lab]'"
LOCK = threading.RLock()
LOOP = """
def view_equity(at: int, m, view) -> float:
    second = view.now // 1000
    if second != view.equity_at:
        if step(at, 6, view.now, 0.0, 0.0, 0.0) < 0:
            raise Stop
        view.equity_at = second
        view.equity_now = m.worth * m.share * (view.last if m.inverse else 1.0)
    return view.equity_now


%(functions)s

def ask(at: int, m, F, s, view, want, word: int) -> None:
    if word == 1:
        %(on_fill)s
    else:
        %(on_funding)s
    if step(at, 4, word, 0.0, 0.0, 0.0) < 0:
        raise Stop


def drive(at: int) -> None:
    m = row_at(at, Machine)
    kept = row_at(m.at_s, State)
    s = held(kept)
    F = floats_at(m.at_f)
    n, ts = m.bars, wholes_at(m.at_ts)
    op, hi, lo = floats_at(m.at_open), floats_at(m.at_high), floats_at(m.at_low)
    cl, vo = floats_at(m.at_close), floats_at(m.at_volume)
    view, want, lag, tf = m.window, m.pen, m.lag, m.tf
    %(taken)s
    if step(at, 0, 0, 0.0, 0.0, 0.0) < 0:
        raise Stop
    due, busy, low, high, last = m.due, m.busy, 0.0, 0.0, nan
    for i in range(n):
        now, o, h, l, c = ts[i] + lag, op[i], hi[i], lo[i], cl[i]
        if now >= due or (busy and not (low < l and low < o and h < high and o < high)):
            word = step(at, 1, i, h, l, c)
            while word != 0:
                if word < 0:
                    raise Stop
                written(kept, s)
                ask(at, m, F, kept, view, want, word)
                written(s, kept)
                word = step(at, 2, i, h, l, c)
            due, busy, low, high = m.due, m.busy, m.low, m.high
        view.now = now
        view.last = c
        last = c
        %(on_bar)s(at, m, F, s, BAR(now, tf, o, h, l, c, vo[i]%(shared)s), view, want)
        if want.dirty:
            if step(at, 3, now, 0.0, 0.0, 0.0) < 0:
                raise Stop
            due = m.due
    written(kept, s)
    while True:
        word = step(at, 5, 0, 0.0, 0.0, last)
        if word == 0:
            break
        if word < 0:
            raise Stop
        ask(at, m, F, kept, view, want, word)


def drive_all(at: int, size: int, count: int, books: int, room: int, line: int, least: int) -> int:
    for k in range(count):
        if room < least:
            return k
        mine = at + k * size
        m = row_at(mine, Machine)
        m.at_books = books
        m.room = room
        drive(mine)
        if step(mine, %(worth)s, 0, 0.0, 0.0, 0.0) < 0:
            raise Stop
        books += m.booked * line
        room -= m.booked
    return count
"""
FIELDS = {
    "BAR": ("ts", "tf", "open", "high", "low", "close", "volume", "index", "shared"),
    "FILL": ("ts", "price", "qty", "maker", "sign"),
    "RATE": ("ts", "rate", "settle_ts", "settled"),
}
CALLS = {
    "on_fill": "{}(at, m, F, s, FILL(m.now, m.news_price, m.news_qty, False, m.news_sign), view, want)",
    "on_funding": "{}(at, m, F, s, RATE(m.now, m.news_rate, m.news_due, m.news_settled != 0), view, want)",
}


def text_of(program: Program) -> str:
    """The text of a strategy's loop, and of what it calls."""
    makers = program.shared.makers(program) if program.shared is not None else ""
    calls = {
        hook: call.format(program.hooks[hook]) if hook in program.hooks else "pass"
        for hook, call in CALLS.items()
    }
    names = {
        "functions": "\n".join(program.texts),
        "on_bar": program.hooks["on_bar"],
        "worth": WORTH,
        "shared": ", i, taken" if makers else "",
        "taken": f"taken = ({program.shared.taken()})" if program.shared is not None and makers else "pass",
    }
    return LOOP % {**names, **calls} + "\n\n" + makers


def folder() -> Path:
    """Where machine code is kept."""
    named = os.environ.get("COCKPIT_JIT_CACHE", "")
    if named:
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_cache_dir("cockpit")) / "compiled"


def available() -> bool:
    """Is the compiler installed?"""
    return importlib.util.find_spec("llvmlite") is not None


@lru_cache(maxsize=1)
def _stamp() -> str:
    """What machine code depends on besides its text."""
    import llvmlite

    from cockpit.lab.native.objects import processor

    return f"{llvmlite.__version__} {processor()}\n{compose.sources()}"


def digest(text: str) -> str:
    """The name of machine code: 16 characters."""
    return hashlib.sha256(f"{_stamp()}\n{text}".encode()).hexdigest()[:16]


@lru_cache(maxsize=1)
def machine_symbol() -> str:
    """The name by which strategies call the machine."""
    return f"cockpit_step_{digest('')}"


_loaded: dict[str, Any] = {}


def load_machine(progress: Progress | None = None) -> None:
    """Compile the machine, or read it from disk, and make its name known to the linker."""
    from cockpit.lab.native import objects
    from cockpit.lab.native.kinds import PLAIN

    symbol = machine_symbol()
    with LOCK:
        if symbol in _loaded:
            return

        def made() -> str:
            from cockpit.lab.native.lowering import Lowering

            scope = compose.machine()
            lowering = Lowering(symbol, scope, compose.called_seldom(scope))
            lowering.export("step", symbol, [PLAIN[kind] for kind in compose.STEP_KINDS])
            return str(lowering.module)

        linked = _linked(symbol, made, "the machine", progress)
        objects.publish(symbol, linked.address(symbol))
        _loaded[symbol] = linked


def load_strategy(program: Program, progress: Progress | None = None) -> Any:
    """The doors of a strategy's loop: ``drive_all`` and, for a sweep, ``column_0`` …

    ``drive_all`` runs machines that lie one after the other; so do their books, ``line`` bytes a row. It
    answers how many it ran: with less than ``least`` rows left it begins none.
    """
    text = text_of(program)
    doors: dict[str, tuple[str, ...]] = {"drive_all": ("int",) * 7}
    if program.shared is not None:
        doors |= {f"column_{number}": ("int",) for number in range(len(program.shared.updates))}
    forms = {"State": layout.dtype(program.owner), **program.rows}

    def scope() -> dict[str, Any]:
        from cockpit.lab.native.kinds import row_of

        return {**bars_scope(text), **{word: row_of(form) for word, form in forms.items()}}

    load_machine(progress)
    return load_text(text, doors, scope, shapes=repr(forms), inside=frozenset((program.hooks["on_bar"],)))


def bars_scope(text: str) -> dict[str, Any]:
    """What the names of a text mean that calls the machine for bars."""
    from cockpit.lab.native.kinds import FLOAT, INT, Outside, Reader, Shape

    return {
        **compose.intrinsics(), **compose.functions_of(text), **compose.kinds(), "LIST_FULL": LIST_FULL,
        **{word: Shape(names) for word, names in FIELDS.items()},
        "whole_of": Reader("<i8"), "float_of": Reader("<f8"),
        "step": Outside(machine_symbol(), (INT, INT, INT, FLOAT, FLOAT, FLOAT), INT, seldom=True),
    }  # fmt: skip


def load_text(
    text: str, doors: Mapping[str, tuple[str, ...]], scope: Callable[[], dict[str, Any]], *,
    shapes: str = "", inside: frozenset[str] = frozenset(), what: str = "", progress: Progress | None = None,
) -> Any:  # fmt: skip
    """A program, compiled or read from disk; each door (its name, the kinds it takes) is an attribute.

    ``scope`` says what its names mean, where that is asked; ``shapes`` how its rows lie in memory.
    """
    name = f"cockpit_jit_{digest(f'{text}{shapes}')}"

    def made() -> str:
        from cockpit.lab.native.kinds import PLAIN
        from cockpit.lab.native.lowering import Lowering

        lowering = Lowering(name, scope(), inside)
        for door, takes in doors.items():
            lowering.export(door, f"{name}_{door}", [PLAIN[kind] for kind in takes])
        return str(lowering.module)

    with LOCK:
        if name not in _loaded:
            linked = _linked(name, made, what, progress)
            calls = {
                door: linked.door(f"{name}_{door}", takes, records.Stop) for door, takes in doors.items()
            }
            _loaded[name] = SimpleNamespace(**calls)
        return _loaded[name]


def _linked(name: str, made: Callable[[], str], what: str, progress: Progress | None) -> Any:
    """Machine code in memory: from disk, or compiled and kept there. Raises Unsupported."""
    from cockpit.lab.native import objects

    place = folder() / f"{name}.o"
    code = objects.read(place)
    if code is None:
        from cockpit.lab.native.codes import Cannot

        _tell(progress, what, 0.0)
        try:
            code = objects.assemble(made())
            objects.keep(place, code)
        except Cannot as error:
            raise Unsupported(f"there is no machine code for it: {error}") from error
        except OSError as error:
            raise Unsupported(f"no room for compiled code in {place.parent}: {error}") from error
        _tell(progress, what, 1.0)
    return objects.Linked(code)


def _tell(progress: Progress | None, what: str, done: float) -> None:
    if progress is not None:
        progress(what, done)
