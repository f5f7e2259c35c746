"""The machine as a program: the plain files of this folder together, and what their names mean.

What runs compiled is what runs in Python: every function of ``PARTS``, over rows in memory. The desk becomes
the machine's row, which knows where books and tape lie.
"""

from __future__ import annotations

import ast
import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from operator import add, lshift, mul, pow, sub
from pathlib import Path
from typing import Any

from cockpit.lab.compiled import records, rows

PARTS = (
    "reasons", "exact", "flight", "grid", "books", "margin", "gate", "trader", "venue", "bars", "funding",
    "news", "drive",
)  # fmt: skip
FEW = 2
MADE = {ast.LShift: lshift, ast.Pow: pow, ast.Mult: mul, ast.Add: add, ast.Sub: sub}
HERE = Path(__file__).parent
COMPILER = HERE.parent / "native"
COLUMNS = {
    "b": (records.Entry, "room", "at_books"),
    "ts": (int, "bars", "at_ts"),
    "open": (float, "bars", "at_open"),
    "rates": (records.Rate, "tape_rates", "at_rates"),
    "dues": (records.Due, "settlements", "at_dues"),
}
"""Of each column of the desk: its rows; the machine's fields that hold its length and its address."""
STEP = """
def step(at: int, what: int, i: int, high: float, low: float, close: float) -> int:
    return work(row_at(at, Desk), what, i, high, low, close)
"""
STEP_KINDS = ("int", "int", "int", "float", "float", "float")


@lru_cache(maxsize=1)
def sources() -> str:
    """A digest of all that the machine's code is made from: its files, and the compiler's."""
    found = hashlib.sha256()
    names = [HERE / f"{part}.py" for part in (*PARTS, "records", "rows", "intrinsics", "compose")]
    for path in [*names, *sorted(COMPILER.glob("*.py"))]:
        found.update(path.read_bytes())
    return found.hexdigest()


def machine() -> dict[str, Any]:
    """Functions, constants and rows of the machine, by name. Raises RuntimeError on a double name.

    A program has one meaning for a name: of a constant that two files set differently the later would count.
    """
    constants = [*_constants("rows"), *_constants("records")]
    functions: dict[str, ast.FunctionDef] = {}
    for part in PARTS:
        for node in _parsed(part):
            if isinstance(node, ast.FunctionDef):
                if node.name in functions:
                    raise RuntimeError(f"{node.name} is there twice")
                functions[node.name] = node
            elif constant := _constant(node):
                constants.append(constant)
    return {**meanings(constants), **functions, **kinds(), **functions_of(STEP)}


def kinds() -> dict[str, Any]:
    """The rows that annotations name."""
    from cockpit.lab.native.kinds import row_of

    named = {row.__name__: row_of(rows.dtype(row)) for row in (
        records.Machine, records.Ticket, records.Entry, records.Rate, records.Due, records.Pen,
        records.Window,
    )}  # fmt: skip
    return {**named, "Desk": desk(records.Machine, COLUMNS, named["Machine"])}


def desk(row: Any, columns: Mapping[str, tuple[Any, str | int, str]], plain: Any) -> Any:
    """A row that knows its columns; ``.m`` is the row alone."""
    from cockpit.lab.native.kinds import Column, Row, row_of

    numbers = {int: "<i8", float: "<f8"}
    found = {
        name: Column(numbers.get(part) or row_of(rows.dtype(part)), length, address)
        for name, (part, length, address) in columns.items()
    }
    return Row(rows.dtype(row), found, ("m", plain))


def meanings(constants: Iterable[str]) -> dict[str, Any]:
    """Constants by name. Raises RuntimeError where a name has two values."""
    found: dict[str, Any] = {"inf": math.inf, "nan": math.nan}
    said: dict[str, str] = {}
    for text in constants:
        names, _, value = text.partition(" = ")
        if said.setdefault(names, value) != value:
            raise RuntimeError(f"{names} is there twice with two meanings")
        node = ast.parse(text).body[0]
        assert isinstance(node, ast.Assign)
        target, number = node.targets[0], worth(node.value)
        if isinstance(target, ast.Tuple):
            parts = [part.id for part in target.elts if isinstance(part, ast.Name)]
            found.update(zip(parts, number, strict=True))
        elif isinstance(target, ast.Name):
            found[target.id] = number
    return found


def worth(node: ast.expr) -> Any:
    """What a constant of these files is worth. Raises RuntimeError for anything but numbers."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Tuple):
        return tuple(worth(part) for part in node.elts)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -worth(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in MADE:
        return MADE[type(node.op)](worth(node.left), worth(node.right))
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "range":
        return tuple(range(*(worth(part) for part in node.args)))
    raise RuntimeError(f"no constant: {ast.unparse(node)}")


def functions_of(text: str) -> dict[str, Any]:
    """The functions of a text, and its constants."""
    found: dict[str, Any] = {}
    constants = []
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node
        elif constant := _constant(node):
            constants.append(constant)
    return {**meanings(constants), **found}


def called_seldom(scope: dict[str, Any]) -> frozenset[str]:
    """Functions with few callers: they become a part of each, since calls cost time."""
    calls = Counter(
        part.func.id
        for node in scope.values()
        if isinstance(node, ast.FunctionDef)
        for part in ast.walk(node)
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name)
    )
    return frozenset(name for name, count in calls.items() if count <= FEW)


def intrinsics() -> dict[str, Any]:
    """Python's small operations, for a strategy's program."""
    return functions_of((HERE / "intrinsics.py").read_text())


def _parsed(part: str) -> list[ast.stmt]:
    return ast.parse((HERE / f"{part}.py").read_text()).body


def _constants(part: str) -> list[str]:
    return [text for node in _parsed(part) if (text := _constant(node))]


def _constant(node: ast.stmt) -> str:
    """The text of an assignment of numbers; empty for anything else."""
    if not isinstance(node, ast.Assign) or isinstance(node.value, ast.Dict):
        return ""
    return ast.unparse(node)
