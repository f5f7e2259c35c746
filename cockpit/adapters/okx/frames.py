"""What OKX's public WebSocket says, turned into facts. Pure: bytes in, events out, no socket, no clock.

    b'{"arg":{"channel":"trades","instId":"BTC-USDT-SWAP"},"data":[…]}'  ──parse──►  [Trade(…)]

A frame that cannot be understood becomes a ``DataFault`` of kind ``garbage``: one bad message never ends
a feed. Channels that carry nothing the machine knows give no events. Book and trade sizes stay in OKX's
unit (contracts; base units for spot); bar volume is base units.

Source: OKX API v5, "Public data" and "Market data" WebSocket channels.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, TypeVar

import msgspec

from cockpit.core.events import (
    AnyEvent,
    Bar,
    BookDelta,
    BookSnapshot,
    DataFault,
    FundingRate,
    Levels,
    Mark,
    OpenInterest,
    Touch,
    Trade,
)
from cockpit.core.types import Side
from cockpit.core.unreadable import UNREADABLE

VENUE = "okx"
INDEX = "okx-index"
"""Prefix of an index: its id is that of the spot market, but it is not a market."""

# OKX sends numbers as text and text may say "nan": the bounds refuse what no market quotes.
Price = Annotated[float, msgspec.Meta(gt=0.0, lt=1e15)]
Size = Annotated[float, msgspec.Meta(ge=0.0, lt=1e18)]

MINUTE = 60_000
BARS = {
    "1m": MINUTE,
    "3m": 3 * MINUTE,
    "5m": 5 * MINUTE,
    "15m": 15 * MINUTE,
    "30m": 30 * MINUTE,
    "1H": 60 * MINUTE,
    "2H": 120 * MINUTE,
    "4H": 240 * MINUTE,
    "6Hutc": 360 * MINUTE,
    "12Hutc": 720 * MINUTE,
    "1Dutc": 1440 * MINUTE,
}
"""Candle names on the UTC grid, with their length in ms. Hong-Kong days (``1D``) are not on it."""


class Arg(msgspec.Struct, gc=False, frozen=True):
    """What was subscribed."""

    channel: str = ""
    inst_id: str = msgspec.field(default="", name="instId")
    inst_type: str = msgspec.field(default="", name="instType")


class Frame(msgspec.Struct, gc=False, frozen=True):
    """The envelope. ``event`` or ``op`` is set for answers to us, ``data`` for pushes."""

    arg: Arg = Arg()
    data: msgspec.Raw = msgspec.Raw()
    action: str = ""
    event: str = ""
    code: str = ""
    msg: str = ""
    id: str = ""
    op: str = ""
    channel: str = ""
    """Of a channel-conn-count(-error), which says it outside of ``arg``."""
    event_type: str = msgspec.field(default="", name="eventType")


class Level(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """The first two of a level's four fields; the others (orders) are not used."""

    px: Price
    sz: Size


class BookRow(msgspec.Struct, gc=False, frozen=True, rename="camel"):
    asks: list[Level]
    bids: list[Level]
    ts: int
    seq_id: int = 0
    prev_seq_id: int = -1


class TradeRow(msgspec.Struct, gc=False, frozen=True, rename="camel"):
    px: Price
    sz: Size
    side: Side
    ts: int
    trade_id: str = ""


class TickerRow(msgspec.Struct, gc=False, frozen=True, rename="camel"):
    ts: int
    bid_px: str = ""
    bid_sz: str = ""
    ask_px: str = ""
    ask_sz: str = ""


class MarkRow(msgspec.Struct, gc=False, frozen=True, rename="camel"):
    inst_id: str
    mark_px: Price


class IndexRow(msgspec.Struct, gc=False, frozen=True, rename="camel"):
    inst_id: str
    idx_px: Price


class FundingRow(msgspec.Struct, gc=False, frozen=True, rename="camel"):
    inst_id: str
    funding_rate: Annotated[float, msgspec.Meta(gt=-1.0, lt=1.0)]
    funding_time: int


class InterestRow(msgspec.Struct, gc=False, frozen=True, rename="camel"):
    inst_id: str
    oi: Size


class CandleRow(msgspec.Struct, array_like=True, gc=False, frozen=True):
    ts: int
    open: Price
    high: Price
    low: Price
    close: Price
    vol: Size
    vol_ccy: Size
    vol_quote: Size
    confirm: str


