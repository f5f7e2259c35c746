"""A strategy that does everything a bar strategy may do, by the throw of a die that its parameters load.

Its numbers mix in all that it can see: the smallest difference in what it is told changes what it does.
"""

from __future__ import annotations

from math import isnan, nan

import msgspec

from cockpit.core.events import Bar, Fill, FundingRate
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.indicators.atr import Atr
from cockpit.indicators.sma import Sma


class Dice(msgspec.Struct, frozen=True):
    """How it is loaded; chances are parts of 100."""

    seed: int = 1
    act: int = 20
    out: int = 30
    short: int = 50
    stops: int = 60
    takes: int = 40
    sized: int = 20
    weight: float = 0.5
    reach: float = 2.0
    answer: int = 20
    """Acts on its own fills."""
    hears: int = 10
    """Acts on funding."""
    doubt: int = 5
    again: int = 30
    period: int = 5


class Chameleon(msgspec.Struct):
    """See above."""

    params: Dice
    atr: Atr
    mean: Sma
    die: int
    mixed: float = 0.0
    fills: int = 0
    paid: float = 0.0

    @classmethod
    def create(cls, params: Dice) -> Chameleon:
        return cls(params, Atr(params.period), Sma(params.period), params.seed)

    def throw(self) -> int:
        """0 … 99."""
        self.die = (self.die * 3_877 + 29_573) % 139_968
        return self.die * 100 // 139_968

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        atr = self.atr.update(bar.high, bar.low, bar.close)
        self.mean.update(bar.close)
        self.mix(view.position)
        self.mix(view.entry)
        self.mix(view.latency + view.resting)
        if self.throw() < self.params.act:
            self.move(bar.close, atr, view, want)

    def mix(self, x: float) -> None:
        if not isnan(x):
            self.mixed = self.mixed * 0.5 + x
            if x < 0.0:
                self.throw()

    def move(self, price: float, atr: float, view: View, want: Want) -> None:
        if isnan(atr) or price <= 0.0:
            return
        self.mix(view.equity)
        if self.throw() < self.params.out:
            want.flat("out" if self.throw() < 50 else "done")
            return
        sign = -1 if view.can_short and self.throw() < self.params.short else 1
        stop = take = nan
        distance = (0.3 + self.throw() / 40.0) * self.params.reach * max(atr, price * 0.0001)
        if self.throw() < self.params.stops and price - sign * distance > 0.0:
            stop = price - sign * distance
        if self.throw() < self.params.takes and price + sign * distance * 1.5 > 0.0:
            take = price + sign * distance * 1.5
        confidence = 0.5 if self.throw() < self.params.doubt else 1.0
        size = self.params.weight * (1 + self.throw()) / 50.0
        if self.throw() < self.params.sized:
            qty = view.qty_for(size * 0.2 * view.equity, price)
            want.position(sign * qty, stop, take, "sized", confidence)
        elif sign > 0:
            want.long(size, stop, take, "up", confidence)
        else:
            want.short(size, stop, take, confidence=confidence)

    def on_fill(self, fill: Fill, view: View, want: Want) -> None:
        self.fills += fill.side.sign
        self.mix(float(fill.price))
        self.mix(float(fill.qty))
        if self.throw() < self.params.answer:
            self.move(float(fill.price), self.atr.value, view, want)
        elif view.position and self.throw() < self.params.again and not isnan(view.entry):
            self.mix(view.entry)
            gap = view.entry * 0.01
            want.position(view.position, view.entry - gap if view.position > 0.0 else view.entry + gap)

    def on_funding(self, rate: FundingRate, view: View, want: Want) -> None:
        self.paid += rate.rate
        self.mix(view.funding_rate * 1_000.0)
        if self.throw() < self.params.hears and not isnan(view.last):
            self.move(view.last, self.atr.value, view, want)
