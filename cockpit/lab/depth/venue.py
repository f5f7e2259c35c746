"""The venue's side of sleeping and waking: orders, book and guards between the arrays and ``matching``."""

from __future__ import annotations

from typing import Any

from cockpit.core.matching import Exchange, feeds
from cockpit.core.matching.books import Phase, Source
from cockpit.core.types import Side
from cockpit.lab.compiled.reasons import Unsupported
from cockpit.lab.depth.guard import Guard
from cockpit.lab.depth.memory import Block
from cockpit.lab.depth.queue import MODELS
from cockpit.lab.depth.records import DELTA, EATEN, FAR, RESTING, TOUCH, Eaten, Event, Rest
from cockpit.lab.depth.shown import Shown

SIDES = {1: Side.BUY, -1: Side.SELL}


class Place:
    """The traded market at the venue."""

    def __init__(self, exchange: Exchange, arrays: Any, symbol: str, mine: int) -> None:
        self.desk = exchange.desk
        self.market = self.desk.markets[symbol]
        self._arrays = arrays
        self._at = at = arrays.cells.at
        self._v, self._w = values, floats = arrays.cells.whole, arrays.cells.floats
        first, end = (int(arrays.markets["first"][k]) for k in (mine, mine + 1))
        self._ticks = arrays.prices["tick"].tolist()
        self._rank = {self._ticks[r]: r for r in range(first, end)}
        bids, asks = (Shown(arrays.prices, side, self._rank, first, end) for side in (True, False))
        self.market.bids, self.market.asks = bids, asks  # type: ignore[assignment]
        self._rest, self._eaten = Block(arrays.rest, Rest), Block(arrays.eaten, Eaten)
        self._events = Block(arrays.events, Event)
        self._guard = Guard(self.desk, self.market)
        self._resting: list[Any] = []
        values[at.low], values[at.high] = end, first - 1
        values[at.best_bid] = values[at.best_ask] = -1
        floats[at.per_tick] = self.market.ticks_per_unit
        rules = self.desk.rules
        values[at.queue], floats[at.power] = MODELS.index(rules.queue), rules.queue_power

    def sleep(self) -> None:
        """The venue's orders and what could happen to them, as the machine watches them."""
        v, at, market = self._v, self._at, self.market
        v[at.busy], v[at.last], v[at.source] = int(market.busy), market.last, int(market.source)
        v[at.marked], self._w[at.venue_mark] = int(market.mark != 0.0), market.mark
        self._w[at.venue_index], v[at.index_ticks] = market.index, market.ticks(market.index)
        v[at.rests] = v[at.waiting] = v[at.eaten] = v[at.armed] = 0
        self._resting = []
        if market.eaten_bids or market.eaten_asks:
            self._bitten()
        if not market.busy:
            return
        if market.orders:
            self._orders()
        v[at.armed_low], v[at.armed_high] = self._guard.armed() if market.orders else (-FAR, FAR)
        self._w[at.safe_low], self._w[at.safe_high] = self._guard.safe()

    def _orders(self) -> None:
        v, at, market = self._v, self._at, self.market
        for order in market.orders.values():
            if order.phase is Phase.RESTING:
                self._resting.append(order)
            elif order.phase is Phase.ARMED:
                v[at.armed] = 1
            elif order.phase is Phase.ARRIVED:
                if market.source is Source.BARS:
                    raise Unsupported("an order before the first price")
                v[at.waiting] = 1
        if len(self._resting) > RESTING:
            self._resting = []
            v[at.waiting] = 1
        v[at.rests] = len(self._resting)
        for index, order in enumerate(self._resting):
            rank = self._rank.get(order.price, -1)
            row = (order.sign, order.price, rank, order.left, order.shown, order.traded, order.front)
            self._rest.write(row, index)

    def _bitten(self) -> None:
        v, market = self._v, self.market
        places = [self._rank[t] for t in market.eaten_bids] + [-1 - self._rank[t] for t in market.eaten_asks]
        if len(places) > EATEN:
            raise Unsupported("our takers took from more levels than there is room for")
        v[self._at.eaten] = len(places)
        for index, where in enumerate(places):
            self._eaten.write((where, 0), index)

    def wake(self) -> None:
        """What the machine did to the venue, before the venue itself goes on."""
        v, at, market = self._v, self._at, self.market
        bid, ask = v[at.best_bid], v[at.best_ask]
        market.best_bid = self._ticks[bid] if bid >= 0 else 0
        market.best_ask = self._ticks[ask] if ask >= 0 else 0
        market.source = Source(v[at.source])
        market.last = v[at.last]
        market.mark, market.index = self._w[at.venue_mark], self._w[at.venue_index]
        for index, order in enumerate(self._resting):
            _, _, _, _, order.shown, order.traded, order.front = self._rest.read(index)
        if v[at.eaten]:
            left = {self._eaten.read(index)[0] for index in range(v[at.eaten])}
            for ticks in [t for t in market.eaten_bids if self._rank[t] not in left]:
                del market.eaten_bids[ticks]
            for ticks in [t for t in market.eaten_asks if -1 - self._rank[t] not in left]:
                del market.eaten_asks[ticks]

    def moved(self, i: int, ts: int) -> None:
        """The book has changed where it may concern an order: the venue looks at all of them."""
        market = self.market
        if not market.busy:
            return
        row, at = self._events.read(i), self._events.at
        bids: set[int] | None = None
        asks: set[int] | None = None
        if row[at.kind] == DELTA:
            ranks = self._arrays.levels["rank"]
            bids = {self._ticks[r] for r in ranks[row[at.lo] : row[at.mid]].tolist()}
            asks = {self._ticks[r] for r in ranks[row[at.mid] : row[at.hi]].tolist()}
        elif row[at.kind] == TOUCH:
            bids, asks = feeds.proven(market)
        feeds.moved(self.desk, market, bids, asks, ts)
        market.busy = bool(market.orders) or bool(self.desk.account.held(market.instrument.symbol))
