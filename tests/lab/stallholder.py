"""A maker that shows quotes, takes them away and changes them where they rest by the throw of a die.

Its numbers mix in all that it may see, as the gambler's do.
"""

from __future__ import annotations

from math import isnan
from typing import Self

import msgspec

from cockpit.core.events import Fill, Trade
from cockpit.core.view import View
from cockpit.core.want import Want


class Stall(msgspec.Struct, frozen=True):
    """How the die is loaded; chances are parts of 1000."""

    seed: int = 1
    look: int = 60
    trades: int = 20
    answer: int = 500
    beat: int = 700
    leave: int = 400
    """How often a side that is shown is taken away."""
    move: int = 0
    """How often one that stays is changed, in price, in size or in both."""
    reach: int = 3
    size: int = 3
    most: int = 5
    timer: int = 130


class Dozer(msgspec.Struct):
    """See above; this one looks by the clock alone."""

    params: Stall
    die: int
    mixed: float = 0.0
    bid: float = 0.0
    bid_qty: float = 0.0
    ask: float = 0.0
    ask_qty: float = 0.0
    fills: int = 0

    @classmethod
    def create(cls, params: Stall) -> Self:
        return cls(params, params.seed)

    @property
    def timer_ms(self) -> int:
        return self.params.timer

    def throw(self, sides: int) -> int:
        """0 … sides - 1."""
        self.die = (self.die * 3_877 + 29_573) % 139_968
        return self.die * sides // 139_968

    def on_timer(self, view: View, want: Want) -> None:
        self.mix(min(float(view.now - view.touch_ts), 1e5))
        if self.throw(1000) < self.params.beat:
            self.keep(view, want)

    def on_fill(self, fill: Fill, view: View, want: Want) -> None:
        self.fills += 1
        self.mix(float(fill.price) * fill.side.sign + float(fill.qty))
        if self.throw(1000) < self.params.answer:
            self.keep(view, want)

    def keep(self, view: View, want: Want) -> None:
        self.mix(view.position)
        self.mix(view.latency + view.resting)
        self.mix(min(float(view.now - view.latency_ts), 1e5))
        self.mix(view.mark)
        if not view.book_ok or isnan(view.bid + view.ask):
            return
        quiet = view.resting == (self.bid_qty > 0) + (self.ask_qty > 0)
        lots = view.min_qty * (1 + self.throw(self.params.size))
        near = self.throw(self.params.reach) - 1
        if self.throw(2) == 0:
            if self.bid_qty > 0:
                if self.throw(1000) < self.params.leave:
                    self.bid_qty = 0.0
                elif self.params.move > 0 and self.throw(1000) < self.params.move:
                    if self.throw(4) > 0:
                        self.bid = view.bid - view.tick * near if self.throw(6) > 0 else view.ask
                    if self.throw(2) == 0:
                        self.bid_qty = lots
            elif quiet and view.position < view.min_qty * self.params.most:
                self.bid, self.bid_qty = view.bid - view.tick * near, lots
        elif self.ask_qty > 0:
            if self.throw(1000) < self.params.leave:
                self.ask_qty = 0.0
            elif self.params.move > 0 and self.throw(1000) < self.params.move:
                if self.throw(4) > 0:
                    self.ask = view.ask + view.tick * near if self.throw(6) > 0 else view.bid
                if self.throw(2) == 0:
                    self.ask_qty = lots
        elif quiet and view.position > -view.min_qty * self.params.most:
            self.ask, self.ask_qty = view.ask + view.tick * near, lots
        want.quote(self.bid, self.bid_qty, self.ask, self.ask_qty, "shown" if near else "here")

    def mix(self, x: float) -> None:
        if isnan(x) or x > 1e300 or x < -1e300:
            x = 1.5
        self.mixed = self.mixed * 0.5 + x
        self.die = (self.die + int(abs(self.mixed) * 1e6) % 1009) % 139_968


class Stallholder(Dozer):
    """This one is told everything."""

    def on_book(self, view: View, want: Want) -> None:
        self.mix(view.bid - view.ask)
        self.mix(view.bid_qty + view.ask_qty)
        if self.throw(1000) < self.params.look:
            self.keep(view, want)

    def on_trade(self, trade: Trade, view: View, want: Want) -> None:
        self.mix(trade.price * trade.side.sign + trade.qty)
        if self.throw(1000) < self.params.trades:
            self.keep(view, want)
