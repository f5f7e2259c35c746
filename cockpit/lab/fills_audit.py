"""Could the market have given these fills? An auditor that knows only the tape, never the simulator's
reasons.

On bars: the price lies inside a bar that had not closed when the order arrived, and not more was taken than
traded. On books and touches: a taker's price is not better than the best one shown, a maker's was reached.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from cockpit.core.book import Book
from cockpit.core.events import AnyEvent, Bar, BookDelta, BookSnapshot, Fill, FillKind, Touch, Trade
from cockpit.core.types import Instrument, Side

SHARE = 0.1
"""Of a bar's volume: more than this moves the price that the bar shows."""


class Doubt(msgspec.Struct, frozen=True):
    """A fill that the record does not support. ``kind``: price | volume | large."""

    kind: str
    ts: int
    symbol: str
    trade_id: str
    detail: str


class _Market:
    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.book = Book()
        self.shown = False
        self.bar: Bar | None = None
        self.waiting: list[Fill] = []
        """Fills whose bar is not known yet."""
        self.taken = Decimal(0)
        self.traded_low = self.traded_high = 0.0


class FillsAudit:
    """Tell it every fact in the order of the run; ``doubts`` fills up.

    ``slack_ticks``: configured slippage.
    """

    def __init__(self, instruments: dict[str, Instrument], slack_ticks: int) -> None:
        self.doubts: list[Doubt] = []
        self.fills = 0
        self._slack = slack_ticks
        self._markets = {symbol: _Market(i) for symbol, i in instruments.items()}
        self._seen: set[str] = set()
        self._tf: dict[str, int] = {}

    def observe(self, event: AnyEvent) -> None:
        """After each step."""
        if isinstance(event, Fill):
            self._fill(event)
            return
        market = self._markets.get(getattr(event, "symbol", ""))
        if market is None:
            return
        if isinstance(event, Bar):
            self._bar(market, event)
        elif isinstance(event, Trade):
            low, high = market.traded_low or event.price, market.traded_high or event.price
            market.traded_low, market.traded_high = min(low, event.price), max(high, event.price)
        elif isinstance(event, BookSnapshot):
            market.book.apply_snapshot(event.bids, event.asks, event.seq, event.ts)
            self._moved(market)
        elif isinstance(event, BookDelta):
            market.book.apply_delta(event.bids, event.asks, event.seq, event.prev_seq, event.ts)
            self._moved(market)
        elif isinstance(event, Touch):
            market.book.set_touch(event.bid, event.bid_qty, event.ask, event.ask_qty, event.ts)
            self._moved(market)

    def _bar(self, market: _Market, bar: Bar) -> None:
        shortest = min(self._tf.setdefault(bar.symbol, bar.tf), bar.tf)
        if bar.tf > shortest:
            return
        self._tf[bar.symbol] = shortest
        before, market.bar = market.bar, bar
        waiting, market.waiting = market.waiting, []
        for fill in waiting:
            if "open" in fill.note and bar.ts - fill.ts < bar.tf // 2:
                market.waiting.append(
                    fill
                )  # at the open of the NEXT bar: it is told before this one's close is
                continue
            # A fill inside a bar is told at its end, by the same road or a slower one than the bar itself.
            late = before is not None and fill.ts - before.ts < bar.ts - fill.ts and "open" not in fill.note
            self._judge(market, fill, before if late and before is not None else bar)
        market.taken = Decimal(0)

    def _moved(self, market: _Market) -> None:
        market.shown = True

    def _fill(self, fill: Fill) -> None:
        fact = f"{fill.symbol}|{fill.trade_id}"
        market = self._markets.get(fill.symbol)
        if fact in self._seen or market is None or fill.kind is not FillKind.TRADE:
            return
        self._seen.add(fact)
        self.fills += 1
        if market.shown:
            self._against_book(market, fill)
        else:
            market.waiting.append(fill)  # judged when its bar has closed

    def done(self) -> None:
        """The run is over: what waits for a bar that never closed is judged by the last one that did."""
        for market in self._markets.values():
            for fill in market.waiting:
                if market.bar is not None and "open" not in fill.note:
                    self._judge(market, fill, market.bar)

    def _judge(self, market: _Market, fill: Fill, bar: Bar) -> None:
        price, slack = float(fill.price), float(market.instrument.tick) * (self._slack + 0.5)
        if "open" in fill.note and abs(price - bar.open) > slack:
            self._doubt("price", fill, f"{price:g} at an open of {bar.open:g}")
        elif not bar.low - slack <= price <= bar.high + slack:
            self._doubt("price", fill, f"{price:g} is outside {bar.low:g} … {bar.high:g}")
        else:
            self._volume(market, fill, bar)

    def _volume(self, market: _Market, fill: Fill, bar: Bar) -> None:
        market.taken += fill.qty
        worth = float(market.taken * market.instrument.contract_value)
        base = worth / float(fill.price) if market.instrument.kind == "inverse" else worth
        if base > bar.volume:
            self._doubt("volume", fill, f"{base:g} taken of {bar.volume:g} traded in the bar")
        elif base > SHARE * bar.volume:
            self._doubt("large", fill, f"{base / bar.volume:.0%} of what the bar traded")

    def _against_book(self, market: _Market, fill: Fill) -> None:
        book, price, tick = market.book, float(fill.price), float(market.instrument.tick)
        buy = fill.side is Side.BUY
        best = book.best_ask if buy else book.best_bid
        if fill.maker:
            low = min(v for v in (market.traded_low or best, book.best_bid, book.best_ask) if v == v)
            high = max(v for v in (market.traded_high or best, book.best_bid, book.best_ask) if v == v)
            if not low - tick / 2 <= price <= high + tick / 2:
                self._doubt("price", fill, f"a maker at {price:g}, the market was {low:g} … {high:g}")
        elif book.ok and (best - price) * (1 if buy else -1) > tick * (self._slack + 0.5):
            self._doubt("price", fill, f"a taker at {price:g}, better than the best shown {best:g}")

    def _doubt(self, kind: str, fill: Fill, detail: str) -> None:
        self.doubts.append(Doubt(kind, fill.ts, fill.symbol, fill.trade_id, detail))
