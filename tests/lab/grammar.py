"""Strategies that nobody wrote: small random ones, as text, of everything that the SDK offers on bars.

A draw is the text of a module with ``Params`` and ``Idea``: indicators of the catalogue, candles of a longer
length counted by hand, memory, a list of the last closes, conditions, wishes with stops, sizes and tags, and
hooks for fills and funding. Whatever it computes it keeps, so the smallest difference shows.
"""

from __future__ import annotations

import importlib
import linecache
import pkgutil
import random
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from hypothesis import strategies as st

import cockpit.indicators
from cockpit.core.registry import INDICATORS, Plugin
from cockpit.indicators.catalogue import parameters

for found in pkgutil.iter_modules(cockpit.indicators.__path__):
    importlib.import_module(f"cockpit.indicators.{found.name}")

INPUTS = {
    "open": "bar.open", "high": "bar.high", "low": "bar.low", "close": "bar.close", "volume": "bar.volume",
    "x": "bar.close", "r": "bar.close / bar.open - 1.0",
}  # fmt: skip
WORDS = ("rise", "fall", "out", "turn", "wide")
FLOATS = (
    "bar.open", "bar.high", "bar.low", "bar.close", "bar.volume", "self.a", "self.b", "view.position",
    "view.entry", "view.equity", "view.last", "view.tick", "view.min_qty", "view.funding_rate",
    "view.latency", "self.params.k", "self.params.w", "self.slow", "view.taker_fee",
)  # fmt: skip
WHOLES = ("self.n", "self.held", "self.params.m", "view.resting", "len(self.past)")
HEAD = """from __future__ import annotations

from math import fabs, isnan, nan, sqrt

import msgspec

from cockpit.sdk import Bar, Fill, FundingRate, View, Want
{imports}

class Params(msgspec.Struct, frozen=True):
    k: float = {k}
    w: float = {w}
    m: int = {m}


class Idea(msgspec.Struct):
    params: Params
{fields}    a: float = 0.0
    b: float = nan
    slow: float = nan
    n: int = 0
    held: int = 0
    past: list[float] = []

    @classmethod
    def create(cls, params: Params) -> Idea:
        return cls(params{made}, past=[1.0])

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        self.n += 1
        close = bar.close
{updates}        if self.n % {long} == 0:
            self.slow = close
{body}
        self.past.append(close)
        if len(self.past) > {room}:
            self.past.pop(0)
"""
HOOK = {
    "fill": """
    def on_fill(self, fill: Fill, view: View, want: Want) -> None:
        self.held += fill.side.sign
        price = float(fill.price)
        self.a = self.a * 0.5 + price
{body}
""",
    "funding": """
    def on_funding(self, rate: FundingRate, view: View, want: Want) -> None:
        price = view.last
        self.b = rate.rate * 1000.0
{body}
""",
    "helper": """
    def level(self, price: float, away: float, side: int) -> float:
        found = price - side * away
        return found if found > 0.0 else nan
""",
}


def usable() -> dict[str, Plugin]:
    """Indicators that live on bars alone."""
    return {n: p for n, p in sorted(INDICATORS.items()) if set(p.options["inputs"]) <= INPUTS.keys()}