class BookPush(Frame, gc=False, frozen=True):
    """The envelope and its rows in one pass: books are most of what a market says."""

    data: list[BookRow] = []  # type: ignore[assignment]


class TradePush(Frame, gc=False, frozen=True):
    data: list[TradeRow] = []  # type: ignore[assignment]


class LeanBooks(msgspec.Struct, gc=False, frozen=True):
    """A book's push on a subscription that is known by its first bytes: the envelope is not read again."""

    data: list[BookRow]
    action: str = ""


class LeanTrades(msgspec.Struct, gc=False, frozen=True):
    data: list[TradeRow]


class LeanTickers(msgspec.Struct, gc=False, frozen=True):
    data: list[TickerRow]


T = TypeVar("T")
_DIGITS = re.compile(rb'[ "]*(\d{1,19})')
_FRAMES = msgspec.json.Decoder(Frame)
_HEAD = b'{"arg":{"channel":"'
_BOOK_PUSH = msgspec.json.Decoder(BookPush, strict=False).decode
_PUSHES: dict[bytes, Callable[[bytes], Frame]] = {
    b"books": _BOOK_PUSH,
    b"books5": _BOOK_PUSH,
    b"bbo-tbt": _BOOK_PUSH,
    b"trades": msgspec.json.Decoder(TradePush, strict=False).decode,
}
"""Channels that are decoded whole at once; what begins otherwise takes the general way."""
lean_books = msgspec.json.Decoder(LeanBooks, strict=False).decode
lean_trades = msgspec.json.Decoder(LeanTrades, strict=False).decode
lean_tickers = msgspec.json.Decoder(LeanTickers, strict=False).decode
_SIZE = msgspec.json.Decoder(Size, strict=False)


def _rows(row: type[T]) -> Callable[[msgspec.Raw], list[T]]:
    return msgspec.json.Decoder(list[row], strict=False).decode  # type: ignore[valid-type]


_books = _rows(BookRow)
_trades = _rows(TradeRow)
_tickers = _rows(TickerRow)
_marks = _rows(MarkRow)
_indices = _rows(IndexRow)
_funding = _rows(FundingRow)
_interest = _rows(InterestRow)
_candles = _rows(CandleRow)


def decode(raw: bytes | str) -> Frame:
    """The envelope of a text frame. Raises ``msgspec.MsgspecError`` when it is not one."""
    return _FRAMES.decode(raw)


def whole(raw: bytes) -> Frame:
    """The same with the rows of the busiest channels decoded in the same pass: for the live socket."""
    if raw.startswith(_HEAD):
        push = _PUSHES.get(raw[19 : raw.find(b'"', 19)])
        if push is not None:
            return push(raw)
    return _FRAMES.decode(raw)


def market(frame: Frame, ts: int) -> list[AnyEvent]:
    """The facts of a push learned at ``ts``; [] for answers and unknown channels.

    Raises ``msgspec.MsgspecError`` when the payload is not what the channel's name promises.
    """
    channel = frame.arg.channel
    if frame.event or not frame.data:
        return []
    if channel.startswith("candle"):
        return _bars(frame)
    reader = READERS.get(channel)
    return reader(frame, ts) if reader else []


def stamp(data: msgspec.Raw | list[BookRow] | list[TradeRow]) -> int:
    """The venue's own time in a push (``ts`` of its last row, UTC ms); 0 where the channel has none.

    Data that does not advance is not health: this is what tells the two apart, at the cost of a search.
    """
    if isinstance(data, list):
        return data[-1].ts if data else 0
    raw = bytes(data)
    at = raw.rfind(b'"ts":')
    if at < 0:
        return 0
    found = _DIGITS.match(raw, at + 5)
    return int(found[1]) if found is not None else 0


def parse(raw: bytes | str, ts: int) -> list[AnyEvent]:
    """Bytes as received at ``ts`` (UTC ms) → facts. Never raises: garbage is a fact too."""
    if raw in (b"pong", "pong"):
        return []
    symbol = VENUE
    try:
        frame = decode(raw)
        symbol = f"{VENUE}:{frame.arg.inst_id}"
        return market(frame, ts)
    except UNREADABLE as error:
        return [DataFault(ts, symbol, "garbage", str(error))]


def pairs(levels: list[Level]) -> Levels:
    """Levels as the machine has them."""
    return tuple([(level.px, level.sz) for level in levels])


