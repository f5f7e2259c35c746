"""OKX's public past over REST: candles, settled funding, mark, index, open interest, trades; books as of now.

Lists come newest first; ``after`` is exclusive and means older. A page with nothing in it is the end of what
OKX keeps (trades: three months). Source: OKX API v5, "Get candlesticks history", "Get funding rate history",
"Get mark price candlesticks history", "Get index candlesticks history", "Get contract open interest history",
"Get trades history".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from cockpit.adapters.connectivity.history import Page
from cockpit.adapters.okx.instruments import Listed
from cockpit.adapters.okx.market import CANDLES, NAMES, Candle
from cockpit.adapters.okx.rest import Rest
from cockpit.core import events as ev
from cockpit.core.types import Kind, Side

MARK_STEP = 300_000
"""Marks are kept as the closes of five-minute candles."""
INTEREST_STEP = 3_600_000
"""Open interest by the hour. Nobody says whether a row is the beginning or the end of its hour, so it counts
as known at the end: an hour late rather than an hour early."""
MARKS, TRADES, FUNDING, INTERESTS = 100, 100, 100, 100
DEPTH = 20
PATIENCE_S = 30.0
"""Nobody waits for history: a request may stand in the queue of the rate limit."""
T = TypeVar("T")


class PriceRow(msgspec.Struct, array_like=True, frozen=True):
    """A candle of marks or of an index: it has no volume."""

    ts: int
    open: float
    high: float
    low: float
    close: float
    confirm: str


class FundingRow(msgspec.Struct, frozen=True, rename="camel"):
    funding_time: int
    funding_rate: float = 0.0
    realized_rate: str = ""


class TradeRow(msgspec.Struct, frozen=True, rename="camel"):
    trade_id: str
    px: float
    sz: float
    side: str
    ts: int


class PastInterest(msgspec.Struct, array_like=True, frozen=True):
    """Contracts outstanding at an hour."""

    ts: int
    oi: float


class InterestRow(msgspec.Struct, frozen=True, rename="camel"):
    oi: float


class BookRow(msgspec.Struct, frozen=True):
    asks: list[list[str]]
    bids: list[list[str]]
    ts: int


class OkxHistory:
    """``connectivity.history.History`` of OKX and of whatever speaks its protocol."""

    paged = frozenset(("bars", "funding", "marks", "oi", "trades"))
    sampled = frozenset(("oi", "books"))

    def __init__(
        self,
        rest: Rest,
        markets: Mapping[str, Listed],
        wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._rest = rest
        self._markets = markets
        self._wall_ms = wall_ms
        self.instruments = {symbol: one.instrument for symbol, one in markets.items()}

    def offers(self, kind: str, symbol: str, tf: int) -> bool:
        if kind == "bars":
            return tf in NAMES
        return kind in {"trades", "books"} or self.instruments[symbol].derivative

    async def look(self) -> int:
        await self._rest.sync(self._wall_ms, 1)
        return self._wall_ms() + self._rest.offset_ms

    async def page(self, kind: str, symbol: str, tf: int, lo: int, hi: int) -> Page:
        read = {
            "bars": self._bars, "funding": self._funding, "marks": self._marks, "oi": self._interest,
            "trades": self._trades,
        }  # fmt: skip
        return await read[kind](symbol, tf, lo, hi)

    async def sample(self, kind: str, symbol: str) -> list[ev.AnyEvent]:
        inst = self._inst(symbol)
        if kind == "oi":
            params = {"instType": self._markets[symbol].kind, "instId": inst}
            rows = await self._get("public/open-interest", params, InterestRow)
            return [ev.OpenInterest(self._now(), symbol, row.oi) for row in rows]
        books = await self._get("market/books", {"instId": inst, "sz": str(DEPTH)}, BookRow)
        return [
            ev.BookSnapshot(self._now(), symbol, row.ts, _levels(row.bids), _levels(row.asks))
            for row in books
        ]

    async def close(self) -> None:
        await self._rest.close()

    # --- pages ------------------------------------------------------------------------------------

    async def _bars(self, symbol: str, tf: int, lo: int, hi: int) -> Page:
        params = {"instId": self._inst(symbol), "bar": NAMES[tf], "after": str(hi), "limit": str(CANDLES)}
        rows = await self._get("market/history-candles", params, Candle)
        spot = self.instruments[symbol].kind is Kind.SPOT
        facts: list[ev.AnyEvent] = [
            ev.Bar(r.ts + tf, symbol, tf, r.open, r.high, r.low, r.close, r.vol if spot else r.vol_ccy)
            for r in reversed(rows)
            if r.confirm == "1" and lo <= r.ts
        ]
        return Page(facts, _reached(rows, lo), _closed(rows, hi))

    async def _marks(self, symbol: str, _tf: int, lo: int, hi: int) -> Page:
        params = {"bar": NAMES[MARK_STEP], "after": str(hi), "limit": str(MARKS)}
        inst, index = {"instId": self._inst(symbol)}, {"instId": self._markets[symbol].family}
        marks = await self._get("market/history-mark-price-candles", {**params, **inst}, PriceRow)
        indices = await self._get("market/history-index-candles", {**params, **index}, PriceRow)
        reached = _reached(marks, lo)
        if indices and marks:
            reached = max(reached, min(indices[-1].ts, marks[0].ts))
        known = {r.ts: r.close for r in indices if r.confirm == "1"}
        facts: list[ev.AnyEvent] = [
            ev.Mark(r.ts + MARK_STEP, symbol, r.close, known.get(r.ts, 0.0))
            for r in reversed(marks)
            if r.confirm == "1" and r.ts >= reached
        ]
        return Page(facts, reached, min(_closed(marks, hi), _closed(indices, hi)))

    async def _funding(self, symbol: str, _tf: int, lo: int, hi: int) -> Page:
        params = {"instId": self._inst(symbol), "after": str(hi), "limit": str(FUNDING)}
        rows = await self._get("public/funding-rate-history", params, FundingRow)
        facts: list[ev.AnyEvent] = [
            ev.FundingRate(
                r.funding_time, symbol, float(r.realized_rate or r.funding_rate), r.funding_time, settled=True
            )
            for r in reversed(rows)
            if r.funding_time >= lo
        ]
        return Page(facts, max(lo, rows[-1].funding_time) if rows else lo, hi)

    async def _interest(self, symbol: str, _tf: int, lo: int, hi: int) -> Page:
        params = {
            "instId": self._inst(symbol), "period": "1H", "begin": str(lo - 1), "end": str(hi),
            "limit": str(INTERESTS),
        }  # fmt: skip
        rows = await self._get("rubik/stat/contracts/open-interest-history", params, PastInterest)
        over = self._now() - INTEREST_STEP
        facts: list[ev.AnyEvent] = [
            ev.OpenInterest(r.ts + INTEREST_STEP, symbol, r.oi) for r in reversed(rows) if lo <= r.ts <= over
        ]
        reached = max(lo, rows[-1].ts) if rows else lo
        return Page(facts, reached, min([hi, *(r.ts for r in rows if r.ts > over)]))

    async def _trades(self, symbol: str, _tf: int, lo: int, hi: int) -> Page:
        """By time. The oldest millisecond of a page may be cut through, so the next page tells it whole; more
        trades of one millisecond than a page holds cannot be had this way."""
        params = {"instId": self._inst(symbol), "type": "2", "after": str(hi), "limit": str(TRADES)}
        rows = await self._get("market/history-trades", params, TradeRow)
        reached = lo
        if rows and rows[-1].ts > lo:
            oldest = rows[-1].ts
            reached = oldest + 1 if oldest + 1 < hi else oldest
        facts: list[ev.AnyEvent] = [
            ev.Trade(r.ts, symbol, r.ts, r.px, r.sz, Side(r.side), r.trade_id)
            for r in reversed(rows)
            if r.ts >= reached
        ]
        return Page(facts, reached, hi)

    def _inst(self, symbol: str) -> str:
        return self.instruments[symbol].native

    def _now(self) -> int:
        return self._wall_ms() + self._rest.offset_ms

    async def _get(self, path: str, params: dict[str, str], rows: type[T]) -> list[T]:
        return await self._rest.get(path, params, rows, private=False, patience=PATIENCE_S)


def _reached(rows: Sequence[Candle] | Sequence[PriceRow], lo: int) -> int:
    return max(lo, rows[-1].ts) if rows else lo


def _closed(rows: Sequence[Candle] | Sequence[PriceRow], hi: int) -> int:
    """Up to where the candles are closed: one that still runs must be asked for again."""
    return min([hi, *(row.ts for row in rows if row.confirm != "1")])


def _levels(rows: Sequence[Sequence[str]]) -> ev.Levels:
    return tuple((float(row[0]), float(row[1])) for row in rows)