class _Draw:
    """One text in the making; ``one`` takes one of several."""

    def __init__(self, one: Callable[[Sequence[Any]], Any]) -> None:
        self.one = one
        self.lines: list[str] = []
        """Values of indicators."""

    def number(self, depth: int, here: str) -> str:
        """A float; ``here`` is the price at hand (``close`` or ``price``)."""
        if depth == 0 or self.one((0, 0, 1)) == 0:
            places = [p for p in FLOATS if here == "close" or not p.startswith("bar.")]
            known = [here, *(self.lines or [here]), *places]
            return str(self.one((*known, repr(self.one((0.0, 0.5, 1.0, 2.0, 100.0))))))
        a, b = self.number(depth - 1, here), self.number(depth - 1, here)
        return str(
            self.one((
                f"({a} + {b})", f"({a} - {b})", f"({a} * {b})", f"({a} / (1.0 + abs({b})))",
                f"min({a}, {b})", f"max({a}, {b})", f"abs({a} - {b})", f"sqrt(fabs({a}))", f"-{a}",
                f"({a} if {self.condition(depth - 1, here)} else {b})",
                f"float({self.whole(depth - 1, here)})", f"max(self.past[-1], {a})",
            ))
        )  # fmt: skip

    def whole(self, depth: int, here: str) -> str:
        """A whole number."""
        if depth == 0:
            return str(self.one((*WHOLES, "1", "2", "3", "7")))
        a, b = self.whole(depth - 1, here), self.whole(depth - 1, here)
        return str(
            self.one((
                f"({a} + {b})", f"({a} - {b})", f"({a} * {b} % 1009)", f"({a} // (1 + abs({b})))",
                f"({a} % (1 + abs({b})))", f"max({a}, {b})", f"int({self.condition(depth - 1, here)})",
                f"({a} if {self.condition(depth - 1, here)} else {b})",
            ))
        )  # fmt: skip

    def condition(self, depth: int, here: str) -> str:
        """True or false."""
        if depth <= 0:
            return str(
                self.one((
                    f"{here} > self.slow", f"self.n % {self.one((2, 3, 5, 11))} == 0", "view.can_short",
                    "view.position > 0.0", "view.position != 0.0", "isnan(self.b)", "self.held > 0",
                    "self.n < 40",
                ))
            )  # fmt: skip
        kind = self.one(("order", "order", "order", "chain", "and", "or", "not", "whole"))
        if kind in {"and", "or"}:
            return f"({self.condition(depth - 1, here)} {kind} {self.condition(depth - 1, here)})"
        if kind == "not":
            return f"(not {self.condition(depth - 1, here)})"
        if kind == "whole":
            return f"({self.whole(1, here)} {self.one(('<', '==', '>='))} {self.whole(0, here)})"
        a, b = self.number(depth - 1, here), self.number(depth - 1, here)
        if kind == "chain":
            return f"({a} < {b} <= {self.number(0, here)})"
        return f"({a} {self.one(('<', '>', '<=', '>='))} {b})"

    def occasion(self, here: str) -> str:
        """A condition that comes and goes, so that something is wished now and then."""
        line = self.one(self.lines) if self.lines else "self.slow"
        often = self.one((
            f"{here} > self.past[0]", f"{here} < self.past[0]", f"{here} > self.slow", f"{here} < self.slow",
            f"self.n % {self.one((3, 5, 11))} == {self.one((0, 1, 2))}", f"{line} > self.a",
            f"{line} < {here}", f"view.position == 0.0 and {here} > self.slow", "view.position != 0.0",
        ))  # fmt: skip
        more = self.one(("", "", "", " and ", " or "))
        return f"({often}{more}{self.condition(2, here)})" if more else f"({often})"

    def wish(self, here: str, kind: str) -> list[str]:
        """Write something with the pen."""
        word = self.one(WORDS)
        if kind == "flat":
            return [f'want.flat("{word}")']
        away = self.one((f"{here} * 0.01", f"{here} * 0.03", "abs(self.a - self.b)", *(
            f"abs({line}) * self.params.k" for line in self.lines[:2]
        )))  # fmt: skip
        found = [f"away = {away}"]
        if kind == "protect":
            side = "1 if view.position > 0.0 else -1"
            return [*found, f'want.protect(self.level({here}, away, {side}), nan, "{word}")']
        side = self.one(
            ("1", "-1 if view.can_short else 1", "1 if self.a > self.b or not view.can_short else -1")
        )
        stop = self.one(("nan", f"self.level({here}, away, side)"))
        take = self.one(("nan", f"self.level({here}, away * 1.5, -side)"))
        confidence = self.one(("1.0", "1.0", "1.0", "0.5"))
        size = self.one(("self.params.w", "min(0.5, abs(self.a) / (1.0 + abs(self.a)))", "0.2"))
        if kind == "hold":
            call = (
                f'want.position(side * view.qty_for({size} * view.equity, {here}), {stop}, {take}, "{word}")'
            )
            return [*found, f"side = {side}", call]
        rest = f'{size}, {stop}, {take}, "{word}", {confidence}'
        return [
            *found, f"side = {side}", "if side > 0:", f"    want.long({rest})", "else:",
            f"    want.short({rest})",
        ]  # fmt: skip

    def block(self, here: str, depth: int) -> list[str]:
        """A few statements."""
        found = []
        for _ in range(self.one((1, 1, 2))):
            kind = self.one(("remember", "count", "if", "if", "loop"))
            if kind == "remember" or (kind in {"if", "loop"} and depth == 0):
                found.append(f"self.{self.one('ab')} = {self.number(2, here)}")
            elif kind == "count":
                found.append(f"self.held = {self.whole(2, here)}")
            elif kind == "loop":
                found.append(f"for i in range({self.one((1, 2, 3))}):")
                found += [f"    self.a = self.a * 0.5 + {self.number(1, here)} + i"]
            else:
                found.append(f"if {self.condition(2, here)}:")
                found += [f"    {line}" for line in self.block(here, depth - 1)]
                if self.one((False, True)):
                    found.append("else:")
                    found += [f"    {line}" for line in self.block(here, depth - 1)]
        return found

    def guarded(self, here: str) -> list[str]:
        """Some thought, then a wish where a condition holds."""
        found = self.block(here, 1)
        rest = ("flat", self.one(("enter", "protect", "hold")))
        for kind in ("enter", *(rest if here == "close" else ())):
            found.append(f"if {here} > 0.0 and self.n > 4 and {self.occasion(here)}:")
            found += [f"    {line}" for line in self.wish(here, kind)]
        return found


