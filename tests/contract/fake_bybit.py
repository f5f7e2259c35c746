"""A scripted Bybit v5 (linear, unified account): requests and messages as documented, on loopback."""

from __future__ import annotations

import hashlib
import hmac
import json
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from cockpit.core import events as ev
from cockpit.core.intents import Amend, Cancel, Place
from cockpit.core.orders import ALGO, OrderKind, Role
from cockpit.core.types import PosSide, Side
from tests.contract.floor import NATIVE, Known, wall_ms
from tests.contract.server import KEY, KEYS, SECRET, Peer, Scripted

KINDS = {"GTC": OrderKind.LIMIT, "PostOnly": OrderKind.POST_ONLY, "IOC": OrderKind.IOC, "FOK": OrderKind.FOK}
STATES = {
    "live": "New", "partial": "PartiallyFilled", "filled": "Filled", "cancelled": "Cancelled",
    "waits": "Untriggered",
}  # fmt: skip
CODES = {"51008": 110007, "51016": 110072}


def text(value: Decimal) -> str:
    return format(value, "f")


class FakeBybit(Scripted):
    venue = "bybit"

    # --- requests ---------------------------------------------------------------------------------

    def params(self, request: web.Request, body: bytes) -> dict[str, Any]:
        return dict(parse_qsl(request.query_string)) | (json.loads(body) if body else {})

    def signed(self, request: web.Request, body: bytes) -> bool:
        """HMAC-SHA256 over time, key, window and the query or body as sent."""
        if request.path.startswith("/v5/market/"):
            return True
        head = request.headers
        if self.key_of(request) not in KEYS:
            return False
        payload = request.rel_url.raw_query_string if request.method == "GET" else body.decode()
        prehash = head["X-BAPI-TIMESTAMP"] + self.key_of(request) + head["X-BAPI-RECV-WINDOW"] + payload
        good = hmac.new(SECRET.encode(), prehash.encode(), hashlib.sha256).hexdigest()
        return hmac.compare_digest(good, head["X-BAPI-SIGN"])

    def signed_at(self, request: web.Request, params: dict[str, Any]) -> int | None:
        told = request.headers.get("X-BAPI-TIMESTAMP")
        return int(told) if told else None

    def unsigned(self) -> tuple[int, Any]:
        return 200, {"retCode": 10004, "retMsg": "Error sign", "result": {}, "time": wall_ms()}

    def wrong(self, what: str) -> tuple[int, Any]:
        if what == "rate":
            return 200, self._said({}, 10006, "Too many visits. Exceeded the API Rate Limit.")
        if what == "untimely":
            return 200, self._said({}, 10002, "invalid request, please check your server timestamp")
        return 200, self._said({}, 10016, "Server error.")

    def _said(self, result: Any, code: int = 0, msg: str = "OK") -> dict[str, Any]:
        return {"retCode": code, "retMsg": msg, "result": result, "retExtInfo": {}, "time": wall_ms()}

    async def answer(self, verb: str, path: str, params: dict[str, Any]) -> tuple[int, Any]:
        name = f"{verb} {path.removeprefix('/v5/')}".replace("/", "_").replace(" ", "_").replace("-", "_")
        found = getattr(self, "_" + name, None)
        if found is None:
            return 404, {"retCode": 10404, "retMsg": f"no {name}"}
        answer = found(params)
        return 200, answer if "retCode" in answer else self._said(answer)

    def _GET_market_time(self, _params: dict[str, Any]) -> Any:
        return {"timeSecond": str(wall_ms() // 1_000), "timeNano": str(wall_ms() * 1_000_000)}

    def _GET_market_instruments_info(self, params: dict[str, Any]) -> Any:
        row = {
            "symbol": NATIVE, "contractType": "LinearPerpetual", "status": "Trading", "baseCoin": "BTC",
            "quoteCoin": "USDT", "settleCoin": "USDT", "fundingInterval": 480,
            "priceFilter": {"minPrice": "0.10", "maxPrice": "1999999.80", "tickSize": "0.10"},
            "lotSizeFilter": {"maxOrderQty": "1190.000", "minOrderQty": "0.001", "qtyStep": "0.001",
                              "minNotionalValue": "5"},
        }  # fmt: skip
        if params.get("symbol") != NATIVE:
            return self._said({}, 10001, "params error: symbol invalid")
        return {"category": "linear", "list": [row], "nextPageCursor": ""}

    def _GET_market_risk_limit(self, _params: dict[str, Any]) -> Any:
        rows = [
            {"id": 1, "symbol": NATIVE, "riskLimitValue": "2000000", "maintenanceMargin": "0.005",
             "maxLeverage": "100.00"},
            {"id": 2, "symbol": NATIVE, "riskLimitValue": "2600000", "maintenanceMargin": "0.0056",
             "maxLeverage": "90.00"},
        ]  # fmt: skip
        return {"category": "linear", "list": rows}

    def _GET_market_tickers(self, _params: dict[str, Any]) -> Any:
        return {"category": "linear", "list": [{"symbol": NATIVE, "markPrice": str(self.floor.mid)}]}

    def _GET_market_orderbook(self, _params: dict[str, Any]) -> Any:
        bids, asks = self.floor.levels()
        return {
            "s": NATIVE, "b": [[str(p), str(q)] for p, q in bids], "a": [[str(p), str(q)] for p, q in asks],
            "ts": wall_ms(), "u": self.floor.seq, "seq": self.floor.seq * 7, "cts": wall_ms(),
        }  # fmt: skip

    def _GET_market_kline(self, params: dict[str, Any]) -> Any:
        end = int(params.get("end", wall_ms()))
        last = end // 60_000 * 60_000
        starts = [last - 60_000 * i for i in range(min(int(params["limit"]), 30))]
        rows = [[str(at), "60000", "60001", "59999", "60000.5", "12.5", "750000"] for at in starts]
        return {"category": "linear", "symbol": NATIVE, "list": rows}

    def _GET_market_mark_price_kline(self, params: dict[str, Any]) -> Any:
        end, step = int(params["end"]), 300_000
        last = end // step * step
        starts = [last - step * i for i in range(min(int(params["limit"]), 30))]
        rows = [[str(at), "1", "1", "1", f"{60_000 + at // step % 7}.5"] for at in starts]
        return {"category": "linear", "symbol": NATIVE, "list": rows}

    def _GET_market_index_price_kline(self, params: dict[str, Any]) -> Any:
        return self._GET_market_mark_price_kline(params)

    def _GET_market_open_interest(self, params: dict[str, Any]) -> Any:
        lo, hi, hour = int(params["startTime"]), int(params["endTime"]), 3_600_000
        times = range(-(-lo // hour) * hour, hi + 1, hour)
        rows = [{"openInterest": f"{1_000 + at // hour % 50}.5", "timestamp": str(at)} for at in times]
        return {"category": "linear", "list": rows[::-1][: int(params["limit"])]}

    def _GET_market_funding_history(self, params: dict[str, Any]) -> Any:
        step = 28_800_000
        first, last = -(-int(params["startTime"]) // step), int(params["endTime"]) // step
        rows = [
            {"symbol": NATIVE, "fundingRate": "-0.0002", "fundingRateTimestamp": str(k * step)}
            for k in range(last, first - 1, -1)
        ]
        return {"category": "linear", "list": rows[: int(params["limit"])]}

    def _GET_account_fee_rate(self, _params: dict[str, Any]) -> Any:
        return {"list": [{"symbol": NATIVE, "takerFeeRate": "0.0005", "makerFeeRate": "0.0002"}]}

    # --- orders -----------------------------------------------------------------------------------

    def _POST_order_create(self, params: dict[str, Any]) -> Any:
        cid = params["orderLinkId"]
        if cid in self.floor.known:
            return self._said({}, 110072, "OrderLinkedID is duplicate")
        trigger = Decimal(params["triggerPrice"]) if "triggerPrice" in params else None
        price = Decimal(params["price"]) if "price" in params else None
        if price is not None and price % self.floor.instrument.tick:
            return self._said({}, 10001, "The price does not fit the tick size")
        side = Side(params["side"].lower())
        if trigger is not None:
            against = (side is Side.BUY) is (params["triggerDirection"] == 1)
            kind = OrderKind.STOP if against else OrderKind.TRIGGER
        else:
            kind = OrderKind.MARKET if params["orderType"] == "Market" else KINDS[params["timeInForce"]]
        place = Place(
            cid, "s", self.floor.symbol, side, kind, Decimal(params["qty"]), price, trigger, None, None,
            bool(params.get("reduceOnly")), PosSide.NET, Role.ENTRY, "",
        )  # fmt: skip
        for report in self.floor.do(place):
            if isinstance(report, ev.Reject):
                return self._said({}, CODES.get(report.code, 110017), report.reason)
        return self._ids(self.floor.known[cid])

    def _POST_order_amend(self, params: dict[str, Any]) -> Any:
        order = self._open(params)
        if order is None:
            return self._said({}, 110001, "order not exists or too late to replace")
        price = Decimal(params.get("price") or params["triggerPrice"])
        reports = self.floor.do(Amend(order.place.cid, self.floor.symbol, price, Decimal(params["qty"])))
        if any(isinstance(r, ev.AmendReject) for r in reports):
            return self._said({}, 10001, "The order cannot be changed so")
        return self._ids(order)

    def _POST_order_cancel(self, params: dict[str, Any]) -> Any:
        order = self._open(params)
        if order is None:
            return self._said({}, 110001, "order not exists or too late to cancel")
        self.floor.do(Cancel(order.place.cid, self.floor.symbol, "test"))
        return self._ids(order)

    def _open(self, params: dict[str, Any]) -> Known | None:
        order = self.floor.order(params["orderLinkId"])
        return None if order is None or order.state in {"filled", "cancelled"} else order

    def _ids(self, order: Known) -> Any:
        return {"orderId": order.venue_id, "orderLinkId": order.place.cid}

    def _GET_order_realtime(self, params: dict[str, Any]) -> Any:
        if "orderLinkId" in params:
            order = self.floor.order(params["orderLinkId"])
            rows = [order] if order is not None else []
        elif "orderId" in params:
            order = self.floor.by_id(params["orderId"])
            rows = [order] if order is not None else []
        else:
            rows = [o for o in self.floor.known.values() if o.state in {"live", "partial", "waits"}]
        return {"category": "linear", "list": [self._row(o) for o in rows], "nextPageCursor": ""}

    def _GET_order_history(self, params: dict[str, Any]) -> Any:
        return (
            self._GET_order_realtime(params) if {"orderLinkId", "orderId"} & params.keys() else {"list": []}
        )

    def _row(self, order: Known, **changes: Any) -> dict[str, Any]:
        waits = order.place.kind in ALGO
        state = STATES[order.state]
        if waits and order.state == "cancelled" and not order.child:
            state = "Deactivated"
        rising = order.place.side is Side.BUY
        if order.place.kind is OrderKind.TRIGGER:
            rising = not rising
        return {
            "category": "linear", "symbol": NATIVE, "orderId": order.venue_id,
            "orderLinkId": order.place.cid, "side": order.place.side.value.capitalize(),
            "orderStatus": state, "cancelType": "CancelByUser" if order.state == "cancelled" else "UNKNOWN",
            "rejectReason": "EC_NoError", "price": "0" if waits else text(order.price),
            "qty": text(order.qty), "cumExecQty": text(order.filled), "avgPrice": "",
            "timeInForce": {v: k for k, v in KINDS.items()}.get(order.place.kind, "IOC"),
            "orderType": "Limit", "stopOrderType": "Stop" if waits else "",
            "triggerPrice": text(order.price) if waits else "",
            "triggerDirection": (1 if rising else 2) * waits,
            "reduceOnly": order.place.reduce_only, "positionIdx": 0, "createdTime": str(order.created),
            "updatedTime": str(wall_ms()), **changes,
        }  # fmt: skip

    # --- account ----------------------------------------------------------------------------------

    def _GET_account_wallet_balance(self, _params: dict[str, Any]) -> Any:
        coin = {"coin": "USDT", "walletBalance": f"{self.floor.balance:.8f}", "unrealisedPnl": "0"}
        return {"list": [{"accountType": "UNIFIED", "totalEquity": "100000", "coin": [coin]}]}

    def _GET_position_list(self, params: dict[str, Any]) -> Any:
        held = self.floor.position
        rows = []
        if held is not None or "symbol" in params:
            qty, entry = (held.qty, held.entry) if held is not None else (Decimal(0), Decimal(0))
            rows.append({
                "positionIdx": 1 if self.mode == "hedge" else 0, "symbol": NATIVE,
                "side": "Sell" if qty < 0 else "Buy" if qty else "", "size": text(abs(qty)),
                "avgPrice": f"{entry:.8f}", "leverage": self.leverage, "markPrice": str(self.floor.mid),
            })  # fmt: skip
        return {"category": "linear", "list": rows, "nextPageCursor": ""}

    def _GET_execution_list(self, params: dict[str, Any]) -> Any:
        begin, end = int(params.get("startTime", 0)), int(params.get("endTime", 2**53))
        if "startTime" in params and end - begin > 7 * 86_400_000:
            return self._said({}, 10001, "The time range exceeds 7 days")
        rows = [self._execution(at, fill) for at, fill in self.floor.fills if begin <= at <= end]
        wanted = params.get("orderId")
        rows = [row for row in rows if wanted is None or row["orderId"] == wanted]
        return {"category": "linear", "list": rows[::-1], "nextPageCursor": ""}

    def _execution(self, at: int, fill: ev.Fill) -> dict[str, Any]:
        order = self.floor.known[fill.cid]
        return {
            "category": "linear", "symbol": NATIVE, "orderId": order.venue_id,
            "orderLinkId": order.place.cid if order.place.cid.startswith("ck") else "",
            "side": fill.side.value.capitalize(), "execId": f"7e2ae69c-{fill.trade_id}",
            "execPrice": text(fill.price), "execQty": text(fill.qty), "execFee": text(fill.fee),
            "execType": "Trade", "execTime": str(at), "isMaker": fill.maker, "feeCurrency": "",
            "execValue": "0", "leavesQty": "0", "seq": int(fill.trade_id),
        }  # fmt: skip

    def _GET_account_transaction_log(self, params: dict[str, Any]) -> Any:
        begin = int(params.get("startTime", 0))
        rows = [
            {"id": "592324", "symbol": NATIVE, "side": "Buy", "type": "TRADE", "currency": "USDT",
             "change": text(-fill.fee), "transactionTime": str(at), "tradeId": fill.trade_id, "feeRate": ""}
            for at, fill in self.floor.fills
            if at >= begin
        ]  # fmt: skip
        return {"list": rows, "nextPageCursor": ""}

    def _GET_account_info(self, _params: dict[str, Any]) -> Any:
        return {"marginMode": "REGULAR_MARGIN", "unifiedMarginStatus": 5}

    def _GET_user_query_api(self, _params: dict[str, Any]) -> Any:
        permissions = {"ContractTrade": ["Order", "Position"], "Wallet": self.rights[self.asking]}
        only = int(self.asking != KEY and not self.rights[self.asking])
        return {"readOnly": only, "permissions": permissions, "ips": ["*"], "userID": 24617703}

    # --- streams ----------------------------------------------------------------------------------

    def route_of(self, path: str) -> str:
        return "private" if path.endswith("/private") else "public"

    async def heard(self, peer: Peer, message: dict[str, Any]) -> None:
        op, args = message.get("op"), message.get("args", [])
        if op == "ping":
            if not self.deaf:
                await peer.send({"success": True, "ret_msg": "pong", "op": "ping", "conn_id": "c"})
        elif op == "auth":
            key, expires, signature = args
            good = hmac.new(SECRET.encode(), f"GET/realtime{expires}".encode(), hashlib.sha256).hexdigest()
            self.refuse_logins, refused = max(0, self.refuse_logins - 1), self.refuse_logins > 0
            fine = (
                not refused
                and key == KEY
                and hmac.compare_digest(good, signature)
                and int(expires) > wall_ms()
            )
            await peer.send({"success": fine, "ret_msg": "" if fine else "error:USVC1111", "op": "auth"})
        elif op in {"subscribe", "unsubscribe"}:
            fresh = set(args) - peer.topics
            peer.topics = peer.topics | set(args) if op == "subscribe" else peer.topics - set(args)
            await peer.send({"success": True, "ret_msg": "", "op": op, "conn_id": "c", "req_id": ""})
            if op == "subscribe" and not peer.stalled:
                for topic in fresh:
                    await self._whole(peer, topic)

    async def _whole(self, peer: Peer, topic: str) -> None:
        """What a subscription begins with."""
        now = wall_ms()
        if topic.startswith("orderbook."):
            bids, asks = self.floor.levels()
            data = {
                "s": NATIVE, "b": [[str(p), str(q)] for p, q in bids],
                "a": [[str(p), str(q)] for p, q in asks], "u": self.floor.seq, "seq": self.floor.seq * 7,
            }  # fmt: skip
            await peer.send({"topic": topic, "type": "snapshot", "ts": now, "data": data})
        elif topic.startswith("tickers."):
            data = {
                "symbol": NATIVE, "markPrice": str(self.floor.mid), "indexPrice": str(self.floor.mid),
                "openInterest": "59891.732", "fundingRate": "0.0001", "nextFundingTime": str(now + 3_600_000),
            }  # fmt: skip
            await peer.send({"topic": topic, "type": "snapshot", "ts": now, "data": data})

    def beat(self) -> list[tuple[str, str, Any]]:
        floor, now = self.floor, wall_ms()
        floor.seq += 1
        bids, asks = floor.levels()
        book, ticker, deals = f"orderbook.200.{NATIVE}", f"tickers.{NATIVE}", f"publicTrade.{NATIVE}"
        out: list[tuple[str, str, Any]] = []
        if self.skip:
            self.skip -= 1
        else:
            data = {
                "s": NATIVE, "b": [[str(p), str(q)] for p, q in bids[:3]],
                "a": [[str(p), str(q)] for p, q in asks[:3]], "u": floor.seq, "seq": floor.seq * 7,
            }  # fmt: skip
            out.append(("public", book, {"topic": book, "type": "delta", "ts": now, "data": data}))
        deal = {"T": now, "s": NATIVE, "S": "Buy", "v": "0.010", "p": str(asks[0][0]), "i": f"t{floor.seq}"}
        out.append(("public", deals, {"topic": deals, "type": "snapshot", "ts": now, "data": [deal]}))
        fields = {"symbol": NATIVE, "markPrice": str(floor.mid + floor.seq % 2 / 10)}
        out.append(("public", ticker, {"topic": ticker, "type": "delta", "ts": now, "data": fields}))
        return out

    def told(self, report: Any) -> None:
        order = self.floor.order(getattr(report, "cid", ""))
        if order is None:
            return
        if isinstance(report, ev.Fill):
            self._say("execution", self._execution(wall_ms(), report))
            self._say("order", self._row(order))
        elif isinstance(report, ev.Triggered):
            self._say("order", self._row(order, orderStatus="Triggered"))
        elif isinstance(report, ev.Cancelled) and report.reason == "post_only":
            reason = "EC_PostOnlyWillTakeLiquidity"
            self._say("order", self._row(order, cancelType="UNKNOWN", rejectReason=reason))
        elif isinstance(report, ev.Ack | ev.Amended | ev.Cancelled):
            self._say("order", self._row(order))

    def _say(self, topic: str, row: dict[str, Any]) -> None:
        self.push({"id": "592324", "topic": topic, "creationTime": wall_ms(), "data": [row]})
