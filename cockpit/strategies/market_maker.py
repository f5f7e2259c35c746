"""Rest a bid and an ask at the touch of a wide market, and earn the spread when both are taken.

What is done when rules disagree (the seed's 3 s rest, 0.05 % move, 5 s life and 2 s refresh do): the first
that applies. Rules 1-7 act at once, however young a quote is; only 9 waits for 8.

    1 stop loss      floating loss > 0.2 % of entry: leave at market, until flat
    2 loss streak    3 losing round trips in a row: no new position for 5 minutes
    3 stale          book broken or silent: prices are unknown, show nothing
    4 latency        the venue answers slower than 200 ms, a quote could not be pulled in time: show nothing
    5 depth          touch thinner than 3 x own quote: no new position
    6 fill, touch    a fill changed which sides are wanted, or the touch is > 0.05 % away: follow it
    7 maximum life   a quote older than 5 s follows the touch at every change
    8 minimum rest   a quote younger than 3 s stays
    9 refresh        every 2 s quotes follow the touch, or go when the spread no longer pays

Rules 2 and 5 forbid opening only: what is held is still worked off. A touch that has not moved is no reason
to give up a place in the queue. What was pulled stays away for one refresh, so that a flickering market is
not answered with a burst of orders; working off a position never waits for that.

The fee trap: on spot (maker 0.08 %) a round trip at 0.10 % loses 0.06 % every time, so it quotes only if the
spread also pays both maker fees, at the account's rates, and a margin. The seed's symbol never is: 0.10 %
stood 0 % of the time on BTC-USDT (OKX 2022-05-13, Binance 2024-08-08), 0.001 % on Coinbase (2018-04-24),
11 % on OKX XMR-USDT-SWAP (2021-07-22). ``cockpit data spreads TAPE`` tells of any tape.

Four extensions (HF-13), off by default. ``vol_spread``: quotes stand at least so many times apart as the mid
usually moves in the life of a quote, behind the touch if need be. ``depth_skew``, ``inventory_skew``: quotes
lean toward the thin side of the book, and to where the position is worked off, by half the touch at most.
``max_slippage``: nothing is opened where leaving at market would cost more, by the depth shown. Several
symbols share one capital when their sleeves name a ``pool``: the gate keeps all within ``capital_total``.
"""

from __future__ import annotations

from math import ceil, floor, isnan, sqrt
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.events import Fill
from cockpit.core.registry import strategy
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.indicators.ewma_var import EwmaVar

EPSILON = 1e-12
"""Below any spread a venue can show; keeps ``2.002 / 2.000`` from being less than 0.1 %."""
HAIR = 1e-6
"""Of a tick: a price that is on the grid but for rounding stays where it is."""

FRACTION = {"unit": "fraction"}
SECONDS = {"unit": "s"}
HALF_TOUCH = {"unit": "half touches"}


