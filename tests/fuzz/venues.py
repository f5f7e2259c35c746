"""What exchanges say: OKX, Binance and Bybit, pushes and records; what strangers say to our own exchange."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import msgspec

from cockpit.adapters.ccxt_venue.binance import Binance
from cockpit.adapters.ccxt_venue.bybit import Bybit
from cockpit.adapters.ccxt_venue.dialect import Dialect
from cockpit.adapters.ccxt_venue.keeper import Keeper
from cockpit.adapters.okx import frames, instruments, private, records, rows
from cockpit.adapters.okx.rest import Reply
from cockpit.adapters.okx.socket import Socket
from cockpit.adapters.okx.topics import Topic
from cockpit.core import events as ev
from cockpit.core.book import Book
from cockpit.core.unreadable import UNREADABLE
from tests.fuzz.target import Target, add

NOW = 1_772_600_770_500
SWAP = "BTC-USDT-SWAP"


def said(*documents: Any) -> tuple[bytes, ...]:
    """Documents as they come over the line."""
    return tuple(json.dumps(document, separators=(",", ":")).encode() for document in documents)


def push(channel: str, *data: Any, **more: Any) -> dict[str, Any]:
    return {"arg": {"channel": channel, "instId": SWAP, "instType": "SWAP"}, **more, "data": list(data)}


LEVEL = ["61200.1", "3", "0", "2"]
BOOK = {"asks": [LEVEL, ["61201", "1", "0", "1"]], "bids": [["61200", "2", "0", "1"]], "ts": str(NOW),
        "seqId": 11, "prevSeqId": 10, "checksum": 0}  # fmt: skip
PUBLIC = said(
    push("books", BOOK, action="snapshot"),
    push("books", BOOK, action="update"),
    push("books5", BOOK),
    push("bbo-tbt", BOOK),
    push("trades", {"px": "61200", "sz": "2", "side": "buy", "ts": str(NOW), "tradeId": "5", "instId": SWAP}),
    push("tickers", {"ts": str(NOW), "bidPx": "61200", "bidSz": "1", "askPx": "", "askSz": "", "last": "1"}),
    push("mark-price", {"instId": SWAP, "markPx": "61200.5", "ts": str(NOW)}),
    push("index-tickers", {"instId": "BTC-USDT", "idxPx": "61200.5", "ts": str(NOW)}),
    push("funding-rate", {"instId": SWAP, "fundingRate": "0.0001", "fundingTime": str(NOW)}),
    push("open-interest", {"instId": SWAP, "oi": "9", "oiCcy": "1", "ts": str(NOW)}),
    push("candle1m", [str(NOW), "1", "2", "0.5", "1.5", "10", "11", "12", "1"]),
    {"event": "subscribe", "arg": {"channel": "books", "instId": SWAP}, "connId": "a", "id": "s1"},
    {"event": "error", "code": "60012", "msg": "Invalid request", "id": "s1"},
    {"event": "notice", "code": "64008", "msg": "closing", "connId": "a"},
    {"event": "channel-conn-count-error", "channel": "orders", "connCount": "31"},
    {
        "id": "r1",
        "op": "order",
        "code": "0",
        "msg": "",
        "data": [{"clOrdId": "c", "sCode": "0", "ordId": "1"}],
    },
)
ORDER = {
    "instType": "SWAP", "instId": SWAP, "ordId": "3001", "clOrdId": "ckd001000000001", "px": "61200",
    "sz": "3", "ordType": "limit", "side": "buy", "posSide": "net", "fillPx": "61200.1", "fillSz": "1.2",
    "tradeId": "88", "fillFee": "-0.14688", "fillFeeCcy": "USDT", "execType": "M", "accFillSz": "1.2",
    "avgPx": "61200.1", "state": "partially_filled", "fee": "0", "feeCcy": "USDT", "category": "normal",
    "cancelSource": "", "amendResult": "0", "reqId": "", "algoId": "", "algoClOrdId": "", "code": "0", "msg": "",
    "uTime": str(NOW), "cTime": str(NOW), "reduceOnly": "false",
}  # fmt: skip
ALGO = {
    "instType": "SWAP", "instId": SWAP, "algoId": "7", "algoClOrdId": "ckd001000000003", "ordType": "conditional",
    "side": "sell", "posSide": "net", "sz": "10", "state": "effective", "slTriggerPx": "60000", "tpTriggerPx": "",
    "actualSide": "sl", "actualPx": "60000", "actualSz": "10", "ordIdList": ["9"], "ordId": "9", "tag": "ckstop",
    "failCode": "", "cTime": str(NOW), "uTime": str(NOW), "callbackRatio": "", "triggerPx": "", "clOrdId": "",
}  # fmt: skip
PRIVATE = said(
    push("orders", ORDER),
    push("orders", {**ORDER, "state": "canceled", "cancelSource": "20"}),
    push("orders", {**ORDER, "state": "filled"}),
    push("orders-algo", ALGO),
    push("algo-advance", {**ALGO, "ordType": "move_order_stop"}),
    push(
        "positions",
        {
            "instId": SWAP,
            "pos": "3",
            "posSide": "net",
            "avgPx": "61200",
            "mgnMode": "cross",
            "uTime": str(NOW),
            "lever": "3",
            "liqPx": "",
            "upl": "1",
        },
    ),
    push("account", {"uTime": str(NOW), "details": [{"ccy": "USDT", "cashBal": "100", "eq": "100"}]}),
    push("balance_and_position", {"eventType": "filled", "pTime": str(NOW)}),
)


def okx_private(raw: bytes) -> None:
    private.parse(frames.decode(raw), NOW)


class Deaf:
    """The owner of a socket: hears and forgets."""

    def hear(self, frame: frames.Frame) -> None:
        frames.market(frame, NOW)

    def link(self, up: bool, reason: str) -> None: ...

    def fault(self, what: str, detail: str, topic: Topic | None) -> None: ...


@cache
def socket() -> Socket:
    return Socket(
        "ws://127.0.0.1", Deaf(), lambda: NOW, topics=[Topic("books", SWAP), Topic("orders", "", "ANY")]
    )


def okx_socket(raw: bytes) -> None:
    """As the line hands it over. ``_general`` promises to raise nothing."""
    import asyncio

    async def hear() -> None:
        socket()._general(raw)

    asyncio.run(hear())


BILL = {"billId": "1", "instId": SWAP, "ccy": "USDT", "type": "8", "subType": "173", "balChg": "-0.1", "pnl": "-0.1",
        "fee": "0", "sz": "3", "px": "61200", "ts": str(NOW), "ordId": "", "tradeId": "", "execType": "", "clOrdId": "",
        "mgnMode": "cross", "bal": "1", "notes": "", "interest": "0"}  # fmt: skip
MARKET = {"instId": SWAP, "instType": "SWAP", "uly": "BTC-USDT", "ctVal": "0.01", "ctMult": "1", "ctType": "linear",
          "ctValCcy": "BTC", "settleCcy": "USDT", "baseCcy": "", "quoteCcy": "", "tickSz": "0.1", "lotSz": "1", "minSz": "1",
          "state": "live", "maxMktSz": "100", "maxLmtSz": "100", "lever": "100", "instFamily": "BTC-USDT",
          "instIdCode": 10}  # fmt: skip
OKX_ROWS: tuple[tuple[type, Any, dict[str, Any]], ...] = (
    (rows.FillRow, lambda row: records.fill(row, "ck1", NOW), {**ORDER, "billId": "9", "ts": str(NOW)}),
    (rows.BillRow, lambda row: records.bill(row, NOW), BILL),
    (rows.OrderRow, lambda row: private.order(row, NOW), ORDER),
    (instruments.MarketRow, instruments.listed, MARKET),
)


def okx_rest(raw: bytes) -> None:
    """As ``Rest.get`` reads an answer: a list of records of one kind."""
    body = msgspec.json.decode(raw)
    reply = msgspec.convert(body, Reply, strict=False)
    for kind, use, _ in OKX_ROWS:
        try:
            found = msgspec.convert(reply.data, list[kind], strict=False)  # type: ignore[valid-type]
        except msgspec.ValidationError:
            continue
        for row in found:
            try:
                use(row)
            except (msgspec.MsgspecError, ValueError):
                continue


add(
    Target(
        "okx_public",
        ("cockpit/adapters/okx/frames.py",),
        PUBLIC,
        lambda raw: frames.parse(raw, NOW),
        weight=4,
    )
)
add(
    Target(
        "okx_public_whole",
        ("cockpit/adapters/okx/frames.py",),
        PUBLIC,
        lambda raw: frames.market(frames.whole(raw), NOW),
        UNREADABLE,
        weight=4,
    )
)
add(
    Target(
        "okx_private",
        ("cockpit/adapters/okx/private.py",),
        PRIVATE,
        okx_private,
        (ValueError, *UNREADABLE),
        weight=4,
    )
)
add(Target("okx_socket", ("cockpit/adapters/okx/socket.py",), PUBLIC + PRIVATE, okx_socket))
add(
    Target(
        "okx_rest",
        ("cockpit/adapters/okx/rest.py", "cockpit/adapters/okx/instruments.py"),
        said(*({"code": "0", "msg": "", "data": [seed]} for *_, seed in OKX_ROWS)),
        okx_rest,
        (ValueError, *UNREADABLE),
        weight=2,
    )
)

# --- Binance and Bybit ----------------------------------------------------------------------------

BINANCE = said(
    {"e": "depthUpdate", "E": NOW, "T": NOW, "s": "BTCUSDT", "U": 1, "u": 5, "pu": 0, "b": [["1", "2"]],
     "a": [["3", "4"]]},
    {"e": "trade", "E": NOW, "T": NOW, "s": "BTCUSDT", "t": 5, "p": "61200", "q": "0.1", "X": "MARKET", "m": True},
    {"e": "markPriceUpdate", "E": NOW, "s": "BTCUSDT", "p": "1", "i": "1", "P": "1", "r": "0.0001", "T": NOW},
    {"e": "kline", "E": NOW, "s": "BTCUSDT", "k": {"t": NOW, "T": NOW, "s": "BTCUSDT", "i": "1m", "o": "1", "c": "1",
     "h": "2", "l": "0.5", "v": "3", "x": True}},
    {"error": {"code": 2, "msg": "no"}, "id": 1},
    {"result": None, "id": 1},
)  # fmt: skip
BINANCE_OWN = said(
    {"e": "ORDER_TRADE_UPDATE", "E": NOW, "T": NOW, "o": {"s": "BTCUSDT", "c": "ckd001000000001", "S": "BUY", "o": "LIMIT",
     "f": "GTC", "q": "0.1", "p": "61200", "ap": "0", "sp": "0", "x": "TRADE", "X": "PARTIALLY_FILLED", "i": 8886774,
     "l": "0.05", "z": "0.05", "L": "61200", "N": "USDT", "n": "0.01", "T": NOW, "t": 1, "m": False, "R": False, "ps": "BOTH",
     "rp": "0"}},
    {"e": "ALGO_UPDATE", "E": NOW, "T": NOW, "o": {"caid": "ckd001000000003", "aid": 1, "at": "CONDITIONAL", "o": "STOP_MARKET",
     "s": "BTCUSDT", "S": "SELL", "ps": "BOTH", "q": "0.1", "X": "TRIGGERED", "ai": "77", "tp": "60000", "rm": ""}},
    {"e": "ACCOUNT_UPDATE", "E": NOW, "T": NOW, "a": {"m": "FUNDING_FEE", "B": [], "P": []}},
    {"e": "listenKeyExpired", "E": NOW},
)  # fmt: skip
BYBIT = said(
    {"topic": "orderbook.50.BTCUSDT", "type": "snapshot", "ts": NOW, "cts": NOW,
     "data": {"s": "BTCUSDT", "b": [["1", "2"]], "a": [["3", "4"]], "u": 5, "seq": 7}},
    {"topic": "publicTrade.BTCUSDT", "type": "snapshot", "ts": NOW,
     "data": [{"T": NOW, "s": "BTCUSDT", "S": "Buy", "v": "0.1", "p": "61200", "i": "a"}]},
    {"topic": "tickers.BTCUSDT", "type": "delta", "ts": NOW, "cs": 1,
     "data": {"symbol": "BTCUSDT", "markPrice": "1", "indexPrice": "1", "fundingRate": "0.0001",
              "nextFundingTime": str(NOW), "openInterest": "3", "bid1Price": "1", "bid1Size": "1", "ask1Price": "2",
              "ask1Size": "1"}},
    {"topic": "kline.1.BTCUSDT", "type": "snapshot", "ts": NOW,
     "data": [{"start": NOW, "end": NOW, "interval": "1", "open": "1", "close": "1", "high": "2", "low": "0.5",
               "volume": "3", "confirm": True, "timestamp": NOW}]},
    {"success": False, "ret_msg": "no", "op": "subscribe", "req_id": "1"},
)  # fmt: skip
BYBIT_OWN = said(
    {"topic": "order", "creationTime": NOW, "data": [{"symbol": "BTCUSDT", "orderId": "1", "orderLinkId": "ckd001000000001",
     "side": "Buy", "orderStatus": "PartiallyFilled", "price": "61200", "qty": "0.1", "cumExecQty": "0.05", "leavesQty": "0.05",
     "avgPrice": "61200", "rejectReason": "EC_NoError", "cancelType": "UNKNOWN", "triggerPrice": "", "stopOrderType": "",
     "orderType": "Limit", "updatedTime": str(NOW), "createdTime": str(NOW), "positionIdx": 0, "category": "linear"}]},
    {"topic": "execution", "creationTime": NOW, "data": [{"symbol": "BTCUSDT", "orderId": "1", "orderLinkId": "ckd001000000001",
     "side": "Buy", "execId": "e", "execPrice": "61200", "execQty": "0.05", "execFee": "0.01", "feeCurrency": "USDT",
     "execType": "Trade", "isMaker": False, "execTime": str(NOW), "category": "linear", "positionIdx": 0}]},
    {"topic": "wallet", "creationTime": NOW, "data": [{"accountType": "UNIFIED", "coin": []}]},
    {"topic": "position", "creationTime": NOW, "data": [{"symbol": "BTCUSDT", "size": "1", "side": "Buy"}]},
)  # fmt: skip
READ = (KeyError, ValueError, *UNREADABLE)
"""What ``hear`` and ``news`` may raise for a message that is not what it should be."""


def follow(dialect: Dialect, keeper: Keeper, book: Book, memory: dict[str, Any], raw: bytes) -> None:
    """Public messages as the market takes them, book and all."""
    message = msgspec.json.decode(raw)
    if not isinstance(message, dict):
        return
    dialect.refused(message)
    for fact in dialect.hear(message, NOW, memory).facts:
        passed: Any = ()
        if isinstance(fact, ev.BookSnapshot):
            passed = keeper.snapshot(fact)
        elif isinstance(fact, ev.BookDelta):
            passed = keeper.delta(fact)
        for one in passed:
            if isinstance(one, ev.BookSnapshot):
                book.apply_snapshot(one.bids, one.asks, one.seq, one.ts)
            elif isinstance(one, ev.BookDelta):
                book.apply_delta(one.bids, one.asks, one.seq, one.prev_seq, one.ts)


def own(dialect: Dialect, raw: bytes) -> None:
    message = msgspec.json.decode(raw)
    if isinstance(message, dict):
        dialect.news(message, NOW)


def verdict(dialect: Dialect, raw: bytes) -> None:
    """Whatever an answer to an order says, there is a verdict."""
    for status in (200, 400, 429, 503):
        dialect.judge(status, msgspec.json.decode(raw))


JUDGED = said({"code": -1007, "msg": "Timeout"}, {"retCode": 110001, "retMsg": "order not exists", "result": {}},
              {"orderId": 1, "clientOrderId": "ck1"}, {"retCode": 0, "result": {"orderId": "1"}}, [])  # fmt: skip
for made, public, private_ in ((Binance(), BINANCE, BINANCE_OWN), (Bybit(), BYBIT, BYBIT_OWN)):
    home = f"cockpit/adapters/ccxt_venue/{made.name}"
    keeper, book, memory = Keeper(keeps=made.asks_snapshot), Book(), dict[str, Any]()
    add(
        Target(
            f"{made.name}_public",
            (f"{home}/streams.py",),
            public,
            lambda raw, d=made, k=keeper, b=book, m=memory: follow(d, k, b, m, raw),
            READ,
            weight=2,
        )
    )
    add(
        Target(
            f"{made.name}_private",
            (f"{home}/streams.py",),
            private_,
            lambda raw, d=made: own(d, raw),
            READ,
            weight=2,
        )
    )
    add(
        Target(
            f"{made.name}_answer",
            ("cockpit/adapters/ccxt_venue/values.py",),
            JUDGED,
            lambda raw, d=made: verdict(d, raw),
            UNREADABLE,
        )
    )
