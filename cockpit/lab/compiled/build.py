"""Generated modules on disk, compiled once: the machine for all strategies, then each strategy's own loop.

The folder is the user's cache (``COCKPIT_JIT_CACHE`` names another). A module's name is the hash of its text,
of the machine's, and of the versions of Python and numba and the processor; numba keeps its machine code
beside it. What is compiled is never asked again, until one of these changes.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from cockpit.core.errors import CockpitError
from cockpit.lab.compiled import compose, layout
from cockpit.lab.compiled.reasons import Unsupported
from cockpit.lab.compiled.translate import Program

Progress = Callable[[str, float], None]
"""Called with what is being compiled and how much is done, 0…1."""
MISSING = "compiled backtests need numba: pip install 'cockpit[lab]'"
LOCK = threading.RLock()
LOOP = """
from collections import namedtuple
from numba import types
from cockpit.lab.compiled.pointers import held, written
from cockpit.lab.compiled.reasons import LIST_FULL
BAR = namedtuple("BAR", "ts tf open high low close volume%(fields)s")
FILL = namedtuple("FILL", "ts price qty maker sign")
RATE = namedtuple("RATE", "ts rate settle_ts settled")
step = types.ExternalFunction("%(symbol)s", types.int64(
    types.int64, types.int64, types.int64, types.float64, types.float64, types.float64))


@njit(%(inner)s)
def view_equity(at, m, view):
    second = view.now // 1000
    if second != view.equity_at:
        if step(at, 6, view.now, 0.0, 0.0, 0.0) < 0:
            raise Stop
        view.equity_at = second
        view.equity_now = m.worth * m.share
    return view.equity_now


%(functions)s

@njit(%(inner)s)
def ask(at, m, F, s, view, want, word):
    if word == 1:
        %(on_fill)s
    else:
        %(on_funding)s
    if step(at, 4, word, 0.0, 0.0, 0.0) < 0:
        raise Stop


@njit(types.int64(types.int64, types.int64), cache=True)
def worth(at, what):
    return step(at, what, 0, 0.0, 0.0, 0.0)


MACHINE, STATE = np.dtype(rows.dtype(records.Machine)), np.dtype(%(state)s)


@njit(cache=True, nogil=True, error_model="python")
def drive(at):
    m = carray(as_pointer(at), (1,), MACHINE)[0]
    kept = carray(as_pointer(m.at_s), (1,), STATE)[0]
    s = held(kept)
    F = carray(as_pointer(m.at_f), (m.floats,), np.float64)
    n, ts = m.bars, carray(as_pointer(m.at_ts), (m.bars,), np.int64)
    op = carray(as_pointer(m.at_open), (n,), np.float64)
    hi = carray(as_pointer(m.at_high), (n,), np.float64)
    lo = carray(as_pointer(m.at_low), (n,), np.float64)
    cl = carray(as_pointer(m.at_close), (n,), np.float64)
    vo = carray(as_pointer(m.at_volume), (n,), np.float64)
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
"""
READERS = "whole_of, float_of = column(types.int64), column(types.float64)\n"
CALLS = {
    "on_fill": "{}(at, m, F, s, FILL(m.now, m.news_price, m.news_qty, False, m.news_sign), view, want)",
    "on_funding": "{}(at, m, F, s, RATE(m.now, m.news_rate, m.news_due, m.news_settled != 0), view, want)",
}


def text_of(program: Program, symbol: str) -> str:
    """A strategy's module."""
    makers = program.shared.makers(program) if program.shared is not None else ""
    functions = "\n".join(_decorated(text, program.hooks["on_bar"]) for text in program.texts)
    calls = {
        hook: call.format(program.hooks[hook]) if hook in program.hooks else "pass"
        for hook, call in CALLS.items()
    }
    names = {
        "symbol": symbol,
        "inner": compose.INNER,
        "functions": functions,
        "on_bar": program.hooks["on_bar"],
        "fields": " index shared" if makers else "",
        "shared": ", i, taken" if makers else "",
        "taken": f"taken = ({program.shared.taken()})" if program.shared is not None and makers else "",
        "state": repr(layout.dtype(program.owner)),
    }
    return compose.HEAD + READERS + compose.intrinsics() + LOOP % {**names, **calls} + "\n\n" + makers