class Params(msgspec.Struct, frozen=True):
    """HF-02 and the numbers of HF-04 … HF-12. Times in seconds, spreads as fractions of the bid."""

    min_spread: Annotated[
        float, Meta(ge=0, le=0.05, description="Least spread to open at", extra_json_schema=FRACTION)
    ] = 0.001
    reentry_spread: Annotated[
        float,
        Meta(ge=0, le=0.05, description="Least spread to work a position off at", extra_json_schema=FRACTION),
    ] = 0.0008
    safety: Annotated[
        float,
        Meta(ge=0, le=0.01, description="What must be left after both fees", extra_json_schema=FRACTION),
    ] = 0.0001
    order_amount: Annotated[
        float, Meta(gt=0, description="Wanted value of one quote", extra_json_schema={"unit": "quote"})
    ] = 5.0
    max_open_orders: Annotated[
        int, Meta(ge=2, le=50, description="Own orders not proven dead", extra_json_schema={"unit": "orders"})
    ] = 5
    leverage: Annotated[
        float, Meta(ge=1, le=10, description="Notional per unit of capital", extra_json_schema={"unit": "x"})
    ] = 1.0
    cancel_delay: Annotated[
        float, Meta(ge=0, le=60, description="Least rest of a quote", extra_json_schema=SECONDS)
    ] = 3.0
    max_life: Annotated[
        float, Meta(ge=0, le=600, description="Age from which a quote follows", extra_json_schema=SECONDS)
    ] = 5.0
    refresh: Annotated[
        float, Meta(ge=0.1, le=60, description="Beat of the refresh timer", extra_json_schema=SECONDS)
    ] = 2.0
    requote_move: Annotated[
        float,
        Meta(ge=0, le=0.05, description="Touch move answered at once", extra_json_schema=FRACTION),
    ] = 0.0005
    stop_loss: Annotated[
        float,
        Meta(gt=0, le=0.1, description="Floating loss that ends a position", extra_json_schema=FRACTION),
    ] = 0.002
    loss_streak: Annotated[
        int,
        Meta(ge=1, le=100, description="Losing round trips in a row", extra_json_schema={"unit": "trips"}),
    ] = 3
    risk_pause: Annotated[
        float, Meta(ge=0, le=86_400, description="Pause after the streak", extra_json_schema=SECONDS)
    ] = 300.0
    api_latency_limit: Annotated[
        float, Meta(gt=0, le=60_000, description="Slowest bearable answer", extra_json_schema={"unit": "ms"})
    ] = 200.0
    latency_pause: Annotated[
        float, Meta(ge=0, le=3600, description="Wait before one more try", extra_json_schema=SECONDS)
    ] = 10.0
    stale_after: Annotated[
        float, Meta(gt=0, le=600, description="Silence that makes prices unknown", extra_json_schema=SECONDS)
    ] = 5.0
    capital_per_order: Annotated[
        float, Meta(gt=0, le=1, description="Capital in one quote", extra_json_schema=FRACTION)
    ] = 0.05
    capital_total: Annotated[
        float, Meta(gt=0, le=1, description="Capital in all quotes", extra_json_schema=FRACTION)
    ] = 0.25
    min_depth_multiple: Annotated[
        float, Meta(ge=0, le=1000, description="Touch size over own quote", extra_json_schema={"unit": "x"})
    ] = 3.0
    vol_spread: Annotated[
        float,
        Meta(ge=0, le=100, description="Quotes apart, 0 = off", extra_json_schema={"unit": "x volatility"}),
    ] = 0.0
    vol_half_life: Annotated[
        float, Meta(ge=1, le=86_400, description="Memory of the volatility", extra_json_schema=SECONDS)
    ] = 60.0
    depth_skew: Annotated[
        float, Meta(ge=0, le=1, description="Lean to the thin side", extra_json_schema=HALF_TOUCH)
    ] = 0.0
    depth_levels: Annotated[
        int, Meta(ge=1, le=400, description="Levels it weighs", extra_json_schema={"unit": "levels"})
    ] = 5
    inventory_skew: Annotated[
        float, Meta(ge=0, le=1, description="Lean a full quote held makes", extra_json_schema=HALF_TOUCH)
    ] = 0.0
    max_slippage: Annotated[
        float, Meta(ge=0, le=0.1, description="Cost of leaving, 0 = off", extra_json_schema=FRACTION)
    ] = 0.0

    @property
    def max_position(self) -> float:
        """What the gate holds it to (ST-16): HF-04's share of the capital, times the leverage."""
        return self.capital_total * self.leverage


def break_even_hit_rate(
    params: Params, maker_fee: float, taker_fee: float, spread: float | None = None
) -> float:
    """Share of round trips that must succeed for the strategy not to lose (above 1: it always loses).

    A success earns the spread less two maker fees; a failure loses ``stop_loss``, a maker and a taker
    fee. ``spread`` defaults to ``min_spread``. Perpetual fees: 82 % at 0.10 %, 87 % at 0.08 %.
    """
    win = (params.min_spread if spread is None else spread) - 2 * maker_fee
    loss = params.stop_loss + maker_fee + taker_fee
    return loss / (win + loss) if win + loss > 0 else float("inf")


