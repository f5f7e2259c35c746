"""Rows for the store's tests: small, distinct, and of every table."""

from decimal import Decimal

from cockpit.core.events import Ack, BookDelta, Command, Fill, Link, Trade
from cockpit.core.intents import Note, Outcome
from cockpit.core.orders import Change, Order, OrderKind, OrderState, Role
from cockpit.core.ports import EquityPoint
from cockpit.core.types import Side

SYMBOL = "okx:BTC-USDT-SWAP"


def trade(seq: int) -> Trade:
    return Trade(1000 + seq, SYMBOL, 990 + seq, 64_000.1 + seq, 0.5, Side.BUY, str(seq))


def delta(seq: int) -> BookDelta:
    return BookDelta(1000 + seq, SYMBOL, 990 + seq, ((64_000.0, 1.5),), ((64_000.5, 0.0),), seq, seq - 1)


def ack(seq: int) -> Ack:
    return Ack(1000 + seq, f"c{seq}", f"v{seq}")


def link(seq: int) -> Link:
    return Link(1000 + seq, "market", seq % 2 == 0, "test")


def command(seq: int) -> Command:
    return Command(1000 + seq, f"k{seq}", "note", {"text": "hello"}, "me")


def fill(seq: int, trade_id: str | None = None) -> Fill:
    return Fill(
        1000 + seq, f"c{seq}", f"v{seq}", trade_id or f"t{seq}", SYMBOL, Side.SELL,
        Decimal("64000.10"), Decimal("0.30"), Decimal("-0.0012"), "USDT", maker=True,
    )  # fmt: skip


def outcome(seq: int) -> Outcome:
    return Outcome(seq, 1000 + seq, "ack", notes=(Note("info", "test.note", {"n": str(seq)}),))


def order(cid: str, state: OrderState = OrderState.LIVE) -> Order:
    return Order(
        cid, "ema_trend@1/okx:BTC-USDT-SWAP", SYMBOL, Side.BUY, OrderKind.STOP, Decimal("3.50"),
        price=None, trigger=Decimal("60000.0"), reduce_only=True, role=Role.PROTECT, tag="stop", intent=7,
        created=1000, state=state, venue_id="v1", filled=Decimal("0.5"), cost=Decimal("30000.00"),
        fees=Decimal("1.25"), updated=1500, asked=1200,
        amending=Change(Decimal(59000), Decimal(4), Decimal(61000)),
    )  # fmt: skip


def equity(ts: int) -> EquityPoint:
    return EquityPoint(
        ts, "USDT", Decimal("10000.123456789"), Decimal(9000), Decimal("-3.5"), Decimal("1003.62"),
        Decimal("12.25"), Decimal("-0.75"),
    )  # fmt: skip
