"""OP-01: a version has lost more from its top than it may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.registry import trigger
from cockpit.core.triggers import Facts, Fired


class Params(msgspec.Struct, frozen=True):
    """A fraction of the account's equity."""

    above: Annotated[float, Meta(gt=0, le=1)] = 0.1


@trigger("drawdown", Params)
def read(facts: Facts, params: Params) -> Iterator[Fired]:
    """Highest sum of its returns less the sum now, at least ``above``; open positions count."""
    for name, curve in facts.curves.items():
        lost = curve.peak - curve.now
        if lost >= params.above:
            yield Fired(name, f"drawdown {lost:.1%}, limit {params.above:.1%}")
