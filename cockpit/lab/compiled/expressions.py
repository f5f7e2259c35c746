"""Expressions of a strategy: text for ``lab.native``, and the kind of what it gives."""

from __future__ import annotations

import ast
import builtins
import itertools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cockpit.core.types import Side
from cockpit.core.view import View
from cockpit.lab.compiled.built_ins import BuiltIns, Typed
from cockpit.lab.compiled.subset import (
    FIELDS,
    FILL,
    LIST,
    MONEY,
    NONE,
    NUMBERS,
    STR,
    TRADE,
    Outside,
    Source,
    joined,
)

if TYPE_CHECKING:
    from cockpit.lab.compiled.translate import Program

MATHS = {
    math.sqrt: ("py_sqrt", float), math.log: ("py_log", float), math.exp: ("py_exp", float),
    math.fabs: ("abs", float), math.isnan: ("isnan", bool), math.isfinite: ("isfinite", bool),
    math.isinf: ("isinf", bool), math.floor: ("py_floor", int), math.ceil: ("py_ceil", int),
    math.copysign: ("copysign", float),
}  # fmt: skip
ORDER = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


class Expressions(BuiltIns):
    """What ``Body`` needs of expressions."""

    kinds: dict[str, Any]
    set: set[str]

    def __init__(self, program: Program, source: Source) -> None:
        self.program = program
        self.source = source

    def outside(self, node: ast.AST, why: str) -> Outside:
        """The refusal of this place."""
        return self.program.outside(self.source, node, why)

    def expr(self, node: ast.expr, *, statement: bool = False) -> Typed:
        """Text and kind."""
        if statement and not isinstance(node, ast.Call):
            raise self.outside(node, "a statement that does nothing")
        handler = getattr(self, f"of_{type(node).__name__}", None)
        if handler is None:
            raise self.outside(node, f"the expression {ast.unparse(node)}")
        found: Typed = handler(node)
        return found

    def number(self, node: ast.expr) -> Typed:
        """The same where only a number will do."""
        text, kind = self.expr(node)
        if kind not in NUMBERS:
            raise self.outside(node, f"{ast.unparse(node)} where a number is needed")
        return text, kind

    def whole(self, node: ast.expr) -> str:
        """A whole number."""
        text, kind = self.expr(node)
        if kind not in (int, bool):
            raise self.outside(node, f"{ast.unparse(node)} where a whole number is needed")
        return f"np.int64({text})"

    def truth(self, node: ast.expr) -> str:
        """The text of a condition."""
        if isinstance(node, ast.BoolOp):
            word = " and " if isinstance(node.op, ast.And) else " or "
            return "(" + word.join(self.truth(part) for part in node.values) + ")"
        text, kind = self.expr(node)
        return self._true(node, text, kind)

    def _true(self, node: ast.expr, text: str, kind: Any) -> str:
        if kind == LIST:
            return f"({text}.n > 0)"
        if kind is bool:
            return text
        if kind in NUMBERS or kind == STR:
            return f"({text} != 0)"
        raise self.outside(node, f"{ast.unparse(node)} as a condition")

    def fitted(self, node: ast.AST, text: str, kind: Any, wanted: Any) -> str:
        """A value as the kind that its place wants. Raises Outside when it does not fit."""
        if kind == wanted:
            return text
        if wanted is float and kind in (int, bool):
            return f"float({text})"
        if wanted is int and kind is bool:
            return f"np.int64({text})"
        if isinstance(wanted, tuple) and isinstance(kind, tuple) and len(wanted) == len(kind):
            if all(joined(k, w) == w for k, w in zip(kind, wanted, strict=True)) and float not in wanted:
                return text
        raise self.outside(node, f"{_name(kind)} where {_name(wanted)} is declared")

    def resolve(self, node: ast.expr) -> Any:
        """The Python object that a global name (or ``module.name``) stands for; None when it is none."""
        if isinstance(node, ast.Name) and node.id not in self.kinds:
            scope = self.source.function.__globals__
            return scope.get(node.id, getattr(builtins, node.id, None))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = self.resolve(node.value)
            if owner is math or owner is itertools or owner is Side:
                return getattr(owner, node.attr, None)
        return None

    def is_builtin(self, node: ast.Call, name: str) -> bool:
        """Is it a call of this built-in?"""
        return self.resolve(node.func) is getattr(builtins, name)

    # --- leaves -------------------------------------------------------------------------------------

    def of_Constant(self, node: ast.Constant) -> Typed:
        return self.constant(node, node.value)

    def constant(self, node: ast.AST, value: Any) -> Typed:
        """A plain value."""
        if type(value) is bool:
            return f"np.bool_({value})", bool
        if type(value) is int and abs(value) < 1 << 53:
            return f"np.int64({value})", int
        if type(value) is float:
            if value != value or value in (math.inf, -math.inf):
                return {"nan": "nan", "inf": "inf", "-inf": "(-inf)"}[repr(value)], float
            return repr(value), float
        if type(value) is str:
            return f"np.int64({self.program.tag(value)})", STR
        raise self.outside(node, f"the value {value!r}")

    def of_Name(self, node: ast.Name) -> Typed:
        if node.id in self.kinds:
            if node.id not in self.set:
                raise self.outside(node, f"{node.id} may be used before it has a value")
            kind = self.kinds[node.id]
            return f"v_{node.id}", kind
        found = self.resolve(node)
        if type(found) in (int, float, bool, str):
            return self.constant(node, found)
        raise self.outside(node, f"the name {node.id}")

    def of_Attribute(self, node: ast.Attribute) -> Typed:
        found = self.resolve(node)
        if type(found) in (int, float):
            return self.constant(node, found)
        if node.attr == "sign" and isinstance(node.value, ast.Attribute) and node.value.attr == "side":
            owner, kind = self.expr(node.value.value)
            if kind in (FILL, TRADE):
                return f"{owner}.sign", int
        owner, kind = self.expr(node.value)
        if isinstance(kind, str):
            if kind == FILL and node.attr in MONEY:
                raise self.outside(node, f"{node.attr} of a fill is exact: write float(fill.{node.attr})")
            place = FIELDS.get(kind, {}).get(node.attr)
        else:
            place = self.program.fields(kind).get(node.attr)
            if kind is View and node.attr == "equity":
                return f"view_equity(at, m, {owner})", float
            if kind is View and node.attr == "funding_rate":
                self.program.asks_rates = True
            if place is None and isinstance(getattr(kind, node.attr, None), property):
                getter = getattr(kind, node.attr).fget
                return self._called(node, kind, getter, owner, [])
        if place is None:
            raise self.outside(node, f"{node.attr} of {_name(kind)}")
        return f"{owner}.{node.attr}", place

    def of_Subscript(self, node: ast.Subscript) -> Typed:
        owner, kind = self.expr(node.value)
        if kind == LIST and not isinstance(node.slice, ast.Slice):
            return f"list_get(F, {owner}, {self.whole(node.slice)})", float
        if isinstance(kind, tuple) and isinstance(node.slice, ast.Constant):
            index = node.slice.value
            if type(index) is int and 0 <= index < len(kind):
                return f"{owner}[{index}]", kind[index]
        raise self.outside(node, f"the expression {ast.unparse(node)}")

    def of_Tuple(self, node: ast.Tuple) -> Typed:
        parts = [self.expr(part) for part in node.elts]
        return f"({', '.join(text for text, _ in parts)},)", tuple(kind for _, kind in parts)

    # --- operators ----------------------------------------------------------------------------------

    def of_BinOp(self, node: ast.BinOp) -> Typed:
        (a, ak), (b, bk) = self.number(node.left), self.number(node.right)
        floats = float in (ak, bk)
        word = type(node.op).__name__
        if word in ("Add", "Sub", "Mult"):
            if floats:
                sign = {"Add": "+", "Sub": "-", "Mult": "*"}[word]
                return f"({a} {sign} {b})", float
            return f"int_{word.lower()[:3]}({a}, {b})", int
        if word == "Div":
            return f"(float({a}) / float({b}))", float
        if word in ("FloorDiv", "Mod") and not floats:
            return f"({a} {'//' if word == 'FloorDiv' else '%'} {b})", int
        raise self.outside(node, f"the operator of {ast.unparse(node)}")

    def of_UnaryOp(self, node: ast.UnaryOp) -> Typed:
        if isinstance(node.op, ast.Not):
            return f"(not {self.truth(node.operand)})", bool
        text, kind = self.number(node.operand)
        if isinstance(node.op, ast.USub):
            return (
                f"(-{text})" if kind is not bool else f"(-np.int64({text}))",
                float if kind is float else int,
            )
        if isinstance(node.op, ast.UAdd) and kind is not bool:
            return text, kind
        raise self.outside(node, f"the operator of {ast.unparse(node)}")

    def of_BoolOp(self, node: ast.BoolOp) -> Typed:
        parts = [self.expr(part) for part in node.values]
        word = " and " if isinstance(node.op, ast.And) else " or "
        if any(kind is not bool for _, kind in parts):
            return self._one_of(node, parts)
        return "(" + word.join(text for text, _ in parts) + ")", bool

    def _one_of(self, node: ast.BoolOp, parts: list[Typed]) -> Typed:
        """``a or b`` of values is one of the two; where asking twice changes nothing, it is written out."""
        (a, ak), (b, bk) = parts[0], parts[-1]
        kind = joined(ak, bk)
        if len(parts) != 2 or kind is None or not isinstance(node.values[0], ast.Name | ast.Attribute):
            raise self.outside(node, f"{ast.unparse(node)}: and/or of values that are not true or false")
        a, b = self.fitted(node, a, ak, kind), self.fitted(node, b, bk, kind)
        first, second = (a, b) if isinstance(node.op, ast.Or) else (b, a)
        return f"({first} if {self._true(node.values[0], a, kind)} else {second})", kind

    def of_Compare(self, node: ast.Compare) -> Typed:
        if len(node.ops) == 1 and self._side(node) is not None:
            return f"{self._side(node)}", bool
        parts = [self.expr(part) for part in (node.left, *node.comparators)]
        text = parts[0][0]
        for op, (other, kind), before in zip(node.ops, parts[1:], parts, strict=False):
            words = kind == STR and before[1] == STR and isinstance(op, ast.Eq | ast.NotEq)
            if type(op) not in ORDER or not (words or (kind in NUMBERS and before[1] in NUMBERS)):
                raise self.outside(node, f"the comparison {ast.unparse(node)}")
            text += f" {ORDER[type(op)]} {other}"
        return f"({text})", bool

    def _side(self, node: ast.Compare) -> str | None:
        """``fill.side is Side.BUY``."""
        left, right, op = node.left, node.comparators[0], node.ops[0]
        side = self.resolve(right)
        if not isinstance(side, Side) or not isinstance(left, ast.Attribute) or left.attr != "side":
            return None
        owner, kind = self.expr(left.value)
        if kind not in (FILL, TRADE) or not isinstance(op, ast.Is | ast.IsNot | ast.Eq | ast.NotEq):
            return None
        same = "==" if isinstance(op, ast.Is | ast.Eq) else "!="
        return f"({owner}.sign {same} {side.sign})"

    def of_IfExp(self, node: ast.IfExp) -> Typed:
        test = self.truth(node.test)
        (a, ak), (b, bk) = self.expr(node.body), self.expr(node.orelse)
        kind = joined(ak, bk)
        if kind is None or kind == NONE:
            raise self.outside(node, f"{ast.unparse(node)}: now this kind and now that")
        return f"({self.fitted(node, a, ak, kind)} if {test} else {self.fitted(node, b, bk, kind)})", kind

    # --- calls --------------------------------------------------------------------------------------

    def of_Call(self, node: ast.Call) -> Typed:
        plan = self.program.shared
        if plan is not None and self.source.function is getattr(self.program.owner, "on_bar", None):
            update = plan.calls.get((node.lineno, node.col_offset))
            if update is not None:
                return plan.call(self.program, update), float
        if isinstance(node.func, ast.Attribute) and self.resolve(node.func) is None:
            return self._method(node, node.func)
        function = self.resolve(node.func)
        if function in MATHS and not node.keywords and function is not None:
            return self._maths(node, function)
        special = getattr(self, f"call_{getattr(function, '__name__', '')}", None)
        if special is not None and function is getattr(
            builtins, str(getattr(function, "__name__", "")), None
        ):
            found: Typed = special(node)
            return found
        from cockpit.lab.compiled.translate import plain

        if plain(function):
            return self._called(node, None, function, "", self.program.bound(self.source, node, function, 0))
        raise self.outside(node, f"a call of {ast.unparse(node.func)}")

    def _maths(self, node: ast.Call, function: Callable[..., Any]) -> Typed:
        word, kind = MATHS[function]
        values = []
        for argument in node.args:
            text, given = self.number(argument)
            values.append(self.fitted(node, text, given, float))
        if len(values) != (2 if word == "copysign" else 1):
            raise self.outside(node, f"the call {ast.unparse(node)}")
        return f"{word}({', '.join(values)})", kind

    def _method(self, node: ast.Call, where: ast.Attribute) -> Typed:
        owner, kind = self.expr(where.value)
        if kind == LIST:
            return self._list(node, where.attr, owner)
        if kind is View and where.attr in ("imbalance", "slippage"):
            return self._depth(node, where.attr)
        function = getattr(kind, where.attr, None) if isinstance(kind, type) else None
        if function is None or isinstance(kind.__dict__.get(where.attr), classmethod | staticmethod):
            raise self.outside(node, f"a call of {ast.unparse(where)}")
        return self._called(node, kind, function, owner, self.program.bound(self.source, node, function, 1))

    def _depth(self, node: ast.Call, word: str) -> Typed:
        """A look into the book behind the touch."""
        if not self.program.books or len(node.args) != 1 or node.keywords:
            raise self.outside(node, f"the call {ast.unparse(node)}")
        text, kind = self.number(node.args[0])
        value = self.fitted(node, text, kind, int if word == "imbalance" else float)
        return f"{word}_of(at, m.mine, {value})", float

    def _called(self, node: ast.AST, kind: Any, function: Any, owner: str, arguments: list[Any]) -> Typed:
        name = self.program.method(kind, function)
        wanted = list(self.program.accepts(kind, function).values())[1 if kind is not None else 0 :]
        given = [owner] if kind is not None else []
        for value, place in zip(arguments, wanted, strict=True):
            text, found = self.expr(value) if isinstance(value, ast.expr) else self.constant(node, value)
            given.append(self.fitted(node, text, found, place))
        return f"{name}({', '.join(['at', 'm', 'F', *given])})", self.program.returned(kind, function)

    def _list(self, node: ast.Call, word: str, owner: str) -> Typed:
        if node.keywords:
            raise self.outside(node, f"the call {ast.unparse(node)}")
        if word == "append" and len(node.args) == 1:
            text, kind = self.number(node.args[0])
            return f"list_append(m, F, {owner}, {self.fitted(node, text, kind, float)})", NONE
        if word == "clear" and not node.args:
            return f"list_clear({owner})", NONE
        if word == "pop" and len(node.args) <= 1:
            index = self.whole(node.args[0]) if node.args else "np.int64(-1)"
            return f"list_pop(F, {owner}, {index})", float
        raise self.outside(node, f"the call {ast.unparse(node)}")

    def accumulated(self, node: ast.expr) -> tuple[str, str] | None:
        """``list(accumulate(reversed(x)[, max]))``: which running value, and of which list."""
        if not (isinstance(node, ast.Call) and self.is_builtin(node, "list") and len(node.args) == 1):
            return None
        inner = node.args[0]
        if not (isinstance(inner, ast.Call) and self.resolve(inner.func) is itertools.accumulate):
            return None
        first = inner.args[0]
        if not (isinstance(first, ast.Call) and self.is_builtin(first, "reversed")):
            return None
        function = self.resolve(inner.args[1]) if len(inner.args) > 1 else None
        words: dict[Any, str] = {None: "sum", max: "max", min: "min"}
        text, kind = self.expr(first.args[0])
        return (words[function], text) if kind == LIST and function in words else None


def _name(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)
