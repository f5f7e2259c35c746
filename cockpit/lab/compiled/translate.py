"""A strategy's methods → functions over flat memory. What is not understood is refused by line.

``self.fast.update(close)`` becomes ``f3(at, m, F, s.fast, close)``: methods of the class, of its indicators,
of View and Want are translated as they stand. Only what means exactly the same in both worlds is let through.
"""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.lab.compiled import records
from cockpit.lab.compiled import rows as flat
from cockpit.lab.compiled.functions import Body
from cockpit.lab.compiled.layout import LIST as FORM
from cockpit.lab.compiled.layout import dtype, kinds
from cockpit.lab.compiled.shared import Plan
from cockpit.lab.compiled.subset import (
    BAR,
    FILL,
    LIST,
    NONE,
    RATE,
    STR,
    TRADE,
    Outside,
    Source,
    kind_of,
    source_of,
)

HOOKS = {"on_bar": BAR, "on_fill": FILL, "on_funding": RATE}
BOOK_HOOKS = {"on_book": NONE, "on_trade": TRADE, "on_timer": NONE}
"""Those of order books, for ``lab.depth``."""
QUOTING_HOOKS = {**BOOK_HOOKS, "on_fill": FILL}
"""The same with what a strategy hears of its own orders."""
UNHEARD = ("on_book", "on_trade", "on_timer")
"""Hooks that a market of bars alone never calls; ``on_timer`` it would."""


class Program:
    """A strategy under translation: the functions found so far, and the words it uses as tags."""

    def __init__(
        self, owner: type, name: str, hooks: Mapping[str, str] = HOOKS, *, shared: bool = False
    ) -> None:  # fmt: skip
        self.books = hooks is not HOOKS
        """Can it look into the depth of a book?"""
        self.owner = owner
        self.strategy = name
        self.tags: dict[str, int] = {"": 0}
        self.texts: list[str] = []
        self.names: dict[Any, str] = {}
        self.returns: dict[Any, Any] = {}
        self.takes: dict[Any, dict[str, Any]] = {}
        self.hooks: dict[str, str] = {}
        self.rows: dict[str, Any] = {}
        """Rows that a function returns, as ``layout`` writes them."""
        self.asks_rates = False
        self.shared = Plan(owner, name) if shared else None
        """What it takes from columns that other runs take too; None = it works everything out itself."""
        for hook, news in hooks.items():
            function = getattr(owner, hook, None)
            if function is not None:
                self.hooks[hook] = self.method(owner, function, news)

    def tag(self, word: str) -> int:
        """The number that stands for a word."""
        return self.tags.setdefault(word, len(self.tags))

    def fields(self, kind: Any) -> dict[str, Any]:
        """Fields of a kind that has a place."""
        if kind is View:
            return flat.fields(records.Window)
        if kind is Want:
            return {**flat.fields(records.Pen), "tag": "str"}
        if isinstance(kind, type):
            return {n: LIST if k == list[float] else k for n, k in kinds(kind).items()}
        return {}

    def method(self, owner: Any, function: Callable[..., Any], news: Any = None) -> str:
        """The name of a translated method, or plain function (``owner`` None); translated on first use."""
        key = (owner, function)
        if key in self.names:
            return self.names[key]
        source = source_of(function, self.strategy)
        name = self.names[key] = f"f{len(self.names)}_{source.tree.name.strip('_')}"
        kinds_in = self._parameters(source, owner, news)
        self.returns[key] = self._returned(source)
        self.takes[key] = kinds_in
        body = Body(self, source, kinds_in, self.returns[key])
        text = body.text()
        head = ", ".join(["at", "m", "F", *(f"v_{word}" for word in kinds_in)])
        self.texts.append(f"def {name}({head}) -> {self._said(self.returns[key])}:\n{text}\n")
        return name

    def _said(self, kind: Any) -> str:
        """A kind as an annotation."""
        if isinstance(kind, tuple):
            return f"tuple[{', '.join(self._said(part) for part in kind)}]"
        if kind in (View, Want):
            return "Window" if kind is View else "Pen"
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            self.rows[kind.__name__] = dtype(kind)
            return kind.__name__
        if kind == LIST:
            self.rows["List"] = FORM
            return "List"
        return {int: "int", float: "float", bool: "bool", STR: "int"}.get(kind, "None")

    def returned(self, owner: Any, function: Callable[..., Any]) -> Any:
        """Kind of what a translated method returns."""
        return self.returns[owner, function]

    def accepts(self, owner: Any, function: Callable[..., Any]) -> dict[str, Any]:
        """Kinds of a translated method's parameters."""
        return self.takes[owner, function]

    def _returned(self, source: Source) -> Any:
        kind = kind_of(source.hints.get("return", type(None)))
        if kind is None:
            raise self.outside(source, source.tree, f"it returns {source.hints['return']}")
        return kind

    def _parameters(self, source: Source, owner: Any, news: Any) -> dict[str, Any]:
        arguments = source.tree.args
        if arguments.vararg or arguments.kwarg or (source.tree.decorator_list and owner is None):
            raise self.outside(source, source.tree, "it takes any number of arguments or is decorated")
        found: dict[str, Any] = {}
        given = [] if news is None else [View, Want] if news == NONE else [news, View, Want]
        for index, argument in enumerate([*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]):
            if owner is not None and index == 0:
                kind: Any = owner
            elif owner is not None and index <= len(given):
                kind = given[index - 1]
            else:
                kind = kind_of(source.hints.get(argument.arg))
            if kind is None:
                raise self.outside(source, argument, f"the kind of {argument.arg} is not known: annotate it")
            found[argument.arg] = kind
        return found

    def outside(self, source: Source, node: ast.AST, why: str) -> Outside:
        """The refusal of a place in the text."""
        return Outside(self.strategy, source.where(node), why)

    def bound(self, source: Source, node: ast.Call, function: Callable[..., Any], skip: int) -> list[Any]:
        """A call's arguments in the order of the function's parameters; defaults as plain values."""
        if any(isinstance(a, ast.Starred) for a in node.args) or any(k.arg is None for k in node.keywords):
            raise self.outside(source, node, "arguments with a star")
        signature = inspect.signature(function)
        names = list(signature.parameters)[skip:]
        try:
            call = signature.bind(
                *([None] * skip), *node.args, **{str(k.arg): k.value for k in node.keywords}
            )
        except TypeError as error:
            raise self.outside(source, node, str(error)) from error
        call.apply_defaults()
        return [call.arguments[name] for name in names]


def plain(function: Any) -> bool:
    """A function written in Python, which can be translated."""
    return isinstance(function, types.FunctionType)
