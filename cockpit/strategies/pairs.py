"""ST-08, statistical pairs: two markets that belong together are traded back when they have drifted apart.

Every ``refit`` bars the log prices of the last ``window`` bars are tested: y = alpha + beta * x + spread, by
least squares; the spread must come back (Engle-Granger, MacKinnon's p below 0.05) with a half-life between 1
and window/4 bars. A half-life alone proves nothing: 96 % of pure random walks have a finite one, and it reads
low on short windows. The fit is used from the NEXT bar on; z is the spread over its deviation in the window.

z above 2: short y, long beta times as much x; below -2 the other way round. Out within 0.5 of the mean, or
beyond it; given up above 4, or when a later test no longer finds the two together. While a position is held
its own fit stays. One drift, one try: after giving up nothing is entered until z has been back within 0.5.

Only this direction (y on x, in the order of ``symbols``) is tested, and one pair: who tries many pairs finds
some by luck and must ask for a smaller p. A negative beta is no hedge, and both markets must be shortable.
The sources give no numbers: 2, 0.5, 4 and 0.05 are the textbook's. Each leg has a resting stop far away, for
the case that nobody watches; when one goes off, the other leg is closed too.
"""

from __future__ import annotations

from math import floor, log, nan, sqrt
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.aligned import Aligned
from cockpit.core.events import Bar, Fill
from cockpit.core.registry import strategy
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.indicators.half_life import HalfLife
from cockpit.indicators.ring import Ring
from cockpit.indicators.statistics.cointegration import engle_granger

BARS = {"unit": "bars"}
SIGMAS = {"unit": "standard deviations"}
UNEVEN = 0.05


class Params(msgspec.Struct, frozen=True):
    """What may be tuned. Raises ValueError when exit, entry and stop are not in rising order."""

    window: Annotated[
        int, Meta(ge=30, le=5000, description="Bars that the two are judged by", extra_json_schema=BARS)
    ] = 240
    refit: Annotated[
        int, Meta(ge=1, le=5000, description="Bars between two tests", extra_json_schema=BARS)
    ] = 24
    p_max: Annotated[
        float,
        Meta(gt=0, le=1, description="Cointegration test below", extra_json_schema={"unit": "probability"}),
    ] = 0.05
    lags: Annotated[
        int, Meta(ge=0, le=20, description="Lagged changes in the test", extra_json_schema=BARS)
    ] = 1
    entry_z: Annotated[
        float, Meta(gt=0, le=20, description="Apart enough to enter", extra_json_schema=SIGMAS)
    ] = 2.0
    exit_z: Annotated[
        float, Meta(ge=0, le=20, description="Near enough to leave", extra_json_schema=SIGMAS)
    ] = 0.5
    stop_z: Annotated[
        float, Meta(gt=0, le=50, description="Too far apart: give up", extra_json_schema=SIGMAS)
    ] = 4.0
    stop_loss_pct: Annotated[
        float,
        Meta(gt=0, lt=1, description="Resting stop of each leg", extra_json_schema={"unit": "fraction"}),
    ] = 0.20
    max_position: Annotated[
        float,
        Meta(
            gt=0,
            le=1,
            description="Notional of the larger leg",
            extra_json_schema={"unit": "fraction of equity"},
        ),
    ] = 0.20
    max_leverage: Annotated[
        float, Meta(gt=0, le=20, description="Both legs never above", extra_json_schema={"unit": "x equity"})
    ] = 2.0

    def __post_init__(self) -> None:
        if not self.exit_z < self.entry_z < self.stop_z:
            raise ValueError("exit_z < entry_z < stop_z is needed")


class Fit(msgspec.Struct):
    """How y follows x, and how far the spread usually strays."""

    alpha: float = nan
    beta: float = nan
    sigma: float = nan
    half_life: float = nan
    p: float = nan

    def z(self, y: float, x: float) -> float:
        """The spread of two log prices in its usual deviations; NaN before there is a fit."""
        return (y - self.alpha - self.beta * x) / self.sigma if self.sigma > 0 else nan


