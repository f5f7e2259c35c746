"""Indicators that many runs over one tape have in common: worked out once, read bar by bar.

A search asks for 9 over 21 and 9 over 22; the average of 9 is the same column in both. What may be shared is
found in the text of ``on_bar``: ``self.X.update(…)`` of fields of the bar, once and whatever else happens,
where the strategy reads nothing of X but that answer and plain fields. The function that the strategy would
call makes the column, so its values are the same bits.
"""

from __future__ import annotations

import ast
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from cockpit.lab.compiled import layout
from cockpit.lab.compiled.packing import Packing
from cockpit.lab.compiled.subset import Source, source_of

if TYPE_CHECKING:
    from cockpit.lab.compiled.translate import Program

FIELDS = ("open", "high", "low", "close", "volume")
PERHAPS = (
    ast.IfExp, ast.BoolOp, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
)  # fmt: skip
"""What may leave a part of itself out, or do it more than once."""
MOST_BYTES = 128 << 20
"""Columns kept a tape; the oldest go first."""


class Update(msgspec.Struct, frozen=True):
    """One shared call of a strategy's ``on_bar``."""

    name: str
    """Field of the strategy that holds the indicator."""
    kind: Any
    inputs: tuple[str, ...]
    """Fields of the bar that it is updated with."""
    reads: tuple[str, ...]
    """Its own fields that the strategy reads besides."""
    line: int
    column: int
    """Where the call stands in the text of ``on_bar``."""

    def key(self, form: Packing, values: tuple[Any, ...]) -> Any:
        """What makes two columns one: the indicator, what it is given, and how it begins.

        ``values``: the strategy's, as ``packing`` reads them.
        """
        return self.kind, self.inputs, self.reads, form.key(values, self.name)


def find(owner: Any, strategy: str) -> dict[tuple[int, int], Update]:
    """The shared calls of a class by their place; those that cannot be are left out."""
    sources = {name: source_of(f, strategy) for name, f in _methods(owner).items()}
    if "on_bar" not in sources or any(_names(source, "on_bar") for source in sources.values()):
        return {}
    found = {}
    kinds = layout.kinds(owner)
    for call, inputs in _unconditional(sources["on_bar"]):
        name = call.func.value.attr  # type: ignore[attr-defined]
        kind = kinds.get(name)
        if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct) and hasattr(kind, "update")):
            continue
        reads = _reads(sources, name, kind, call)
        answer = source_of(kind.update, strategy).hints.get("return")
        if reads is not None and answer is float:
            found[call.lineno, call.col_offset] = Update(
                name, kind, inputs, reads, call.lineno, call.col_offset
            )
    return found


def _methods(owner: Any) -> dict[str, Any]:
    """Functions of the class that run while it trades."""
    return {
        name: function
        for base in reversed(owner.__mro__)
        for name, function in vars(base).items()
        if hasattr(function, "__code__") and not name.startswith("__")
    }


def _names(source: Source, name: str) -> bool:
    """Does a method name this part of its own object?"""
    return any(_mine(node) == name for node in ast.walk(source.tree))


