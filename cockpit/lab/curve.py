"""The equity curve of a run, marked to market at whole instants: days at 00:00 UTC, finer for short runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isnan, nan

import msgspec

from cockpit.core.state import State
from cockpit.core.worth import unit_value

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
YEAR = 365 * DAY
ENOUGH = 30
"""Periods from which ratios are worth a word."""


def period_for(span_ms: int) -> int:
    """How often to sample: days, unless the run is too short for them to say anything."""
    if span_ms >= ENOUGH * DAY:
        return DAY
    return HOUR if span_ms >= ENOUGH * HOUR else MINUTE


class Curve(msgspec.Struct, frozen=True):
    """One point at the start, one a period, one at the end. Idle periods are points too: returns of 0."""

    period: int
    """ms between points; the last one may be shorter."""
    ts: tuple[int, ...]
    equity: tuple[float, ...]
    gross: tuple[float, ...]
    """Everything held, notional over equity."""
    held: tuple[float, ...]
    """Buying every market of the run at the start in equal parts, and holding; NaN without a price."""

    @property
    def ppy(self) -> float:
        """Periods per year: markets that never close."""
        return YEAR / self.period

    def returns(self, values: tuple[float, ...] | None = None) -> list[float]:
        """Simple returns of whole periods; a stub at the end is left out."""
        row = self.equity if values is None else values
        whole = len(row) - 1 if self._stub() else len(row)
        return [row[i] / row[i - 1] - 1.0 if row[i - 1] > 0 else -1.0 for i in range(1, whole)]

    def _stub(self) -> bool:
        return len(self.ts) > 2 and self.ts[-1] - self.ts[-2] != self.period


class Sampler:
    """Takes the points.

    ``due`` is the instant after which the next one must be taken, before a fact's step.
    """

    def __init__(
        self, state: State, period: int, start: int, told: Callable[[int, float], None] | None = None
    ) -> None:
        """``told`` is given each point (UTC ms, equity) as it is taken."""
        self.state = state
        self._told = told
        self.period = period
        self.due = start - start % period + period
        self._ts = [start]
        self._equity = [state.equity()]
        self._gross = [0.0]
        self._prices: list[dict[str, float]] = [{}]
        self._first: dict[str, float] = {}

    def before(self, ts: int) -> int:
        """A fact later than ``due`` is about to be told.

        Everything up to ``due`` is known. Returns the next.
        """
        while ts > self.due:
            self._take(self.due)
            self.due += self.period
        return self.due

    def done(self, ts: int) -> Curve:
        """The run is over at ``ts``."""
        self.before(ts)
        if ts - self._ts[-1] >= MINUTE or len(self._ts) == 1:
            self._take(ts)
        else:  # the last news of the last period is no period of its own
            self._equity[-1] = self.state.equity()
        held = tuple(self._holding(prices) for prices in self._prices)
        return Curve(self.period, tuple(self._ts), tuple(self._equity), tuple(self._gross), held)

    def _take(self, ts: int) -> None:
        state = self.state
        equity = state.equity()
        prices = dict(state.last)
        for symbol, price in prices.items():
            self._first.setdefault(symbol, price)
        self._ts.append(ts)
        self._equity.append(equity)
        self._prices.append(prices)
        if self._told is not None:
            self._told(ts, equity)
        self._gross.append(self._exposure() / equity if equity > 0 else nan)

    def _exposure(self) -> float:
        state, total = self.state, 0.0
        for position in state.ledger.held():
            unit = unit_value(state, position.symbol)
            if not isnan(unit):
                total += abs(float(position.qty)) * unit
        return total

    def _holding(self, prices: Mapping[str, float]) -> float:
        start, known = self._equity[0], self._first
        if not known:
            return nan
        return start * sum(prices.get(s, first) / first for s, first in known.items()) / len(known)