def text_of(one: Callable[[Sequence[Any]], Any]) -> str:
    """The text of one strategy, each choice taken by ``one``."""
    made = _Draw(one)
    known = usable()
    names = sorted({one(sorted(known)) for _ in range(one((0, 1, 2, 3)))})
    imports, fields, ctors, updates = [], [], [], []
    for at, name in enumerate(names):
        plugin = known[name]
        kind = plugin.target.__name__
        imports.append(f"from {plugin.target.__module__} import {kind}")
        given = ", ".join(
            f"{field.name}={one(range(2, 13))}" if field.type is int else f"{field.name}=0.9"
            for field in parameters(plugin)
            if field.required
        )
        fields.append(f"    i{at}: {kind}\n")
        ctors.append(f", i{at}={kind}({given})")
        ins = ", ".join(INPUTS[which] for which in plugin.options["inputs"])
        updates.append(f"        self.i{at}.update({ins})\n")
        made.lines += [f"self.i{at}.{line}" for line in plugin.options["lines"]]
    lines = made.guarded("close")
    text = HEAD.format(
        imports="".join(f"{line}\n" for line in imports), fields="".join(fields), made="".join(ctors),
        updates="".join(updates), body=_indented(lines), k=one((0.5, 1.0, 2.5)), w=one((0.1, 0.3, 0.7)),
        m=one((1, 3, 8)), long=one((4, 24)), room=one((3, 9)),
    )  # fmt: skip
    for hook in one(((), ("fill",), ("funding",), ("fill", "funding"))):
        text += HOOK[hook].format(body=_indented(made.guarded("price")))
    return text + HOOK["helper"]


@st.composite
def texts(draw: Any) -> str:
    """Any of them, so that hypothesis can look for the smallest that differs."""
    return text_of(lambda choices: draw(st.sampled_from(tuple(choices))))


def numbered(seed: int) -> str:
    """One of them by its number."""
    return text_of(random.Random(seed).choice)


def _indented(lines: list[str]) -> str:
    return "\n".join(f"        {line}" for line in lines)


def module_of(text: str, name: str = "drawn_idea") -> ModuleType:
    """The module of a text, whose lines can be read as if it lay on the disk."""
    module = ModuleType(name)
    file = f"<{name}>"
    module.__file__ = file
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    sys.modules[name] = module
    exec(compile(text, file, "exec"), vars(module))
    return module
