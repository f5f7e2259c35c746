"""One simulated market: who quotes, who trades, and the messages a venue would send about it.

The quoting crowd follows the coin's price only when it has moved by more than its patience; then the levels
in the way are partly traded away and partly cancelled, and new ones are put at the new touch. Between such
moves small trades hit the touch, some take a whole level, and sizes change. Every trade happens at the best
price of the book as the reader knows it, and the delta right after it says what it left.
"""

from __future__ import annotations

from cockpit.adapters.practice.candles import Candle
from cockpit.adapters.practice.draws import Draws
from cockpit.adapters.practice.ladder import Ladder
from cockpit.adapters.practice.mood import Walk
from cockpit.adapters.practice.spec import Profile
from cockpit.core.events import AnyEvent, BookDelta, BookSnapshot, Levels, Trade
from cockpit.core.types import Side

TRADE_ODDS = 88
"""Steps in 256 that are a trade, in a normal mood."""
DROUGHT_ODDS = 900
"""Seconds between two droughts of liquidity, on average."""
DROUGHT_SPREAD = 2.5
DROUGHT_PLENTY = 48
"""Size of new levels during a drought, in 1/256."""


class Market:
    """The book of one symbol and its next messages. Every trade goes into ``candles``."""

    __slots__ = (
        "_dry",
        "_interval",
        "anchor",
        "appetite",
        "asks",
        "basis",
        "bids",
        "candles",
        "draws",
        "last_ticks",
        "lots_per_unit",
        "odds",
        "profile",
        "seq",
        "slow",
        "spread",
        "symbol",
        "target",
        "ticks_per_unit",
        "trade_count",
        "walk",
    )

    def __init__(self, seed: int, profile: Profile, walk: Walk, rate: float) -> None:
        instrument = profile.instrument
        self.profile = profile
        self.symbol = instrument.symbol
        self.walk = walk
        self.draws = Draws(seed, f"book/{self.symbol}")
        self.slow = Draws(seed, f"slow/{self.symbol}")
        self.ticks_per_unit = instrument.ticks_per_unit
        self.lots_per_unit = instrument.lots_per_unit
        self._interval = max(1, int(profile.interval_us / rate))
        self._dry = 0
        self.basis = 0.0
        self.spread = profile.spread
        self.odds = TRADE_ODDS
        self.appetite = 1.0
        self.seq = 0
        self.trade_count = 0
        self.bids = Ladder(1, profile.gap, profile.touch_lots)
        self.asks = Ladder(-1, profile.gap, profile.touch_lots)
        self.target = self.anchor = walk.price * self.ticks_per_unit
        bid, ask = self._touch()
        self.bids.lead(bid, self.draws)
        self.asks.lead(-ask, self.draws)
        self.bids.settle(self.draws)
        self.asks.settle(self.draws)
        self.last_ticks = int(self.anchor)
        self.candles: list[Candle] = []

    # --- what the clock calls ---------------------------------------------------------------------

    def wait_us(self) -> int:
        """Microseconds until its next step: half to one and a half times the usual."""
        return (self._interval * (0x8000 + (self.draws.bits() & 0xFFFF)) >> 16) + 1

    def follow(self) -> None:
        """The coin has moved (every 100 ms)."""
        self.target = self.walk.price * (1.0 + self.basis) * self.ticks_per_unit

    def each_second(self) -> None:
        """Moods of the crowd: basis, business, droughts, spread."""
        slow, profile, walk = self.slow, self.profile, self.walk
        if profile.instrument.derivative:
            self.basis += 0.00001 * slow.gauss() - 0.01 * (self.basis - 0.00005 * walk.drift)
        heat = walk.heat
        self.odds = min(200, int(TRADE_ODDS * (0.5 + 0.5 * heat)))
        hunger = slow.uniform()
        self.appetite += 0.3 * (heat * (0.2 + 2.4 * hunger * hunger) - self.appetite)
        if self._dry:
            self._dry -= 1
        elif slow.below(DROUGHT_ODDS) == 0:
            self._dry = 20 + slow.below(40)
        wide = DROUGHT_SPREAD if self._dry else 0.85 + 0.15 * heat + 0.2 * slow.uniform()
        self.spread += 0.2 * (profile.spread * wide - self.spread)
        self.bids.plenty = self.asks.plenty = DROUGHT_PLENTY if self._dry else 256

    @property
    def dry(self) -> bool:
        """Is liquidity missing now?"""
        return self._dry > 0

    # --- messages ---------------------------------------------------------------------------------

    def snapshot(self, ts: int) -> BookSnapshot:
        """The whole book as it is."""
        sides = []
        for side in (self.bids, self.asks):
            side.changes = {key * side.sign: lots for key, lots in zip(side.keys, side.lots, strict=True)}
            sides.append(self._told(side))
        self.seq += 1
        return BookSnapshot(ts, self.symbol, ts, sides[0], sides[1], self.seq)

    def step(self, ts: int, out: list[AnyEvent]) -> None:
        """The next thing that happens here, as the messages it causes."""
        bits = self.draws.bits()
        lean = self.target - self.anchor
        patience = self.profile.patience * self.anchor
        if lean > patience or lean < -patience:
            self._move(bits, ts, out)
        elif bits & 0xFF < self.odds:
            self._trade(bits >> 8, 128 + int(64.0 * lean / patience) + 12 * self.walk.drift, ts, out)
        else:
            self._requote(bits >> 8)
        bids, asks = self.bids, self.asks
        if bids.changes or asks.changes:
            seq = self.seq
            self.seq = seq + 1
            out.append(BookDelta(ts, self.symbol, ts, self._told(bids), self._told(asks), seq + 1, seq))

    def _told(self, side: Ladder) -> Levels:
        """The side's changes in prices and sizes, best first; they count as told from now on."""
        changes = side.changes
        if not changes:
            return ()
        per_price, per_size = self.ticks_per_unit, self.lots_per_unit
        rows = sorted(changes.items(), reverse=side.sign > 0) if len(changes) > 1 else changes.items()
        levels = tuple([(ticks / per_price, lots / per_size) for ticks, lots in rows])
        changes.clear()
        return levels

    def _touch(self) -> tuple[int, int]:
        """Where the crowd wants best bid and best ask (ticks); never less than a tick apart."""
        half = self.anchor * self.spread / 2.0
        return int(self.anchor - half), int(self.anchor + half) + 1

    def _move(self, bits: int, ts: int, out: list[AnyEvent]) -> None:
        """The crowd follows the coin: what is in the way is traded or cancelled, new levels lead."""
        up = self.target > self.anchor
        self.anchor = self.target
        bid, ask = self._touch()
        away, key = (self.asks, -ask) if up else (self.bids, bid)
        for level in range(2):
            if not away.keys or away.keys[-1] <= key or bits >> level & 1:
                break
            lots = min(away.lots[-1], self._small(bits >> 8 + 16 * level) * 4)
            self._print(away.best, lots, up, ts, out)
            _, there = away.pop()
            if lots < there:
                break
        self._place(bid, ask)

    def _place(self, bid: int, ask: int) -> None:
        """Cancel what is better than the wanted touch, then lead both sides to it."""
        bids, asks = self.bids, self.asks
        while bids.keys and bids.keys[-1] > bid:
            bids.pop()
        while asks.keys and asks.keys[-1] > -ask:
            asks.pop()
        if not bids.keys or bids.keys[-1] < bid:
            bids.lead(bid, self.draws)
        if not asks.keys or asks.keys[-1] < -ask:
            asks.lead(-ask, self.draws)
        bids.settle(self.draws)
        asks.settle(self.draws)

    def _requote(self, bits: int) -> None:
        """No trade: a swept touch is refilled, or sizes change."""
        bid, ask = self._touch()
        if self.bids.keys[-1] != bid or self.asks.keys[-1] != -ask:
            self._place(bid, ask)
        elif bits & 1:
            self.bids.shuffle(bits >> 1)
        else:
            self.asks.shuffle(bits >> 1)

    def _trade(self, bits: int, buyers: int, ts: int, out: list[AnyEvent]) -> None:
        """A taker comes; ``buyers`` in 256 of them buy."""
        up = bits & 0xFF < buyers
        side = self.asks if up else self.bids
        left = self._small(bits >> 16)
        if bits >> 8 & 0xFF < self.profile.sweep:
            left += side.lots[-1]
        for _ in range(3):
            ticks = side.best
            done = side.take(left)
            if done == 0:
                break
            self._print(ticks, done, up, ts, out)
            left -= done
            if left <= 0:
                break

    def _small(self, bits: int) -> int:
        """Lots of an ordinary trade: mostly small, sometimes twenty times that."""
        u = bits & 0xFFFF
        tail = 16 + (u >> 9) + 12_000_000 // (u + 3_000)
        return 1 + int(self.appetite * (self.profile.trade_lots * tail >> 8))

    def _print(self, ticks: int, lots: int, up: bool, ts: int, out: list[AnyEvent]) -> None:
        self.trade_count += 1
        self.last_ticks = ticks
        price, qty = ticks / self.ticks_per_unit, lots / self.lots_per_unit
        side = Side.BUY if up else Side.SELL
        out.append(Trade(ts, self.symbol, ts, price, qty, side, str(self.trade_count)))
        for candle in self.candles:
            candle.add(ticks, lots)
