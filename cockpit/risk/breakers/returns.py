"""RK-08: a strategy does what its backtest never did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from cockpit.core.breakers import Facts, Reading, Rung, Rungs
from cockpit.core.registry import breaker


class Params(Rungs, frozen=True):
    """Times the quantile it is beyond: 1 = as bad (or as good) as the backtest's."""

    reduce_only: Rung = 1.0
    halt: Rung = 2.0
    low: Annotated[float, Meta(lt=0, description="Low quantile of its daily returns in the backtest")] = -0.05
    high: Annotated[float, Meta(gt=0, description="High quantile of them")] = 0.10
    strategy: Annotated[str, Meta(description="Strategy they belong to; empty = every one")] = ""


@breaker("returns", Params, kind="ladder", unit="x quantile")
def read(facts: Facts, params: Params) -> Iterator[Reading]:
    """Per strategy version: today's return, fraction of equity, over the quantile of the backtest's daily
    returns on the same side. Too good counts as well: it is then not the strategy that was tested.
    """
    for version, made in facts.returns.items():
        if (
            params.strategy
            and version != f"version:{params.strategy}"
            and not version.startswith(f"version:{params.strategy}@")
        ):
            continue
        bound = params.low if made < 0 else params.high
        yield Reading(made / bound, f"{made:.2%} today, the backtest's quantile is {bound:.2%}", version)