def _decorated(text: str, on_bar: str) -> str:
    """A function for numba; ``on_bar`` becomes a part of the loop: a call a bar costs as much as it does."""
    inside = ", forceinline=True" if text.startswith(f"def {on_bar}(") else ""
    return f"@njit({compose.INNER}, error_model='python'{inside})\n{text}"


def folder() -> Path:
    """Where generated modules and machine code are kept."""
    named = os.environ.get("COCKPIT_JIT_CACHE", "")
    if named:
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_cache_dir("cockpit")) / "compiled"


def available() -> bool:
    """Is numba installed?"""
    return importlib.util.find_spec("numba") is not None


@lru_cache(maxsize=1)
def _stamp() -> str:
    """What generated code depends on besides its text."""
    import llvmlite.binding as llvm
    import numba

    switch: Any = numba.config
    cpu = f"{llvm.get_host_cpu_name()} {os.environ.get('NUMBA_CPU_NAME', '')}"
    switches = f"{switch.BOUNDSCHECK} {switch.OPT} {switch.DISABLE_JIT}"
    return f"{sys.version}\n{numba.__version__}\n{cpu}\n{switches}\n{compose.machine()}\n{compose.STEP}"


def digest(text: str) -> str:
    """The name of a generated module: 16 characters."""
    return hashlib.sha256(f"{_stamp()}\n{text}".encode()).hexdigest()[:16]


@lru_cache(maxsize=1)
def machine_symbol() -> str:
    """The name by which strategies call the machine."""
    return f"cockpit_step_{digest('')}"


_loaded: dict[str, ModuleType] = {}


def load_machine(progress: Progress | None = None) -> None:
    """Compile the machine, or read it from disk, and make its name known to the linker."""
    import llvmlite.binding as llvm

    symbol = machine_symbol()
    with LOCK:
        if symbol in _loaded:
            return
        ready = folder() / f"{symbol}.ready"
        module = None
        if ready.exists():
            try:
                # Compiled code names the module it came from; its text is not needed again.
                sys.modules.setdefault(f"{symbol}_parts", ModuleType(f"{symbol}_parts"))
                module = _module(symbol, compose.HEAD + compose.STEP)
            except Exception:  # noqa: BLE001 - whatever is wrong with a cache, it can be made again
                module = None
        if module is None:
            _tell(progress, "the machine", 0.0)
            parts = _module(f"{symbol}_parts", compose.machine(), progress)
            module = _module(symbol, compose.HEAD + compose.STEP, work=parts.work)
            ready.write_text("")
            _tell(progress, "the machine", 1.0)
        llvm.add_symbol(symbol, module.step.address)
        _loaded[symbol] = module


def load_strategy(program: Program, progress: Progress | None = None) -> ModuleType:
    """The module of a strategy; its loop is compiled at its first run."""
    load_machine(progress)
    text = text_of(program, machine_symbol())
    name = f"cockpit_jit_{digest(text)}"
    with LOCK:
        if name not in _loaded:
            _loaded[name] = _module(name, text)
        return _loaded[name]


def load_text(text: str, progress: Progress | None = None) -> ModuleType:
    """Another generated module, compiled when its functions are first called or read from disk."""
    name = f"cockpit_jit_{digest(text)}"
    with LOCK:
        if name not in _loaded:
            _loaded[name] = _module(name, text, progress)
        return _loaded[name]


def _module(name: str, text: str, progress: Progress | None = None, **names: Any) -> ModuleType:
    """Write a module, unless it is there already, and run it."""
    place = folder()
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = place / f"{name}.py"
        if not path.exists() or path.read_text() != text:
            half = path.with_suffix(f".{os.getpid()}")
            half.write_text(text)
            half.replace(path)
    except OSError as error:
        raise Unsupported(f"no room for compiled code in {place}: {error}") from error
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise CockpitError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    vars(module).update(names)
    sys.modules[name] = module
    if progress is None:
        spec.loader.exec_module(module)
    else:
        _slowly(module, text, str(path), progress)
    return module


def _slowly(module: ModuleType, text: str, path: str, progress: Progress) -> None:
    """The same statement by statement, telling how far it is."""
    import ast

    body = ast.parse(text).body
    for at, node in enumerate(body):
        exec(compile(ast.Module([node], []), path, "exec"), vars(module))
        _tell(progress, "the machine", at / len(body))


def _tell(progress: Progress | None, what: str, done: float) -> None:
    if progress is not None:
        progress(what, done)
