"""Markets that break executors: gaps, wicks, equal prices, prices off the grid, odd fees and lots."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import strategies as st

from cockpit.core import events as ev
from cockpit.core.config import Config, RiskConfig, RunConfig, VenueConfig
from cockpit.core.types import Instrument, Kind, MarginTier

START = 1_704_067_200_000
GRIDS = {0.05: ("0.00001", "10"), 1.0: ("0.0001", "1"), 100.0: ("0.01", "0.01"), 64_000.0: ("0.1", "0.001")}


@st.composite
def instruments(draw: Any) -> tuple[Instrument, float]:
    """An instrument and the price around which it trades."""
    kind = draw(st.sampled_from((Kind.LINEAR, Kind.LINEAR, Kind.INVERSE, Kind.SPOT)))
    price = draw(st.sampled_from(tuple(GRIDS)))
    tick, lot = (Decimal(text) for text in GRIDS[price])
    tick *= draw(st.sampled_from((1, 1, 5, 25)))
    value = Decimal(1)
    if kind is Kind.LINEAR:
        value = draw(st.sampled_from([Decimal(1), Decimal("0.01"), Decimal("0.1")]))
    elif kind is Kind.INVERSE:
        lot, value = Decimal(1), draw(st.sampled_from([Decimal(10), Decimal(100)]))
    tiers: tuple[MarginTier, ...] = ()
    if kind is not Kind.SPOT and draw(st.booleans()):
        tiers = (
            MarginTier(lot * 1_000, Decimal("0.004"), Decimal(50)),
            MarginTier(lot * 10_000_000, Decimal("0.01"), Decimal(20)),
        )
    return (
        Instrument(
            "lab:COIN-USDT", kind, "COIN", "USDT", "COIN" if kind is Kind.INVERSE else "USDT", tick, lot,
            lot * draw(st.sampled_from((1, 1, 5))), value,
            min_notional=draw(st.sampled_from([Decimal(0), Decimal(0), Decimal(5)])),
            max_qty=lot * draw(st.sampled_from((0, 0, 0, 400))),
            taker_fee=Decimal(draw(st.sampled_from(("0.0005", "0.001", "-0.0001", "0")))),
            price_band=draw(st.sampled_from([Decimal(0), Decimal(0), Decimal("0.05")])),
            tiers=tiers,
        ),
        price,
    )  # fmt: skip


@st.composite
def configs(draw: Any, instrument: Instrument) -> Config:
    """Money, distance and limits."""
    inverse = instrument.kind is Kind.INVERSE
    equity = draw(st.sampled_from((10_000.0, 1_234.56, 73.1, 1e6 / 3)))
    return Config(
        run=RunConfig(equity=equity / 1_000 if inverse else equity, currency="COIN" if inverse else "USDT"),
        risk=RiskConfig(
            max_notional=draw(st.sampled_from((20_000.0, 500.0, 1e9))),
            max_leverage=draw(st.sampled_from((3.0, 0.5))),
            max_orders_per_minute=draw(st.sampled_from((120, 120, 4))),
        ),
        venue=VenueConfig(
            feed_latency_ms=draw(st.sampled_from((0, 10, 10, 700))),
            order_latency_ms=draw(st.sampled_from((0, 20, 20, 2_500))),
            report_latency_ms=draw(st.sampled_from((0, 10, 10, 1_500))),
            leverage=draw(st.sampled_from((1.0, 3.0, 3.0, 10.0))),
            slippage_ticks=draw(st.sampled_from((0, 1, 1, 7))),
        ),
    )


class Shape(msgspec.Struct, frozen=True):
    """A market in a few numbers: small enough for hypothesis to print and to make smaller."""

    seed: int
    tf: int
    count: int
    sigma: float = 0.002
    gap: float = 0.0
    """Chance that bars are missing."""
    wick: float = 0.0
    """Chance of a huge wick."""
    still: float = 0.0
    """Chance that nothing happens."""
    jump: float = 0.0
    """Chance that a bar opens elsewhere."""
    off_grid: bool = False
    every: int = 0
    """Between settlements (ms); 0 = none."""
    lead: int = 0
    """How long before its settlement a rate is told."""
    first: bool = True
    """Rates come before the bar of their instant."""

    def events(self, instrument: Instrument, price: float) -> list[Any]:
        """Bars with funding among them, in the order of a tape."""
        rng = random.Random(self.seed)
        grid = 0.0 if self.off_grid else float(instrument.tick)
        bars = _bars(rng, instrument.symbol, self, price, grid)
        if instrument.kind is Kind.SPOT or not self.every:
            return list(bars)
        return _with_rates(rng, bars, instrument.symbol, self)


@st.composite
def shapes(draw: Any, most: int = 260) -> Shape:
    """Any of them."""
    tf = draw(st.sampled_from((3_600_000, 300_000, 60_000)))
    every = draw(st.sampled_from((0, 8, 1, 3))) * max(tf, 3_600_000)
    return Shape(
        seed=draw(st.integers(0, 1 << 30)), tf=tf, count=draw(st.integers(1, most)),
        sigma=draw(st.sampled_from((0.002, 0.01, 0.04))),
        gap=draw(st.sampled_from((0.0, 0.0, 0.05))),
        wick=draw(st.sampled_from((0.0, 0.02, 0.2))),
        still=draw(st.sampled_from((0.0, 0.1, 0.9))),
        jump=draw(st.sampled_from((0.0, 0.0, 0.3))),
        off_grid=draw(st.integers(0, 4)) == 4,
        every=every, lead=draw(st.sampled_from((0, 0, every // 2, -tf // 2))), first=draw(st.booleans()),
    )  # fmt: skip


def _bars(rng: random.Random, symbol: str, shape: Shape, price: float, grid: float) -> list[ev.Bar]:
    def on(x: float) -> float:
        x = max(x, price / 50)
        return round(round(x / grid) * grid, 10) if grid else x

    ts, close, found, tf = START, price, [], shape.tf
    for _ in range(shape.count):
        ts += tf
        while rng.random() < shape.gap:
            ts += tf * rng.randint(1, 4)
        begin = close * (1 + rng.gauss(0, shape.sigma)) if rng.random() < shape.jump else close
        end = begin if rng.random() < shape.still else begin * (1 + rng.gauss(0, shape.sigma))
        reach = [shape.sigma / 3] * 2
        if rng.random() < shape.wick:
            reach[rng.randint(0, 1)] = shape.sigma * rng.uniform(2, 8)
        high = max(begin, end) * (1 + abs(rng.gauss(0, reach[0])))
        low = min(begin, end) * (1 - min(0.9, abs(rng.gauss(0, reach[1]))))
        row = [on(x) for x in (begin, high, low, end)]
        row[1], row[2] = max(row), min(row)
        found.append(ev.Bar(ts, symbol, tf, *row, rng.choice((0.0, 1.0, rng.uniform(1, 100)))))
        close = row[3]
    return found


def _with_rates(rng: random.Random, bars: list[ev.Bar], symbol: str, shape: Shape) -> list[Any]:
    rows: list[tuple[int, int, Any]] = [(bar.ts, 1, bar) for bar in bars]
    at = START + shape.every
    while at <= bars[-1].ts:
        rate = rng.choice((0.0, 0.0001, -0.00013, rng.gauss(0, 3e-4)))
        told = max(START, at - shape.lead)
        rows.append((told, 0 if shape.first else 2, ev.FundingRate(told, symbol, rate, at, shape.lead <= 0)))
        at += shape.every
    rows.sort(key=lambda row: row[:2])
    return [event for _, _, event in rows]
