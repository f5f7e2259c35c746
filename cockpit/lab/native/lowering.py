"""A text's functions as one module of LLVM: those that are called, for the kinds they are called with."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, NamedTuple

from llvmlite import ir

from cockpit.lab.native.body import Body, Wider
from cockpit.lab.native.codes import FAILED, Cannot
from cockpit.lab.native.kinds import (
    INT,
    NONE,
    PLAIN,
    SHORT,
    WHOLE,
    Row,
    Several,
    llvm_of,
)

FAILING = (ast.Raise, ast.Div, ast.FloorDiv, ast.Mod)


class Made(NamedTuple):
    """A function of LLVM."""

    function: Any
    gives: Any
    fails: bool
    """It returns a code before its value."""


class Lowering:
    """Functions, constants and rows by name; what is asked for is worked out, with what that calls."""

    def __init__(self, name: str, scope: Mapping[str, Any], inside: frozenset[str] = frozenset()) -> None:
        self.module = ir.Module(name)
        self.scope = scope
        self.inside = inside
        """Functions that become a part of each caller."""
        self._made: dict[Any, tuple[Made, list[Any]]] = {}
        self._fails: dict[str, bool] = {}
        self._open: list[str] = []

    def function(self, name: str, node: ast.FunctionDef, given: list[Any]) -> tuple[Made, list[Any]]:
        """A function for these kinds, and the kinds that it takes. Raises Cannot."""
        kinds = [self._takes(part, kind) for part, kind in zip(node.args.args, given, strict=True)]
        key = (name, tuple(id(k) if isinstance(k, Row) else k for k in kinds))
        if key not in self._made:
            if name in self._open:
                raise Cannot(f"{name} calls itself")
            self._open.append(name)
            self._made[key] = self._filled(name, node, kinds), kinds
            self._open.pop()
        return self._made[key]

    def _takes(self, node: ast.arg, given: Any) -> Any:
        named = self.kind(node.annotation)
        return given if named is None or (isinstance(given, Row) and not isinstance(named, Row)) else named

    def kind(self, node: ast.expr | None) -> Any:
        """What an annotation says; None when it says nothing."""
        if node is None:
            return None
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node = ast.parse(node.value, mode="eval").body
        text = ast.unparse(node)
        if text in PLAIN:
            return PLAIN[text]
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "tuple":
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            return Several(tuple(self.kind(part) for part in parts))
        named = self.scope.get(text)
        return named if isinstance(named, Row) else None

    def _filled(self, name: str, node: ast.FunctionDef, kinds: list[Any]) -> Made:
        gives = self.kind(node.returns)
        if gives is None:
            raise Cannot(f"{name}: what it returns is not said")
        fails = self.fails(name)
        form = ir.FunctionType(_answer(gives, fails), [llvm_of(kind) for kind in kinds])
        wide: dict[str, Any] = {}
        while True:
            function = ir.Function(self.module, form, self.module.get_unique_name(name))
            function.linkage = "internal"
            if name in self.inside:
                function.attributes.add("alwaysinline")
            function.attributes.add("nounwind")
            made = Made(function, gives, fails)
            try:
                Body(self, node, made, kinds, wide)
            except Wider as found:
                wide[found.name] = found.kind
                del self.module.globals[function.name]
            except Cannot as wrong:
                raise Cannot(f"{name}: {wrong}") from wrong
            else:
                return made

    def fails(self, name: str) -> bool:
        """May a function give up?"""
        if name not in self._fails:
            self._fails[name] = False
            self._fails[name] = self._may_fail(self.scope[name])
        return self._fails[name]

    def _may_fail(self, node: ast.FunctionDef) -> bool:
        if any(isinstance(part, ast.Try) for part in node.body):
            return False
        for part in ast.walk(node):
            if isinstance(part, FAILING):
                return True
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
                called = self.scope.get(part.func.id)
                if isinstance(called, ast.FunctionDef) and self.fails(part.func.id):
                    return True
        return False

    def export(self, name: str, symbol: str, kinds: list[Any]) -> None:
        """A function to call from elsewhere: its whole number, nothing as 0, or ``FAILED`` less a code."""
        made, kinds = self.function(name, self.scope[name], kinds)
        if made.gives not in (INT, NONE):
            raise Cannot(f"{name} gives {made.gives} to the outside")
        function = ir.Function(self.module, ir.FunctionType(WHOLE, [llvm_of(kind) for kind in kinds]), symbol)
        build = ir.IRBuilder(function.append_basic_block("door"))
        answer = build.call(made.function, function.args)
        value = answer
        if made.fails:
            code = build.sext(answer if made.gives == NONE else build.extract_value(answer, 0), WHOLE)
            value = WHOLE(0) if made.gives == NONE else build.extract_value(answer, 1)
            failed = build.icmp_signed("!=", code, WHOLE(0))
            value = build.select(failed, build.sub(WHOLE(FAILED), code), value)
        build.ret(WHOLE(0) if made.gives == NONE and not made.fails else value)


def _answer(gives: Any, fails: bool) -> Any:
    if not fails:
        return ir.VoidType() if gives == NONE else llvm_of(gives)
    return SHORT if gives == NONE else ir.LiteralStructType([SHORT, llvm_of(gives)])