@strategy("pairs", Params, version=1, wakes=("bar", "fill"), legs=("y", "x"))
class Pairs(msgspec.Struct):
    """Trades two markets that belong together back to each other; symbols: y, then the x it is hedged with.

    Reasons it gives: ``rich`` ``cheap`` entered (y is); ``together`` back; ``apart`` too far; ``uncoupled``
    the test no longer holds; ``stopped`` a leg was closed; ``uneven`` a leg was cut to the other;
    ``pairs.spot`` a leg cannot be sold short; ``pairs.size`` less than a venue's minimum.
    """

    params: Params
    closes: Aligned
    ys: Ring
    xs: Ring
    fit: Fit
    own: Fit
    """The fit that the position was entered by."""
    heard: int = 0
    """Moments at which both closed."""
    side: int = 0
    """+1 long y, -1 short y, 0 none."""
    used: int = 0
    """Direction of the drift that has had its try; 0 = the next one is free."""
    since: int = 0
    """When it was entered (UTC ms)."""
    both: bool = False
    """Both legs were there."""
    y_qty: float = 0.0
    """Contracts wanted, signed."""
    x_qty: float = 0.0

    @classmethod
    def create(cls, params: Params) -> Pairs:
        """A fresh one, knowing nothing."""
        n = params.window
        return cls(params, Aligned.of(2), Ring(n), Ring(n), Fit(), Fit())

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        """Both have closed: back, too far, or far enough? Silent until a full window has passed the test."""
        if not self.closes.update(view.news, bar.end, bar.close):
            return
        y, x = log(self.closes.value[0]), log(self.closes.value[1])
        if self.side != 0:
            self._tend(self.own.z(y, x), bar.ts, view, want)
        else:
            self._look(self.fit.z(y, x), view, want)
        self.ys.push(y)
        self.xs.push(x)
        self.heard += 1
        if self.heard >= self.params.window and self.heard % self.params.refit == 0:
            self._judge(want)

    def on_fill(self, fill: Fill, view: View, want: Want) -> None:
        """The stop of a leg speaks between candles: half a pair is a bet, the other leg goes too."""
        if self.side != 0 and self._broken(view):
            self._leave(want, "stopped")

    def _look(self, z: float, view: View, want: Want) -> None:
        if self.used != 0 and z * self.used >= -self.params.exit_z:
            self.used = 0
        if self.used != 0 or not self._sound() or not self.params.entry_z < abs(z) < self.params.stop_z:
            return
        if not (view.leg(0).can_short and view.leg(1).can_short):
            want.pull("pairs.spot")
        else:
            self._enter(-1 if z > 0 else 1, view, want)

    def _enter(self, side: int, view: View, want: Want) -> None:
        params, beta = self.params, self.fit.beta
        # The larger leg is max_position, both together at most max_leverage; x is beta times y in money.
        money = min(params.max_position / max(1.0, beta), params.max_leverage / (1.0 + beta)) * view.equity
        y_qty = self._whole(view.leg(0).qty_for(money, self.closes.value[0]), view.leg(0))
        x_qty = self._whole(view.leg(1).qty_for(money * beta, self.closes.value[1]), view.leg(1))
        if y_qty <= 0 or x_qty <= 0:
            want.pull("pairs.size")
            return
        self.side = self.used = side
        self.since = view.now
        self.both = False
        self.own = msgspec.structs.replace(self.fit)
        self.y_qty, self.x_qty = side * y_qty, -side * x_qty
        self._write(want, "cheap" if side > 0 else "rich")

    def _write(self, want: Want, tag: str) -> None:
        pct = self.params.stop_loss_pct
        y_stop = self.closes.value[0] * (1 - pct if self.y_qty > 0 else 1 + pct)
        x_stop = self.closes.value[1] * (1 - pct if self.x_qty > 0 else 1 + pct)
        want.leg(0).position(self.y_qty, y_stop, nan, tag)
        want.leg(1).position(self.x_qty, x_stop, nan, tag)

    def _tend(self, z: float, now: int, view: View, want: Want) -> None:
        params = self.params
        if self._broken(view):
            self._leave(want, "stopped")
        elif z * self.side >= -params.exit_z:
            self.used = 0
            self._leave(want, "together")
        elif abs(z) > params.stop_z:
            self._leave(want, "apart")
        elif now > self.since:
            self._even_out(view, want)

    def _broken(self, view: View) -> bool:
        """Both legs were there and one is gone."""
        y_there = abs(view.leg(0).position) >= view.leg(0).min_qty
        x_there = abs(view.leg(1).position) >= view.leg(1).min_qty
        if y_there and x_there:
            self.both = True
            return False
        return self.both

    def _even_out(self, view: View, want: Want) -> None:
        """What the gate trimmed or the venue refused on one leg is cut from the other."""
        y_part, x_part = view.leg(0).position / self.y_qty, view.leg(1).position / self.x_qty
        part = max(0.0, min(y_part, x_part))
        if max(y_part, x_part) - part <= UNEVEN:
            return
        y_qty = self._whole(abs(self.y_qty) * part, view.leg(0))
        x_qty = self._whole(abs(self.x_qty) * part, view.leg(1))
        if y_qty <= 0 or x_qty <= 0:
            self._leave(want, "uneven")
            return
        self.y_qty, self.x_qty = self.side * y_qty, -self.side * x_qty
        self._write(want, "uneven")

    def _leave(self, want: Want, tag: str) -> None:
        self.side = 0
        self.both = False
        want.leg(0).flat(tag)
        want.leg(1).flat(tag)

    def _judge(self, want: Want) -> None:
        """Fit and test the window that is full now; it speaks from the next bar on."""
        params = self.params
        ys = self.ys.values[self.ys.at :] + self.ys.values[: self.ys.at]
        xs = self.xs.values[self.xs.at :] + self.xs.values[: self.xs.at]
        pair = engle_granger(ys, xs, params.lags)
        halves = HalfLife(params.window - 1)
        squares = 0.0
        for y, x in zip(ys, xs, strict=True):
            spread = y - pair.alpha - pair.beta * x
            squares += spread * spread
            halves.update(spread)
        sigma = sqrt(squares / (params.window - 2))
        self.fit = Fit(pair.alpha, pair.beta, sigma, halves.half_life, pair.p)
        if self.side != 0 and not self._sound():
            self._leave(want, "uncoupled")

    def _sound(self) -> bool:
        """Do the two belong together, by the last test?"""
        fit, params = self.fit, self.params
        return fit.p < params.p_max and fit.beta > 0 and 1 <= fit.half_life <= params.window / 4

    def _whole(self, qty: float, leg: View) -> float:
        """Whole lots; 0 below the venue's minimum."""
        lots = floor(qty / leg.lot + 1e-9)
        size = lots * leg.lot if leg.lot >= 1 else lots / round(1 / leg.lot)
        return size if size >= leg.min_qty else 0.0
