"""The venue on recorded markets: an hour of Coinbase depth, and two years of Binance hourly bars with marks
and funding, traded through every wild week they had."""

from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from cockpit.core.book import Book
from cockpit.core.events import (
    Ack,
    AnyEvent,
    Bar,
    BookDelta,
    BookSnapshot,
    Cancelled,
    Fill,
    FillKind,
    FundingPaid,
    FundingRate,
    Mark,
    Transfer,
)  # fmt: skip
from cockpit.core.intents import Cancel
from cockpit.core.ledger import Ledger
from cockpit.core.matching import Exchange, Latency, Rules, World
from cockpit.core.orders import OrderKind as K
from cockpit.core.types import Instrument, Kind, Side
from tests.core.matching.build import BUY, SELL, D, only, place

pytestmark = pytest.mark.shared

COIN = Instrument(
    "coinbase:BTC-USD", Kind.SPOT, "BTC", "USD", "USD", D("0.01"), D("0.0001"), D("0.0001"),
    taker_fee=D("0.001"), maker_fee=D(0),
)  # fmt: skip
PERP = Instrument("binance:BTCUSDT", Kind.LINEAR, "BTC", "USDT", "USDT", D("0.01"), D("0.001"), D("0.001"))
ROWS = 90_000


@pytest.fixture(scope="module")
def depth(shared: Path) -> list[AnyEvent]:
    import pyarrow.parquet as pq

    table = pq.read_table(shared / "market/books/coinbase_btcusd_l2_2018-04-24.parquet").slice(0, ROWS)
    sides: dict[str, list[tuple[float, float]]] = {"bid": [], "ask": []}
    tape: list[AnyEvent] = []
    for row in table.to_pylist():
        if row["type"] == "snapshot":
            sides[row["side"]].append((row["price"], row["size"]))
            continue
        ts, level = row["ts_ms"], ((row["price"], row["size"]),)
        if not tape:
            tape.append(BookSnapshot(ts, COIN.symbol, ts, tuple(sides["bid"]), tuple(sides["ask"])))
        bid = row["side"] == "bid"
        tape.append(BookDelta(ts, COIN.symbol, ts, level if bid else (), () if bid else level))
    return tape


def make_market(tape: list[AnyEvent], queue: str) -> tuple[Exchange, list[Fill]]:
    """Quotes both sides at the touch and takes now and then; asserts what must hold for each taker fill."""
    cash = {"USD": D(200_000), "BTC": D(20)}
    exchange = Exchange({COIN.symbol: COIN}, cash, Rules(queue=queue), seed=1)
    world = World(iter(tape), exchange, Latency.constant(20, 30, 20), seed=1)
    ours, there, fills = Book(), Book(), []
    at_venue = iter(tape)
    ahead = next(at_venue, None)
    n, open_orders = 0, set()
    while (event := world.next()) is not None:
        if isinstance(event, BookSnapshot | BookDelta):
            follow(ours, event)
            n += 1
            if n % 400 == 0 and ours.ok:
                for cid in open_orders:
                    world.submit(Cancel(cid, COIN.symbol, "move"), world.now)
                for side, price in ((BUY, ours.best_bid), (SELL, ours.best_ask)):
                    order = place(f"q{n}{side}", side, "0.05", price, K.POST_ONLY, symbol=COIN.symbol)
                    world.submit(order, world.now)
            if n % 3000 == 0:
                world.submit(place(f"t{n}", BUY if n % 2000 else SELL, "1.5", symbol=COIN.symbol), world.now)
        elif isinstance(event, Ack):
            open_orders.add(event.cid)
        elif isinstance(event, Cancelled):
            open_orders.discard(event.cid)
        elif isinstance(event, Fill):
            fills.append(event)
            if not event.maker:
                # The venue's book at the very instant of the fill: 20 ms of reporting ago.
                while ahead is not None and ahead.ts <= event.ts - 20:
                    follow(there, ahead)
                    ahead = next(at_venue, None)
                shown = dict(there.levels(event.side.opposite, 500))
                best = there.best_ask if event.side is BUY else there.best_bid
                assert (float(event.price) - best) * event.side.sign >= -1e-9
                assert float(event.price) in shown
    return exchange, fills


