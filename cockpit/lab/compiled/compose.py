"""The text of the machine as one module for numba: the plain files of this folder, one after the other.

Imports, annotations, docstrings and classes go; every function gets numba's decorator. The desk becomes the
machine's record alone, which knows where books and tape lie: handed on from call to call, five arrays are
thirty numbers, and that cost more than what the functions do. Nothing else changes, so what runs compiled is
what runs in Python.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from cockpit.lab.compiled import records, rows

PARTS = (
    "reasons", "exact", "flight", "grid", "books", "margin", "gate", "trader", "venue", "bars", "funding",
    "news", "drive",
)  # fmt: skip
FEW = 2
HERE = Path(__file__).parent
PACKAGE = "cockpit.lab.compiled"
HEAD = """import numpy as np
import numba
from math import ceil, copysign, exp, floor, frexp, inf, isfinite, isinf, isnan, ldexp, log, nan, sqrt
from numba import carray, cfunc, njit, types
from cockpit.lab.compiled.pointers import as_pointer, column
from cockpit.lab.compiled import records, rows
from cockpit.lab.compiled.records import Stop
"""
TYPES = """
def record(row):
    return numba.from_dtype(np.dtype(rows.dtype(row)))
Machine, Ticket, Entry, Pen = (
    record(row) for row in (records.Machine, records.Ticket, records.Entry, records.Pen)
)
KINDS = {"Machine": Machine, "Desk": Machine, "Ticket": Ticket, "Entry": Entry, "Pen": Pen,
    "int": types.int64, "float": types.float64, "bool": types.boolean}
line_of, rate_of, due_of = (column(record(row)) for row in (records.Entry, records.Rate, records.Due))
whole_of, float_of = column(types.int64), column(types.float64)
"""
COLUMNS = {
    "b": ("d.room", "line_of", "d.at_books"),
    "ts": ("d.bars", "whole_of", "d.at_ts"),
    "open": ("d.bars", "float_of", "d.at_open"),
    "rates": ("d.tape_rates", "rate_of", "d.at_rates"),
    "dues": ("d.settlements", "due_of", "d.at_dues"),
}
"""Of each column of the desk, in the words of the machine's record: length, what reads a row, address."""
INNER = "nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False"
STEP = """
MACHINE = np.dtype(rows.dtype(records.Machine))
@cfunc(
    types.int64(
        types.int64, types.int64, types.int64, types.float64, types.float64, types.float64), cache=True)
def step(at, what, i, high, low, close):
    return work(carray(as_pointer(at), (1,), MACHINE)[0], what, i, high, low, close)
"""


@lru_cache(maxsize=1)
def machine() -> str:
    """Every function of the machine, those that are called first. Raises RuntimeError on a double name.

    One module has one meaning for a name: a constant that two files set differently would be the later one's.
    """
    constants, functions = [*_constants("rows"), *_constants("records")], dict[str, ast.FunctionDef]()
    for part in PARTS:
        for node in ast.parse((HERE / f"{part}.py").read_text()).body:
            if isinstance(node, ast.FunctionDef):
                if node.name in functions:
                    raise RuntimeError(f"{node.name} is there twice")
                functions[node.name] = node
            elif constant := _constant(node):
                constants.append(constant)
    meanings = {text.partition(" = ")[::2] for text in constants}
    if len({name for name, _ in meanings}) < len(meanings):
        raise RuntimeError("a constant is there twice with two meanings")
    texts: dict[str, str] = {}
    inside = _called_seldom(functions.values())
    for name in functions:
        _write(name, functions, texts, inside)
    return "\n".join([HEAD, TYPES, *_shapes(), *constants, *texts.values()])


def _shapes() -> list[str]:
    """Where each field of a row lies, as remarks: machine code of another layout is other machine code."""
    kinds = (records.Machine, records.Entry, records.Rate, records.Due, records.Ticket, records.Pen)
    return [f"# {kind.__name__} {rows.dtype(kind)}" for kind in kinds]


class Alone(ast.NodeTransformer):
    """Put the machine's record in the place of the desk; ``columns`` as ``COLUMNS``."""

    def __init__(self, columns: Mapping[str, tuple[str, str, str]]) -> None:
        self.columns = columns

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """``len(d.column)``."""
        if isinstance(node.func, ast.Name) and node.func.id == "len" and (name := self._column(node.args[0])):
            return _expression(self.columns[name][0])
        return self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """``d.column[i]``."""
        if name := self._column(node.value):
            _, read, address = self.columns[name]
            return ast.Call(ast.Name(read), [_expression(address), self.visit(node.slice)], [])
        return self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """``d.m``."""
        if isinstance(node.value, ast.Name) and node.value.id == "d" and node.attr == "m":
            return node.value
        return self.generic_visit(node)

    def _column(self, node: ast.AST) -> str:
        """Which column of the desk is meant; empty for anything else."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "d":
            return node.attr if node.attr in self.columns else ""
        return ""


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _called_seldom(functions: Iterable[ast.FunctionDef]) -> frozenset[str]:
    """Functions with few callers: they become a part of each, since calls cost time."""
    calls = Counter(
        part.func.id
        for node in functions
        for part in ast.walk(node)
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name)
    )
    return frozenset(name for name, count in calls.items() if count <= FEW)


def _write(
    name: str, functions: dict[str, ast.FunctionDef], texts: dict[str, str], inside: frozenset[str]
) -> None:  # fmt: skip
    """The text of a function after those that it calls, with the kinds that its annotations name."""
    if name in texts or name not in functions:
        return
    node = functions[name]
    for part in ast.walk(node):
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id != name:
            _write(part.func.id, functions, texts, inside)
    kinds = "".join(f'KINDS["{ast.unparse(a.annotation)}"], ' for a in node.args.args if a.annotation)
    how = ", forceinline=True" if name in inside else ""
    texts[name] = f"@njit(({kinds}), {INNER}{how})\n{ast.unparse(Alone(COLUMNS).visit(Bare().visit(node)))}\n"


def intrinsics() -> str:
    """Python's small operations, for a strategy's module."""
    tree = ast.parse((HERE / "intrinsics.py").read_text())
    lines = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            lines.append(f"@njit({INNER})\n{ast.unparse(Bare().visit(node))}\n")
        elif constant := _constant(node):
            lines.append(constant)
    return "\n".join(lines)


def _constants(part: str) -> list[str]:
    tree = ast.parse((HERE / f"{part}.py").read_text())
    return [text for node in tree.body if (text := _constant(node))]


def _constant(node: ast.stmt) -> str:
    """The text of an assignment of numbers; empty for anything else."""
    if not isinstance(node, ast.Assign) or isinstance(node.value, ast.Dict):
        return ""
    if isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Tuple):
        return f"{node.targets[0].id} = np.array({ast.unparse(node.value)})"
    return ast.unparse(node)


class Bare(ast.NodeTransformer):
    """Take annotations and docstrings off a function."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.returns = None
        for argument in node.args.args:
            argument.annotation = None
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        self.generic_visit(node)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return ast.Pass()
        return ast.copy_location(ast.Assign([node.target], node.value), node)
