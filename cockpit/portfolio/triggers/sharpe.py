"""OP-01: a version's Sharpe ratio has fallen below what is expected of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.registry import trigger
from cockpit.core.triggers import Facts, Fired
from cockpit.portfolio.performance import sharpe


class Params(msgspec.Struct, frozen=True):
    """An annual ratio and the days it is taken over."""

    below: float = 0.0
    days: Annotated[int, Meta(ge=20, le=1_000)] = 30


@trigger("sharpe", Params)
def read(facts: Facts, params: Params) -> Iterator[Fired]:
    """Annual Sharpe ratio (365 days, quant reference 6) of the last ``days`` days that are over, under
    ``below``. Nothing is said before there are as many.
    """
    for name, curve in facts.curves.items():
        last = curve.returns[-params.days :]
        ratio = sharpe(last).annual if len(last) == params.days else None
        if ratio is not None and ratio < params.below:
            yield Fired(name, f"Sharpe {ratio:.2f} over {params.days} days, below {params.below:g}")
