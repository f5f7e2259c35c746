"""Ichimoku cloud."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator
from cockpit.indicators.ring import Ring
from cockpit.indicators.window import Extremes

LINES = ("conversion", "base", "span_a", "span_b", "lead_a", "lead_b", "past")


@indicator("ichimoku", inputs=("high", "low", "close"), lines=LINES)
class Ichimoku(msgspec.Struct):
    """Trend, support and momentum in one look: the lines and the cloud, without looking ahead.

    mid(m) = (highest + lowest of m bars)/2. ``conversion`` = mid(fast), ``base`` = mid(medium). ``span_a``
    and ``span_b`` are the cloud drawn at THIS bar: what (conversion+base)/2 and mid(slow) were ``shift`` bars
    ago; ``lead_a`` and ``lead_b`` are those of now, to be drawn ``shift`` bars ahead. The lagging line draws
    this close ``shift`` bars back, so its comparison is this close against ``past``, the close of then.
    First values at indices fast-1, medium-1, shift later for the spans, shift for ``past``. ``update``
    returns ``conversion``. Price units. Raises ValueError when a length is < 1. Source: Hosoda.
    """

    fast: int = 9
    medium: int = 26
    slow: int = 52
    shift: int = 26
    conversion: float = nan
    base: float = nan
    span_a: float = nan
    span_b: float = nan
    lead_a: float = nan
    lead_b: float = nan
    past: float = nan
    short: Extremes = msgspec.field(default_factory=lambda: Extremes(1))
    middle: Extremes = msgspec.field(default_factory=lambda: Extremes(1))
    long: Extremes = msgspec.field(default_factory=lambda: Extremes(1))
    ring_a: Ring = msgspec.field(default_factory=lambda: Ring(1))
    ring_b: Ring = msgspec.field(default_factory=lambda: Ring(1))
    closes: Ring = msgspec.field(default_factory=lambda: Ring(1))

    def __post_init__(self) -> None:
        if self.short.n != self.fast:
            self.short = Extremes(self.fast)
        if self.middle.n != self.medium:
            self.middle = Extremes(self.medium)
        if self.long.n != self.slow:
            self.long = Extremes(self.slow)
        if self.closes.n != self.shift:
            self.ring_a = Ring(self.shift)
            self.ring_b = Ring(self.shift)
            self.closes = Ring(self.shift)

    def update(self, high: float, low: float, close: float) -> float:
        if self.short.add(high, low):
            self.conversion = (self.short.high + self.short.low) / 2.0
        if self.middle.add(high, low):
            self.base = (self.middle.high + self.middle.low) / 2.0
        if self.long.add(high, low):
            self.lead_b = (self.long.high + self.long.low) / 2.0
        self.lead_a = (self.conversion + self.base) / 2.0
        self.span_a = self.ring_a.push(self.lead_a)
        self.span_b = self.ring_b.push(self.lead_b)
        self.past = self.closes.push(close)
        return self.conversion
