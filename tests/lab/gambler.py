"""A strategy that does everything an order-book strategy may do, by the throw of a die.

Its numbers mix in all that it can see: the smallest difference in what it is told changes what it does.
"""

from __future__ import annotations

from math import isnan, nan

import msgspec

from cockpit.core.events import Fill, FundingRate, Trade
from cockpit.core.view import View
from cockpit.core.want import Want


class Luck(msgspec.Struct, frozen=True):
    """How the die is loaded; chances are parts of 1000."""

    seed: int = 1
    act: int = 60
    trades: int = 20
    answer: int = 300
    beat: int = 200
    market: int = 100
    stops: int = 200
    deep: int = 2
    reach: int = 3
    size: int = 3
    shy: int = 0
    """How often it withdraws what it shows instead of showing something else."""
    timer: int = 700


class Gambler(msgspec.Struct):
    """See above."""

    params: Luck
    die: int
    mixed: float = 0.0
    fills: int = 0
    paid: float = 0.0
    heard: int = 0
    shown: bool = False

    @classmethod
    def create(cls, params: Luck) -> Gambler:
        return cls(params, params.seed)

    @property
    def timer_ms(self) -> int:
        return self.params.timer

    def throw(self, sides: int) -> int:
        """0 … sides - 1."""
        self.die = (self.die * 3_877 + 29_573) % 139_968
        return self.die * sides // 139_968

    def on_book(self, view: View, want: Want) -> None:
        self.heard += 1
        self.mix(view.bid - view.ask)
        self.mix(view.bid_qty + view.ask_qty)
        self.mix(view.position)
        if self.throw(1000) < self.params.act:
            self.mix(view.imbalance(self.params.deep))
            self.mix(view.slippage(view.min_qty * self.throw(40)))
            self.mix(view.slippage(-view.min_qty * self.throw(40)))
            self.gamble(view, want)

    def on_trade(self, trade: Trade, view: View, want: Want) -> None:
        self.mix(trade.price * trade.side.sign)
        self.mix(trade.qty)
        if self.throw(1000) < self.params.trades:
            self.gamble(view, want)

    def on_timer(self, view: View, want: Want) -> None:
        self.mix(view.mid)
        self.mix(min(float(view.now - view.touch_ts), 1e5))
        if self.throw(1000) < self.params.beat:
            self.gamble(view, want)

    def on_fill(self, fill: Fill, view: View, want: Want) -> None:
        self.fills += 1
        self.mix(float(fill.price))
        if self.throw(1000) < self.params.answer:
            self.gamble(view, want)

    def on_funding(self, rate: FundingRate, view: View, want: Want) -> None:
        self.paid += rate.rate
        self.mix(view.funding_rate)

    def gamble(self, view: View, want: Want) -> None:
        self.mix(view.equity)
        self.mix(view.latency + view.resting)
        if self.params.shy > 0:
            self.mix(min(float(view.now - view.latency_ts), 1e5))
        self.mix(view.mark)
        if not view.book_ok or isnan(view.bid + view.ask):
            want.pull("blind")
            return
        what = self.throw(1000)
        if what < self.params.market:
            self.take(view, want)
        elif what < 150 + self.params.market:
            want.pull("pulled")
        elif what < 200 + self.params.market:
            want.release("released")
        else:
            self.rest(view, want)

    def take(self, view: View, want: Want) -> None:
        side = self.throw(3) - 1
        qty = view.min_qty * (1 + self.throw(self.params.size)) * side
        if side == 0 or (side < 0 and not view.can_short):
            want.flat("flat")
        elif self.throw(1000) < self.params.stops:
            away = view.tick * (1 + self.throw(12))
            stop = view.mid - away if side > 0 else view.mid + away
            take = view.mid + away if side > 0 else view.mid - away
            want.position(qty, stop, take if self.throw(2) else nan, "guarded")
        else:
            want.position(qty, tag="taken")

    def rest(self, view: View, want: Want) -> None:
        if self.params.shy > 0 and self.shown and self.throw(1000) < self.params.shy:
            self.shown = False
            want.pull("hidden")
            return
        self.shown = True
        lots = 1 + self.throw(self.params.size)
        bid = view.bid - view.tick * (self.throw(self.params.reach) - 1)
        ask = view.ask + view.tick * (self.throw(self.params.reach) - 1)
        sides = self.throw(4)
        bid_qty = 0.0 if sides == 1 else view.min_qty * lots
        ask_qty = 0.0 if sides == 2 else view.min_qty * lots
        if not view.can_short:
            ask_qty = min(ask_qty, max(view.position, 0.0))
        want.quote(bid, bid_qty, ask, ask_qty, "resting" if sides else "both")

    def mix(self, x: float) -> None:
        if isnan(x) or x > 1e300 or x < -1e300:
            x = 1.5
        self.mixed = self.mixed * 0.5 + x
        self.die = (self.die + int(abs(self.mixed) * 1e6) % 1009) % 139_968


class Peeker(Gambler):
    """Looks at the index when it is told of a fill: the machine does not keep that, the object is called."""

    def on_fill(self, fill: Fill, view: View, want: Want) -> None:
        self.fills += 1
        self.mix(float(fill.price))
        self.mix(0.0 if isnan(view.index) else view.index)
        if self.throw(1000) < self.params.answer:
            self.gamble(view, want)
