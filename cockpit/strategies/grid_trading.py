"""ST-05, harvest a sideways market: buy each level down, sell each level up, around the mean.

Five levels across 4 % around the 20-bar mean (-2 %, -1 %, the mean, +1 %, +2 %), each worth 0.05 of equity.
At the mean it holds nothing; each level further down it holds one portion more, each level further up one
less (short, where the market can be sold short). Every portion that comes back one level has earned one step
less two maker fees: with a step of 1 % and 0.02 % a fee, 0.96 % of the portion.

The nearest level on each side rests, as a post-only quote; when one is taken the next one is shown. A market
that leaps over two levels at once therefore fills one portion, not two, and the next is quoted at the touch.
Levels, portion and mean are frozen when the grid is laid, which happens at a close within half a step of the
mean; while nothing is held, a mean that has moved half a step lays it anew.

It gives up when a bar closes outside both the grid and the Bollinger bands (20, 2): all is closed at market.
Should nobody be watching, a stop rests at the venue one step beyond the last level. Both end this grid; the
next is laid at a close near the mean. A touched level is no fill: see the fill rules of the simulator.

On spot no stop rests: a venue freezes the coins that the levels above promise, and a stop that goes off then
fails for lack of them. There the grid watches that price itself and leaves at market when it is reached.
"""

from __future__ import annotations

from math import floor, nan
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.events import Bar, Fill
from cockpit.core.registry import strategy
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.indicators.bollinger import Bollinger

EPSILON = 1e-6
EQUITY = {"unit": "fraction of equity"}


class Params(msgspec.Struct, frozen=True):
    """The numbers of ST-05. Raises ValueError when there is no middle level or a portion is too large."""

    grid_count: Annotated[
        int, Meta(ge=3, le=101, description="Levels, the mean included", extra_json_schema={"unit": "levels"})
    ] = 5
    grid_range: Annotated[
        float,
        Meta(gt=0, le=1, description="From the lowest to the highest", extra_json_schema={"unit": "x mean"}),
    ] = 0.04
    bb_period: Annotated[
        int, Meta(ge=2, le=1000, description="Closes in mean and bands", extra_json_schema={"unit": "bars"})
    ] = 20
    bb_std: Annotated[
        float,
        Meta(gt=0, le=10, description="Bands, half width", extra_json_schema={"unit": "standard deviations"}),
    ] = 2.0
    position_per_grid: Annotated[
        float, Meta(gt=0, le=1, description="Notional of one level", extra_json_schema=EQUITY)
    ] = 0.05
    max_position: Annotated[
        float, Meta(gt=0, le=1, description="Notional never above", extra_json_schema=EQUITY)
    ] = 0.30
    max_leverage: Annotated[
        float, Meta(gt=0, le=20, description="Notional never above", extra_json_schema={"unit": "x equity"})
    ] = 2.0
    stop_steps: Annotated[
        float,
        Meta(
            gt=0,
            le=100,
            description="Resting stop beyond the last level",
            extra_json_schema={"unit": "steps"},
        ),
    ] = 1.0

    def __post_init__(self) -> None:
        if self.grid_count % 2 == 0:
            raise ValueError("grid_count must be odd: the middle level is the mean")
        if self.position_per_grid > min(self.max_position, self.max_leverage):
            raise ValueError("position_per_grid is more than max_position or max_leverage allow")


