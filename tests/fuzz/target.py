"""A parser of outside bytes, and what it promises."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from tests.fuzz.mutate import Maker, of_json


class Target(msgspec.Struct, frozen=True):
    """``feed`` may return anything, or raise one of ``declared``: nothing else, not even on purpose."""

    name: str
    covers: tuple[str, ...]
    """Modules of the package whose parsing this reaches (``cockpit/adapters/okx/frames.py``)."""
    seeds: Sequence[bytes] | Callable[[], bytes]
    """What is well formed; a function where it costs something to make."""
    feed: Callable[[bytes], object]
    declared: tuple[type[BaseException], ...] = ()
    make: Maker = of_json
    weight: float = 1.0
    """Share of a campaign; slow ones (files, databases) take less."""
    refuses_seeds: bool = False
    """Some seeds are there to be refused."""

    @property
    def corpus(self) -> Sequence[bytes]:
        """The seeds, made."""
        return (self.seeds(),) if callable(self.seeds) else self.seeds


TARGETS: dict[str, Target] = {}


def add(target: Target) -> Target:
    """Register it."""
    assert target.name not in TARGETS, target.name
    TARGETS[target.name] = target
    return target
