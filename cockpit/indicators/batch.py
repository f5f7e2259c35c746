"""Whole series from the streaming form, never the other way round: research cannot see more than live."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol


class Streaming(Protocol):
    """Anything with ``update``."""

    @property
    def update(self) -> Callable[..., float]: ...


def batch(indicator: Streaming, *series: Iterable[float]) -> list[float]:
    """One value per bar, NaN in the warm-up. ``series`` are what ``update`` takes, e.g. high, low, close."""
    update = indicator.update
    return [update(*values) for values in zip(*series, strict=True)]


def lines(indicator: Streaming, names: Sequence[str], *series: Iterable[float]) -> dict[str, list[float]]:
    """The named attributes after every bar, for indicators of several lines."""
    found: dict[str, list[float]] = {name: [] for name in names}
    for values in zip(*series, strict=True):
        indicator.update(*values)
        for name in names:
            found[name].append(getattr(indicator, name))
    return found
