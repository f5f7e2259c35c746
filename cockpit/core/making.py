"""What quoting brings, fill by fill: the spread earned, what the market took back, the fees. For eyes only.

    edge       how far the fill was from the middle of the book, in our favour: the half spread earned
    markout    the same against the middle some seconds later: what is left of it
    taken back edge - markout: adverse selection, the part that better informed traders kept

All are fractions of the price, weighted by value. Where the book could not be trusted nothing is measured,
and the count says how many fills a number speaks of.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import inf, nan

import msgspec

from cockpit.core import events as ev
from cockpit.core.state import State
from cockpit.core.types import Side, SleeveId

HORIZONS = (1_000, 5_000, 30_000)
"""ms after a fill at which it is looked at again."""
LATE = 2.0
"""An answer that comes after more than so many horizons speaks of something else."""
MOST = 4_000
"""Fills that wait to be looked at again; of more, the oldest are not."""


class Waiting(msgspec.Struct, frozen=True, array_like=True):
    """A fill that is looked at again."""

    due: int
    sleeve: SleeveId
    symbol: str
    sign: int
    price: float
    value: float


class Tally(msgspec.Struct):
    """Of one sleeve since it was first seen."""

    since: int = 0
    buys: int = 0
    sells: int = 0
    bought: float = 0.0
    sold: float = 0.0
    """Contracts or base units."""
    makers: int = 0
    """Fills that rested in the book."""
    turnover: float = 0.0
    """Quote currency."""
    fees: float = 0.0
    """Quote currency; negative = rebates."""
    edge: float = 0.0
    """Sum of value x edge, quote currency, of ``edged`` value."""
    edged: float = 0.0
    marks: list[float] = msgspec.field(default_factory=lambda: [0.0] * len(HORIZONS))
    """The same at each horizon, of ``marked`` value."""
    marked: list[float] = msgspec.field(default_factory=lambda: [0.0] * len(HORIZONS))
    counts: list[int] = msgspec.field(default_factory=lambda: [0] * len(HORIZONS))
    """Fills measured."""


class Makers:
    """Watches new fills, and the middle of the book after them."""

    def __init__(self, state: State, mid: Callable[[str], float] = lambda _symbol: nan) -> None:
        """``mid``: the middle of a market's book, NaN when it cannot be trusted."""
        self.state = state
        self.mid = mid
        self.tallies: dict[SleeveId, Tally] = {}
        self._waiting: tuple[deque[Waiting], ...] = tuple(deque(maxlen=MOST) for _ in HORIZONS)
        self.due: float = inf
        """When the next fill is to be looked at again."""

    def hear(self, event: ev.Fill) -> None:
        """A fill that was new, after its step."""
        order = self.state.order(event.cid) if event.cid else None
        instrument = self.state.instruments.get(event.symbol)
        if order is None or instrument is None or order.sleeve not in self.state.sleeves:
            return
        tally = self.tallies.setdefault(order.sleeve, Tally(event.ts))
        price, qty = float(event.price), float(event.qty)
        value = float(instrument.quote_notional(event.qty, event.price))
        sign = 1 if event.side is Side.BUY else -1
        if sign > 0:
            tally.buys, tally.bought = tally.buys + 1, tally.bought + qty
        else:
            tally.sells, tally.sold = tally.sells + 1, tally.sold + qty
        tally.makers += event.maker
        tally.turnover += value
        fee = float(event.fee)
        tally.fees += fee if event.fee_ccy != instrument.base else fee * price
        middle = self.mid(event.symbol)
        if not event.maker or middle != middle or price <= 0:
            return
        tally.edge += sign * (middle / price - 1.0) * value
        tally.edged += value
        for horizon, queue in zip(HORIZONS, self._waiting, strict=True):
            queue.append(Waiting(event.ts + horizon, order.sleeve, event.symbol, sign, price, value))
        self._next()

    def look(self, now: int) -> None:
        """Measure whatever is due; call it only from ``due`` on."""
        for place, queue in enumerate(self._waiting):
            while queue and queue[0].due <= now:
                row = queue.popleft()
                middle, tally = self.mid(row.symbol), self.tallies.get(row.sleeve)
                late = now - row.due > LATE * HORIZONS[place]
                if tally is None or late or middle != middle:
                    continue
                tally.marks[place] += row.sign * (middle / row.price - 1.0) * row.value
                tally.marked[place] += row.value
                tally.counts[place] += 1
        self._next()

    def _next(self) -> None:
        self.due = min((queue[0].due for queue in self._waiting if queue), default=inf)