def _mine(node: ast.AST) -> str:
    """``self.X`` → X; empty for anything else."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        return node.attr
    return ""


def _unconditional(source: Source) -> list[tuple[ast.Call, tuple[str, ...]]]:
    """Calls ``self.X.update(bar.a, …)`` of ``on_bar`` that every bar makes, and what they are given."""
    body, bar = source.tree.body, source.tree.args.args[1].arg
    stored = [n.id for n in ast.walk(source.tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    known: dict[str, str] = {}
    found = []
    for statement in body:
        if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr):
            if any(isinstance(n, ast.Return | ast.Raise | ast.Assert) for n in ast.walk(statement)):
                break
            continue
        for call in _always(statement):
            inputs = tuple(_field(argument, bar, known) for argument in call.args)
            if inputs and all(inputs) and not call.keywords:
                found.append((call, inputs))
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if isinstance(target, ast.Name) and len(statement.targets) == 1 and stored.count(target.id) == 1:  # type: ignore[union-attr]
            known[target.id] = _field(statement.value, bar, {})
    return found


def _always(node: ast.AST) -> list[ast.Call]:
    """Calls of ``self.X.update`` that are made whenever the node is reached."""
    if isinstance(node, PERHAPS) or (isinstance(node, ast.Compare) and len(node.ops) > 1):
        return []
    found = [call for child in ast.iter_child_nodes(node) for call in _always(child)]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "update":
        if _mine(node.func.value):
            found.append(node)
    return found


def _field(node: ast.expr | None, bar: str, known: dict[str, str]) -> str:
    """Which field of the bar an expression is; empty for anything else."""
    if isinstance(node, ast.Name):
        return known.get(node.id, "")
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == bar:
        return node.attr if node.attr in FIELDS else ""
    return ""


def _reads(sources: dict[str, Source], name: str, kind: Any, call: ast.Call) -> tuple[str, ...] | None:
    """Plain fields of the indicator that the strategy reads; None when it does anything else with it."""
    numbers = {n for n, _, what in layout.plan(kind) if what is float}
    found: set[str] = set()
    for source in sources.values():
        parents = {child: node for node in ast.walk(source.tree) for child in ast.iter_child_nodes(node)}
        for node in ast.walk(source.tree):
            whole = isinstance(node, ast.Name) and node.id == "self"
            if whole and not isinstance(parents.get(node), ast.Attribute):
                return None
            if _mine(node) != name:
                continue
            above = parents[node]
            if isinstance(above, ast.Attribute) and parents[above] is call:
                continue
            if not (isinstance(above, ast.Attribute) and isinstance(above.ctx, ast.Load)):
                return None
            if above.attr not in numbers:
                return None
            found.add(above.attr)
    return tuple(sorted(found))


class Plan:
    """The shared calls of one strategy, in the order of their columns."""

    def __init__(self, owner: Any, strategy: str) -> None:
        self.calls = find(owner, strategy)
        self.bar = source_of(owner.on_bar, strategy).tree.args.args[1].arg if self.calls else ""
        """What ``on_bar`` calls its bar."""
        self.updates: list[Update] = []
        """Those that the translated text really has."""
        self.first: list[int] = []
        """Number of the first column of each: its answer; then what is read of it."""
        self.columns = 0

    def call(self, program: Program, update: Update) -> str:
        """The text that reads an answer, and its function."""
        if update in self.updates:
            return f"shared_{self.updates.index(update)}(v_{self.bar}, v_self)"
        number, first = len(self.updates), self.columns
        self.updates.append(update)
        self.first.append(first)
        self.columns += 1 + len(update.reads)
        lines = [f"def shared_{number}(bar, s) -> float:"]
        for at, field in enumerate(update.reads):
            lines.append(f"    s.{update.name}.{field} = float_of(bar.shared[{first + 1 + at}], bar.index)")
        lines.append(f"    return float_of(bar.shared[{first}], bar.index)\n")
        program.texts.append("\n".join(lines))
        return f"shared_{number}(v_{self.bar}, v_self)"

    def taken(self) -> str:
        """The text of where all columns lie."""
        return "".join(f"whole_of(m.at_columns, {column}), " for column in range(self.columns))

    def makers(self, program: Program) -> str:
        """The functions that make the columns."""
        texts = []
        for number, (update, first) in enumerate(zip(self.updates, self.first, strict=True)):
            name = program.method(update.kind, update.kind.update)
            values = ", ".join(f"float_of(m.at_{field}, i)" for field in update.inputs)
            lines = [
                f"def column_{number}(at: int) -> None:",
                "    m = row_at(at, Machine)",
                "    s, F = row_at(m.at_s, State), floats_at(m.at_f)",
            ]
            for at in range(1 + len(update.reads)):
                lines.append(f"    c{at} = floats_at(whole_of(m.at_columns, {first + at}))")
            lines += [
                "    for i in range(m.bars):",
                f"        c0[i] = {name}(at, m, F, s.{update.name}, {values})",
                *(f"        c{1 + k}[i] = s.{update.name}.{f}" for k, f in enumerate(update.reads)),
            ]
            texts.append("\n".join(lines))
        return "\n\n\n".join(texts)


class Made(NamedTuple):
    """An indicator over a whole tape."""

    end: bytes
    """Its numbers after the last bar."""
    columns: tuple[Any, ...]
    """Its answers, then what is read of it."""
    at: tuple[int, ...]
    """Where they lie."""


class Shelf:
    """Columns of one tape that have been made."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Any, Made] = OrderedDict()
        self._bytes = 0

    def get(self, key: Any) -> Made | None:
        return self._kept.get(key)

    def put(self, key: Any, made: Made) -> None:
        """Keep them; the oldest make room."""
        if key in self._kept:
            return
        self._kept[key] = made
        self._bytes += sum(column.nbytes for column in made.columns)
        while self._bytes > MOST_BYTES and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= sum(column.nbytes for column in gone.columns)
