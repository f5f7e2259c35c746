"""Binance USDⓈ-M: the account read back over REST.

Traps: ``userTrades`` wants a symbol and at most seven days at once; a client id is unique among open orders
only; an order that was cancelled unfilled is forgotten after three days; a triggered conditional order works
under another order id.

Source: Binance Open Platform, USDⓈ-M Futures, "Account Trade List", "Get Income History", "Query Order",
"Query Algo Order", "Position Information V3", "Futures Account Balance V3", "Symbol Configuration".
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from cockpit.adapters.ccxt_venue.binance.streams import pos_side
from cockpit.adapters.ccxt_venue.dialect import Dialect, KeyFacts, OrderWord, Terms, Timed
from cockpit.adapters.ccxt_venue.door import Call, Door, Refused
from cockpit.adapters.ccxt_venue.values import number, plain, read
from cockpit.core import events as ev
from cockpit.core.errors import Transient
from cockpit.core.types import ZERO, PositionMode, Side

WEEK_MS = 7 * 86_400_000 - 1
PAGE = 1_000
PAGES = 60
STATES = {
    "NEW": "live",
    "PARTIALLY_FILLED": "partial",
    "FILLED": "filled",
    "CANCELED": "cancelled",
    "EXPIRED": "cancelled",
    "EXPIRED_IN_MATCH": "cancelled",
    "REJECTED": "cancelled",
}
TOLD_BY_FILLS = frozenset(("REALIZED_PNL", "COMMISSION"))
MAY = {
    "enableReading": "read_only",
    "enableFutures": "trade",
    "enableWithdrawals": "withdraw",
    "enableInternalTransfer": "transfer",
    "permitsUniversalTransfer": "transfer",
}
"""Rights of a key → our words; a right that is not here is refused by its own name."""
HARMLESS = frozenset(
    ("ipRestrict", "enableSpotAndMarginTrading", "enableMargin", "enableVanillaOptions",
     "enablePortfolioMarginTrading")
)  # fmt: skip
"""Trading on other markets: nothing leaves by it."""


class Row(msgspec.Struct, frozen=True, rename="camel"):
    """An order of GET order, openOrders."""

    symbol: str
    order_id: int
    client_order_id: str
    status: str
    side: str
    price: str = ""
    orig_qty: str = ""
    executed_qty: str = ""
    time: int = 0


class Algo(msgspec.Struct, frozen=True, rename="camel"):
    """A conditional order of GET algoOrder, openAlgoOrders, allAlgoOrders."""

    symbol: str
    algo_id: int
    client_algo_id: str
    algo_status: str
    side: str
    quantity: str = ""
    trigger_price: str = ""
    actual_order_id: str | None = ""
    create_time: int = 0


class TradeRow(msgspec.Struct, frozen=True, rename="camel"):
    """A fill of GET userTrades."""

    symbol: str
    id: int
    order_id: int
    side: str
    price: str
    qty: str
    commission: str
    commission_asset: str
    maker: bool
    time: int
    position_side: str = "BOTH"


class Income(msgspec.Struct, frozen=True, rename="camel"):
    income_type: str
    income: str
    asset: str
    time: int
    tran_id: int
    symbol: str = ""


class PositionRow(msgspec.Struct, frozen=True, rename="camel"):
    symbol: str
    position_amt: str
    entry_price: str
    position_side: str = "BOTH"


class Records(Dialect):
    """Orders, fills, bills, balances, positions, and what the account is set to."""

    async def find(self, door: Door, cid: str, native: str, waits: bool | None) -> OrderWord | None:
        if waits is not True:
            row = await self._row(door, {"symbol": native, "origClientOrderId": cid})
            if row is not None:
                return _word(row)
        if waits is False:
            return None
        try:
            body = await door.ask(Call("fapiPrivateGetAlgoOrder", {"clientAlgoId": cid}), urgent=True)
        except Refused as error:
            if self.absent(error.code):
                return None
            raise Transient(str(error)) from error
        algo = read(body, Algo, "algoOrder")
        child = algo.actual_order_id or ""
        if child and child != "0":
            row = await self._row(door, {"symbol": native, "orderId": child})
            if row is not None:
                return msgspec.structs.replace(_waiting(algo), **_worked(row))
        return _waiting(algo)

    async def _row(self, door: Door, params: dict[str, Any]) -> Row | None:
        try:
            body = await door.ask(Call("fapiPrivateGetOrder", params), urgent=True)
        except Refused as error:
            if self.absent(error.code):
                return None
            raise Transient(str(error)) from error
        return read(body, Row, "order")

    async def owner(self, door: Door, native: str, venue_id: str) -> str:
        row = await self._row(door, {"symbol": native, "orderId": venue_id})
        if row is not None and row.client_order_id.startswith("ck"):
            return row.client_order_id
        body = await door.ask(Call("fapiPrivateGetAllAlgoOrders", {"symbol": native, "limit": 500}))
        algos = read(body, list[Algo], "allAlgoOrders")
        return next((a.client_algo_id for a in algos if a.actual_order_id == venue_id), "")

    async def fills(
        self, door: Door, natives: Sequence[str], begin: int, end: int, order: str = ""
    ) -> list[Timed]:
        if order:
            return await self._trades(door, {"symbol": natives[0], "orderId": order, "limit": PAGE})
        parts = await asyncio.gather(*(self._span(door, native, begin, end) for native in natives))
        return sorted((row for part in parts for row in part), key=lambda row: row.at)

    async def _span(self, door: Door, native: str, begin: int, end: int) -> list[Timed]:
        """All fills of a span, in weeks; within a week by trade id."""
        found: dict[str, Timed] = {}
        at = begin
        for _ in range(PAGES):
            stop = min(at + WEEK_MS, end)
            params = {"symbol": native, "startTime": at, "endTime": max(stop, at), "limit": PAGE}
            rows = await self._trades(door, params)
            found |= {row.key: row for row in rows}
            if len(rows) == PAGE:
                # Several fills may share the last millisecond: it is read again.
                at = rows[-1].at if rows[-1].at > at else rows[-1].at + 1
            elif stop >= end:
                return list(found.values())
            else:
                at = stop + 1
        raise Transient(f"userTrades: more than {PAGES} pages")

    async def _trades(self, door: Door, params: dict[str, Any]) -> list[Timed]:
        body = await door.ask(Call("fapiPrivateGetUserTrades", params))
        return [self._traded(row) for row in read(body, list[TradeRow], "userTrades")]

    def _traded(self, row: TradeRow) -> Timed:
        fact = ev.Fill(
            row.time,
            "",
            str(row.order_id),
            str(row.id),
            self.symbol(row.symbol),
            Side(row.side.lower()),
            number(row.price),
            number(row.qty),
            number(row.commission),
            row.commission_asset,
            row.maker,
            pos_side(row.position_side),
        )
        return Timed(row.time, fact, f"{row.symbol} {row.id}")

    async def bills(self, door: Door, begin: int, end: int) -> list[Timed]:
        found: dict[str, Timed] = {}
        at = begin
        for _ in range(PAGES):
            params = {"startTime": at, "endTime": max(end, at), "limit": PAGE}
            rows = read(await door.ask(Call("fapiPrivateGetIncome", params)), list[Income], "income")
            for row in rows:
                found |= {bill.key: bill for bill in self._bill(row)}
            if len(rows) < PAGE:
                return sorted(found.values(), key=lambda bill: bill.at)
            at = rows[-1].time if rows[-1].time > at else rows[-1].time + 1
        raise Transient(f"income: more than {PAGES} pages")

    def _bill(self, row: Income) -> list[Timed]:
        """Money that moved without a fill. Kinds that we do not know move the cash too, and are shown."""
        amount = number(row.income)
        if row.income_type in TOLD_BY_FILLS or not amount:
            return []
        key = f"{row.income_type}-{row.tran_id}-{row.asset}"
        if row.income_type == "FUNDING_FEE":
            fact = ev.FundingPaid(row.time, self.symbol(row.symbol), amount, row.asset, ZERO, key)
            return [Timed(row.time, fact, key)]
        found = [Timed(row.time, ev.Transfer(row.time, row.asset, amount, key), key)]
        if "TRANSFER" not in row.income_type:
            detail = f"{row.income_type} {plain(amount)} {row.asset}"
            fault = ev.DataFault(row.time, self.symbol(row.symbol or "*"), "bill", detail)
            found.append(Timed(row.time, fault, f"{key} note"))
        return found

    async def balances(self, door: Door) -> dict[str, Decimal]:
        body = await door.ask(Call("fapiPrivateV3GetBalance"))
        cash = {str(row["asset"]): number(row["balance"]) for row in body}
        return {asset: amount for asset, amount in cash.items() if amount}

    async def positions(self, door: Door) -> list[ev.VenuePosition]:
        body = await door.ask(Call("fapiPrivateV3GetPositionRisk"))
        return [
            ev.VenuePosition(
                self.symbol(row.symbol),
                number(row.position_amt),
                number(row.entry_price),
                pos_side(row.position_side),
            )
            for row in read(body, list[PositionRow], "positionRisk")
            if number(row.position_amt)
        ]

    async def orders(self, door: Door) -> list[OrderWord]:
        plain_, algos = await asyncio.gather(
            door.ask(Call("fapiPrivateGetOpenOrders")), door.ask(Call("fapiPrivateGetOpenAlgoOrders"))
        )
        found = [_word(row) for row in read(plain_, list[Row], "openOrders")]
        waiting = [_waiting(row) for row in read(algos, list[Algo], "openAlgoOrders")]
        return found + [word for word in waiting if word.state == "live"]

    async def equity(self, door: Door) -> Decimal:
        body = await door.ask(Call("fapiPrivateV3GetAccount"))
        return number(body.get("totalMarginBalance"))

    async def key_facts(self, door: Door, *, demo: bool) -> KeyFacts:
        rows = await door.ask(Call("fapiPrivateV3GetBalance"))
        uid = str(rows[0].get("accountAlias", "")) if rows else ""
        dual = await door.ask(Call("fapiPrivateGetPositionSideDual"))
        mode = "hedge" if str(dual.get("dualSidePosition")).lower() == "true" else "net"
        if demo:
            return KeyFacts(uid, frozenset(), mode, "demo")
        told = await door.ask(Call("sapiGetAccountApiRestrictions"))
        given = {key for key, value in told.items() if value is True} - HARMLESS
        permissions = frozenset(MAY.get(key, key) for key in given)
        return KeyFacts(uid, permissions, mode, "futures", told.get("ipRestrict") is True)

    async def differences(self, door: Door, terms: Terms, natives: Sequence[str]) -> list[str]:
        dual = await door.ask(Call("fapiPrivateGetPositionSideDual"))
        hedged = str(dual.get("dualSidePosition")).lower() == "true"
        mode = PositionMode.HEDGE if hedged else PositionMode.NET
        wrong = []
        multi = await door.ask(Call("fapiPrivateGetMultiAssetsMargin"))
        if str(multi.get("multiAssetsMargin")).lower() == "true":
            wrong.append("multi-assets mode lends across currencies, which the ledger does not follow")
        if mode is not terms.position_mode:
            wrong.append(
                f"position mode is {mode.value}, settings say venue.position_mode = "
                f"{terms.position_mode.value}"
            )
        for native in natives:
            rows = await door.ask(Call("fapiPrivateGetSymbolConfig", {"symbol": native}))
            row: dict[str, Any] = next((r for r in rows if r.get("symbol") == native), {})
            if row.get("marginType") != "CROSSED":
                wrong.append(f"margin of {native} is {row.get('marginType') or 'unknown'}, not CROSSED")
            if number(row.get("leverage")) != terms.leverage:
                wrong.append(
                    f"leverage of {native} is {row.get('leverage')}, settings say venue.leverage = "
                    f"{plain(terms.leverage.normalize())}"
                )
        return wrong


def _word(row: Row) -> OrderWord:
    if row.status not in STATES:
        raise Transient(f"order {row.client_order_id}: state {row.status!r}")
    return OrderWord(
        row.client_order_id,
        str(row.order_id),
        row.symbol,
        Side(row.side.lower()),
        STATES[row.status],
        number(row.price),
        number(row.orig_qty),
        number(row.executed_qty),
        row.time,
    )


def _waiting(row: Algo) -> OrderWord:
    gone = row.algo_status in {"CANCELED", "EXPIRED", "REJECTED"}
    return OrderWord(
        row.client_algo_id,
        str(row.algo_id),
        row.symbol,
        Side(row.side.lower()),
        "cancelled" if gone else "live",
        number(row.trigger_price),
        number(row.quantity),
        created=row.create_time,
        waits=True,
    )


def _worked(row: Row) -> dict[str, Any]:
    """What the order that works for it changes in the word about a conditional one."""
    word = _word(row)
    return {"state": word.state, "filled": word.filled, "qty": word.qty, "child": word.venue_id}
