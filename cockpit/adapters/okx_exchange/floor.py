"""One market as the public sees it: book, trades, prices, funding. Whole ticks and lots inside.

``shift`` moves every price of the feed by whole ticks, so that a test can move a market that goes on living.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from decimal import Decimal
from math import ceil, floor

import msgspec

from cockpit.adapters.okx_exchange.candles import Candles, like
from cockpit.adapters.okx_exchange.figures import amount, plain
from cockpit.adapters.okx_exchange.listed import Listed
from cockpit.core.events import (
    AnyEvent,
    Bar,
    BookDelta,
    BookSnapshot,
    FundingRate,
    Levels,
    Mark,
    OpenInterest,
    Touch,
    Trade,
)
from cockpit.core.types import Instrument, Side

KEPT_TRADES = 500
CACHED = 50_000
Fine = dict[float, float]


class Print(msgspec.Struct, frozen=True):
    """One public trade; ``side`` is the taker's."""

    trade_id: int
    ticks: int
    lots: int
    side: Side
    ts: int
    seq: int


class Settled(msgspec.Struct, frozen=True):
    """A funding settlement of the past."""

    ts: int
    rate: float


class Floor:
    """The public side of one market. ``apply`` takes the feed's events; everything else only reads."""

    def __init__(self, listed: Listed, trade_ids: Iterator[int]) -> None:
        self.listed = listed
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}
        self.trades: deque[Print] = deque(maxlen=KEPT_TRADES)
        self.fresh: list[Print] = []
        """Trades that no channel has told yet."""
        self.last_ticks = 0
        self.last_lots = 0
        self.mark = 0.0
        self.index = 0.0
        self.rate = 0.0
        self.settle_ts = 0
        self.settled: deque[Settled] = deque(maxlen=400)
        self.interest = 0.0
        self.interest_ts = 0
        self.interests = Candles()
        self.book_ts = 0
        self.ts = 0
        self.seq = 1_000
        """Grows with every change of the book."""
        self.shift = 0
        self.grids = 0
        """How often the grid has changed: every book channel begins anew then."""
        self._fine: tuple[Fine, Fine] | None = None
        """Bids and asks as the feed has them, once the market has another grid than the feed."""
        self.last_prices = Candles()
        self.marks = Candles(1_500)
        self.indices = Candles(1_500)
        self._trade_ids = trade_ids
        self._texts: dict[int, str] = {}

    # --- units ------------------------------------------------------------------------------------

    def px(self, ticks: int) -> str:
        """A price as the venue writes it."""
        found = self._texts.get(ticks)
        if found is None:
            if len(self._texts) > CACHED:
                self._texts.clear()
            found = self._texts[ticks] = plain(self.listed.instrument.tick * ticks)
        return found

    def size(self, lots: int) -> str:
        return plain(self.listed.instrument.lot * lots)

    def ticks(self, price: float) -> int:
        return self.listed.instrument.ticks(price)

    def rounded(self, price: float) -> Decimal:
        """A computed price (mark, index) on the grid."""
        return self.listed.instrument.price_of(self.ticks(price))

    def worth(self, size: float, price: float) -> tuple[float, float]:
        """(coin, quote) value of ``size`` contracts or base units at ``price``."""
        value = float(self.listed.instrument.contract_value)
        if self.listed.inverse:
            return (size * value / price if price else 0.0), size * value
        return size * value, size * value * price

    # --- what is known ----------------------------------------------------------------------------

    @property
    def bid(self) -> int:
        """Best bid in ticks, 0 when there is none."""
        return max(self.bids, default=0)

    @property
    def ask(self) -> int:
        return min(self.asks, default=0)

    @property
    def last(self) -> float:
        """Last traded price; the middle before the first trade."""
        ticks = self.last_ticks or (self.bid + self.ask) // 2
        return ticks / self.listed.instrument.ticks_per_unit

    @property
    def mark_price(self) -> float:
        return self.mark or self.last

    @property
    def index_price(self) -> float:
        return self.index or self.mark_price

    def top(self, side: Side, depth: int) -> list[tuple[int, int]]:
        """The best levels of a side, best first."""
        if side is Side.BUY:
            return sorted(self.bids.items(), reverse=True)[:depth]
        return sorted(self.asks.items())[:depth]

    def band(self) -> tuple[str, str]:
        """(highest buy, lowest sell) that the venue takes; empty texts when there is no band."""
        width = self.listed.instrument.price_band
        if not width or not self.mark_price:
            return "", ""
        middle = self.rounded(self.mark_price)
        instrument = self.listed.instrument
        high = instrument.price(middle * (1 + width), Side.BUY)
        return plain(high), plain(instrument.price(middle * (1 - width), Side.SELL))

    # --- what happens -----------------------------------------------------------------------------

    def apply(self, event: AnyEvent) -> None:
        """An event of the feed, prices already shifted."""
        self.ts = event.ts
        if isinstance(event, BookDelta):
            self._take(event.bids, event.asks)
            self._changed(event.ts)
        elif isinstance(event, Trade):
            self.print(self.ticks(event.price), self.listed.instrument.lots(event.qty), event.side, event.ts)
        elif isinstance(event, BookSnapshot):
            self._take(event.bids, event.asks, whole=True)
            self._changed(event.ts)
        elif isinstance(event, Touch):
            self._take(((event.bid, event.bid_qty),), ((event.ask, event.ask_qty),), whole=True)
            self._changed(event.ts)
        elif isinstance(event, Mark):
            self._marked(event)
        elif isinstance(event, FundingRate):
            self._funding(event)
        elif isinstance(event, OpenInterest):
            self.interest, self.interest_ts = event.qty, event.ts
            if not self.interests.minutes:
                self.interests.fill(like(self.last_prices, event.qty))
            self.interests.add(event.ts, event.qty)
        elif isinstance(event, Bar) and not self.trades:
            self._bar(event)

    def print(self, ticks: int, lots: int, side: Side, ts: int) -> int:
        """A trade happened; returns its id."""
        trade_id = next(self._trade_ids)
        self.last_ticks, self.last_lots = ticks, lots
        row = Print(trade_id, ticks, lots, side, ts, self.seq)
        self.trades.append(row)
        self.fresh.append(row)
        instrument = self.listed.instrument
        price, size = ticks / instrument.ticks_per_unit, lots / instrument.lots_per_unit
        self.last_prices.add(ts, price, size, *self.worth(size, price))
        return trade_id

    def regrid(self, fresh: Instrument) -> None:
        """The market's terms are others now; what stands is laid on their grid."""
        old = self.listed.instrument
        self.listed.instrument = fresh
        if (old.tick, old.lot) == (fresh.tick, fresh.lot):
            return

        def level(ticks: int, lots: int) -> tuple[int, int]:
            price, size = ticks / old.ticks_per_unit, lots / old.lots_per_unit
            return fresh.ticks(price), max(1, fresh.lots(size))

        if self._fine is None:
            self._fine = tuple(  # type: ignore[assignment]
                {t / old.ticks_per_unit: n / old.lots_per_unit for t, n in side.items()}
                for side in (self.bids, self.asks)
            )
        self._texts.clear()
        self.last_ticks, self.last_lots = level(self.last_ticks, self.last_lots)
        self.shift = fresh.ticks(self.shift / old.ticks_per_unit)
        for rows in (self.trades, self.fresh):
            moved = [(row, *level(row.ticks, row.lots)) for row in rows]
            rows.clear()
            rows.extend(msgspec.structs.replace(row, ticks=t, lots=n) for row, t, n in moved)
        self._lay_out()
        self.grids += 1
        self._changed(self.book_ts)

    def _take(self, bids: Levels, asks: Levels, *, whole: bool = False) -> None:
        """Changed levels of the feed, or all of them."""
        if whole:
            self.bids, self.asks = {}, {}
        if self._fine is None:
            self._merge(self.bids, bids)
            self._merge(self.asks, asks)
            return
        for fine, levels in zip(self._fine, (bids, asks), strict=True):
            if whole:
                fine.clear()
            fine.update(levels)
            for price, size in levels:
                if not size:
                    del fine[price]
        self._lay_out()

    def _lay_out(self) -> None:
        """The feed's levels on the grid: bids go down to it and asks up, so nothing crosses."""
        assert self._fine is not None
        instrument = self.listed.instrument
        sides: list[dict[int, int]] = []
        for fine, way in zip(self._fine, (floor, ceil), strict=True):
            side: dict[int, int] = {}
            for price, size in fine.items():
                if lots := instrument.lots(size):
                    ticks = way(round(price * instrument.ticks_per_unit, 6))
                    side[ticks] = side.get(ticks, 0) + lots
            sides.append(side)
        self.bids, self.asks = sides

    def _merge(self, side: dict[int, int], levels: Levels) -> None:
        instrument = self.listed.instrument
        for price, size in levels:
            ticks, lots = instrument.ticks(price), instrument.lots(size)
            if lots:
                side[ticks] = lots
            else:
                side.pop(ticks, None)

    def _changed(self, ts: int) -> None:
        self.book_ts = ts
        self.seq += 1

    def _marked(self, event: Mark) -> None:
        self.mark = event.mark
        self.marks.add(event.ts, event.mark)
        if event.index:
            self.index = event.index
            self.indices.add(event.ts, event.index)

    def _funding(self, event: FundingRate) -> None:
        if event.settled:
            self.settled.append(Settled(event.settle_ts, event.rate))
        else:
            self.rate, self.settle_ts = event.rate, event.settle_ts

    def _bar(self, event: Bar) -> None:
        """A market that is known by its bars alone trades once per bar, at its close."""
        instrument = self.listed.instrument
        ticks = instrument.ticks(event.close)
        self.last_ticks, self.last_lots = ticks, max(1, instrument.lots(event.volume))
        self.last_prices.add(event.ts - 1, event.close, event.volume, *self.worth(event.volume, event.close))

    # --- small records that several doors share ---------------------------------------------------

    def ticker(self, now: int) -> dict[str, str]:
        """The ticker record (REST and ``tickers`` channel)."""
        listed, bid, ask = self.listed, self.bid, self.ask
        first, high, low, size, coin, quote = self.last_prices.day(now)
        return {
            "instType": listed.inst_type,
            "instId": listed.inst_id,
            "last": self.px(self.ticks(self.last)),
            "lastSz": self.size(self.last_lots),
            "askPx": self.px(ask) if ask else "",
            "askSz": self.size(self.asks[ask]) if ask else "",
            "bidPx": self.px(bid) if bid else "",
            "bidSz": self.size(self.bids[bid]) if bid else "",
            "open24h": amount(first),
            "high24h": amount(high),
            "low24h": amount(low),
            "volCcy24h": amount(coin if listed.swap else quote),
            "vol24h": amount(size),
            "sodUtc0": amount(self.last_prices.since(now - now % 86_400_000)),
            "sodUtc8": amount(
                self.last_prices.since((now + 28_800_000) // 86_400_000 * 86_400_000 - 28_800_000)
            ),
            "ts": str(self.ts),
        }

    def index_ticker(self, now: int) -> dict[str, str]:
        """The record of the index behind this market."""
        first, high, low, *_ = self.indices.day(now)
        return {
            "instId": self.listed.index_id,
            "idxPx": amount(self.index_price),
            "high24h": amount(high),
            "low24h": amount(low),
            "open24h": amount(first),
            "sodUtc0": amount(self.indices.since(now - now % 86_400_000)),
            "sodUtc8": amount(self.indices.since((now + 28_800_000) // 86_400_000 * 86_400_000 - 28_800_000)),
            "ts": str(self.ts),
        }

    def mark_record(self) -> dict[str, str]:
        return {
            "instType": self.listed.inst_type,
            "instId": self.listed.inst_id,
            "markPx": amount(self.mark_price),
            "ts": str(self.ts),
        }

    def funding_record(self, now: int) -> dict[str, str]:
        """The running funding interval (swaps only)."""
        interval = self.listed.instrument.funding_interval_ms
        due = self.settle_ts or (now // interval + 1) * interval
        return {
            "instType": self.listed.inst_type,
            "instId": self.listed.inst_id,
            "method": "current_period",
            "formulaType": "withRate",
            "fundingRate": amount(self.rate),
            "nextFundingRate": "",
            "fundingTime": str(due),
            "nextFundingTime": str(due + interval),
            "minFundingRate": "-0.0075",
            "maxFundingRate": "0.0075",
            "interestRate": "0.0001",
            "impactValue": "20000",
            "settState": "settled",
            "settFundingRate": amount(self.settled[-1].rate) if self.settled else amount(self.rate),
            "premium": amount(self.mark_price / self.index_price - 1 if self.index_price else 0.0),
            "ts": str(now),
        }

    def interest_record(self, now: int) -> dict[str, str]:
        coin, quote = self.worth(self.interest, self.mark_price)
        return {
            "instType": self.listed.inst_type,
            "instId": self.listed.inst_id,
            "oi": amount(self.interest),
            "oiCcy": amount(coin),
            "oiUsd": amount(quote),
            "ts": str(self.interest_ts or now),
        }

    def limit_record(self, now: int) -> dict[str, str | bool]:
        high, low = self.band()
        return {
            "instType": self.listed.inst_type,
            "instId": self.listed.inst_id,
            "buyLmt": high,
            "sellLmt": low,
            "enabled": bool(high),
            "ts": str(now),
        }

    def trade_record(self, row: Print) -> dict[str, str]:
        return {
            "instId": self.listed.inst_id,
            "tradeId": str(row.trade_id),
            "px": self.px(row.ticks),
            "sz": self.size(row.lots),
            "side": str(row.side),
            "source": "0",
            "ts": str(row.ts),
        }

    def level(self, ticks: int, lots: int) -> list[str]:
        """``[px, sz, "0", orders]``; how many stand there is not known, so it is told as one."""
        return [self.px(ticks), self.size(lots), "0", "1" if lots else "0"]