@strategy("grid_trading", Params, version=1, wakes=("bar", "book", "fill"))
class GridTrading(msgspec.Struct):
    """Buys each level down and sells each level up around the mean of a sideways market.

    Reasons it gives: ``grid`` while it quotes; ``grid.size`` a portion is less than the venue's minimum;
    ``range-left`` closed outside grid and bands; ``stopped`` the stop was reached.
    """

    params: Params
    bands: Bollinger
    anchor: float = 0.0
    """The mean that the grid was laid around; 0 = there is none."""
    portion: float = 0.0
    """Contracts of one level."""
    rung: int = 0
    """Levels below the mean that are held; negative above it."""
    bid: float = nan
    """What is shown."""
    ask: float = nan

    @classmethod
    def create(cls, params: Params) -> GridTrading:
        """A fresh one, knowing nothing."""
        return cls(params, Bollinger(params.bb_period, params.bb_std))

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        """A candle has closed: lay a grid, give it up, or show its next levels. Silent while warming up."""
        close = bar.close
        mid = self.bands.update(close)
        near = abs(close / mid - 1.0) <= self._step() / 2
        flat = abs(view.position) < view.min_qty
        if self._through(close, view):
            self._give_up(want, "stopped")
        elif self.anchor > 0.0 and self._left(close):
            self._give_up(want, "range-left")
        elif near and flat and (self.anchor == 0.0 or abs(mid / self.anchor - 1.0) >= self._step() / 2):
            self._lay(mid, close, view, want)
        elif self.anchor > 0.0:
            self._quote(close - view.tick, close + view.tick, view, want)

    def on_book(self, view: View, want: Want) -> None:
        """A market beyond what is shown would only refuse it: follow the touch."""
        if view.book_ok and self._through(view.bid, view):
            self._give_up(want, "stopped")
        elif self.anchor > 0.0 and view.book_ok and (view.ask <= self.bid or view.bid >= self.ask):
            self._quote(view.bid, view.ask, view, want)

    def on_fill(self, fill: Fill, view: View, want: Want) -> None:
        """A level was taken: the next ones are shown. Or the stop went off: the grid is over."""
        if self.anchor == 0.0:
            return
        price = float(fill.price)
        sold = fill.side.sign < 0
        if (sold and price <= self._stop(1) + view.tick) or (
            not sold and price >= self._stop(-1) - view.tick
        ):
            self._give_up(want, "stopped")
            return
        # Spot fees are taken in coin: a portion that is nearly there counts as held.
        hair = max(view.lot / 2, self.portion * 0.02)
        while self.rung < self._most() and view.position >= (self.rung + 1) * self.portion - hair:
            self.rung += 1
        while self.rung > -self._most() and view.position <= (self.rung - 1) * self.portion + hair:
            self.rung -= 1
        if view.book_ok:
            self._quote(view.bid, view.ask, view, want)
        else:
            # Whoever was filled at a price was its touch: the other side is a tick away at least.
            self._quote(
                price - view.tick if sold else price, price if sold else price + view.tick, view, want
            )

    def _lay(self, mid: float, close: float, view: View, want: Want) -> None:
        per_unit = view.notional(1.0, close)
        portion = (
            floor(self.params.position_per_grid * view.equity / per_unit / view.lot + EPSILON) * view.lot
        )
        if portion < view.min_qty or portion <= 0.0:
            want.pull("grid.size")
            return
        self.anchor = mid
        self.portion = portion
        self.rung = 0
        self._quote(close - view.tick, close + view.tick, view, want)

    def _quote(self, low: float, high: float, view: View, want: Want) -> None:
        """Show the nearest level each side, but never beyond a touch of ``low`` and ``high``.

        A post-only quote at the other side of the touch would be refused, again and again.
        """
        most = self._most()
        bid_qty = ask_qty = 0.0
        hair = view.lot * EPSILON  # a sum of portions must not miss its last lot by a rounding
        if self.rung < most:
            self.bid = min(self._level(self.rung + 1), low)
            bid_qty = (self.rung + 1) * self.portion - view.position + hair
        if self.rung > -most and (view.can_short or self.rung > 0):
            self.ask = max(self._level(self.rung - 1), high)
            ask_qty = view.position - (self.rung - 1) * self.portion + hair
            if not view.can_short:
                ask_qty = min(ask_qty, view.position)
        if view.position > 0.0:
            want.position(view.position, self._stop(1) if view.can_short else nan, nan, "grid")
        elif view.position < 0.0:
            want.position(view.position, self._stop(-1), nan, "grid")
        else:
            want.position(0.0, nan, nan, "grid")
        want.quote(self.bid, max(bid_qty, 0.0), self.ask, max(ask_qty, 0.0), "grid")

    def _give_up(self, want: Want, tag: str) -> None:
        self.anchor = 0.0
        self.rung = 0
        self.bid = self.ask = nan
        want.flat(tag)

    def _left(self, close: float) -> bool:
        """Outside the last level and outside the band on the same side."""
        edge = self._half()
        below = close < self._level(edge) and close < self.bands.lower
        return below or (close > self._level(-edge) and close > self.bands.upper)

    def _level(self, rung: float) -> float:
        """Price of a level, counted downwards from the mean."""
        return self.anchor * (1.0 - self._step() * rung)

    def _through(self, price: float, view: View) -> bool:
        """Has the market reached the stop that only the grid itself watches?"""
        return self.anchor > 0.0 and self.rung > 0 and not view.can_short and price <= self._stop(1)

    def _stop(self, side: int) -> float:
        return self._level(side * (self._half() + self.params.stop_steps))

    def _half(self) -> int:
        """Levels on one side of the mean."""
        return (self.params.grid_count - 1) // 2

    def _most(self) -> int:
        """Levels that may be held: as many as there are, or as the limits allow."""
        limit = min(self.params.max_position, self.params.max_leverage) / self.params.position_per_grid
        return min(self._half(), floor(limit + EPSILON))

    def _step(self) -> float:
        return self.params.grid_range / (self.params.grid_count - 1)
