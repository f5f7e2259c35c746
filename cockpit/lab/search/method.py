"""What every search method is: asked for points of the unit cube, told what they were worth.

A method is told in the order in which it was asked, and it is never asked twice before it was told. All its
chance comes from ``brief.seed``, so a study can be taken up again by asking for what was asked before.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from cockpit.core.errors import ConfigError
from cockpit.core.registry import SEARCHES, Plugin
from cockpit.lab.search.space import Point, Space

Scores = tuple[float, ...]
"""One number a goal; larger is better."""


class Brief(msgspec.Struct, frozen=True):
    """What a method is told before it begins. A longer budget later changes nothing here."""

    space: Space
    seed: int
    budget: int
    """Trials that were planned when the study began."""
    goals: int
    allowed: Callable[[Sequence[float]], bool]
    """Do the strategy's own rules (fast < slow) allow this point?"""


class Method(Protocol):
    """A search."""

    batch: int
    """How many it likes to be asked for at once; never depends on the number of workers."""

    def ask(self, count: int) -> list[Point]:
        """Up to ``count`` points; none = there is nothing left to try."""

    def tell(self, points: Sequence[Point], scores: Sequence[Scores]) -> None:
        """What the points of the last ``ask`` were worth, in their order."""

    def skip(self, points: Sequence[Point]) -> None:
        """Instead of ``ask`` in a study that is taken up again: these were asked for."""


class Replayed(ABC):
    """A method that is taken up again by asking it the same again."""

    @abstractmethod
    def ask(self, count: int) -> list[Point]:
        """As ``Method.ask``."""

    def skip(self, points: Sequence[Point]) -> None:
        """Ask as before. Raises ConfigError when this version would have tried something else."""
        if self.ask(len(points)) != list(points):
            raise ConfigError(
                "this study cannot be taken up again: the method gives other points than it did "
                "(another version of its library?); begin a new one"
            )


def made(name: str, brief: Brief) -> Method:
    """A method by name. Raises ConfigError where it does not exist, does not fit or is not installed."""
    plugin = SEARCHES.get(name)
    if plugin is None:
        raise ConfigError(f"no search method {name!r}; there are auto, {', '.join(SEARCHES)}")
    if brief.goals > 1 and plugin.options.get("goals") == "one":
        able = [row.name for row in SEARCHES.values() if row.options.get("goals") != "one"]
        raise ConfigError(f"{name} follows one goal, not {brief.goals}; {', '.join(able)} can")
    _installed(plugin)
    found: Method = plugin.target.begin(brief)
    return found


def _installed(plugin: Plugin) -> None:
    from importlib.util import find_spec

    for module in str(plugin.options.get("needs", "")).split():
        if find_spec(module) is None:
            raise ConfigError(f"the method {plugin.name} needs {module}: pip install 'cockpit[lab]'")


def discover() -> None:
    """Register every built-in method. A plug-in package registers its own."""
    from importlib import import_module
    from pkgutil import iter_modules

    for package in ("cockpit.lab.search.methods", "cockpit.lab.objectives"):
        for module in iter_modules(import_module(package).__path__):
            import_module(f"{package}.{module.name}")


SMALL, MIDDLE = 3, 8
"""Dimensions up to which a space is small, and middling (quant reference, section 8)."""


def choose(space: Space, goals: int, budget: int) -> str:
    """The method for a space: grid or hypercube and hill climb, TPE, CMA-ES; NSGA-II for several goals.

    Each of these costs less for a trial than the shortest compiled backtest (``tests.benchmarks --only
    search``). The Gaussian process costs about as much as one, so it is only used by name, for slow trials.
    """
    if goals > 1:
        return "nsga2"
    if space.dim <= SMALL:
        return "grid" if 0 < space.cells <= budget else "nelder-mead"
    return "tpe" if space.dim <= MIDDLE else "cmaes"


def spread(seed: int, *parts: int) -> Any:
    """A source of chance of its own for every part of a study."""
    import numpy as np

    return np.random.default_rng([seed & 0xFFFFFFFF, *parts])
