"""What the venue keeps per market: the public book, our orders, the last prices. Whole ticks and lots.

Plain serialisable data, so that a venue can be written down and woken up again (``Exchange.export``).
"""

from __future__ import annotations

from decimal import Decimal
from enum import IntEnum

import msgspec

from cockpit.core.orders import ALGO, OrderKind
from cockpit.core.types import ZERO, Instrument, PosSide, Side


class Source(IntEnum):
    """The best data the tape has shown for a market decides how it is matched."""

    BARS = 0
    TOUCH = 1
    """Trades and/or best bid and ask."""
    DEPTH = 2


class Phase(IntEnum):
    """What an order at the venue waits for."""

    ARRIVED = 0
    """A price to meet: on bars the next open."""
    RESTING = 1
    """Somebody to trade with it, in the queue of its price."""
    ARMED = 2
    """Its trigger."""
    GONE = 3


class Working(msgspec.Struct):
    """One order of ours that lives at the venue. Prices in ticks (0 = none), quantities in lots."""

    cid: str
    venue_id: str
    symbol: str
    side: Side
    kind: OrderKind
    lots: int
    price: int
    reduce_only: bool
    pos_side: PosSide
    arrived: int
    """Exchange time (ms) of the request that gave it its present place."""
    phase: Phase = Phase.ARRIVED
    filled: int = 0
    front: float = 0.0
    """Lots before us at our price."""
    shown: int = 0
    traded: int = 0
    """Lots traded at our price since the level was last shown."""
    trigger: int = 0
    take: int = 0
    callback: float = 0.0
    rising: int = 0
    """TRIGGER: +1 waits for the price to rise to it, -1 to fall; 0 = not yet known."""
    active: bool = True
    """TRAIL: does it follow already?"""
    best: int = 0
    """TRAIL: the best price since it follows."""
    watch: str = ""
    """The price that sets it off: mark | last | index; empty = the mark."""

    @property
    def sign(self) -> int:
        return 1 if self.side is Side.BUY else -1

    @property
    def left(self) -> int:
        return self.lots - self.filled

    @property
    def algo(self) -> bool:
        return self.kind in ALGO


class Done(msgspec.Struct, frozen=True, array_like=True):
    """The end of an order, remembered so that its client id is never executed again."""

    symbol: str
    state: str
    filled: Decimal
    price: Decimal
    qty: Decimal
    venue_id: str


class Market(msgspec.Struct):
    """One market as the venue sees it."""

    instrument: Instrument
    ticks_per_unit: float
    lots_per_unit: float
    source: Source = Source.BARS
    busy: bool = False
    """An order or a position of ours is here: market data may change it."""
    bids: dict[int, int] = {}
    asks: dict[int, int] = {}
    best_bid: int = 0
    """0 = unknown or to be looked for again."""
    best_ask: int = 0
    eaten_bids: dict[int, int] = {}
    """Lots that our takers took from a level since it was last shown."""
    eaten_asks: dict[int, int] = {}
    last: int = 0
    """Last trade."""
    mark: float = 0.0
    """0 = the tape has shown none."""
    close: float = 0.0
    """Of the last bar."""
    closed: int = 0
    """Its time."""
    tf: int = 0
    """Shortest bar seen: only that one is matched against."""
    orders: dict[str, Working] = {}
    """Living orders in order of arrival (an amended one goes to the end)."""
    rates: dict[int, float] = {}
    """Funding to be settled, by settlement time."""
    paid: int = 0
    """Newest settlement that has been paid."""
    index: float = 0.0
    """0 = the tape has shown none."""

    def ticks(self, price: float) -> int:
        return round(price * self.ticks_per_unit)

    def in_phase(self, phase: Phase) -> list[Working]:
        """Orders that wait for this, oldest first; a copy, so that they may end meanwhile."""
        return [order for order in self.orders.values() if order.phase is phase]

    def bid(self) -> int:
        """Best bid in ticks, 0 when there is none."""
        if not self.best_bid and self.bids:
            self.best_bid = max(self.bids)
        return self.best_bid

    def ask(self) -> int:
        """Best ask in ticks, 0 when there is none."""
        if not self.best_ask and self.asks:
            self.best_ask = min(self.asks)
        return self.best_ask

    def reference(self) -> float:
        """The price margin and bands are measured at: mark, else last trade, middle or close; 0 = none."""
        if self.mark:
            return self.mark
        if self.source is Source.BARS:
            return self.close
        if self.last:
            return self.last / self.ticks_per_unit
        bid, ask = self.bid(), self.ask()
        if bid and ask:
            return (bid + ask) / 2 / self.ticks_per_unit
        return (bid or ask) / self.ticks_per_unit or self.close

    def available(self, side: Side, ticks: int) -> int:
        """Lots that a taker of ``side`` still finds at a level."""
        if side is Side.BUY:
            return self.asks.get(ticks, 0) - self.eaten_asks.get(ticks, 0)
        return self.bids.get(ticks, 0) - self.eaten_bids.get(ticks, 0)

    def eat(self, side: Side, ticks: int, lots: int) -> None:
        """A taker of ours consumed part of a level; it stays consumed until the level is shown again."""
        shown = self.asks if side is Side.BUY else self.bids
        if ticks in shown:
            eaten = self.eaten_asks if side is Side.BUY else self.eaten_bids
            eaten[ticks] = min(shown[ticks], eaten.get(ticks, 0) + lots)

    def price(self, ticks: int) -> Decimal:
        return self.instrument.tick * ticks

    def qty(self, lots: int) -> Decimal:
        return self.instrument.lot * lots


def open_market(instrument: Instrument) -> Market:
    """A market nothing is known of yet."""
    return Market(instrument, instrument.ticks_per_unit, instrument.lots_per_unit)


def in_ticks(market: Market, price: Decimal | None) -> int:
    """A price already on the grid as whole ticks; 0 for none."""
    return 0 if price is None else int(price / market.instrument.tick)


def done(market: Market, order: Working, state: str) -> Done:
    """The record that stays of ``order``."""
    price = market.price(order.price or order.trigger) if order.price or order.trigger else ZERO
    return Done(order.symbol, state, market.qty(order.filled), price, market.qty(order.lots), order.venue_id)
