"""Indicators by name: what they take, when they begin to speak, and their lines over whole series.

Read off the registry and the classes, so nothing here is a second list. Modules must have been imported
(``app.discover``, or the import of the one that is wanted).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import sin
from typing import Any

import msgspec

from cockpit.core.book import Book
from cockpit.core.registry import INDICATORS, Plugin
from cockpit.indicators.batch import lines

EXAMPLES = {int: 14, float: 0.94}
"""Stand in for a length or a decay that has no default."""
LONGEST = 20_000
"""Bars after which an indicator that has not spoken is called silent."""


def parameters(plugin: Plugin) -> list[msgspec.structs.FieldInfo]:
    """What its author lets one choose: the fields that stand before its first line."""
    found = []
    for field in msgspec.structs.fields(plugin.target):
        if field.name in plugin.options["lines"]:
            break
        found.append(field)
    return found


def make(name: str, params: Mapping[str, Any]) -> Any:
    """A blank indicator.

    Raises LookupError for a name nobody registered, ValueError for a parameter that is unknown, of another
    type or out of range; the indicator itself says what is wrong with a number.
    """
    if name not in INDICATORS:
        raise LookupError(f"there is no indicator {name!r}")
    plugin = INDICATORS[name]
    known = {field.name: field for field in parameters(plugin)}
    for key, value in params.items():
        if key not in known:
            raise ValueError(f"{name} has no parameter {key!r}, it has {', '.join(known) or 'none'}")
        try:
            msgspec.convert(value, known[key].type)
        except msgspec.ValidationError as error:
            raise ValueError(f"{name}, {key}: {error}") from None
    missing = [key for key, field in known.items() if field.required and key not in params]
    if missing:
        raise ValueError(f"{name} needs {', '.join(missing)}")
    return plugin.target(**params)


def table(name: str, *series: Iterable[Any], **params: Any) -> dict[str, list[float]]:
    """All lines of the indicator after every bar, e.g. ``table("macd", close, fast=12, slow=26)``.

    ``series`` in the order of its inputs; NaN in the warm-up. Raises as :func:`make`, and ValueError for
    series of unequal length or number.
    """
    made = make(name, params)
    options = INDICATORS[name].options
    if len(series) != len(options["inputs"]):
        raise ValueError(f"{name} takes {', '.join(options['inputs'])}: {len(series)} series given")
    return lines(made, options["lines"], *series)


def first_index(plugin: Plugin, made: Any) -> int:
    """Index of the first bar at which its main line (what ``update`` returns) is a number; -1 for never.

    Found by trying, on a made-up market: a statement that cannot go stale.
    """
    for index in range(LONGEST):
        value = made.update(*(sample(which, index) for which in plugin.options["inputs"]))
        if value == value:
            return index
    return -1


def example(plugin: Plugin) -> tuple[dict[str, Any], Any]:
    """A blank one at its defaults, and the parameters that had none."""
    chosen = {field.name: EXAMPLES[field.type] for field in parameters(plugin) if field.required}
    return chosen, plugin.target(**chosen)


def sample(which: str, index: int) -> Any:
    """Bar ``index`` of a market that goes up and down and trades, as the input called ``which``."""
    close = 100.0 + 8.0 * sin(index * 0.37) + 3.0 * sin(index * 1.91)
    reach = 1.0 + 0.5 * sin(index * 0.83)
    kinds: dict[str, Any] = {
        "ts": index * 60_000,
        "open": close - 0.4 * reach,
        "high": close + reach,
        "low": close - reach,
        "bid": close - 0.1,
        "ask": close + 0.1,
        "r": 0.01 * sin(index * 1.7),
        "side": 1.0 if sin(index * 2.3) > 0 else -1.0,
        "signal": 1.0,
        "volume": 50.0 + 20.0 * sin(index * 0.51),
        "funding": 1e-4 * (1.0 + sin(index * 0.29)),
        "open_interest": 1e4 + 100.0 * sin(index * 0.13),
    }
    if which == "book":
        made = Book()
        levels = range(20)
        bids = [(close - 0.1 - 0.1 * k, 5.0 + k) for k in levels]
        made.apply_snapshot(bids, [(close + 0.1 + 0.1 * k, 4.0 + k) for k in levels], 1, 1)
        return made
    if which.endswith("qty"):
        return 3.0 + 2.0 * sin(index * 0.71 + len(which))
    return kinds.get(which, close)
