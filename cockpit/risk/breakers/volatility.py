"""RK-08: a market moves as it does not usually."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.core.breakers import Facts, Reading, Rung, Rungs
from cockpit.core.registry import breaker
from cockpit.core.stops import symbol_key


class Params(Rungs, frozen=True):
    """Times its own long mean."""

    delever: Rung = 4.0
    reduce_only: Rung = 6.0


@breaker("volatility", Params, kind="ladder", unit="x")
def read(facts: Facts, _params: Params) -> Iterator[Reading]:
    """Per market: root mean square of its last returns (EWMA, 0.9) over that of its long past (0.995),
    sampled at each look; nothing is said before 100 looks.
    """
    for symbol, ratio in facts.unrest.items():
        yield Reading(ratio, f"{symbol} moves {ratio:.1f} times as much as usual", symbol_key(symbol))
