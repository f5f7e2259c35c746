"""Candles that a source does not have, made from shorter ones or from its trades.

A candle is told at the first instant at which it could be known: with the last candle that it is made of, or
before the first fact after its end. Nothing is invented: an interval without news has no candle, and neither
has the one in which a stream begins, unless it is heard whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from cockpit.core.events import AnyEvent, Bar, Trade
from cockpit.core.types import Instrument

TRADES = 0
"""As a source length: made from trades."""
NEVER = 1 << 62
Recipes = Mapping[str, Mapping[int, int]]
"""By symbol: wanted length → length of the candles it is made of (``TRADES`` = of trades), in ms."""


def recipe(length: int, offered: Sequence[int], traded: bool) -> int | None:
    """What a candle of ``length`` is best made of; None = it cannot be made."""
    parts = [tf for tf in offered if tf < length and length % tf == 0]
    if parts:
        return max(parts)
    return TRADES if traded else None


class _Candle:
    """One length of one symbol: the candle that is forming."""

    __slots__ = ("bar", "end", "parts", "symbol", "tf", "volume", "whole")

    def __init__(self, symbol: str, tf: int, parts: int) -> None:
        self.symbol = symbol
        self.tf = tf
        self.parts = parts
        self.end = 0
        """When it closes; 0 = none is forming."""
        self.bar = (0.0, 0.0, 0.0, 0.0)
        self.volume = 0.0
        self.whole = False
        """Heard from a beginning on: every one after the first is."""

    def add(self, opened: int, prices: tuple[float, float, float, float], volume: float) -> None:
        """Something that began at ``opened`` belongs to it."""
        if not self.end:
            self.end = opened - opened % self.tf + self.tf
            self.whole = self.whole or (self.parts != TRADES and opened % self.tf == 0)
            self.bar, self.volume = prices, volume
            return
        first, high, low, _ = self.bar
        self.bar = first, max(high, prices[1]), min(low, prices[2]), prices[3]
        self.volume += volume

    def close(self) -> Iterator[Bar]:
        """It is over; a first one that was not heard whole is dropped."""
        if self.whole:
            yield Bar(self.end, self.symbol, self.tf, *self.bar, self.volume)
        self.whole = True
        self.end = 0


def with_candles(
    stream: Iterable[AnyEvent], recipes: Recipes, instruments: Mapping[str, Instrument]
) -> Iterator[AnyEvent]:
    """The stream with the candles of ``recipes`` in their places, still in order of time."""
    if not any(recipes.values()):
        return iter(stream)
    return _mixed(stream, recipes, instruments)


def _mixed(
    stream: Iterable[AnyEvent], recipes: Recipes, instruments: Mapping[str, Instrument]
) -> Iterator[AnyEvent]:
    by_source: dict[tuple[str, int], list[_Candle]] = {}
    for symbol, lengths in sorted(recipes.items()):
        for tf, parts in sorted(lengths.items()):
            by_source.setdefault((symbol, parts), []).append(_Candle(symbol, tf, parts))
    candles = [one for group in by_source.values() for one in group]
    due = NEVER
    for event in stream:
        if event.ts >= due:
            over = [one for one in candles if one.end and _over(one, event.ts)]
            for one in sorted(over, key=lambda one: one.end):
                yield from one.close()
            due = min((one.end for one in candles if one.end), default=NEVER)
        yield event
        if type(event) is Bar:
            source = by_source.get((event.symbol, event.tf), ())
            for one in source:
                prices = (event.open, event.high, event.low, event.close)
                one.add(event.ts - event.tf, prices, event.volume)
                if event.ts == one.end:
                    yield from one.close()
                elif one.end < due:
                    due = one.end
        elif type(event) is Trade:
            source = by_source.get((event.symbol, TRADES), ())
            for one in source:
                price = event.price
                volume = instruments[event.symbol].base_units(event.qty, price)
                one.add(event.ts, (price, price, price, price), volume)
                if one.end < due:
                    due = one.end


def _over(candle: _Candle, ts: int) -> bool:
    """Nothing that is still to come belongs to it. What a candle is made of may close at its very end."""
    return ts > candle.end or (ts == candle.end and candle.parts == TRADES)
