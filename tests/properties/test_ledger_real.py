"""Six real years of hourly bars with their real funding: ema_trend trades them, and no decimal is lost."""

from decimal import Decimal
from itertools import count
from math import isnan
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cockpit.core.book import Book
from cockpit.core.events import Bar, Fill, FundingPaid
from cockpit.core.ledger import Ledger
from cockpit.core.types import Instrument, Kind, MarginMode, Side, exact
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.strategies.ema_trend import EmaTrend, Params

D = Decimal
HOUR = 3_600_000
PERP = Instrument(
    symbol="binance:BTCUSDT",
    kind=Kind.LINEAR,
    base="BTC",
    quote="USDT",
    settle="USDT",
    tick=D("0.1"),
    lot=D("0.001"),
    min_qty=D("0.001"),
)


class Run:
    """Fills at the next open, stops and takes at their price or the gap; a tally beside the ledger."""

    def __init__(self) -> None:
        self.ledger = Ledger(margin_mode=MarginMode.ISOLATED, balances={"USDT": D(10_000)})
        self.ledger.set_leverage(PERP, D(3))
        self.view, self.want = View(PERP, Book()), Want()
        self.strategy = EmaTrend.create(Params())
        self.ids = count(1)
        self.expected = D(10_000)
        self.fills = 0

    def equity(self, price: Decimal) -> Decimal:
        return self.ledger.equity({PERP.symbol: PERP}, {PERP.symbol: price}, "USDT")

    def fill(self, qty: Decimal, price: float, ts: int) -> None:
        side = Side.BUY if qty > 0 else Side.SELL
        worth = abs(qty) * exact(price)
        fee = (worth * PERP.taker_fee).quantize(D("1e-8"))
        cash = (
            ts,
            "c",
            "v",
            str(next(self.ids)),
            PERP.symbol,
            side,
            exact(price),
            abs(qty),
            fee,
            "USDT",
            False,
        )
        fill = Fill(*cash)
        assert self.ledger.apply_fill(fill, PERP, "ema_trend@1") is not None
        self.expected -= side.sign * worth + fee
        self.view.position = float(self.ledger.sleeve_qty("ema_trend@1"))
        self.strategy.on_fill(fill, self.view, self.want)
        self.fills += 1

    def follow(self, open_: float, ts: int) -> None:
        weight, held = self.want.weight, self.ledger.net_qty(PERP.symbol)
        if isnan(weight) or not self.want.dirty:
            return
        self.want.dirty = False
        size = PERP.qty_for(abs(weight) * float(self.equity(exact(open_))), open_)
        change = (size if weight > 0 else -size) - held
        if change:
            self.fill(change, open_, ts)

    def protect(self, bar: Bar) -> None:
        held, stop, take = self.ledger.net_qty(PERP.symbol), self.want.stop, self.want.take
        if held > 0 and bar.low <= stop:
            self.fill(-held, min(stop, bar.open), bar.ts)
        elif held > 0 and bar.high >= take:
            self.fill(-held, max(take, bar.open), bar.ts)
        elif held < 0 and bar.high >= stop:
            self.fill(-held, max(stop, bar.open), bar.ts)
        elif held < 0 and bar.low <= take:
            self.fill(-held, min(take, bar.open), bar.ts)

    def fund(self, rate: float | None, price: float, ts: int) -> None:
        held = self.ledger.net_qty(PERP.symbol)
        if rate is None or not held:
            return
        amount = (-held * exact(price) * exact(rate)).quantize(D("1e-8"))
        paid = FundingPaid(ts, PERP.symbol, amount, "USDT", exact(rate), f"f{ts}")
        assert self.ledger.apply_funding(paid, PERP)
        self.expected += amount

    def check(self, price: float) -> None:
        held = self.ledger.net_qty(PERP.symbol)
        assert self.equity(exact(price)) == self.expected + held * exact(price)
        assert self.ledger.discrepancies() == []
        assert self.ledger.opening("USDT") == 10_000


@pytest.mark.shared
def test_six_years_of_hours_add_up(shared: Path) -> None:
    only = [("symbol", "==", "BTCUSDT")]
    market = shared / "market"
    bars = pq.read_table(market / "ohlcv" / "binance_perp_1h_long.parquet", filters=only).to_pylist()
    rows = pq.read_table(market / "funding" / "binance_funding.parquet", filters=only).to_pylist()
    rates = {row["ts_ms"] // HOUR: row["funding_rate"] for row in rows}
    run = Run()
    for row in bars:
        ts = row["ts_ms"]
        o, h, k, c, v = (float(row[name]) for name in ("open", "high", "low", "close", "volume"))
        bar = Bar(ts + HOUR, PERP.symbol, HOUR, o, h, k, c, v)
        run.fund(rates.get(ts // HOUR), o, ts)
        run.follow(o, ts)
        run.protect(bar)
        run.strategy.on_bar(bar, run.view, run.want)
        run.check(c)
    assert run.fills > 1_000
    assert run.ledger.positions[f"{PERP.symbol}|net"].funding != 0
