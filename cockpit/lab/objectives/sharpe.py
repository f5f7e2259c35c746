"""Sharpe ratio, less what trading much and falling deep are worth to its owner."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.registry import objective
from cockpit.lab.search.measure import Measured


class Params(msgspec.Struct, frozen=True):
    """Prices of turnover and drawdown, in points of Sharpe."""

    turnover: Annotated[
        float, Meta(ge=0, description="Points off for each time a year that the equity is traded")
    ] = 0.0005
    drawdown: Annotated[float, Meta(ge=0, description="Points off for a drawdown of 100 %")] = 1.0


@objective("sharpe", Params, goals=("sharpe",))
def sharpe(measured: Measured, params: Params) -> tuple[float | None, ...]:
    """Annual Sharpe - turnover price x turnover a year - drawdown price x worst drawdown."""
    if measured.sharpe is None:
        return (None,)
    paid = params.turnover * (measured.turnover or 0.0) + params.drawdown * measured.mdd
    return (measured.sharpe - paid,)
