"""Private channels: orders as they happen; money and positions every 50 ms, and in full by the clock."""

from __future__ import annotations

from typing import Any

from cockpit.adapters.okx_exchange.account import Account
from cockpit.adapters.okx_exchange.balances import balance_record
from cockpit.adapters.okx_exchange.figures import money
from cockpit.adapters.okx_exchange.hub import Hub, Subscription, payload
from cockpit.adapters.okx_exchange.positions import Position, position_record
from cockpit.core.types import ZERO, MarginMode

PRIVATE = frozenset(
    (
        "account",
        "positions",
        "balance_and_position",
        "orders",
        "fills",
        "liquidation-warning",
        "account-greeks",
    )
)
BUSINESS = frozenset(("orders-algo", "algo-advance", "deposit-info", "withdrawal-info", "grid-orders-spot"))
CHANNELS = {"order": "orders", "algo": "orders-algo", "advance": "algo-advance", "fill": "fills"}
REGULAR_MS = 5_000


class Private:
    """Tells accounts what happens to them."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._flushed = 0
        self._regular = 0

    def begin(self, account: Account, sub: Subscription, now: int) -> None:
        """First push of the channels that have one."""
        if sub.channel == "account":
            self._money(account, sub, "snapshot", now)
        elif sub.channel == "positions":
            rows = [self._position(account, p, now) for p in account.positions.values()]
            self._positions(sub, rows, "snapshot")
        elif sub.channel == "balance_and_position":
            self._both(account, sub, "snapshot", now, [*account.mirrors[MarginMode.CROSS].cash])

    def tick(self, now: int) -> None:
        """Tell what has gathered."""
        venue = self.hub.venue
        for account in venue.awake:
            if account.news:
                self.news(account)
        if now - self._flushed >= 50:
            self._flushed = now
            for account in venue.awake:
                if account.dirty_money or account.dirty_positions:
                    self._changes(account, now)
        if now - self._regular >= REGULAR_MS:
            self._regular = now
            for account in venue.awake:
                self._snapshots(account, now)

    def news(self, account: Account) -> None:
        """Orders, algo orders and fills, one push each."""
        news, account.news = account.news, []
        for item in news:
            channel = CHANNELS[item.kind]
            subs = self.hub.owned(channel, account.uid)
            if not subs:
                continue
            row = _short_fill(item.record) if channel == "fills" else item.record
            body = payload([row])
            for sub in subs:
                if sub.wants(item.record):
                    sub.socket.push(channel, sub.prefix + body)

    def _changes(self, account: Account, now: int) -> None:
        ccys, account.dirty_money = account.dirty_money, set()
        changed, account.dirty_positions = account.dirty_positions, {}
        reason, account.reason = account.reason or "filled", ""
        for sub in self.hub.owned("account", account.uid):
            self._money(account, sub, "event_update", now, frozenset(ccys))
        for sub in self.hub.owned("positions", account.uid):
            rows = [self._position(account, position, now) for position in changed.values()]
            self._positions(sub, rows, "event_update")
        for sub in self.hub.owned("balance_and_position", account.uid):
            self._both(account, sub, reason, now, [*ccys], [*changed.values()])

    def _snapshots(self, account: Account, now: int) -> None:
        for sub in self.hub.owned("account", account.uid):
            if not quiet(sub):
                self._money(account, sub, "snapshot", now)
        for sub in self.hub.owned("positions", account.uid):
            if account.positions and not quiet(sub):
                rows = [self._position(account, p, now) for p in account.positions.values()]
                self._positions(sub, rows, "snapshot")

    def _money(
        self, account: Account, sub: Subscription, kind: str, now: int, only: frozenset[str] = frozenset()
    ) -> None:
        wanted = str(sub.arg.get("ccy", ""))
        if wanted:
            only = frozenset((wanted,)) if not only or wanted in only else frozenset(("-",))
        record = balance_record(account, now, only)
        if not record["details"] and kind != "snapshot":
            return
        body = payload([record], eventType=kind, curPage=1, lastPage=True)
        sub.socket.push("account", sub.prefix + body)

    @staticmethod
    def _position(account: Account, position: Position, now: int) -> dict[str, Any]:
        return {**position_record(account, position, now), "pTime": str(now)}

    @staticmethod
    def _positions(sub: Subscription, rows: list[dict[str, Any]], kind: str) -> None:
        rows = [row for row in rows if sub.wants(row)]
        if rows or kind == "snapshot":
            body = payload(rows, eventType=kind, curPage=1, lastPage=True)
            sub.socket.push("positions", sub.prefix + body)

    def _both(
        self,
        account: Account,
        sub: Subscription,
        kind: str,
        now: int,
        ccys: list[str],
        positions: list[Position] | None = None,
    ) -> None:
        cash = account.mirrors[MarginMode.CROSS].cash
        shown = [*account.positions.values()] if positions is None else positions
        rows = [position_record(account, position, now) for position in shown]
        row = {
            "pTime": str(now),
            "eventType": kind,
            "balData": [
                {"ccy": ccy, "cashBal": money(cash.get(ccy, ZERO)), "uTime": str(now)} for ccy in ccys
            ],
            "posData": [{name: row[name] for name in POSITION_KEYS} for row in rows],
            "trades": [
                {"instId": row["instId"], "tradeId": row["tradeId"]}
                for row in rows
                if kind == "filled" and row["tradeId"]
            ],
        }
        sub.socket.push("balance_and_position", sub.prefix + payload([row]))


POSITION_KEYS = (
    "posId",
    "tradeId",
    "instId",
    "instType",
    "mgnMode",
    "posSide",
    "pos",
    "avgPx",
    "ccy",
    "posCcy",
    "baseBal",
    "quoteBal",
    "nonSettleAvgPx",
    "settledPnl",
    "uTime",
)


def quiet(sub: Subscription) -> bool:
    """Did the listener ask for changes only (``updateInterval`` 0)?"""
    return '"updateInterval":"0"' in str(sub.arg.get("extraParams", "")).replace(" ", "")


def _short_fill(record: dict[str, Any]) -> dict[str, Any]:
    """The ``fills`` channel tells less; a client id only when it is a number."""
    name = str(record["clOrdId"])
    number = name if name.isdecimal() and 0 < int(name) < 1 << 63 else "0"
    return {
        **{
            key: record[key] for key in ("instId", "ordId", "tradeId", "fillPx", "fillSz", "side", "execType")
        },
        "clOrdId": number,
        "count": "1",
        "ts": record["ts"],
    }
