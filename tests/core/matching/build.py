"""Short names for the venue's tests: instruments, requests, data, and a venue that is easy to talk to."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TypeVar

from cockpit.core.events import (
    AnyEvent,
    Bar,
    BookDelta,
    BookSnapshot,
    Fill,
    Mark,
    Touch,
    Trade,
)
from cockpit.core.intents import Action, Amend, Cancel, Place
from cockpit.core.matching import Exchange, Rules, World
from cockpit.core.orders import OrderKind, Role
from cockpit.core.types import Instrument, Kind, PosSide, Side

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
MIN = 60_000
E = TypeVar("E")

LINEAR = Instrument(
    "sim:BTC-USDT-SWAP", Kind.LINEAR, "BTC", "USDT", "USDT", D("0.1"), D("1"), D("1"), D("0.01")
)
INVERSE = Instrument(
    "sim:BTC-USD-SWAP", Kind.INVERSE, "BTC", "USD", "BTC", D("0.1"), D("1"), D("1"), D("100")
)
SPOT = Instrument(
    "sim:BTC-USDT", Kind.SPOT, "BTC", "USDT", "USDT", D("0.1"), D("0.001"), D("0.001"),
    maker_fee=D("0.0008"), taker_fee=D("0.001"),
)  # fmt: skip


def place(
    cid: str,
    side: Side,
    qty: Any,
    price: Any = None,
    kind: OrderKind | None = None,
    *,
    symbol: str = LINEAR.symbol,
    trigger: Any = None,
    take: Any = None,
    callback: Any = None,
    reduce_only: bool = False,
    pos_side: PosSide = PosSide.NET,
    watch: str = "",
) -> Place:
    if kind is None:
        kind = OrderKind.MARKET if price is None else OrderKind.LIMIT

    def money(value: Any) -> Decimal | None:
        return None if value is None else D(str(value))

    return Place(
        cid, "s@1", symbol, side, kind, D(str(qty)), money(price), money(trigger), money(take),
        money(callback), reduce_only, pos_side, Role.ENTRY, "", watch,
    )  # fmt: skip


def amend(cid: str, price: Any, qty: Any, symbol: str = LINEAR.symbol) -> Amend:
    return Amend(cid, symbol, D(str(price)), D(str(qty)))


def cancel(cid: str, symbol: str = LINEAR.symbol) -> Cancel:
    return Cancel(cid, symbol, "test")


def book(bids: dict[float, float], asks: dict[float, float], ts: int = 1, inst: Instrument = LINEAR) -> Any:
    return BookSnapshot(ts, inst.symbol, ts, tuple(bids.items()), tuple(asks.items()))


def delta(ts: int, bids: dict[float, float], asks: dict[float, float], inst: Instrument = LINEAR) -> Any:
    return BookDelta(ts, inst.symbol, ts, tuple(bids.items()), tuple(asks.items()))


def touch(ts: int, bid: float, bid_qty: float, ask: float, ask_qty: float, inst: Instrument = LINEAR) -> Any:
    return Touch(ts, inst.symbol, ts, bid, bid_qty, ask, ask_qty)


def trade(ts: int, price: float, qty: float, side: Side, inst: Instrument = LINEAR) -> Any:
    return Trade(ts, inst.symbol, ts, price, qty, side)


def mark(ts: int, price: float, inst: Instrument = LINEAR, index: float | None = None) -> Any:
    return Mark(ts, inst.symbol, price, price if index is None else index)


def bar(n: int, o: float, h: float, low: float, c: float, inst: Instrument = LINEAR, tf: int = MIN) -> Any:
    """The n-th bar: closes at n * tf."""
    return Bar(n * tf, inst.symbol, tf, o, h, low, c, 10.0)


class Desk:
    """A venue and what it said since we last listened."""

    def __init__(self, *instruments: Instrument, cash: dict[str, Any] | None = None, **rules: Any) -> None:
        listed = {i.symbol: i for i in instruments or (LINEAR,)}
        balances = {k: D(str(v)) for k, v in (cash or {"USDT": 100_000}).items()}
        self.exchange = Exchange(listed, balances, Rules(**rules))

    def heard(self) -> list[AnyEvent]:
        reports = list(self.exchange.reports)
        self.exchange.reports.clear()
        return reports

    def ask(self, action: Action, ts: int) -> list[AnyEvent]:
        self.exchange.request(action, ts)
        return self.heard()

    def see(self, *events: AnyEvent) -> list[AnyEvent]:
        for event in events:
            self.exchange.market(event, event.ts)
        return self.heard()

    def qty(self, pos_side: PosSide = PosSide.NET) -> Decimal:
        return sum((p.qty for p in self.exchange.positions() if p.pos_side is pos_side), D(0))


def only(reports: Iterable[AnyEvent], kind: type[E]) -> list[E]:
    return [r for r in reports if isinstance(r, kind)]


def trades(reports: Iterable[AnyEvent]) -> list[tuple[str, str]]:
    """(price, quantity) of the fills, as text."""
    return [(str(f.price), str(f.qty)) for f in only(reports, Fill)]


def names(reports: Iterable[AnyEvent]) -> list[str]:
    return [type(r).__name__ for r in reports]


def drain(world: World, deadline: int = 0) -> list[AnyEvent]:
    """Everything that is still to come."""
    found = []
    while (event := world.next(deadline)) is not None:
        found.append(event)
    return found
