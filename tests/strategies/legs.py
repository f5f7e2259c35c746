"""A perpetual and its spot market, candles and settled funding rates, for the strategies with two legs."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from cockpit.app.rehearse import HOUR, MARKET, START
from cockpit.core.events import AnyEvent, FundingRate
from tests.strategies.crafted import SPOT, bars

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
