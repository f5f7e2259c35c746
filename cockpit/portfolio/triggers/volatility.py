"""OP-01: a market moves as it does not usually."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.registry import trigger
from cockpit.core.triggers import Facts, Fired


class Params(msgspec.Struct, frozen=True):
    """Times its own long mean."""

    above: Annotated[float, Meta(gt=1)] = 4.0


@trigger("volatility", Params)
def read(facts: Facts, params: Params) -> Iterator[Fired]:
    """Root mean square of a market's last returns (EWMA, 0.9) over that of its long past (0.995), one return
    a minute, at least ``above``; nothing is said before 100 minutes.
    """
    for market, ratio in facts.unrest.items():
        if ratio >= params.above:
            yield Fired(market, f"{market} moves {ratio:.1f} times as much as usual")
