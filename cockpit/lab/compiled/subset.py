"""What is known of an expression while a strategy is translated: its kind, and the reason when there is none.

Kinds: ``int float bool str none`` · a class (a Struct with a place, the View, the Want) · ``LIST`` of floats
· ``BAR FILL RATE TRADE`` · a tuple of kinds.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any, get_type_hints

import msgspec

from cockpit.core.events import Bar, Fill, FundingRate, Trade
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.lab.compiled.reasons import Unsupported

LIST, BAR, FILL, RATE, TRADE, STR, NONE = "list", "bar", "fill", "rate", "trade", "str", "none"
EVENTS = {Bar: BAR, Fill: FILL, FundingRate: RATE, Trade: TRADE}
NUMBERS = (int, float, bool)
FIELDS: dict[str, dict[str, Any]] = {
    BAR: {"ts": int, "tf": int, "open": float, "high": float, "low": float, "close": float, "volume": float},
    FILL: {"ts": int, "maker": bool},
    RATE: {"ts": int, "rate": float, "settle_ts": int, "settled": bool},
    TRADE: {"ts": int, "price": float, "qty": float},
}
MONEY = frozenset(("price", "qty"))
"""Decimals of a fill: only ``float(fill.price)`` has a form here."""


class Outside(Unsupported):
    """A strategy outside the compilable subset: which one, where, and why."""

    def __init__(self, strategy: str, where: str, why: str) -> None:
        super().__init__(f"{strategy}, {where}: {why}")
        self.where = where
        self.why = why


class Source(msgspec.Struct, frozen=True):
    """One function of a strategy: its tree, and where it stands."""

    function: Callable[..., Any]
    tree: ast.FunctionDef
    hints: dict[str, Any]
    file: str
    first: int
    """Line of ``def`` in the file, less one of the tree."""

    def where(self, node: ast.AST) -> str:
        """Of a node, as people write it."""
        return f"{self.file} line {self.first + int(getattr(node, 'lineno', 1))}"


def source_of(function: Callable[..., Any], strategy: str) -> Source:
    """Read a function. Raises Outside when its text cannot be found."""
    name = getattr(function, "__qualname__", str(function))
    try:
        text, line = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(text))).body[0]
        hints = get_type_hints(function)
        file = inspect.getsourcefile(function) or "?"
    except (OSError, TypeError, SyntaxError, NameError) as error:
        raise Outside(strategy, name, f"its text cannot be read ({error})") from error
    if not isinstance(tree, ast.FunctionDef):
        raise Outside(strategy, name, "it is no plain function")
    return Source(function, tree, hints, file.rpartition("/")[2], line - 1)


def kind_of(hint: Any) -> Any:
    """Kind of an annotation; None when it has none here."""
    if hint in NUMBERS or hint in (View, Want):
        return hint
    if hint in EVENTS:
        return EVENTS[hint]
    if hint is str:
        return STR
    if hint is type(None) or hint is None:
        return NONE
    if hint == list[float]:
        return LIST
    if getattr(hint, "__origin__", None) is tuple and Ellipsis not in hint.__args__:
        parts = tuple(kind_of(part) for part in hint.__args__)
        return None if None in parts else parts
    return hint if isinstance(hint, type) and issubclass(hint, msgspec.Struct) else None


def numeric(kind: Any) -> bool:
    """Is it a number?"""
    return kind in NUMBERS


def joined(a: Any, b: Any) -> Any:
    """The kind of something that is now this and now that; None when there is no such kind."""
    if a == b:
        return a
    if numeric(a) and numeric(b):
        return float if float in (a, b) else int
    return None