def follow(book: Book, event: AnyEvent) -> None:
    if isinstance(event, BookSnapshot):
        book.apply_snapshot(event.bids, event.asks, 0, event.ts)
    elif isinstance(event, BookDelta):
        book.apply_delta(event.bids, event.asks, 0, -1, event.ts)


def test_an_hour_of_depth(depth: list[AnyEvent]) -> None:
    exchange, fills = make_market(depth, "risk_averse")
    again, _ = make_market(depth, "risk_averse")
    assert again.export() == exchange.export()
    makers = [f for f in fills if f.maker]
    takers = defaultdict(Decimal)
    for fill in fills:
        if not fill.maker:
            takers[fill.cid] += fill.qty
    assert len(makers) > 20
    assert len(takers) > 20
    assert max(takers.values()) == D("1.5")
    held = D(20) + sum(f.qty * f.side.sign - (f.fee if f.fee_ccy == "BTC" else 0) for f in fills)
    assert exchange.balances()["BTC"] == held


@pytest.fixture(scope="module")
def hourly(shared: Path) -> list[AnyEvent]:
    import pyarrow.parquet as pq

    def rows(name: str) -> list[dict[str, float]]:
        span = [
            ("symbol", "==", "BTCUSDT"),
            ("ts_ms", ">=", 1_577_836_800_000),
            ("ts_ms", "<", 1_640_995_200_000),
        ]
        return pq.read_table(shared / f"market/{name}.parquet", filters=span).to_pylist()

    hour = 3_600_000
    tape: list[AnyEvent] = [
        Bar(r["ts_ms"] + hour, PERP.symbol, hour, r["open"], r["high"], r["low"], r["close"], r["volume"])
        for r in rows("ohlcv/binance_perp_1h_long")
    ]
    tape += [Mark(r["ts_ms"] + hour, PERP.symbol, r["close"]) for r in rows("mark/binance_mark_1h")]
    tape += [
        FundingRate(r["ts_ms"], PERP.symbol, r["funding_rate"], r["ts_ms"], True)
        for r in rows("funding/binance_funding")
    ]
    return sorted(tape, key=lambda event: event.ts)


@pytest.mark.parametrize("leverage", [3, 50])
def test_two_years_of_bars_marks_and_funding(hourly: list[AnyEvent], leverage: int) -> None:
    """Breakout both ways, a bracket on every position; at 50x the venue takes some of them away."""
    cash = {"USDT": D(20_000)}
    exchange = Exchange({PERP.symbol: PERP}, cash, Rules(leverage=D(leverage)))
    world = World(iter(hourly), exchange, Latency.constant(0, 50, 50))
    ledger, n, last = Ledger(balances=dict(cash)), 0, 0
    while (event := world.next()) is not None:
        assert event.ts >= last
        last = event.ts
        if isinstance(event, Fill):
            ledger.apply_fill(event, PERP, "s@1")
        elif isinstance(event, FundingPaid):
            ledger.apply_funding(event, PERP)
        elif isinstance(event, Transfer):
            ledger.apply_transfer(event)
        elif isinstance(event, Bar):
            n += 1
            if n % 30 == 0:
                side = BUY if event.close > event.open else SELL
                equity = exchange.equity("USDT")
                if equity < 2_000:
                    exchange.transfer("USDT", D(10_000), world.now)
                size = PERP.qty(float(equity) * 0.9 * leverage / event.close)
                world.submit(place(f"e{n}", side, size, symbol=PERP.symbol), world.now)
            elif n % 30 == 1:
                protect(world, exchange, n)
    assert ledger.balances.get("USDT", D(0)) == exchange.balances().get("USDT", D(0))
    kinds = [f.kind for f in exchange.fills]
    assert len(kinds) > 100
    assert (FillKind.LIQUIDATION in kinds) == (leverage == 50)
    assert len(only(exchange.bills, FundingPaid)) > 100
    assert len({f.trade_id for f in exchange.fills}) == len(kinds)


def protect(world: World, exchange: Exchange, n: int) -> None:
    for position in exchange.positions():
        side = SELL if position.qty > 0 else BUY
        away = position.entry * D("0.03") * side.sign
        stop, take = PERP.price(position.entry + away), PERP.price(position.entry - 2 * away)
        world.submit(
            place(
                f"o{n}", Side(side), abs(position.qty), kind=K.OCO, trigger=stop, take=take,
                reduce_only=True, symbol=PERP.symbol,
            ),
            world.now,
        )  # fmt: skip
