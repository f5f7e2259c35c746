"""Bybit linear: the account read back over REST.

Traps: ``order/realtime`` forgets what has ended when their service restarts, ``order/history`` lags; spans
are at most seven days; ``execution/list`` holds funding too, whose exact sign is in the transaction log; an
id of that log is not unique.

Source: Bybit V5, "Get Open & Closed Orders", "Get Order History", "Get Trade History", "Get Transaction Log",
"Get Position Info", "Get Wallet Balance", "Get Account Info", "Get API Key Information".
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from cockpit.adapters.ccxt_venue.bybit.markets import LINEAR, result, rows
from cockpit.adapters.ccxt_venue.bybit.streams import POSITIONS, TRADED, FillPush, OrderPush, Streams
from cockpit.adapters.ccxt_venue.dialect import KeyFacts, OrderWord, Terms, Timed
from cockpit.adapters.ccxt_venue.door import Call, Door, Refused
from cockpit.adapters.ccxt_venue.values import number, plain, read
from cockpit.core import events as ev
from cockpit.core.errors import Transient
from cockpit.core.types import ZERO, PositionMode, Side

WEEK_MS = 7 * 86_400_000 - 1
PAGES = 60
STATES = {
    "New": "live",
    "Untriggered": "live",
    "Triggered": "live",
    "PartiallyFilled": "partial",
    "Filled": "filled",
    "Cancelled": "cancelled",
    "PartiallyFilledCanceled": "cancelled",
    "Deactivated": "cancelled",
    "Rejected": "cancelled",
}
TOLD_BY_FILLS = frozenset(("TRADE", "LIQUIDATION", "ADL"))
MAY = {
    "Order": "trade",
    "DerivativesTrade": "trade",
    "AccountTransfer": "transfer",
    "SubMemberTransfer": "transfer",
    "SubMemberTransferList": "transfer",
    "Withdraw": "withdraw",
}
"""Rights of a key → our words; a right that is not here is refused by its own name."""
HARMLESS = frozenset(("Position", "SpotTrade", "OptionsTrade", "ExchangeHistory"))
"""Trading on other markets, or looking: nothing leaves by it."""
UNIFIED = {"accountType": "UNIFIED"}


class Log(msgspec.Struct, frozen=True, rename="camel"):
    """A row of the transaction log; ``change`` is what it did to the wallet."""

    id: str
    type: str
    currency: str
    change: str
    transaction_time: str
    symbol: str = ""
    trade_id: str = ""
    fee_rate: str = ""
    category: str = "linear"


class PositionRow(msgspec.Struct, frozen=True, rename="camel"):
    symbol: str
    size: str
    side: str = ""
    avg_price: str = ""
    position_idx: int = 0
    leverage: str = ""


class Records(Streams):
    """Orders, fills, bills, balances, positions, and what the account is set to."""

    async def find(self, door: Door, cid: str, native: str, waits: bool | None) -> OrderWord | None:
        params = {**LINEAR, "symbol": native, "orderLinkId": cid}
        for method in ("privateGetV5OrderRealtime", "privateGetV5OrderHistory"):
            row = await self._row(door, method, params)
            if row is not None:
                return _word(row)
        return None

    async def _row(self, door: Door, method: str, params: dict[str, Any]) -> OrderPush | None:
        try:
            found = rows(await door.ask(Call(method, params), urgent=True))
        except Refused as error:
            if self.absent(error.code):
                return None
            raise Transient(str(error)) from error
        return read(found[0], OrderPush, method) if found else None

    async def owner(self, door: Door, native: str, venue_id: str) -> str:
        params = {**LINEAR, "symbol": native, "orderId": venue_id}
        for method in ("privateGetV5OrderRealtime", "privateGetV5OrderHistory"):
            row = await self._row(door, method, params)
            if row is not None:
                return row.order_link_id
        return ""

    async def fills(
        self, door: Door, natives: Sequence[str], begin: int, end: int, order: str = ""
    ) -> list[Timed]:
        method = "privateGetV5ExecutionList"
        if order:
            found = await self._list(door, method, {**LINEAR, "symbol": natives[0], "orderId": order}, 100)
        else:
            found = await self._span(door, method, LINEAR, begin, end, 100)
        trades = [read(row, FillPush, method) for row in found]
        timed = [
            Timed(int(row.exec_time), self.execution(row, int(row.exec_time)), row.exec_id)
            for row in trades
            if row.exec_type in TRADED
        ]
        return sorted(timed, key=lambda row: row.at)

    async def bills(self, door: Door, begin: int, end: int) -> list[Timed]:
        method = "privateGetV5AccountTransactionLog"
        found = await self._span(door, method, UNIFIED, begin, end, 50)
        bills = [bill for row in found for bill in self._bill(read(row, Log, method))]
        return sorted(bills, key=lambda bill: bill.at)

    def _bill(self, row: Log) -> list[Timed]:
        """Money that moved without a fill. Kinds that we do not know move the cash too, and are shown."""
        amount, at = number(row.change), int(row.transaction_time)
        told = row.type in TOLD_BY_FILLS and row.category in {"linear", ""}
        if told or not amount:
            return []
        key = f"{row.type}-{row.id}-{row.transaction_time}-{row.trade_id}-{row.currency}"
        if row.type == "SETTLEMENT":
            rate = number(row.fee_rate)
            fact = ev.FundingPaid(at, self.symbol(row.symbol), amount, row.currency, rate, key)
            return [Timed(at, fact, key)]
        found = [Timed(at, ev.Transfer(at, row.currency, amount, key), key)]
        if not row.type.startswith("TRANSFER"):
            detail = f"{row.type} {plain(amount)} {row.currency}"
            fault = ev.DataFault(at, self.symbol(row.symbol or "*"), "bill", detail)
            found.append(Timed(at, fault, f"{key} note"))
        return found

    async def _span(
        self, door: Door, method: str, params: dict[str, Any], begin: int, end: int, limit: int
    ) -> list[dict[str, Any]]:
        """All rows of a span, in weeks."""
        found: list[dict[str, Any]] = []
        at = begin
        while at <= end:
            stop = min(at + WEEK_MS, end)
            found += await self._list(door, method, {**params, "startTime": at, "endTime": stop}, limit)
            at = stop + 1
        return found

    async def _list(
        self, door: Door, method: str, params: dict[str, Any], limit: int
    ) -> list[dict[str, Any]]:
        """All pages of a list."""
        found: list[dict[str, Any]] = []
        cursor = ""
        for _ in range(PAGES):
            more = {"cursor": cursor} if cursor else {}
            body = await door.ask(Call(method, {**params, "limit": limit, **more}))
            page = rows(body)
            found += page
            cursor = str(result(body).get("nextPageCursor") or "")
            if not cursor or len(page) < limit:
                return found
        raise Transient(f"{method}: more than {PAGES} pages")

    async def balances(self, door: Door) -> dict[str, Decimal]:
        accounts = rows(await door.ask(Call("privateGetV5AccountWalletBalance", UNIFIED)))
        coins = [coin for account in accounts for coin in account.get("coin") or ()]
        cash = {str(coin["coin"]): number(coin.get("walletBalance")) for coin in coins}
        return {coin: amount for coin, amount in cash.items() if amount}

    async def positions(self, door: Door) -> list[ev.VenuePosition]:
        method = "privateGetV5PositionList"
        found = await self._list(door, method, {**LINEAR, "settleCoin": "USDT"}, 200)
        return [
            ev.VenuePosition(
                self.symbol(row.symbol),
                number(row.size) * (-1 if row.side == "Sell" else 1),
                number(row.avg_price),
                POSITIONS[row.position_idx],
            )
            for row in (read(one, PositionRow, method) for one in found)
            if number(row.size)
        ]

    async def orders(self, door: Door) -> list[OrderWord]:
        method = "privateGetV5OrderRealtime"
        found = await self._list(door, method, {**LINEAR, "settleCoin": "USDT", "openOnly": 0}, 50)
        words = [_word(read(row, OrderPush, method)) for row in found]
        return [word for word in words if word.state in {"live", "partial"}]

    async def equity(self, door: Door) -> Decimal:
        accounts = rows(await door.ask(Call("privateGetV5AccountWalletBalance", UNIFIED)))
        return number(accounts[0].get("totalEquity")) if accounts else ZERO

    async def key_facts(self, door: Door, *, demo: bool) -> KeyFacts:
        info = result(await door.ask(Call("privateGetV5AccountInfo")))
        level = f"unified {info.get('unifiedMarginStatus')}"
        try:
            told = result(await door.ask(Call("privateGetV5UserQueryApi")))
        except Refused:
            if not demo:
                raise
            assert door.keys is not None
            name = hashlib.sha256(door.keys.key.reveal().encode()).hexdigest()[:12]
            return KeyFacts(f"key {name}", frozenset(), "", level)
        granted = {word for words in (told.get("permissions") or {}).values() for word in words or ()}
        permissions = {"read_only"}
        if str(told.get("readOnly")) == "0":
            permissions |= {MAY.get(word, word) for word in granted - HARMLESS}
        bound = [ip for ip in told.get("ips") or () if ip != "*"]
        return KeyFacts(str(told.get("userID", "")), frozenset(permissions), "", level, bool(bound))

    async def differences(self, door: Door, terms: Terms, natives: Sequence[str]) -> list[str]:
        info = result(await door.ask(Call("privateGetV5AccountInfo")))
        wrong = []
        if int(info.get("unifiedMarginStatus") or 0) < 3:
            wrong.append("it is no unified trading account")
        if info.get("marginMode") != "REGULAR_MARGIN":
            wrong.append(f"margin mode is {info.get('marginMode')}, not REGULAR_MARGIN (cross)")
        if terms.position_mode is PositionMode.HEDGE:
            # Their executions do not say which of two positions they belong to.
            return [*wrong, "venue.position_mode = hedge is not offered on Bybit"]
        for native in natives:
            found = rows(await door.ask(Call("privateGetV5PositionList", {**LINEAR, "symbol": native})))
            sides = [read(row, PositionRow, "position/list") for row in found]
            hedged = any(row.position_idx for row in sides)
            mode = PositionMode.HEDGE if hedged else PositionMode.NET
            if mode is not terms.position_mode:
                wrong.append(
                    f"position mode of {native} is {mode.value}, settings say venue.position_mode = "
                    f"{terms.position_mode.value}"
                )
            wrong += [
                f"leverage of {native} is {row.leverage}, settings say venue.leverage = "
                f"{plain(terms.leverage.normalize())}"
                for row in sides
                if number(row.leverage) != terms.leverage
            ]
        return wrong


def _word(row: OrderPush) -> OrderWord:
    if row.order_status not in STATES:
        raise Transient(f"order {row.order_link_id}: state {row.order_status!r}")
    waits = row.order_status in {"Untriggered", "Deactivated"}
    return OrderWord(
        row.order_link_id,
        row.order_id,
        row.symbol,
        Side(row.side.lower()),
        STATES[row.order_status],
        number(row.trigger_price if waits else row.price),
        number(row.qty),
        number(row.cum_exec_qty),
        int(row.created_time or 0),
        waits,
    )
