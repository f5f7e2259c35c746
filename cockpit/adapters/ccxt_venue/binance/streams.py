"""Binance USDⓈ-M: public streams and the user data stream, turned into facts.

The book stream says which ids each update spans (``U`` … ``u``) and where the one before ended (``pu``); the
whole book is read over REST. The user data stream is opened with a listen key that lives for an hour and is
renewed; Binance ends every connection after a day.

Source: Binance Open Platform, USDⓈ-M Futures, "Websocket Market Streams", "User Data Streams".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from cockpit.adapters.ccxt_venue.binance.markets import FRAMES
from cockpit.adapters.ccxt_venue.dialect import Child, Dialect, Heard, Hint, News, Restart
from cockpit.adapters.ccxt_venue.door import Call, Door
from cockpit.adapters.ccxt_venue.values import Level, Price, Size, levels, number
from cockpit.core import events as ev
from cockpit.core.errors import Transient
from cockpit.core.types import ZERO, PosSide, Side

BATCH = 50
"""Most topics of one subscription frame."""
LENGTHS = {name: ms for ms, name in FRAMES.items()}


class Depth(msgspec.Struct, gc=False, frozen=True):
    """``depthUpdate``."""

    s: str
    E: int
    u: int
    pu: int
    b: list[Level]
    a: list[Level]


class Deal(msgspec.Struct, gc=False, frozen=True):
    """``trade``; ``m``: the buyer rested, so the seller took."""

    s: str
    T: int
    t: int
    p: Price
    q: Size
    m: bool


class MarkPrice(msgspec.Struct, gc=False, frozen=True):
    """``markPriceUpdate``: mark, index, running funding rate and when it settles."""

    s: str
    E: int
    p: Price
    i: Size = 0.0
    r: str = ""
    T: int = 0


class Kline(msgspec.Struct, gc=False, frozen=True):
    s: str
    t: int
    i: str
    o: Price
    h: Price
    l: Price  # noqa: E741  as Binance names it
    c: Price
    v: Size
    x: bool


class OrderPush(msgspec.Struct, frozen=True):
    """``o`` of ORDER_TRADE_UPDATE."""

    s: str
    c: str
    S: str
    x: str
    X: str
    i: int
    q: str = ""
    p: str = ""
    z: str = ""
    l: str = ""  # noqa: E741  as Binance names it
    L: str = ""
    n: str = ""
    N: str | None = None
    t: int = 0
    m: bool = False
    f: str = ""
    o: str = ""
    ps: str = "BOTH"


class AlgoPush(msgspec.Struct, frozen=True):
    """``o`` of ALGO_UPDATE."""

    s: str
    caid: str
    aid: int
    X: str
    ai: str = ""
    tp: str = ""
    o: str = ""
    rm: str = ""


class Streams(Dialect):
    """Two public routes and one private."""

    # --- public -----------------------------------------------------------------------------------

    def topics(self, natives: Sequence[str], frames: Mapping[str, Sequence[int]]) -> dict[str, list[str]]:
        books = [t for n in natives for t in (self.book_topic(n), f"{n.lower()}@trade")]
        rest = [self.mark_topic(n) for n in natives]
        for native, lengths in frames.items():
            rest += [f"{native.lower()}@kline_{FRAMES[length]}" for length in lengths if length in FRAMES]
        return {"public": books, "market": rest}

    def book_topic(self, native: str) -> str:
        return f"{native.lower()}@depth@100ms"

    def mark_topic(self, native: str) -> str:
        return f"{native.lower()}@markPrice@1s"

    def subscribe(self, topics: Sequence[str], *, off: bool = False) -> list[dict[str, Any]]:
        verb = "UNSUBSCRIBE" if off else "SUBSCRIBE"
        parts = [topics[at : at + BATCH] for at in range(0, len(topics), BATCH)]
        return [{"method": verb, "params": list(part), "id": n + 1} for n, part in enumerate(parts)]

    def refused(self, message: dict[str, Any]) -> str:
        error = message.get("error")
        if not isinstance(error, dict):
            return ""
        return f"{error.get('code', '')} {error.get('msg', '')}".strip()

    def hear(self, message: dict[str, Any], ts: int, memory: dict[str, Any]) -> Heard:
        kind = message.get("e")
        if kind == "depthUpdate":
            row = msgspec.convert(message, Depth, strict=False)
            symbol = self.symbol(row.s)
            delta = ev.BookDelta(ts, symbol, row.E, levels(row.b), levels(row.a), row.u, row.pu)
            return Heard((delta,), self.book_topic(row.s), row.u)
        if kind == "trade":
            if str(message.get("X", "MARKET")) != "MARKET":
                return Heard()  # insurance fund and ADL: they moved no book
            deal = msgspec.convert(message, Deal, strict=False)
            side = Side.SELL if deal.m else Side.BUY
            return Heard((ev.Trade(ts, self.symbol(deal.s), deal.T, deal.p, deal.q, side, str(deal.t)),))
        if kind == "markPriceUpdate":
            return self._mark(msgspec.convert(message, MarkPrice, strict=False), ts, memory)
        if kind == "kline":
            candle = msgspec.convert(message["k"], dict[str, Any])
            return Heard(self._bar(msgspec.convert({"s": message["s"], **candle}, Kline, strict=False)))
        return Heard()

    def _mark(self, row: MarkPrice, ts: int, memory: dict[str, Any]) -> Heard:
        symbol = self.symbol(row.s)
        facts: list[ev.AnyEvent] = [ev.Mark(ts, symbol, row.p, row.i)]
        rate = (row.r, row.T)
        if row.r and memory.get(symbol) != rate:
            memory[symbol] = rate
            facts.append(ev.FundingRate(ts, symbol, float(number(row.r)), row.T))
        return Heard(facts, self.mark_topic(row.s), row.E)

    def _bar(self, row: Kline) -> list[ev.AnyEvent]:
        length = LENGTHS.get(row.i)
        if length is None or not row.x:
            return []
        return [ev.Bar(row.t + length, self.symbol(row.s), length, row.o, row.h, row.l, row.c, row.v)]

    # --- roads ------------------------------------------------------------------------------------

    async def route(self, exchange: Any, route: str, door: Door | None) -> str:
        if route != "private":
            # A connection wants a stream's name in its path; what it carries is subscribed afterwards.
            return f"{exchange.get_ws_url('linear', route)}/0"
        if door is None:
            raise Transient("no key")
        body = await door.ask(Call("fapiPrivatePostListenKey"), urgent=True)
        return str(exchange.get_private_ws_url("linear", str(body["listenKey"])))

    async def enter(self, exchange: Any, client: Any, url: str) -> list[dict[str, Any]]:
        return []

    async def keep(self, door: Door) -> None:
        await door.ask(Call("fapiPrivatePutListenKey"), urgent=True)

    # --- private ----------------------------------------------------------------------------------

    def news(self, message: dict[str, Any], ts: int) -> list[News]:
        kind = message.get("e")
        if kind == "ORDER_TRADE_UPDATE":
            return self._order(msgspec.convert(message["o"], OrderPush, strict=False), ts)
        if kind == "ALGO_UPDATE":
            return self._algo(msgspec.convert(message["o"], AlgoPush, strict=False), ts)
        if kind == "ACCOUNT_UPDATE":
            why = str(msgspec.convert(message["a"], dict[str, Any]).get("m", ""))
            return [] if why == "ORDER" else [Hint(why)]
        if kind == "listenKeyExpired":
            return [Restart("the listen key expired")]
        return []

    def _order(self, row: OrderPush, ts: int) -> list[News]:
        """What one record says; nothing but fills where the order is not ours."""
        news: list[News] = []
        if row.x in {"TRADE", "CALCULATED"} and number(row.l) > 0:
            news.append(self._fill(row, ts))
        cid = row.c
        if not cid.startswith("ck"):
            return news
        if row.x == "NEW":
            news.append(ev.Ack(ts, cid, str(row.i)))
        elif row.x == "AMENDMENT":
            news.append(ev.Amended(ts, cid, number(row.p), number(row.q)))
        if row.X in {"CANCELED", "EXPIRED", "EXPIRED_IN_MATCH", "REJECTED"}:
            news.append(ev.Cancelled(ts, cid, number(row.z), _reason(row)))
        elif row.X == "FILLED":
            # Whatever fills we have missed, this says how much there must be: the rest is asked for.
            news.append(
                ev.OrderReport(
                    ts, cid, True, True, "filled", number(row.z), number(row.p), number(row.q), str(row.i)
                )
            )
        return news

    def _fill(self, row: OrderPush, ts: int) -> ev.Fill:
        if row.c.startswith("autoclose-"):
            kind = ev.FillKind.LIQUIDATION
        elif row.c == "adl_autoclose":
            kind = ev.FillKind.ADL
        else:
            kind = ev.FillKind.TRADE
        return ev.Fill(
            ts,
            row.c if row.c.startswith("ck") else "",
            str(row.i),
            str(row.t),
            self.symbol(row.s),
            Side(row.S.lower()),
            number(row.L),
            number(row.l),
            number(row.n),
            row.N or "USDT",
            row.m,
            pos_side(row.ps),
            kind,
        )

    def _algo(self, row: AlgoPush, ts: int) -> list[News]:
        cid = row.caid
        if not cid.startswith("ck"):
            return []
        if row.X == "NEW":
            return [ev.Ack(ts, cid, str(row.aid))]
        if row.X in {"TRIGGERING", "TRIGGERED"}:
            child: list[News] = [Child(cid, row.ai)] if row.ai else []
            if row.X == "TRIGGERING":
                return child
            leg = "take" if row.o.startswith("TAKE") else "trail" if row.o.startswith("TRAIL") else "stop"
            return [*child, ev.Triggered(ts, cid, leg, number(row.tp))]
        if row.X == "FINISHED":
            return [Child(cid, row.ai)] if row.ai else []
        if row.X in {"CANCELED", "EXPIRED", "REJECTED"}:
            reason = "user" if row.X == "CANCELED" else f"{row.X.lower()} {row.rm}".strip()
            return [ev.Cancelled(ts, cid, ZERO, reason)]
        return [ev.DataFault(ts, self.symbol(row.s), "garbage", f"algo {cid}: state {row.X!r}")]


def _reason(row: OrderPush) -> str:
    """Why the rest of it is gone, in the machine's words."""
    if row.X == "EXPIRED_IN_MATCH":
        return "self_trade"
    if row.X == "EXPIRED":
        return {"GTX": "post_only", "IOC": "ioc", "FOK": "fok"}.get(row.f, "expired")
    return "user" if row.X == "CANCELED" else "rejected"


def pos_side(text: str) -> PosSide:
    """BOTH is one-way mode."""
    return {"LONG": PosSide.LONG, "SHORT": PosSide.SHORT}.get(text, PosSide.NET)
