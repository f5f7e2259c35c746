"""A scripted Binance USDⓈ-M: the requests and messages that its documentation shows, on loopback."""

from __future__ import annotations

import hashlib
import hmac
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

PUBLIC = {
    "time",
    "exchangeInfo",
    "fundingInfo",
    "depth",
    "klines",
    "premiumIndex",
    "openInterest",
    "fundingRate",
    "openInterestHist",
    "markPriceKlines",
    "indexPriceKlines",
}
HOURS8 = 28_800_000
KINDS = {"GTC": OrderKind.LIMIT, "GTX": OrderKind.POST_ONLY, "IOC": OrderKind.IOC, "FOK": OrderKind.FOK}
STATES = {
    "live": "NEW", "partial": "PARTIALLY_FILLED", "filled": "FILLED", "cancelled": "CANCELED", "waits": "NEW",
}  # fmt: skip
CODES = {"51008": -2019, "51016": -4116}


def text(value: Decimal) -> str:
    return format(value, "f")


class FakeBinance(Scripted):
    venue = "binance"

    # --- requests ---------------------------------------------------------------------------------

    def params(self, request: web.Request, body: bytes) -> dict[str, Any]:
        return dict(parse_qsl(request.query_string)) | dict(parse_qsl(body.decode()))

    def signed(self, request: web.Request, body: bytes) -> bool:
        """HMAC-SHA256 over the query (GET, DELETE) or the body, as sent."""
        if request.path.rpartition("/")[2] in PUBLIC:
            return True
        if self.key_of(request) not in KEYS:
            return False
        if request.path.endswith("listenKey"):
            return True
        whole = request.rel_url.raw_query_string or body.decode()
        prehash, _, signature = whole.rpartition("&signature=")
        good = hmac.new(SECRET.encode(), prehash.encode(), hashlib.sha256).hexdigest()
        return hmac.compare_digest(good, signature)

    def signed_at(self, request: web.Request, params: dict[str, Any]) -> int | None:
        return int(params["timestamp"]) if "timestamp" in params else None

    def unsigned(self) -> tuple[int, Any]:
        return 400, {"code": -1022, "msg": "Signature for this request is not valid."}

    def wrong(self, what: str) -> tuple[int, Any]:
        if what == "rate":
            return 429, {"code": -1003, "msg": "Too many requests"}
        if what == "untimely":
            return 400, {"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."}
        return 503, {"code": -1000, "msg": "Unknown error, please check your request or try again later."}

    async def answer(self, verb: str, path: str, params: dict[str, Any]) -> tuple[int, Any]:
        place = (
            path.removeprefix("/futures/data/")
            if "/data/" in path
            else path.partition("/v")[2].partition("/")[2]
        )
        name = f"{verb} {place}"
        found = getattr(self, "_" + name.replace("/", "_").replace(" ", "_"), None)
        if found is None:
            return 404, {"code": -5000, "msg": f"Path {name} is invalid"}
        return found(params)

    def _GET_time(self, _params: dict[str, Any]) -> tuple[int, Any]:
        return 200, {"serverTime": wall_ms()}

    def _GET_exchangeInfo(self, _params: dict[str, Any]) -> tuple[int, Any]:
        row = {
            "symbol": NATIVE, "pair": NATIVE, "contractType": "PERPETUAL", "status": "TRADING",
            "baseAsset": "BTC", "quoteAsset": "USDT", "marginAsset": "USDT",
            "filters": [
                {"filterType": "PRICE_FILTER", "minPrice": "556.80", "tickSize": "0.10"},
                {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
                {"filterType": "MARKET_LOT_SIZE", "minQty": "0.001", "maxQty": "120", "stepSize": "0.001"},
                {"filterType": "MIN_NOTIONAL", "notional": "5"},
                {"filterType": "PERCENT_PRICE", "multiplierUp": "1.0500", "multiplierDown": "0.9500"},
            ],
        }  # fmt: skip
        dated = {**row, "symbol": "BTCUSDT_261225", "contractType": "CURRENT_QUARTER"}
        return 200, {"timezone": "UTC", "symbols": [row, dated]}

    def _GET_fundingInfo(self, _params: dict[str, Any]) -> tuple[int, Any]:
        return 200, [{"symbol": NATIVE, "fundingIntervalHours": 4}]

    def _GET_premiumIndex(self, _params: dict[str, Any]) -> tuple[int, Any]:
        return 200, {"symbol": NATIVE, "markPrice": str(self.floor.mid)}

    def _GET_openInterest(self, _params: dict[str, Any]) -> tuple[int, Any]:
        return 200, {"openInterest": "10659.509", "symbol": NATIVE, "time": wall_ms()}

    def _GET_depth(self, _params: dict[str, Any]) -> tuple[int, Any]:
        bids, asks = self.floor.levels()
        now = wall_ms()
        return 200, {
            "lastUpdateId": self.floor.seq, "E": now, "T": now,
            "bids": [[str(p), str(q)] for p, q in bids], "asks": [[str(p), str(q)] for p, q in asks],
        }  # fmt: skip

    def _GET_klines(self, params: dict[str, Any]) -> tuple[int, Any]:
        end = int(params.get("endTime", wall_ms()))
        last = end // 60_000 * 60_000
        starts = [last - 60_000 * i for i in range(min(int(params["limit"]), 30))][::-1]
        return 200, [
            [at, "60000", "60001", "59999", "60000.5", "12.5", at + 59_999, "750000", 10, "6", "360000", "0"]
            for at in starts
        ]

    def _GET_markPriceKlines(self, params: dict[str, Any]) -> tuple[int, Any]:
        end, step = int(params["endTime"]), 300_000
        last = end // step * step
        starts = [last - step * i for i in range(min(int(params["limit"]), 30))][::-1]
        base = 60_000 if "symbol" in params else 59_990
        return 200, [
            [at, "1", "1", "1", f"{base + at // step % 7}.5", "0", at + step - 1, "0", 1, "0", "0", "0"]
            for at in starts
        ]

    def _GET_indexPriceKlines(self, params: dict[str, Any]) -> tuple[int, Any]:
        return self._GET_markPriceKlines(params)

    def _GET_openInterestHist(self, params: dict[str, Any]) -> tuple[int, Any]:
        lo, hi, hour = int(params["startTime"]), int(params["endTime"]), 3_600_000
        if lo < wall_ms() - 30 * 24 * hour:
            return 400, {"code": -1130, "msg": "parameter 'startTime' is invalid."}
        times = range(-(-lo // hour) * hour, hi + 1, hour)[: int(params["limit"])]
        return 200, [
            {"symbol": NATIVE, "sumOpenInterest": f"{1_000 + at // hour % 50}.5", "sumOpenInterestValue": "1",
             "timestamp": at}
            for at in times
        ]  # fmt: skip

    def _GET_fundingRate(self, params: dict[str, Any]) -> tuple[int, Any]:
        first, last = -(-int(params["startTime"]) // HOURS8), int(params["endTime"]) // HOURS8
        times = [k * HOURS8 + 3 for k in range(first, last + 1)][: int(params["limit"])]
        return 200, [
            {"symbol": NATIVE, "fundingTime": at, "fundingRate": "0.00010000", "markPrice": "60000"}
            for at in times
            if at <= int(params["endTime"])
        ]

    def _GET_commissionRate(self, _params: dict[str, Any]) -> tuple[int, Any]:
        return 200, {"symbol": NATIVE, "makerCommissionRate": "0.0002", "takerCommissionRate": "0.0005"}

    def _GET_leverageBracket(self, _params: dict[str, Any]) -> tuple[int, Any]:
        brackets = [
            {"bracket": 1, "initialLeverage": 125, "notionalCap": 300_000, "maintMarginRatio": 0.004},
            {"bracket": 2, "initialLeverage": 100, "notionalCap": 800_000, "maintMarginRatio": 0.005},
        ]
        return 200, [{"symbol": NATIVE, "brackets": brackets}]

    # --- orders -----------------------------------------------------------------------------------

    def _POST_order(self, params: dict[str, Any]) -> tuple[int, Any]:
        if params["type"] in {"STOP_MARKET", "TAKE_PROFIT_MARKET", "STOP", "TAKE_PROFIT"}:
            return 400, {"code": -4120, "msg": "Order type not supported for this endpoint."}
        kind = OrderKind.MARKET if params["type"] == "MARKET" else KINDS[params["timeInForce"]]
        return self._placed(params, params["newClientOrderId"], kind, None)

    def _POST_algoOrder(self, params: dict[str, Any]) -> tuple[int, Any]:
        kind = OrderKind.STOP if params["type"].startswith("STOP") else OrderKind.TRIGGER
        return self._placed(params, params["clientAlgoId"], kind, Decimal(params["triggerPrice"]))

    def _placed(
        self, params: dict[str, Any], cid: str, kind: OrderKind, trigger: Decimal | None
    ) -> tuple[int, Any]:
        price = Decimal(params["price"]) if "price" in params else None
        if price is not None and price % self.floor.instrument.tick:
            return 400, {"code": -4014, "msg": "Price not increased by tick size."}
        place = Place(
            cid, "s", self.floor.symbol, Side(params["side"].lower()), kind, Decimal(params["quantity"]),
            price, trigger, None, None, params.get("reduceOnly") == "true", PosSide.NET, Role.ENTRY, "",
        )  # fmt: skip
        reports = self.floor.do(place)
        for report in reports:
            if isinstance(report, ev.Reject):
                return 400, {"code": CODES.get(report.code, -2010), "msg": report.reason}
        if any(isinstance(r, ev.Cancelled) and r.reason == "post_only" for r in reports):
            del self.floor.known[cid]
            return 400, {"code": -5022, "msg": "Post Only order will be rejected."}
        order = self.floor.known[cid]
        return 200, self._algo_row(order) if kind in ALGO else self._row(order)

    def _PUT_order(self, params: dict[str, Any]) -> tuple[int, Any]:
        order = self.floor.order(params["origClientOrderId"])
        if order is None or order.place.side.value.upper() != params["side"]:
            return 400, {"code": -2013, "msg": "Order does not exist."}
        reports = self.floor.do(
            Amend(order.place.cid, self.floor.symbol, Decimal(params["price"]), Decimal(params["quantity"]))
        )
        if any(isinstance(r, ev.AmendReject) for r in reports):
            return 400, {"code": -5026, "msg": "Order cannot be modified."}
        return 200, self._row(order)

    def _DELETE_order(self, params: dict[str, Any]) -> tuple[int, Any]:
        return self._taken_back(self._named(params), -2011, "Unknown order sent.")

    def _DELETE_algoOrder(self, params: dict[str, Any]) -> tuple[int, Any]:
        order = self.floor.order(params["clientAlgoId"])
        if order is not None and order.child:
            order = None  # it has gone off: the working order has another id
        return self._taken_back(order, -2011, "Unknown order sent.")

    def _taken_back(self, order: Known | None, code: int, msg: str) -> tuple[int, Any]:
        if order is None or order.state in {"filled", "cancelled"}:
            return 400, {"code": code, "msg": msg}
        self.floor.do(Cancel(order.place.cid, self.floor.symbol, "test"))
        return 200, self._row(order)

    def _named(self, params: dict[str, Any]) -> Known | None:
        if "orderId" in params:
            return self.floor.by_id(params["orderId"])
        order = self.floor.order(params["origClientOrderId"])
        return None if order is not None and order.place.kind in ALGO else order

    def _GET_order(self, params: dict[str, Any]) -> tuple[int, Any]:
        order = self._named(params)
        if order is None:
            return 400, {"code": -2013, "msg": "Order does not exist."}
        return 200, self._row(order)

    def _GET_algoOrder(self, params: dict[str, Any]) -> tuple[int, Any]:
        order = self.floor.order(params["clientAlgoId"])
        if order is None or order.place.kind not in ALGO:
            return 400, {"code": -2013, "msg": "Order does not exist."}
        return 200, self._algo_row(order)

    def _GET_allAlgoOrders(self, _params: dict[str, Any]) -> tuple[int, Any]:
        return 200, [self._algo_row(o) for o in self.floor.known.values() if o.place.kind in ALGO]

    def _GET_openOrders(self, _params: dict[str, Any]) -> tuple[int, Any]:
        return 200, [
            self._row(o)
            for o in self.floor.known.values()
            if o.state in {"live", "partial"} and (o.place.kind not in ALGO or o.child)
        ]

    def _GET_openAlgoOrders(self, _params: dict[str, Any]) -> tuple[int, Any]:
        return 200, [self._algo_row(o) for o in self.floor.known.values() if o.state == "waits"]

    def _row(self, order: Known) -> dict[str, Any]:
        cid = order.place.cid if not order.child else f"web_{order.child}"
        return {
            "symbol": NATIVE, "orderId": int(self.floor.working_id(order)), "clientOrderId": cid,
            "status": STATES[order.state], "side": order.place.side.value.upper(), "type": "LIMIT",
            "price": text((order.place.price and order.price) or Decimal(0)), "origQty": text(order.qty),
            "executedQty": text(order.filled), "avgPrice": "0.00", "positionSide": "BOTH",
            "time": order.created, "updateTime": wall_ms(),
        }  # fmt: skip

    def _algo_row(self, order: Known) -> dict[str, Any]:
        if order.child:
            state = "FINISHED" if order.state in {"filled", "cancelled"} else "TRIGGERED"
        else:
            state = "CANCELED" if order.state == "cancelled" else "NEW"
        return {
            "algoId": int(order.venue_id), "clientAlgoId": order.place.cid, "algoType": "CONDITIONAL",
            "orderType": "STOP_MARKET", "symbol": NATIVE, "side": order.place.side.value.upper(),
            "positionSide": "BOTH", "quantity": text(order.qty), "algoStatus": state,
            "actualOrderId": order.child, "triggerPrice": text(order.place.trigger or Decimal(0)),
            "price": "0", "createTime": order.created, "updateTime": wall_ms(),
        }  # fmt: skip

    # --- account ----------------------------------------------------------------------------------

    def _GET_balance(self, _params: dict[str, Any]) -> tuple[int, Any]:
        cash = f"{self.floor.balance:.8f}"
        return 200, [
            {"accountAlias": "SgsR", "asset": "USDT", "balance": cash, "crossWalletBalance": cash},
            {"accountAlias": "SgsR", "asset": "BNB", "balance": "0.00000000", "crossWalletBalance": "0"},
        ]

    def _GET_positionRisk(self, _params: dict[str, Any]) -> tuple[int, Any]:
        held = self.floor.position
        if held is None:
            return 200, []
        return 200, [
            {"symbol": NATIVE, "positionSide": "BOTH", "positionAmt": text(held.qty),
             "entryPrice": f"{held.entry:.8f}", "markPrice": str(self.floor.mid)}
        ]  # fmt: skip

    def _GET_userTrades(self, params: dict[str, Any]) -> tuple[int, Any]:
        begin, end = int(params.get("startTime", 0)), int(params.get("endTime", 2**53))
        if "startTime" in params and end - begin > 7 * 86_400_000:
            return 400, {"code": -4165, "msg": "Maximum time interval is 7 days."}
        rows = [self._trade(at, fill) for at, fill in self.floor.fills if begin <= at <= end]
        wanted = params.get("orderId")
        return 200, [row for row in rows if wanted is None or str(row["orderId"]) == wanted]

    def _trade(self, at: int, fill: ev.Fill) -> dict[str, Any]:
        order = self.floor.known[fill.cid]
        return {
            "symbol": NATIVE, "id": int(fill.trade_id), "orderId": int(self.floor.working_id(order)),
            "side": fill.side.value.upper(), "price": text(fill.price), "qty": text(fill.qty),
            "realizedPnl": "0", "commission": text(fill.fee), "commissionAsset": "USDT", "time": at,
            "positionSide": "BOTH", "maker": fill.maker, "buyer": fill.side is Side.BUY,
        }  # fmt: skip

    def _GET_income(self, params: dict[str, Any]) -> tuple[int, Any]:
        begin = int(params.get("startTime", 0))
        rows = [
            {"symbol": NATIVE, "incomeType": "COMMISSION", "income": text(-fill.fee), "asset": "USDT",
             "time": at, "tranId": n, "tradeId": fill.trade_id}
            for n, (at, fill) in enumerate(self.floor.fills)
        ]  # fmt: skip
        return 200, [row for row in rows if row["time"] >= begin]

    def _GET_positionSide_dual(self, _params: dict[str, Any]) -> tuple[int, Any]:
        return 200, {"dualSidePosition": self.mode == "hedge"}

    def _GET_symbolConfig(self, _params: dict[str, Any]) -> tuple[int, Any]:
        return 200, [{"symbol": NATIVE, "marginType": "CROSSED", "leverage": int(self.leverage)}]

    def _GET_multiAssetsMargin(self, _params: dict[str, Any]) -> tuple[int, Any]:
        return 200, {"multiAssetsMargin": self.lends}

    def _GET_account(self, _params: dict[str, Any]) -> tuple[int, Any]:
        return 200, {"totalMarginBalance": f"{self.floor.balance:.8f}", "assets": [], "positions": []}

    def _GET_account_apiRestrictions(self, _params: dict[str, Any]) -> tuple[int, Any]:
        more = dict.fromkeys(self.rights[self.asking], True)
        return 200, {
            "ipRestrict": False, "createTime": 1698645219000, "enableReading": True,
            "enableFutures": self.asking == KEY, "enableWithdrawals": False, "enableInternalTransfer": False,
            "permitsUniversalTransfer": False, "enableMargin": False, "enableVanillaOptions": False, **more,
        }  # fmt: skip

    def _POST_listenKey(self, _params: dict[str, Any]) -> tuple[int, Any]:
        return 200, {"listenKey": "a-listen-key"}

    def _PUT_listenKey(self, _params: dict[str, Any]) -> tuple[int, Any]:
        return 200, {"listenKey": "a-listen-key"}

    # --- streams ----------------------------------------------------------------------------------

    def route_of(self, path: str) -> str:
        return path.strip("/").partition("/")[0]

    async def heard(self, peer: Peer, message: dict[str, Any]) -> None:
        if message.get("method") == "SUBSCRIBE":
            peer.topics |= set(message["params"])
            await peer.send({"result": None, "id": message["id"]})

    def beat(self) -> list[tuple[str, str, Any]]:
        floor, now = self.floor, wall_ms()
        before, floor.seq = floor.seq, floor.seq + 3
        bids, asks = floor.levels()
        name = NATIVE.lower()
        out: list[tuple[str, str, Any]] = []
        if self.skip:
            self.skip -= 1
        else:
            out.append((
                "public", f"{name}@depth@100ms",
                {"e": "depthUpdate", "E": now, "T": now, "s": NATIVE, "U": before + 1, "u": floor.seq,
                 "pu": before, "b": [[str(p), str(q)] for p, q in bids[:3]],
                 "a": [[str(p), str(q)] for p, q in asks[:3]]},
            ))  # fmt: skip
        out.append((
            "public", f"{name}@trade",
            {"e": "trade", "E": now, "T": now, "s": NATIVE, "t": floor.seq, "p": str(asks[0][0]),
             "q": "0.010", "X": "MARKET", "m": False},
        ))  # fmt: skip
        out.append((
            "market", f"{name}@markPrice@1s",
            {"e": "markPriceUpdate", "E": now, "s": NATIVE, "p": str(floor.mid), "i": str(floor.mid),
             "r": "0.00010000", "T": now // 28_800_000 * 28_800_000 + 28_800_000},
        ))  # fmt: skip
        return out

    def told(self, report: Any) -> None:
        order = self.floor.order(getattr(report, "cid", ""))
        if order is None:
            return
        if (
            order.place.kind in ALGO
            and not isinstance(report, ev.Fill)
            and not (order.child and isinstance(report, ev.Cancelled))
        ):
            self._algo_told(report, order)
            return
        kinds = {
            ev.Ack: ("NEW", "NEW"),
            ev.Amended: ("AMENDMENT", "NEW"),
            ev.Cancelled: ("CANCELED", "CANCELED"),
        }
        if isinstance(report, ev.Cancelled) and report.reason == "post_only":
            return
        if isinstance(report, ev.Cancelled) and order.place.kind in {OrderKind.IOC, OrderKind.FOK}:
            kinds[ev.Cancelled] = ("EXPIRED", "EXPIRED")
        row = {
            "s": NATIVE, "c": order.place.cid if not order.child else f"web_{order.child}",
            "S": order.place.side.value.upper(), "o": "LIMIT",
            "f": {v: k for k, v in KINDS.items()}.get(order.place.kind, "GTC"), "q": text(order.qty),
            "p": text(order.price), "ap": "0", "sp": "0", "i": int(self.floor.working_id(order) or 0),
            "l": "0", "z": text(order.filled), "L": "0", "T": wall_ms(), "t": 0, "m": False, "R": False,
            "ps": "BOTH",
        }  # fmt: skip
        if isinstance(report, ev.Fill):
            row |= {
                "x": "TRADE", "X": "FILLED" if order.state == "filled" else "PARTIALLY_FILLED",
                "l": text(report.qty), "L": text(report.price), "n": text(report.fee), "N": "USDT",
                "t": int(report.trade_id), "m": report.maker,
            }  # fmt: skip
        elif type(report) in kinds:
            row["x"], row["X"] = kinds[type(report)]
        else:
            return
        self.push({"e": "ORDER_TRADE_UPDATE", "E": wall_ms(), "T": wall_ms(), "o": row})

    def _algo_told(self, report: Any, order: Known) -> None:
        states = {ev.Ack: "NEW", ev.Triggered: "TRIGGERED", ev.Cancelled: "CANCELED"}
        if type(report) not in states:
            return
        row = {
            "caid": order.place.cid, "aid": int(order.venue_id), "at": "CONDITIONAL", "o": "STOP_MARKET",
            "s": NATIVE, "S": order.place.side.value.upper(), "ps": "BOTH", "f": "GTC",
            "q": text(order.qty), "X": states[type(report)], "ai": order.child,
            "tp": text(order.place.trigger or Decimal(0)), "p": "0", "wt": "MARK_PRICE", "R": True, "tt": 0,
        }  # fmt: skip
        self.push({"e": "ALGO_UPDATE", "E": wall_ms(), "T": wall_ms(), "o": row})
