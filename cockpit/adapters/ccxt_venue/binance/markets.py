"""Binance USDⓈ-M: contracts, candles, books and open interest over REST.

Source: Binance Open Platform, USDⓈ-M Futures, "Market Data Endpoints", "Notional and Leverage Brackets".
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from cockpit.adapters.ccxt_venue.dialect import MARK_STEP, MARKS, Dialect, Snapshot
from cockpit.adapters.ccxt_venue.door import Call, Door, Refused
from cockpit.adapters.ccxt_venue.values import Level, Price, Size, levels, number, read, tiers
from cockpit.core import events as ev
from cockpit.core.errors import Transient
from cockpit.core.types import ZERO, Instrument, InstrumentState, Kind

FRAMES = {
    60_000: "1m", 180_000: "3m", 300_000: "5m", 900_000: "15m", 1_800_000: "30m", 3_600_000: "1h",
    7_200_000: "2h", 14_400_000: "4h", 21_600_000: "6h", 28_800_000: "8h", 43_200_000: "12h",
    86_400_000: "1d",
}  # fmt: skip
DEPTH = 1_000
"""Levels of a book snapshot."""
HOUR = 3_600_000


class Settled(msgspec.Struct, frozen=True):
    """One row of GET fundingRate."""

    time: int = msgspec.field(name="fundingTime")
    rate: float = msgspec.field(name="fundingRate")


class Contract(msgspec.Struct, frozen=True, rename="camel"):
    """One row of GET exchangeInfo."""

    symbol: str
    contract_type: str
    status: str
    base_asset: str
    quote_asset: str
    margin_asset: str
    filters: list[dict[str, Any]]

    def filter(self, kind: str, key: str) -> Decimal:
        """One number of one filter; 0 = there is none."""
        row = next((f for f in self.filters if f.get("filterType") == kind), {})
        return number(row.get(key))


class Listing(msgspec.Struct, frozen=True):
    symbols: list[Contract]


class Candle(msgspec.Struct, array_like=True, frozen=True):
    start: int
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Size
    end: int


class PastInterest(msgspec.Struct, frozen=True, rename={"qty": "sumOpenInterest", "time": "timestamp"}):
    qty: Size
    time: int


class Depth(msgspec.Struct, frozen=True, rename={"last": "lastUpdateId"}):
    last: int
    bids: list[Level]
    asks: list[Level]
    T: int = 0


class Brackets(msgspec.Struct, frozen=True):
    symbol: str
    brackets: list[dict[str, Any]]


class Markets(Dialect):
    """What can be asked without an account, and the account's fees and brackets."""

    asks_snapshot = True
    frames = FRAMES
    page = 1_000
    funding_span = 30 * 24 * HOUR
    interest_span = 400 * HOUR
    interest_kept = 29 * 24 * HOUR
    interest_s = 60.0

    async def clock(self, door: Door) -> int:
        body = await door.ask(Call("fapiPublicGetTime"))
        return int(body["serverTime"])

    async def load(self, door: Door, natives: Sequence[str], *, private: bool) -> dict[str, Instrument]:
        body = await door.ask(Call("fapiPublicGetExchangeInfo"))
        rows = {row.symbol: row for row in read(body, Listing, "exchangeInfo").symbols}
        every = await door.ask(Call("fapiPublicGetFundingInfo"))
        hours = {str(r.get("symbol")): int(r.get("fundingIntervalHours") or 8) for r in every}
        found = [rows[n] for n in natives if n in rows and rows[n].contract_type == "PERPETUAL"]
        made = await asyncio.gather(
            *(self._instrument(door, row, hours.get(row.symbol, 8), private) for row in found)
        )
        return {one.symbol: one for one in made}

    async def _instrument(self, door: Door, row: Contract, hours: int, private: bool) -> Instrument:
        up = row.filter("PERCENT_PRICE", "multiplierUp")
        most = (row.filter("LOT_SIZE", "maxQty"), row.filter("MARKET_LOT_SIZE", "maxQty"))
        one = Instrument(
            symbol=self.symbol(row.symbol),
            kind=Kind.LINEAR,
            base=row.base_asset,
            quote=row.quote_asset,
            settle=row.margin_asset,
            tick=row.filter("PRICE_FILTER", "tickSize"),
            lot=row.filter("LOT_SIZE", "stepSize"),
            min_qty=row.filter("LOT_SIZE", "minQty"),
            min_notional=row.filter("MIN_NOTIONAL", "notional"),
            max_qty=min((q for q in most if q), default=ZERO),
            funding_interval_ms=hours * HOUR,
            price_band=up - 1 if up > 1 else ZERO,
            state=InstrumentState.LIVE if row.status == "TRADING" else InstrumentState.SUSPENDED,
        )
        if not private:
            return one
        return msgspec.structs.replace(one, **await self._terms(door, one))

    async def _terms(self, door: Door, one: Instrument) -> dict[str, Any]:
        """Fees and brackets of the account; what Binance does not say stays at the default."""
        changes: dict[str, Any] = {}
        params = {"symbol": one.native}
        try:
            fees = await door.ask(Call("fapiPrivateGetCommissionRate", params))
            changes["maker_fee"] = number(fees["makerCommissionRate"])
            changes["taker_fee"] = number(fees["takerCommissionRate"])
            body = await door.ask(Call("fapiPrivateGetLeverageBracket", params))
            mark = await door.ask(Call("fapiPublicGetPremiumIndex", params))
        except (Refused, Transient):
            return changes
        rows = read(body if isinstance(body, list) else [body], list[Brackets], "leverageBracket")
        table = [
            (number(b["notionalCap"]), number(b["maintMarginRatio"]), number(b["initialLeverage"]))
            for row in rows
            for b in row.brackets
        ]
        changes["tiers"] = tiers(sorted(table), number(mark["markPrice"]), one.lot)
        return changes

    async def candles(self, door: Door, native: str, length: int, count: int, end: int) -> list[ev.Bar]:
        params = {
            "symbol": native, "interval": FRAMES[length], "limit": min(count + 1, 1_000), "endTime": end,
        }  # fmt: skip
        rows = read(await door.ask(Call("fapiPublicGetKlines", params)), list[Candle], "klines")
        symbol = self.symbol(native)
        return [
            ev.Bar(r.start + length, symbol, length, r.open, r.high, r.low, r.close, r.volume)
            for r in rows
            if r.end < end
        ]

    async def funding(self, door: Door, native: str, lo: int, hi: int) -> list[ev.FundingRate]:
        params = {"symbol": native, "startTime": lo, "endTime": hi - 1, "limit": 1_000}
        found = read(await door.ask(Call("fapiPublicGetFundingRate", params)), list[Settled], "fundingRate")
        symbol, minute = self.symbol(native), 60_000
        # Binance stamps a settlement some milliseconds late.
        return [
            ev.FundingRate(r.time, symbol, r.rate, round(r.time / minute) * minute, settled=True)
            for r in found
        ]

    async def interests(self, door: Door, native: str, lo: int, hi: int) -> list[ev.OpenInterest]:
        params = {"symbol": native, "period": "1h", "limit": 500, "startTime": lo, "endTime": hi - 1}
        body = await door.ask(Call("fapiDataGetOpenInterestHist", params))
        symbol = self.symbol(native)
        rows = read(body, list[PastInterest], "openInterestHist")
        return [ev.OpenInterest(r.time, symbol, r.qty) for r in sorted(rows, key=lambda row: row.time)]

    async def marks(self, door: Door, native: str, end: int) -> list[ev.Mark]:
        params = {"interval": FRAMES[MARK_STEP], "limit": MARKS, "endTime": end}
        prices = []
        for name, key in (
            ("fapiPublicGetMarkPriceKlines", "symbol"),
            ("fapiPublicGetIndexPriceKlines", "pair"),
        ):
            body = await door.ask(Call(name, {**params, key: native}))
            prices.append({r.start: r.close for r in read(body, list[Candle], name) if r.end < end})
        marks, indices = prices
        symbol = self.symbol(native)
        return [
            ev.Mark(at + MARK_STEP, symbol, marks[at], indices.get(at, 0.0))
            for at in sorted(marks)
            if not indices or at >= min(indices)
        ]

    async def snapshot(self, door: Door, native: str, now: int) -> Snapshot:
        params = {"symbol": native, "limit": DEPTH}
        row = read(await door.ask(Call("fapiPublicGetDepth", params), urgent=True), Depth, "depth")
        book = ev.BookSnapshot(
            now, self.symbol(native), row.T or now, levels(row.bids), levels(row.asks), row.last
        )
        return Snapshot(book, row.last)

    async def interest(self, door: Door, native: str, now: int) -> ev.OpenInterest | None:
        body = await door.ask(Call("fapiPublicGetOpenInterest", {"symbol": native}))
        return ev.OpenInterest(now, self.symbol(native), float(number(body["openInterest"])))
