"""Bybit linear: contracts, candles and books over REST.

Source: Bybit V5, "Get Instruments Info", "Get Risk Limit", "Get Kline", "Get Orderbook", "Get Fee Rate".
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from cockpit.adapters.ccxt_venue.dialect import MARK_STEP, MARKS, Dialect, Snapshot
from cockpit.adapters.ccxt_venue.door import Call, Door, Refused
from cockpit.adapters.ccxt_venue.values import Level, Price, Size, levels, number, read, tiers
from cockpit.core import events as ev
from cockpit.core.errors import Transient
from cockpit.core.types import Instrument, InstrumentState, Kind

FRAMES = {
    60_000: "1", 180_000: "3", 300_000: "5", 900_000: "15", 1_800_000: "30", 3_600_000: "60",
    7_200_000: "120", 14_400_000: "240", 21_600_000: "360", 43_200_000: "720", 86_400_000: "D",
}  # fmt: skip
DEPTH = 200
"""Levels of the book, streamed and read."""
LINEAR = {"category": "linear"}


class Contract(msgspec.Struct, frozen=True, rename="camel"):
    """One row of GET market/instruments-info."""

    symbol: str
    contract_type: str
    status: str
    base_coin: str
    quote_coin: str
    settle_coin: str
    price_filter: dict[str, Any]
    lot_size_filter: dict[str, Any]
    funding_interval: int = 480
    """Minutes."""


class Settled(msgspec.Struct, frozen=True):
    """One row of funding/history."""

    time: int = msgspec.field(name="fundingRateTimestamp")
    rate: float = msgspec.field(name="fundingRate")


class Candle(msgspec.Struct, array_like=True, frozen=True):
    start: int
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Size


class PriceCandle(msgspec.Struct, array_like=True, frozen=True):
    """A candle of marks or of an index: it has no volume."""

    start: int
    open: Price
    high: Price
    low: Price
    close: Price


class PastInterest(msgspec.Struct, frozen=True, rename={"qty": "openInterest", "time": "timestamp"}):
    qty: Size
    time: int


class Depth(msgspec.Struct, frozen=True):
    b: list[Level]
    a: list[Level]
    ts: int
    u: int
    seq: int


def result(body: Any) -> dict[str, Any]:
    """The inside of an envelope. Raises Transient when there is none."""
    found = body.get("result") if isinstance(body, dict) else None
    if not isinstance(found, dict):
        raise Transient("an answer without a result")
    return found


def rows(body: Any) -> list[dict[str, Any]]:
    """The list of an envelope."""
    found = result(body).get("list")
    return found if isinstance(found, list) else []


class Markets(Dialect):
    """What can be asked without an account, and the account's fees."""

    frames = FRAMES
    page = 1_000
    funding_span = 8 * 24 * 3_600_000
    interest_span = 190 * 3_600_000
    interest_kept = 0

    async def clock(self, door: Door) -> int:
        body = await door.ask(Call("publicGetV5MarketTime"))
        return int(result(body)["timeNano"]) // 1_000_000

    async def load(self, door: Door, natives: Sequence[str], *, private: bool) -> dict[str, Instrument]:
        made = await asyncio.gather(*(self._instrument(door, native, private) for native in natives))
        return {one.symbol: one for one in made if one is not None}

    async def _instrument(self, door: Door, native: str, private: bool) -> Instrument | None:
        params = {**LINEAR, "symbol": native}
        try:
            found = rows(await door.ask(Call("publicGetV5MarketInstrumentsInfo", params)))
        except Refused:
            return None
        row = next((read(r, Contract, "instruments-info") for r in found if r.get("symbol") == native), None)
        if row is None or row.contract_type != "LinearPerpetual" or row.settle_coin != "USDT":
            return None
        sizes = row.lot_size_filter
        one = Instrument(
            symbol=self.symbol(native),
            kind=Kind.LINEAR,
            base=row.base_coin,
            quote=row.quote_coin,
            settle=row.settle_coin,
            tick=number(row.price_filter["tickSize"]),
            lot=number(sizes["qtyStep"]),
            min_qty=number(sizes["minOrderQty"]),
            min_notional=number(sizes.get("minNotionalValue")),
            max_qty=number(sizes.get("maxOrderQty")),
            funding_interval_ms=row.funding_interval * 60_000,
            state=InstrumentState.LIVE if row.status == "Trading" else InstrumentState.SUSPENDED,
        )
        return msgspec.structs.replace(one, **await self._terms(door, one, private))

    async def _terms(self, door: Door, one: Instrument, private: bool) -> dict[str, Any]:
        """Risk limits, and the account's fees; what Bybit does not say stays at the default."""
        changes: dict[str, Any] = {}
        params = {**LINEAR, "symbol": one.native}
        try:
            limits = rows(await door.ask(Call("publicGetV5MarketRiskLimit", params)))
            ticker = rows(await door.ask(Call("publicGetV5MarketTickers", params)))
            table = [
                (number(r["riskLimitValue"]), number(r["maintenanceMargin"]), number(r["maxLeverage"]))
                for r in limits
            ]
            if ticker:
                changes["tiers"] = tiers(sorted(table), number(ticker[0].get("markPrice")), one.lot)
            if private:
                fees = rows(await door.ask(Call("privateGetV5AccountFeeRate", params)))
                changes["maker_fee"] = number(fees[0]["makerFeeRate"])
                changes["taker_fee"] = number(fees[0]["takerFeeRate"])
        except (Refused, Transient, IndexError):
            pass  # fees and tiers are for our own sums; the exchange charges what it charges
        return changes

    async def candles(self, door: Door, native: str, length: int, count: int, end: int) -> list[ev.Bar]:
        params = {
            **LINEAR, "symbol": native, "interval": FRAMES[length], "end": end,
            "limit": min(count + 1, 1_000),
        }  # fmt: skip
        found = read(rows(await door.ask(Call("publicGetV5MarketKline", params))), list[Candle], "kline")
        symbol = self.symbol(native)
        return [
            ev.Bar(r.start + length, symbol, length, r.open, r.high, r.low, r.close, r.volume)
            for r in sorted(found, key=lambda row: row.start)
            if r.start + length <= end
        ]

    async def funding(self, door: Door, native: str, lo: int, hi: int) -> list[ev.FundingRate]:
        params = {**LINEAR, "symbol": native, "startTime": lo, "endTime": hi - 1, "limit": 200}
        body = rows(await door.ask(Call("publicGetV5MarketFundingHistory", params)))
        symbol = self.symbol(native)
        return [
            ev.FundingRate(r.time, symbol, r.rate, r.time, settled=True)
            for r in read(body, list[Settled], "funding/history")
        ]

    async def interests(self, door: Door, native: str, lo: int, hi: int) -> list[ev.OpenInterest]:
        params = {
            **LINEAR, "symbol": native, "intervalTime": "1h", "startTime": lo,
            "endTime": hi - 1, "limit": 200,
        }  # fmt: skip
        body = rows(await door.ask(Call("publicGetV5MarketOpenInterest", params)))
        symbol, found = self.symbol(native), read(body, list[PastInterest], "open-interest")
        return [ev.OpenInterest(r.time, symbol, r.qty) for r in sorted(found, key=lambda row: row.time)]

    async def marks(self, door: Door, native: str, end: int) -> list[ev.Mark]:
        params = {**LINEAR, "symbol": native, "interval": FRAMES[MARK_STEP], "end": end, "limit": MARKS}
        prices = []
        for name in ("publicGetV5MarketMarkPriceKline", "publicGetV5MarketIndexPriceKline"):
            found = read(rows(await door.ask(Call(name, params))), list[PriceCandle], name)
            prices.append({r.start: r.close for r in found if r.start + MARK_STEP <= end})
        marks, indices = prices
        symbol = self.symbol(native)
        return [
            ev.Mark(at + MARK_STEP, symbol, marks[at], indices.get(at, 0.0))
            for at in sorted(marks)
            if not indices or at >= min(indices)
        ]

    async def snapshot(self, door: Door, native: str, now: int) -> Snapshot:
        params = {**LINEAR, "symbol": native, "limit": DEPTH}
        body = await door.ask(Call("publicGetV5MarketOrderbook", params), urgent=True)
        row = read(result(body), Depth, "orderbook")
        book = ev.BookSnapshot(now, self.symbol(native), row.ts, levels(row.b), levels(row.a), row.u)
        return Snapshot(book, row.seq)
