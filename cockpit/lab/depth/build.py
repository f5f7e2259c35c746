"""A strategy's hooks and the machine of this folder as one module for numba, kept on disk."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from cockpit.lab.compiled import build, compose, layout, rows
from cockpit.lab.compiled.translate import Program
from cockpit.lab.depth import records

PARTS = ("queue", "books", "stretch")
REPLACED = frozenset(("ask_book", "ask_timer", "ask_trade", "drawn"))
HERE = Path(__file__).parent
SYMBOL = "cockpit_depth_equity"
ROWS = (
    records.Machine, records.Event, records.Level, records.Price, records.Market, records.Rest,
    records.Eaten, records.Flying,
)  # fmt: skip
"""Machine code of another layout of these is other machine code: they are named in its text."""
HEAD = """from collections import namedtuple
from math import ceil, copysign, exp, floor, inf, isfinite, isinf, isnan, log, log1p, nan, sqrt
import numba
import numpy as np
from numba import carray, njit, types
from cockpit.lab.compiled import rows
from cockpit.lab.compiled.pointers import as_pointer, column
from cockpit.lab.compiled.reasons import LIST_FULL
from cockpit.lab.compiled.records import Stop
from cockpit.lab.depth import records
TRADE_NEWS = namedtuple("TRADE_NEWS", "ts price qty sign")
equity_of = types.ExternalFunction("%(equity)s", types.float64(types.int64))
MACHINE = np.dtype(rows.dtype(records.Machine))
event_of, level_of, price_of, market_of, rest_of, eaten_of, flying_of = (
    column(numba.from_dtype(np.dtype(rows.dtype(row)))) for row in (
        records.Event, records.Level, records.Price, records.Market, records.Rest, records.Eaten,
        records.Flying)
)
whole_of = column(types.int64)
"""
COLUMNS = {
    "e": ("d.events", "event_of", "d.at_e"),
    "l": ("d.levels", "level_of", "d.at_l"),
    "p": ("d.prices", "price_of", "d.at_p"),
    "k": ("d.markets", "market_of", "d.at_k"),
    "rest": ("RESTING", "rest_of", "d.at_rest"),
    "eaten": ("EATEN", "eaten_of", "d.at_eaten"),
    "ring": ("FLIGHT", "flying_of", "d.at_ring"),
    "series": ("d.delays", "whole_of", "d.at_series"),
}
"""As ``compose.COLUMNS``: the machine's record alone is handed from call to call."""
BODY = """
@njit(%(inner)s)
def drawn(seed, counter, below):
    z = np.uint64(seed) + (np.uint64(counter) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.int64((z ^ (z >> np.uint64(31))) %% np.uint64(below))


@njit(%(inner)s)
def view_equity(at, m, view):
    second = view.now // 1000
    if second != view.equity_at:
        view.equity_at = second
        view.equity_now = equity_of(m.handle)
    return view.equity_now


%(functions)s

@njit(%(inner)s)
def ask_book(d, s, F):
    %(on_book)s


@njit(%(inner)s)
def ask_trade(d, s, F, i):
    %(on_trade)s


@njit(%(inner)s)
def ask_timer(d, s, F):
    %(on_timer)s


%(machine)s

STATE = np.dtype(%(state)s)


@njit(types.int64(types.int64), cache=True, error_model="python")
def run(at):
    d = carray(as_pointer(at), (1,), MACHINE)[0]
    s = carray(as_pointer(d.at_s), (1,), STATE)[0]
    return stretch(d, s, carray(as_pointer(d.at_f), (d.floats,), np.float64))
"""
CALLS = {
    "on_book": "{}(d, d, F, s, d.window, d.pen)",
    "on_timer": "{}(d, d, F, s, d.window, d.pen)",
    "on_trade": (
        "{}(d, d, F, s, TRADE_NEWS(d.now, event_of(d.at_e, i).x, event_of(d.at_e, i).qty, "
        "event_of(d.at_e, i).sign), d.window, d.pen)"
    ),
}


def text_of(program: Program) -> str:
    """A strategy's module."""
    inner = f"{compose.INNER}, error_model='python'"
    functions = "\n".join(f"@njit({inner})\n{text}" for text in program.texts)
    calls = {
        hook: call.format(program.hooks[hook]) if hook in program.hooks else "pass"
        for hook, call in CALLS.items()
    }
    books, queue, stretch = (_functions(part) for part in ("books", "queue", "stretch"))
    constants = "\n".join([*_constants(), *queue[1], *books[1], *stretch[1]])
    early, late = {**queue[0], **books[0]}, stretch[0]
    names = {
        "inner": inner,
        "state": repr(layout.dtype(program.owner)),
        "functions": functions,
        "machine": "\n".join(late.values()),
        **calls,
    }
    shapes = "\n".join(f"# {row.__name__} {rows.dtype(row)}" for row in ROWS)
    head = HEAD % {"equity": SYMBOL} + shapes + "\n" + compose.intrinsics() + "\n" + constants + "\n"
    return head + "\n".join(early.values()) + BODY % names


def _functions(part: str) -> tuple[dict[str, str], list[str]]:
    """The functions of a file, those that are called first, and its constants."""
    nodes = ast.parse((HERE / f"{part}.py").read_text()).body
    functions = {n.name: n for n in nodes if isinstance(n, ast.FunctionDef) and n.name not in REPLACED}
    texts: dict[str, str] = {}

    def write(name: str) -> None:
        if name in texts or name not in functions:
            return
        node = functions[name]
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id != name:
                write(inner.func.id)
        bare = ast.unparse(compose.Alone(COLUMNS).visit(compose.Bare().visit(node)))
        texts[name] = f"@njit({compose.INNER}, error_model='python')\n{bare}\n"

    for name in functions:
        write(name)
    return texts, [text for node in nodes if (text := _constant(node))]


def _constants() -> list[str]:
    return [text for node in ast.parse((HERE / "records.py").read_text()).body if (text := _constant(node))]


def _constant(node: ast.stmt) -> str:
    """The text of an assignment of plain numbers; empty for anything else."""
    if not isinstance(node, ast.Assign):
        return ""
    words: tuple[type[ast.AST], ...] = (ast.Name, ast.Constant, ast.Call, ast.BinOp, ast.UnaryOp)
    words += (ast.operator, ast.unaryop, ast.expr_context)
    return ast.unparse(node) if all(isinstance(part, words) for part in ast.walk(node.value)) else ""


@lru_cache(maxsize=1)
def _link() -> object:
    """Make the way back to Python known to the linker."""
    import ctypes

    import llvmlite.binding as llvm

    from cockpit.lab.depth.calls import equity

    made = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int64)(equity)
    llvm.add_symbol(SYMBOL, ctypes.cast(made, ctypes.c_void_p).value)
    return made


def load(program: Program, progress: build.Progress | None = None) -> ModuleType:
    """The module of a strategy: compiled, which takes seconds, or read from disk."""
    _link()
    if progress is not None:
        progress(program.strategy, 0.0)
    module = build.load_text(text_of(program))
    if progress is not None:
        progress(program.strategy, 1.0)
    return module