@strategy("market_maker", Params, version=1, wakes=("book", "timer", "fill"))
class MarketMaker(msgspec.Struct):
    """Earns the spread of wide markets with post-only quotes; see the module for the order of its rules.

    Reasons it gives: ``mm.quote`` ``mm.exit`` while it shows quotes; ``mm.spread`` ``mm.hold`` (position,
    spread too small) ``mm.depth`` ``mm.slippage`` ``mm.size`` ``mm.orders`` ``mm.pause`` ``mm.stale``
    ``mm.latency`` while it does not; ``mm.stop`` while it leaves.
    """

    params: Params
    bid: float = 0.0
    """What is shown; a quantity of 0 = nothing on that side."""
    bid_qty: float = 0.0
    ask: float = 0.0
    ask_qty: float = 0.0
    shown_at: int = 0
    """When what is shown last changed (UTC ms)."""
    leaving: bool = False
    """The stop loss has spoken and the position is not flat yet."""
    held: float = 0.0
    """Position of the round trip being counted."""
    average: float = 0.0
    trip: float = 0.0
    """Its profit so far, quote currency, fees paid."""
    losses: int = 0
    """Losing round trips in a row."""
    paused_until: int = 0
    variance: EwmaVar = msgspec.field(default_factory=lambda: EwmaVar(0.5))
    """Of the mid from one refresh to the next."""
    beat_mid: float = 0.0
    """The mid at the last refresh; 0 = there was none."""

    @classmethod
    def create(cls, params: Params) -> MarketMaker:
        """A fresh one, knowing nothing."""
        return cls(params, variance=EwmaVar(0.5 ** (params.refresh / params.vol_half_life)))

    @property
    def timer_ms(self) -> int:
        """How often it wants to be woken without news."""
        return int(self.params.refresh * 1_000)

    def on_book(self, view: View, want: Want) -> None:
        """The touch may have changed."""
        self._decide(view, want, False)

    def on_timer(self, view: View, want: Want) -> None:
        """The refresh of HF-07; also how silence is noticed."""
        if view.book_ok:
            mid = view.mid
            if self.beat_mid > 0:
                self.variance.update(mid / self.beat_mid - 1)
            self.beat_mid = mid
        self._decide(view, want, True)

    def on_fill(self, fill: Fill, view: View, want: Want) -> None:
        """Something of ours was taken: count the round trip, then show the other side only."""
        self._count(fill, view)
        self._decide(view, want, False)

    def _decide(self, view: View, want: Want, refresh: bool) -> None:
        if self._stopped(view, want):
            return
        inventory = view.position if abs(view.position) >= view.min_qty else 0.0
        reason = self._guard(view, inventory)
        if reason:
            self._hide(view, want, reason)
            return
        bid, ask = view.bid, view.ask
        params = self.params
        if params.vol_spread or params.depth_skew or params.inventory_skew:
            bid = self._on_grid(floor((bid + self._lean(view, inventory, -1)) / view.tick + HAIR), view)
            ask = self._on_grid(ceil((ask + self._lean(view, inventory, 1)) / view.tick - HAIR), view)
        if self._due(view, inventory, refresh, bid, ask):
            self._show(view, want, inventory, bid, ask)

    def _stopped(self, view: View, want: Want) -> bool:
        if self.leaving and abs(view.position) < view.lot / 2:
            self.leaving = False
            want.release("mm.stop")
        if not self.leaving and self._floating_loss(view) > self.params.stop_loss:
            self.leaving = True
        if self.leaving:
            self.bid_qty = self.ask_qty = 0.0
            want.flat("mm.stop")
        return self.leaving

    def _floating_loss(self, view: View) -> float:
        """Fraction of the entry value lost if closed at the touch (at the mark while the book is broken)."""
        if abs(view.position) < view.lot / 2 or isnan(view.entry):
            return 0.0
        price = (view.bid if view.position > 0 else view.ask) if view.book_ok else view.mark
        if isnan(price):
            return 0.0
        change = price / view.entry - 1
        return -change if view.position > 0 else change

    def _guard(self, view: View, inventory: float) -> str:
        """Why nothing may be shown now, or an empty string."""
        params = self.params
        if not inventory and view.now < self.paused_until:
            return "mm.pause"
        silence = view.now - view.touch_ts
        if not view.book_ok or silence > params.stale_after * 1_000 or isnan(view.bid + view.ask):
            return "mm.stale"
        if view.latency > params.api_latency_limit:
            # Only an answer can show that the venue is fast again, so now and then one order is risked.
            age = view.now - view.latency_ts
            if view.latency_ts == 0 or age < params.latency_pause * 1_000:
                return "mm.latency"
        if not inventory:
            own = self._size(view)
            if min(view.bid_qty, view.ask_qty) < own * params.min_depth_multiple:
                return "mm.depth"
            if 0 < params.max_slippage < max(view.slippage(own), view.slippage(-own)):
                return "mm.slippage"
        return ""

    def _due(self, view: View, inventory: float, refresh: bool, bid: float, ask: float) -> bool:
        """May (or must) what is shown change now?"""
        params = self.params
        age = view.now - self.shown_at
        if not self.bid_qty and not self.ask_qty:
            return inventory != 0 or age >= params.refresh * 1_000
        if inventory:
            if self.bid_qty != max(-inventory, 0.0) or self.ask_qty != max(inventory, 0.0):
                return True
        elif self.bid_qty == 0 or (self.ask_qty > 0) != view.can_short:
            return True
        limit = params.requote_move + EPSILON
        if self.bid_qty and abs(bid / self.bid - 1) > limit:
            return True
        if self.ask_qty and abs(ask / self.ask - 1) > limit:
            return True
        if age >= params.max_life * 1_000:
            return True
        return refresh and age >= params.cancel_delay * 1_000

    def _show(self, view: View, want: Want, inventory: float, bid: float, ask: float) -> None:
        params = self.params
        need = params.reentry_spread if inventory else params.min_spread
        need = max(need, 2 * view.maker_fee + params.safety)
        if (view.ask - view.bid) / view.bid + EPSILON < need:
            self._hide(view, want, "mm.hold" if inventory else "mm.spread")
            return
        bid_qty, ask_qty = max(-inventory, 0.0), max(inventory, 0.0)
        if not inventory:
            bid_qty = self._size(view)
            ask_qty = bid_qty if view.can_short else 0.0
        if bid_qty == 0.0 and ask_qty == 0.0:
            self._hide(view, want, "mm.size")
            return
        if self._same(bid, bid_qty, ask, ask_qty):
            return
        if view.resting + (bid_qty > 0) + (ask_qty > 0) > params.max_open_orders:
            self._hide(view, want, "mm.orders")
            return
        self.bid, self.bid_qty, self.ask, self.ask_qty = bid, bid_qty, ask, ask_qty
        self.shown_at = view.now
        want.quote(bid, bid_qty, ask, ask_qty, "mm.exit" if inventory else "mm.quote")

    def _same(self, bid: float, bid_qty: float, ask: float, ask_qty: float) -> bool:
        """Is exactly this shown already?"""
        return (
            self.bid_qty == bid_qty
            and self.ask_qty == ask_qty
            and (bid_qty == 0.0 or self.bid == bid)
            and (ask_qty == 0.0 or self.ask == ask)
        )

    def _lean(self, view: View, inventory: float, side: int) -> float:
        """How far the quote of ``side`` (-1 bid, 1 ask) stands from its touch, price units, up = plus."""
        params = self.params
        half, lean = (view.ask - view.bid) / 2, 0.0
        if params.depth_skew > 0:
            pressure = view.imbalance(params.depth_levels)
            lean += params.depth_skew * (0.0 if isnan(pressure) else pressure)
        if params.inventory_skew > 0 and inventory != 0:
            size = self._size(view)
            lean -= params.inventory_skew * (inventory / size if size > 0 else (1 if inventory > 0 else -1))
        away = 0.0
        if params.vol_spread > 0 and self.variance.value > 0:
            usual = sqrt(self.variance.value * params.max_life / params.refresh)
            away = max(0.0, params.vol_spread * usual * view.mid / 2 - half)
        return side * away + min(max(lean, -1.0), 1.0) * half

    def _on_grid(self, steps: float, view: View) -> float:
        return steps * view.tick if view.tick >= 1 else steps / round(1 / view.tick)

    def _hide(self, view: View, want: Want, reason: str) -> None:
        if self.bid_qty or self.ask_qty:
            self.bid_qty = self.ask_qty = 0.0
            self.shown_at = view.now
        want.pull(reason)

    def _size(self, view: View) -> float:
        """Contracts of one entry quote; 0 when the venue's minimum is more than the capital rules allow."""
        params = self.params
        share = min(params.capital_per_order, params.capital_total / 2)
        cap = share * params.leverage * view.equity
        per_unit = view.notional(1.0, view.ask)
        lots = floor(min(params.order_amount, cap) / per_unit / view.lot + EPSILON)
        qty = lots * view.lot if view.lot >= 1 else lots / round(1 / view.lot)
        if qty >= view.min_qty:
            return qty
        return view.min_qty if view.min_qty * per_unit <= cap else 0.0

    def _count(self, fill: Fill, view: View) -> None:
        """Book a fill into the running round trip; when flat again, judge it."""
        qty, price = float(fill.qty) * fill.side.sign, float(fill.price)
        rate = view.maker_fee if fill.maker else view.taker_fee
        self.trip -= view.notional(qty, price) * rate
        if self.held * qty < 0:
            closed = min(abs(qty), abs(self.held))
            gain = view.notional(closed, self.average) * (price / self.average - 1)
            self.trip += gain if self.held > 0 else -gain
            self.held += qty
            flipped = self.held * qty > 0 and abs(self.held) >= view.lot / 2
            # Spot fees taken in coin leave crumbs below the venue's minimum: that is flat, too.
            if flipped or abs(self.held) < view.lot / 2 or abs(view.position) < view.min_qty:
                self._judge(view)
                self.held = self.held if flipped else 0.0
                self.average = price if flipped else 0.0
        else:
            self.average = self._averaged(view, qty, price)
            self.held += qty

    def _averaged(self, view: View, qty: float, price: float) -> float:
        """Average entry after adding ``qty``: by contracts, or by coins where contracts are money."""
        if not self.held:
            return price
        if view.inverse:
            return (self.held + qty) / (self.held / self.average + qty / price)
        return (self.held * self.average + qty * price) / (self.held + qty)

    def _judge(self, view: View) -> None:
        self.losses = self.losses + 1 if self.trip < 0 else 0
        self.trip = 0.0
        if self.losses >= self.params.loss_streak:
            self.losses = 0
            self.paused_until = view.now + int(self.params.risk_pause * 1_000)
