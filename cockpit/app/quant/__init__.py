"""``cockpit quant-eval``: the functions that trade and judge, answerable from outside.

One JSON object a line, ``{"id", "fn", "args"}``; ``args`` by name, or a list in the documented order.
Undefined is null, infinity "inf", exact decimals are strings. Nothing is computed here: each entry calls what
live, paper, backtest and lab call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from inspect import signature
from math import inf, isfinite, isnan
from typing import Any, TypeVar

import msgspec

from cockpit.core.unreadable import UNREADABLE

F = TypeVar("F", bound=Callable[..., Any])
FUNCTIONS: dict[str, Callable[..., Any]] = {}
LARGEST = 64 * 1024 * 1024
"""Bytes of one line: more is refused before it is read as JSON."""


def fn(name: str) -> Callable[[F], F]:
    """Register a function of the catalogue."""

    def add(target: F) -> F:
        FUNCTIONS[name] = target
        return target

    return add


def catalogue() -> Mapping[str, Callable[..., Any]]:
    """Everything that can be asked, by name."""
    from cockpit.app.quant import judging, money, others, samples, search, series  # noqa: F401 - importing registers

    others.add()

    return FUNCTIONS


def usage(target: Callable[..., Any]) -> str:
    """Its arguments, as in ``x, n=14``."""
    found = []
    for name, parameter in signature(target).parameters.items():
        empty = parameter.default is parameter.empty
        found.append(name if empty else f"{name}={parameter.default}")
    return ", ".join(found)


def evaluate(line: bytes) -> dict[str, Any]:
    """Answer one request; whatever is wrong with it is said in ``error``, never raised."""
    ident: Any = None
    try:
        if len(line) > LARGEST:
            raise ValueError(f"a request of more than {LARGEST} bytes")
        request = msgspec.json.decode(line)
        if not isinstance(request, dict):
            raise ValueError("a request is an object with id, fn and args")
        ident = request.get("id")
        name = request.get("fn")
        target = catalogue().get(name) if isinstance(name, str) else None
        if target is None:
            raise ValueError(f"no function {name!r}")
        args = request.get("args", {})
        bound = signature(target).bind(**args) if isinstance(args, dict) else signature(target).bind(*args)
        value = outside(target(*bound.args, **bound.kwargs))
    except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, ImportError) as error:
        return {"id": ident, "ok": False, "error": f"{type(error).__name__}: {error}"}
    except UNREADABLE as error:
        return {"id": ident, "ok": False, "error": f"not JSON: {error}"}
    return {"id": ident, "ok": True, "value": value}


def outside(value: Any) -> Any:
    """A result as the protocol writes it."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}" if value.is_finite() else "inf" if value > 0 else "-inf"
    if isinstance(value, int):
        return value
    if isinstance(value, msgspec.Struct):
        return {name: outside(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, Mapping):
        return {str(key): outside(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [outside(item) for item in value]
    number = float(value)
    if isnan(number):
        return None
    return number if isfinite(number) else "inf" if number == inf else "-inf"
