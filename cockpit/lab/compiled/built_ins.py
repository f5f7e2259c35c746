"""Calls of Python's own functions in a strategy: ``float int bool round abs len max min``."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from typing import Any

from cockpit.lab.compiled.subset import FILL, LIST, MONEY, Outside

Typed = tuple[str, Any]


class BuiltIns(ABC):
    """What ``Expressions`` knows of them; what they need of it is abstract here."""

    @abstractmethod
    def expr(self, node: ast.expr, *, statement: bool = False) -> Typed:
        """Text and kind."""

    @abstractmethod
    def number(self, node: ast.expr) -> Typed:
        """The same where only a number will do."""

    @abstractmethod
    def truth(self, node: ast.expr) -> str:
        """The text of a condition."""

    @abstractmethod
    def fitted(self, node: ast.AST, text: str, kind: Any, wanted: Any) -> str:
        """A value as the kind that its place wants."""

    @abstractmethod
    def outside(self, node: ast.AST, why: str) -> Outside:
        """The refusal of this place."""

    def call_float(self, node: ast.Call) -> Typed:
        value = node.args[0]
        if isinstance(value, ast.Attribute) and value.attr in MONEY:
            owner, kind = self.expr(value.value)
            if kind == FILL:
                return f"{owner}.{value.attr}", float
        text, _ = self.number(value)
        return f"float({text})", float

    def call_int(self, node: ast.Call) -> Typed:
        text, kind = self.number(node.args[0])
        return (f"int_of({text})", int) if kind is float else (f"np.int64({text})", int)

    def call_round(self, node: ast.Call) -> Typed:
        """To a whole number, half to even; with digits Python rounds the decimal form: it has none here."""
        if len(node.args) != 1 or node.keywords:
            raise self.outside(node, f"the call {ast.unparse(node)}")
        text, kind = self.number(node.args[0])
        return (f"py_round({text})", int) if kind is float else (f"np.int64({text})", int)

    def call_bool(self, node: ast.Call) -> Typed:
        return f"bool({self.truth(node.args[0])})", bool

    def call_abs(self, node: ast.Call) -> Typed:
        text, kind = self.number(node.args[0])
        return f"abs({text})", float if kind is float else int

    def call_len(self, node: ast.Call) -> Typed:
        text, kind = self.expr(node.args[0])
        if kind != LIST:
            raise self.outside(node, f"the call {ast.unparse(node)}")
        return f"np.int64({text}.n)", int

    def call_max(self, node: ast.Call) -> Typed:
        return self._extreme(node, "max")

    def call_min(self, node: ast.Call) -> Typed:
        return self._extreme(node, "min")

    def _extreme(self, node: ast.Call, word: str) -> Typed:
        if node.keywords:
            raise self.outside(node, f"the call {ast.unparse(node)}")
        if len(node.args) == 1:
            text, kind = self.expr(node.args[0])
            if kind != LIST:
                raise self.outside(node, f"the call {ast.unparse(node)}")
            return f"list_{word}(F, {text})", float
        parts = [self.number(argument) for argument in node.args]
        kind = float if any(k is float for _, k in parts) else int
        text = self.fitted(node, *parts[0], kind)
        for part in parts[1:]:
            text = f"{word}({text}, {self.fitted(node, *part, kind)})"
        return text, kind
