"""Every other registered indicator under its own name: inputs as series, then its parameters."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any

import msgspec

from cockpit.app.discover import discover_indicators
from cockpit.app.quant import FUNCTIONS
from cockpit.core.registry import INDICATORS, Plugin
from cockpit.indicators.catalogue import parameters, table


def add() -> None:
    """Register those that nobody has given a name of their own; a book is no series and stays inside."""
    discover_indicators()
    for name, plugin in INDICATORS.items():
        if name not in FUNCTIONS and "book" not in plugin.options["inputs"]:
            FUNCTIONS[name] = _function(plugin)


def _function(plugin: Plugin) -> Callable[..., Any]:
    inputs = plugin.options["inputs"]
    fields = parameters(plugin)

    def call(*args: Any) -> Any:
        given = zip([field.name for field in fields], args[len(inputs) :], strict=False)
        found = table(plugin.name, *args[: len(inputs)], **dict(given))
        return found if len(found) > 1 else found.popitem()[1]

    kind = Parameter.POSITIONAL_OR_KEYWORD
    shown = [Parameter(name, kind) for name in inputs]
    for field in fields:
        default = Parameter.empty if field.default is msgspec.NODEFAULT else field.default
        shown.append(Parameter(field.name, kind, default=default))
    call.__signature__ = Signature(shown)  # type: ignore[attr-defined]
    return call
