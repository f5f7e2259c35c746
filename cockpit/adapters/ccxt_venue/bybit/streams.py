"""Bybit linear: public streams and the account's stream, turned into facts.

A book begins with a snapshot in the stream; its update id then grows by one, and a snapshot may come at any
time (id 1: their service has restarted). Tickers are sent whole once and then only what changed.

Source: Bybit V5, "Websocket Stream": orderbook, publicTrade, tickers, kline; order, execution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from cockpit.adapters.ccxt_venue.bybit.markets import DEPTH, FRAMES
from cockpit.adapters.ccxt_venue.dialect import Child, Dialect, Heard, Hint, News, Now
from cockpit.adapters.ccxt_venue.door import Door
from cockpit.adapters.ccxt_venue.values import Level, Price, Size, levels, number
from cockpit.core import events as ev
from cockpit.core.types import PosSide, Side

PRIVATE = ("order", "execution", "position", "wallet")
BATCH = 10
"""Most topics of one subscription frame."""
POSITIONS = {0: PosSide.NET, 1: PosSide.LONG, 2: PosSide.SHORT}
LIQUIDATED = frozenset(("BustTrade",))
DELEVERAGED = frozenset(("AdlTrade",))
TRADED = frozenset(("Trade", "BlockTrade", "Settle", "Delivery", "MovePosition")) | LIQUIDATED | DELEVERAGED


class Depth(msgspec.Struct, gc=False, frozen=True):
    s: str
    b: list[Level]
    a: list[Level]
    u: int
    seq: int


class Deal(msgspec.Struct, gc=False, frozen=True):
    T: int
    s: str
    S: str
    v: Size
    p: Price
    i: str


class Kline(msgspec.Struct, gc=False, frozen=True):
    start: int
    end: int
    open: Price
    close: Price
    high: Price
    low: Price
    volume: Size
    confirm: bool


class OrderPush(msgspec.Struct, frozen=True, rename="camel"):
    """A row of ``order``, and of GET order/realtime and order/history."""

    symbol: str
    order_id: str
    side: str
    order_status: str
    order_link_id: str = ""
    qty: str = ""
    price: str = ""
    cum_exec_qty: str = ""
    time_in_force: str = ""
    trigger_price: str = ""
    trigger_direction: int = 0
    cancel_type: str = ""
    reject_reason: str = ""
    created_time: str = "0"
    category: str = "linear"


class FillPush(msgspec.Struct, frozen=True, rename="camel"):
    """A row of ``execution``, and of GET execution/list."""

    symbol: str
    order_id: str
    side: str
    exec_id: str
    exec_price: str
    exec_qty: str
    exec_type: str
    exec_fee: str = ""
    exec_time: str = "0"
    fee_currency: str = ""
    order_link_id: str = ""
    is_maker: bool = False
    category: str = "linear"


class Streams(Dialect):
    """One public route and one private."""

    # --- public -----------------------------------------------------------------------------------

    def topics(self, natives: Sequence[str], frames: Mapping[str, Sequence[int]]) -> dict[str, list[str]]:
        found = [
            topic
            for native in natives
            for topic in (self.book_topic(native), self.mark_topic(native), f"publicTrade.{native}")
        ]
        for native, lengths in frames.items():
            found += [f"kline.{FRAMES[length]}.{native}" for length in lengths if length in FRAMES]
        return {"public": found}

    def book_topic(self, native: str) -> str:
        return f"orderbook.{DEPTH}.{native}"

    def mark_topic(self, native: str) -> str:
        return f"tickers.{native}"

    def subscribe(self, topics: Sequence[str], *, off: bool = False) -> list[dict[str, Any]]:
        verb = "unsubscribe" if off else "subscribe"
        return [{"op": verb, "args": list(topics[at : at + BATCH])} for at in range(0, len(topics), BATCH)]

    def refused(self, message: dict[str, Any]) -> str:
        if message.get("success") is False and message.get("op") != "auth":
            return str(message.get("ret_msg") or "no reason given")
        return ""

    def hear(self, message: dict[str, Any], ts: int, memory: dict[str, Any]) -> Heard:
        topic = str(message.get("topic", ""))
        kind = topic.partition(".")[0]
        if kind == "orderbook":
            return self._book(message, topic, ts)
        if kind == "publicTrade":
            deals = msgspec.convert(message["data"], list[Deal], strict=False)
            return Heard(
                [ev.Trade(ts, self.symbol(d.s), d.T, d.p, d.v, Side(d.S.lower()), d.i) for d in deals]
            )
        if kind == "tickers":
            return Heard(self._ticker(message, topic, ts, memory), topic, _moment(message))
        if kind == "kline":
            symbol = self.symbol(topic.rpartition(".")[2])
            bars = msgspec.convert(message["data"], list[Kline], strict=False)
            return Heard([_bar(symbol, row) for row in bars if row.confirm])
        return Heard()

    def _book(self, message: dict[str, Any], topic: str, ts: int) -> Heard:
        row = msgspec.convert(message["data"], Depth, strict=False)
        symbol, at = self.symbol(row.s), _moment(message)
        bids, asks = levels(row.b), levels(row.a)
        fact: ev.BookSnapshot | ev.BookDelta
        if message.get("type") == "snapshot":
            fact = ev.BookSnapshot(ts, symbol, at, bids, asks, row.u)
        else:
            fact = ev.BookDelta(ts, symbol, at, bids, asks, row.u, row.u - 1)
        return Heard((fact,), topic, row.seq)

    def _ticker(
        self, message: dict[str, Any], topic: str, ts: int, memory: dict[str, Any]
    ) -> list[ev.AnyEvent]:
        """Deltas carry changed fields only: the whole is kept, and a fact made of what changed."""
        before: dict[str, Any] = memory.get(topic, {})
        # A message that cannot be read leaves what is kept as it was.
        news = msgspec.convert(message["data"], dict[str, Any])
        fields = news if message.get("type") == "snapshot" else {**before, **news}
        symbol = self.symbol(str(fields["symbol"]))
        facts: list[ev.AnyEvent] = []
        mark, index, interest = (
            float(number(fields.get(key))) for key in ("markPrice", "indexPrice", "openInterest")
        )
        if mark > 0 and _changed(before, fields, "markPrice", "indexPrice"):
            facts.append(ev.Mark(ts, symbol, mark, index))
        if interest > 0 and _changed(before, fields, "openInterest"):
            facts.append(ev.OpenInterest(ts, symbol, interest))
        settle = int(number(fields.get("nextFundingTime")))
        if settle and _changed(before, fields, "fundingRate", "nextFundingTime"):
            facts.append(ev.FundingRate(ts, symbol, float(number(fields.get("fundingRate"))), settle))
        memory[topic] = fields
        return facts

    # --- roads ------------------------------------------------------------------------------------

    async def route(self, exchange: Any, route: str, door: Door | None) -> str:
        doors = exchange.urls["api"]["ws"]
        url = doors["private"]["contract"] if route == "private" else doors["public"]["linear"]
        return str(exchange.implode_hostname(url))

    async def enter(self, exchange: Any, client: Any, url: str) -> list[dict[str, Any]]:
        await exchange.authenticate(url)
        return self.subscribe(PRIVATE)

    def entered(self, message: dict[str, Any]) -> bool:
        return message.get("op") == "subscribe" and message.get("success") is True

    # --- private ----------------------------------------------------------------------------------

    def news(self, message: dict[str, Any], ts: int) -> list[News]:
        topic = message.get("topic")
        found: list[News] = []
        if topic == "order":
            for row in msgspec.convert(message["data"], list[OrderPush], strict=False):
                if row.category == "linear":
                    found += self._order(row, ts)
        elif topic == "execution":
            for fill in msgspec.convert(message["data"], list[FillPush], strict=False):
                if fill.category != "linear":
                    continue
                found.append(self.execution(fill, ts) if fill.exec_type in TRADED else Hint(fill.exec_type))
        return found

    def _order(self, row: OrderPush, ts: int) -> list[News]:
        cid = row.order_link_id
        if not cid.startswith("ck"):
            return []
        state, filled = row.order_status, number(row.cum_exec_qty)
        if state in {"New", "Untriggered", "PartiallyFilled"}:
            waits = state == "Untriggered"
            price = number(row.trigger_price if waits else row.price)
            news: list[News] = [Now(cid, price, number(row.qty))]
            return news if state == "PartiallyFilled" else [ev.Ack(ts, cid, row.order_id), *news]
        if state == "Triggered":
            leg = "stop" if (row.side == "Buy") is (row.trigger_direction == 1) else "take"
            return [Child(cid, row.order_id), ev.Triggered(ts, cid, leg, number(row.trigger_price))]
        if state in {"Cancelled", "PartiallyFilledCanceled", "Deactivated", "Rejected"}:
            return [ev.Cancelled(ts, cid, filled, _reason(row))]
        if state == "Filled":
            # Whatever fills we have missed, this says how much there must be: the rest is asked for.
            price = number(row.price)
            return [
                ev.OrderReport(ts, cid, True, True, "filled", filled, price, number(row.qty), row.order_id)
            ]
        return [ev.DataFault(ts, self.symbol(row.symbol), "garbage", f"order {cid}: state {state!r}")]

    def execution(self, row: FillPush, ts: int) -> ev.Fill:
        """One fill, of a push or of REST. Bybit's fee is positive when charged."""
        if row.exec_type in LIQUIDATED:
            kind = ev.FillKind.LIQUIDATION
        else:
            kind = ev.FillKind.ADL if row.exec_type in DELEVERAGED else ev.FillKind.TRADE
        cid = row.order_link_id if row.order_link_id.startswith("ck") else ""
        return ev.Fill(
            ts,
            cid,
            row.order_id,
            row.exec_id,
            self.symbol(row.symbol),
            Side(row.side.lower()),
            number(row.exec_price),
            number(row.exec_qty),
            number(row.exec_fee),
            row.fee_currency or "USDT",
            row.is_maker,
            kind=kind,
        )


def _bar(symbol: str, row: Kline) -> ev.Bar:
    length = row.end + 1 - row.start
    return ev.Bar(row.end + 1, symbol, length, row.open, row.high, row.low, row.close, row.volume)


def _moment(message: dict[str, Any]) -> int:
    """The exchange's own time of a message."""
    return msgspec.convert(message["ts"], int, strict=False)


def _changed(before: Mapping[str, Any], now: Mapping[str, Any], *keys: str) -> bool:
    return any(before.get(key) != now.get(key) for key in keys)


def _reason(row: OrderPush) -> str:
    """Why the rest of it is gone, in the machine's words."""
    if row.reject_reason == "EC_PostOnlyWillTakeLiquidity":
        return "post_only"
    if row.order_status == "Rejected":
        return f"rejected {row.reject_reason}".strip()
    kinds = {"CancelByUser": "user", "CancelByReduceOnly": "reduce_only", "CancelBySmp": "self_trade"}
    if row.cancel_type in kinds:
        return kinds[row.cancel_type]
    if row.time_in_force in {"IOC", "FOK"} and row.order_status != "Deactivated":
        return row.time_in_force.lower()
    return row.cancel_type if row.cancel_type not in {"", "UNKNOWN"} else "no reason given"