def _book_rows(frame: Frame) -> list[BookRow]:
    return frame.data if isinstance(frame, BookPush) else _books(frame.data)


def _depth(frame: Frame, ts: int) -> list[AnyEvent]:
    symbol = f"{VENUE}:{frame.arg.inst_id}"
    # books5 has no action: every push is the whole of what it shows.
    if frame.action == "update":
        return [
            BookDelta(ts, symbol, r.ts, pairs(r.bids), pairs(r.asks), r.seq_id, r.prev_seq_id)
            for r in _book_rows(frame)
        ]
    return [BookSnapshot(ts, symbol, r.ts, pairs(r.bids), pairs(r.asks), r.seq_id) for r in _book_rows(frame)]


def _touch(frame: Frame, ts: int) -> list[AnyEvent]:
    symbol = f"{VENUE}:{frame.arg.inst_id}"
    events: list[AnyEvent] = []
    for row in _book_rows(frame):
        bid, bid_qty = (row.bids[0].px, row.bids[0].sz) if row.bids else (0.0, 0.0)
        ask, ask_qty = (row.asks[0].px, row.asks[0].sz) if row.asks else (0.0, 0.0)
        events.append(Touch(ts, symbol, row.ts, bid, bid_qty, ask, ask_qty))
    return events


def _ticker(frame: Frame, ts: int) -> list[AnyEvent]:
    symbol = f"{VENUE}:{frame.arg.inst_id}"
    return [ticker(row, symbol, ts) for row in _tickers(frame.data)]


def ticker(r: TickerRow, symbol: str, ts: int) -> Touch:
    """Best prices as a ticker has them. Raises ``msgspec.MsgspecError`` for what is no number."""
    bid, ask = _number(r.bid_px), _number(r.ask_px)
    return Touch(ts, symbol, r.ts, bid, _number(r.bid_sz), ask, _number(r.ask_sz))


def _number(text: str) -> float:
    """A ticker's empty text means that there is no such side now."""
    return _SIZE.decode(f'"{text}"') if text else 0.0


def _trade(frame: Frame, ts: int) -> list[AnyEvent]:
    symbol = f"{VENUE}:{frame.arg.inst_id}"
    rows = frame.data if isinstance(frame, TradePush) else _trades(frame.data)
    return [Trade(ts, symbol, r.ts, r.px, r.sz, r.side, r.trade_id) for r in rows]


def _mark(frame: Frame, ts: int) -> list[AnyEvent]:
    return [Mark(ts, f"{VENUE}:{r.inst_id}", r.mark_px) for r in _marks(frame.data)]


def _index(frame: Frame, ts: int) -> list[AnyEvent]:
    """The index under its own symbol: whoever knows which swaps follow it joins it with their mark."""
    return [Mark(ts, f"{INDEX}:{r.inst_id}", r.idx_px, r.idx_px) for r in _indices(frame.data)]


def _rate(frame: Frame, ts: int) -> list[AnyEvent]:
    return [
        FundingRate(ts, f"{VENUE}:{r.inst_id}", r.funding_rate, r.funding_time) for r in _funding(frame.data)
    ]


def _oi(frame: Frame, ts: int) -> list[AnyEvent]:
    return [OpenInterest(ts, f"{VENUE}:{r.inst_id}", r.oi) for r in _interest(frame.data)]


def _bars(frame: Frame) -> list[AnyEvent]:
    """Closed candles only. Base volume is the sixth field of a spot candle, the seventh of a swap's."""
    length = BARS.get(frame.arg.channel.removeprefix("candle"))
    if length is None:
        return []
    inst = frame.arg.inst_id
    symbol = f"{VENUE}:{inst}"
    spot = inst.count("-") == 1
    return [
        Bar(r.ts + length, symbol, length, r.open, r.high, r.low, r.close, r.vol if spot else r.vol_ccy)
        for r in _candles(frame.data)
        if r.confirm == "1"
    ]


READERS: dict[str, Callable[[Frame, int], list[AnyEvent]]] = {
    "books": _depth,
    "books-l2-tbt": _depth,
    "books50-l2-tbt": _depth,
    "books5": _depth,
    "bbo-tbt": _touch,
    "tickers": _ticker,
    "trades": _trade,
    "trades-all": _trade,
    "mark-price": _mark,
    "index-tickers": _index,
    "funding-rate": _rate,
    "open-interest": _oi,
}
