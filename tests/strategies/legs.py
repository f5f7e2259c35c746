"""Two markets at once, for the strategies with two legs: a perpetual with its spot market, and a couple."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import exp, log

import msgspec

from cockpit.app.rehearse import HOUR, MARKET, OTHER, START
from cockpit.core.events import AnyEvent, Bar, FundingRate
from tests.strategies.crafted import SPOT, bars, walk

EIGHT = 8 * HOUR
PERP = msgspec.structs.replace(MARKET, contract_value=Decimal("0.1"), lot=Decimal(1), min_qty=Decimal(1))
"""A contract is a tenth of a coin."""
COIN = msgspec.structs.replace(SPOT, lot=Decimal("0.0001"), min_qty=Decimal("0.001"))
BOTH = (PERP, COIN)


def rates(values: Sequence[float], every: int = EIGHT, settled: bool = True) -> list[AnyEvent]:
    """One rate an interval, settled at its end; without ``settled`` only announced, an hour before it."""
    return [
        FundingRate(at if settled else at - HOUR, PERP.symbol, value, at, settled)
        for at, value in ((START + (i + 1) * every, value) for i, value in enumerate(values))
    ]


def market(
    funding: Sequence[float], perp: Sequence[float], spot: Sequence[float] | None = None, settled: bool = True
) -> list[AnyEvent]:
    """Hourly candles of both, rates before the candles of the same moment."""
    quiet = {"volume": 100.0, "reach": 0.0005}
    return [
        *rates(funding, settled=settled),
        *bars(perp, symbol=PERP.symbol, **quiet),  # type: ignore[arg-type]
        *bars(spot or perp, symbol=COIN.symbol, **quiet),  # type: ignore[arg-type]
    ]


def spread(count: int, seed: int, phi: float = 0.8) -> list[float]:
    """Something that comes back to 0 by 20 % a bar, moved by at most 0.5 % a bar."""
    found, at, before = [], 0.0, 100.0
    for price in walk(count, seed + 1_000, 0.005):
        at = phi * at + log(price / before)
        before = price
        found.append(at)
    return found


def couple(count: int, seed: int, beta: float = 1.0, apart: Sequence[float] = ()) -> list[Bar]:
    """Candles of y = 50 * (x/100)^beta * e^spread, then ``apart``: spreads to add at the end."""
    extra = [0.0] * count + list(apart)
    xs = walk(count + len(apart), seed, 0.006)
    noise = spread(count, seed) + [0.0] * len(apart)
    ys = [50 * (x / 100) ** beta * exp(e + a) for x, e, a in zip(xs, noise, extra, strict=True)]
    return [*bars(ys, symbol=MARKET.symbol), *bars(xs, symbol=OTHER.symbol)]
