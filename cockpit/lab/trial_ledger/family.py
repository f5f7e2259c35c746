"""Which strategy is this really? A fingerprint of its code that a copy under another name keeps."""

from __future__ import annotations

import ast
import hashlib
import inspect
from functools import cache
from typing import Any


def fingerprint(target: Any) -> str:
    """32 hex digits of a strategy class: the module that it is written in, without its names and its words.

    The names of classes and functions, docstrings, comments and the text given to the decorator do not count.
    A class without source (made at run time) has the fingerprint of its name.
    """
    return _fingerprint(target) if isinstance(target, type) else _digest(repr(target))


@cache
def _fingerprint(target: type) -> str:
    try:
        module = inspect.getmodule(target)
        source = inspect.getsource(module if module is not None else target)
        tree = ast.parse(source)
    except (OSError, TypeError, SyntaxError):
        return _digest(f"{target.__module__}.{target.__qualname__}")
    names = {
        node.name: f"_{index}"
        for index, node in enumerate(
            node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)
        )
    }
    mine = names.get(target.__name__, "")
    return _digest(f"{mine} {ast.dump(_Plain(names).visit(tree))}")


class _Plain(ast.NodeTransformer):
    """Takes out what only a person reads."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self.names.get(node.id, node.id), node.ctx)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.decorator_list = [_without_name(row) for row in node.decorator_list]
        return self._named(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._named(node)

    def visit_Module(self, node: ast.Module) -> ast.AST:
        return self._without_words(node)

    def _named(self, node: Any) -> ast.AST:
        node.name = self.names.get(node.name, node.name)
        return self._without_words(node)

    def _without_words(self, node: Any) -> ast.AST:
        words = [
            row
            for row in node.body
            if not (isinstance(row, ast.Expr) and isinstance(row.value, ast.Constant))
        ]
        node.body = words or [ast.Pass()]
        return self.generic_visit(node)


def _without_name(decorator: ast.expr) -> ast.expr:
    """``@strategy("mine", Params, version=2)`` → ``@strategy(Params)``: name and version are labels."""
    if isinstance(decorator, ast.Call):
        decorator.args = [row for row in decorator.args if not isinstance(row, ast.Constant)]
        decorator.keywords = [
            row for row in decorator.keywords if row.arg not in ("version", "enabled", "api")
        ]
    return decorator


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
