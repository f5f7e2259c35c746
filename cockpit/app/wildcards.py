"""``*@*/1h``: every strategy on every market of a tape, spelled out before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

import msgspec

from cockpit.core.config import SleeveConfig
from cockpit.core.errors import ConfigError
from cockpit.core.registry import STRATEGIES, Plugin

WILD = frozenset("*?[")


def spelled_out(
    sleeves: Iterable[SleeveConfig], symbols: Sequence[str], barred: Sequence[str] | None = None
) -> tuple[SleeveConfig, ...]:
    """Patterns become the sleeves they stand for: enabled one-leg bar strategies, markets of the tape.

    ``barred``: the markets that have bars, or trades to make them of (None = all): a strategy that a pattern
    stands for is put on those only. A name that is no pattern stays as it is. Raises ConfigError where one
    fits nothing.
    """
    found: list[SleeveConfig] = []
    for row in sleeves:
        names = _fitting(row.strategy, [n for n, plugin in STRATEGIES.items() if _alone(plugin)])
        every = symbols if barred is None or not WILD & set(row.strategy) else barred
        places = _fitting(row.symbol, every) if row.symbol else [""]
        if not names or not places:
            raise ConfigError(
                f"{row.strategy}@{row.symbol} fits no strategy on bars or no market of the tape"
            )
        found += [
            msgspec.structs.replace(row, strategy=name, symbol=place) for name in names for place in places
        ]
    return tuple(found)


def _fitting(pattern: str, known: Sequence[str]) -> list[str]:
    if not WILD & set(pattern):
        return [pattern]
    return [name for name in known if fnmatchcase(name, pattern)]


def _alone(plugin: Plugin) -> bool:
    options = plugin.options
    return "bar" in options.get("wakes", ()) and options.get("legs", 1) == 1 and options.get("enabled", True)
