"""A small market that never sleeps: enough price for orders to fill, cheap enough for thousands of seeds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from cockpit.core.events import AnyEvent, Bar, BookSnapshot, FundingRate, Mark, Trade
from cockpit.core.types import Instrument, InstrumentState, Kind, MarginTier, Side

TIERS = (MarginTier(Decimal(1_000_000), Decimal("0.004"), Decimal(100)),)

LINEAR = Instrument(
    symbol="okx:BTC-USDT-SWAP",
    kind=Kind.LINEAR,
    base="BTC",
    quote="USDT",
    settle="USDT",
    tick=Decimal("0.1"),
    lot=Decimal("0.01"),
    min_qty=Decimal("0.01"),
    contract_value=Decimal("0.01"),
    tiers=TIERS,
)
REBATE = msgspec.structs.replace(LINEAR, maker_fee=Decimal("-0.0001"))
SPOT = Instrument(
    symbol="okx:ETH-USDT",
    kind=Kind.SPOT,
    base="ETH",
    quote="USDT",
    settle="USDT",
    tick=Decimal("0.01"),
    lot=Decimal("0.0001"),
    min_qty=Decimal("0.001"),
)
DEEP_FROM = 6_000
"""From this seed on the coins' book is deep enough for ``min_depth``: before, small ones alone trade."""
START = {LINEAR.symbol: 60_000.0, SPOT.symbol: 3_000.0}


class Market:
    """Seeded random walks with jumps; a book, a few trades and a mark per tick, a bar per ``tf``."""

    def __init__(
        self, seed: int, instruments: tuple[Instrument, ...], start_ms: int, tf: int = 10_000
    ) -> None:
        self._rng = random.Random(f"{seed}/market")
        self._bits = self._rng.getrandbits
        self._times = 20 if seed >= DEEP_FROM else 1
        self._nibbles = seed >= DEEP_FROM and seed % 2 == 0
        """Small trades at the touch before it moves: quotes are filled in parts (F09, F11)."""
        self._touch: dict[str, tuple[float, float]] = {}
        self.instruments = instruments
        self.price = {i.symbol: START[i.symbol] for i in instruments}
        self.tf = tf
        self._bars: dict[str, list[float]] = {}
        self._opened = start_ms - start_ms % tf
        self._seq = 0
        self._next_funding = start_ms + 60_000
        self.funding_ms = 60_000
        """Funding settles once a minute here, so that short worlds see it."""

    def tick(self, now: int) -> Iterator[AnyEvent]:
        """What the venue publishes at ``now`` (UTC ms), for every instrument."""
        while now >= self._opened + self.tf:
            yield from self._close(self._opened + self.tf)
        for instrument in self.instruments:
            if instrument.state is InstrumentState.LIVE:
                yield from self._move(instrument, now)
        if now >= self._next_funding:
            yield from self._fund(now)

    def _below(self, n: int) -> int:
        """One of 0 … n-1, drawn as ``Random.randrange`` draws it, without what that checks."""
        bits = n.bit_length()
        while (drawn := self._bits(bits)) >= n:
            pass
        return drawn

    def list(self, instrument: Instrument) -> None:
        """The venue has changed an instrument."""
        self.instruments = tuple(instrument if i.symbol == instrument.symbol else i for i in self.instruments)

    def _traded(self) -> Iterator[Instrument]:
        """Those that have not ended."""
        return (i for i in self.instruments if i.state is not InstrumentState.EXPIRED)

    def calm(self, now: int) -> Iterator[AnyEvent]:
        """The last word of a day: a book deep enough for every exit."""
        for instrument in self._traded():
            tick = float(instrument.tick)
            bid = round(round(self.price[instrument.symbol] / tick) * tick, 8)
            self._seq += 1
            deep = 1_000_000.0
            yield BookSnapshot(
                now, instrument.symbol, now, ((bid, deep),), ((round(bid + tick, 8), deep),), self._seq
            )

    def _move(self, instrument: Instrument, now: int) -> Iterator[AnyEvent]:
        rng, below = self._rng, self._below
        symbol = instrument.symbol
        if self._nibbles and symbol in self._touch:
            yield from self._nibble(instrument, now)
        before = self.price[symbol]
        step = rng.gauss(0, 3e-4) + (rng.choice((-1, 1)) * 0.004 if rng.random() < 0.01 else 0.0)
        price = before * (1 + step)
        self.price[symbol] = price
        tick = float(instrument.tick)
        spread = tick * rng.choice((1, 1, 2, 10))
        bid = round(round((price - spread / 2) / tick) * tick, 8)
        ask = round(bid + spread, 8)
        size = instrument.lots_per_unit / (1 if instrument.derivative else self._times)
        bids = tuple((round(bid - i * 5 * tick, 8), round((1 + below(900)) * 10 / size, 8)) for i in range(5))
        asks = tuple((round(ask + i * 5 * tick, 8), round((1 + below(900)) * 10 / size, 8)) for i in range(5))
        self._seq += 1
        self._touch[symbol] = bid, ask
        yield BookSnapshot(now, symbol, now, bids, asks, self._seq)
        for _ in range(rng.choice((0, 1, 1, 2))):
            side = rng.choice((Side.BUY, Side.SELL))
            deep = rng.choice((0, 0, 1, 3)) * tick
            paid = round(ask + deep if side is Side.BUY else bid - deep, 8)
            self._seq += 1
            yield Trade(
                now, symbol, now, paid, round(rng.randint(1, 400) * 10 / size, 8), side, str(self._seq)
            )
            self._note(symbol, paid)
        self._note(symbol, price)
        if instrument.derivative:
            yield Mark(now, symbol, round(price, 2), round(price, 2))

    def _nibble(self, instrument: Instrument, now: int) -> Iterator[AnyEvent]:
        """Both sides of the touch trade a little."""
        for side, price in zip((Side.SELL, Side.BUY), self._touch[instrument.symbol], strict=True):
            qty = round(self._rng.randint(1, 9) * 10 / instrument.lots_per_unit, 8)
            self._seq += 1
            yield Trade(now, instrument.symbol, now, price, qty, side, str(self._seq))

    def _note(self, symbol: str, price: float) -> None:
        bar = self._bars.get(symbol)
        if bar is None:
            self._bars[symbol] = [price, price, price, price]
            return
        bar[1] = max(bar[1], price)
        bar[2] = min(bar[2], price)
        bar[3] = price

    def _close(self, end: int) -> Iterator[AnyEvent]:
        self._opened = end
        for symbol, (first, high, low, last) in self._bars.items():
            yield Bar(end, symbol, self.tf, first, high, low, last, 1.0)
        self._bars.clear()

    def _fund(self, now: int) -> Iterator[AnyEvent]:
        self._next_funding += self.funding_ms
        for instrument in self._traded():
            if instrument.derivative:
                rate = round(self._rng.gauss(0, 1e-4), 6)
                yield FundingRate(now, instrument.symbol, rate, now, settled=True)
