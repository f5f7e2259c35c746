"""Order-book markets that break executors: gaps, crosses, touches, trades through levels."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import strategies as st

from cockpit.core import events as ev
from cockpit.core.config import Config, RiskConfig, RunConfig, VenueConfig
from cockpit.core.types import Instrument, Kind, MarginTier, Side
from tests.benchmarks.joiner import SWAP

START = 1_704_067_200_000
SYMBOL, OTHER = "lab:COIN-USDT", "lab:ELSE-USDT"


class Shape(msgspec.Struct, frozen=True):
    """How a market behaves; chances are parts of 1000."""

    seed: int = 1
    count: int = 400
    gap: int = 4
    cross: int = 3
    touch: int = 0
    whole: int = 6
    trade: int = 250
    mark: int = 0
    funding: int = 0
    other: int = 0
    still: int = 300
    """Events of the same instant."""
    thick: int = 6
    jump: int = 40
    gentle: bool = False
    """Levels change by a little, and trades are nearly always at the touch."""
    inside: int = 0
    """Changes that show a single level, between the best ones."""

    def events(self, instrument: Instrument, price: float) -> list[ev.AnyEvent]:
        """The market."""
        return Maker(self, instrument, price).made()


class Maker:
    """Makes one."""

    def __init__(self, shape: Shape, instrument: Instrument, price: float) -> None:
        self.shape = shape
        self.rng = random.Random(shape.seed)
        self.tick, self.lot = instrument.tick, instrument.lot
        self.middle = max(20, int(Decimal(repr(price)) / self.tick))
        self.ts = START
        self.seq = 100
        self.lone = 0
        self.sizes: dict[int, int] = {}
        self.out: list[ev.AnyEvent] = [ev.Listing(START, instrument)]

    def price(self, ticks: int) -> float:
        return float(self.tick * ticks)

    def qty(self, least: int = 1) -> float:
        return float(self.lot * self.rng.randint(least, self.shape.thick * 10))

    def size(self, ticks: int) -> float:
        """What a level shows now; in a gentle market a little more or less than before."""
        if not self.shape.gentle:
            return self.qty()
        before = self.sizes.get(ticks, self.rng.randint(60, 120))
        self.sizes[ticks] = now = max(1, before + self.rng.randint(-14, 10))
        return float(self.lot * now)

    def hit(self, chance: int) -> bool:
        return self.rng.randrange(1000) < chance

    def levels(self, sign: int, n: int) -> tuple[tuple[float, float], ...]:
        return tuple(
            (self.price(self.middle + sign * (1 + at)), self.size(self.middle + sign * (1 + at)))
            for at in range(n)
        )

    def made(self) -> list[ev.AnyEvent]:
        shape = self.shape
        self.snapshot(SYMBOL)
        for _ in range(shape.count):
            if not self.hit(shape.still):
                self.ts += self.rng.choice((1, 7, 40, 130, 900))
            for chance, make in (
                (shape.whole, self.snapshot), (shape.trade, self.trade), (shape.touch, self.touch),
                (shape.mark, self.mark), (shape.funding, self.funding), (shape.other, self.other),
            ):  # fmt: skip
                if self.hit(chance):
                    make(SYMBOL)
                    break
            else:
                self.delta(SYMBOL)
        return self.out

    def snapshot(self, symbol: str) -> None:
        self.seq += 3
        bids, asks = self.levels(-1, 8), self.levels(1, 8)
        self.out.append(ev.BookSnapshot(self.ts, symbol, self.ts, bids, asks, self.seq))

    def delta(self, symbol: str) -> None:
        before, self.seq = self.seq, self.seq + self.rng.randint(1, 5)
        if self.hit(self.shape.jump):
            self.middle = max(20, self.middle + self.rng.choice((-2, -1, 1, 2)))
        if self.shape.inside and self.hit(self.shape.inside):
            lone = ((self.price(self.middle), self.size(self.middle)),)
            self.lone = self.lone or self.rng.choice((-1, 1))  # one of each would be a crossed book
            sides: list[tuple[tuple[float, float], ...]] = [lone, ()] if self.lone < 0 else [(), lone]
            self.out.append(ev.BookDelta(self.ts, symbol, self.ts, sides[0], sides[1], self.seq, before))
            return
        self.lone = 0
        sides = []
        for sign in (-1, 1):
            rows: list[tuple[float, float]] = []
            for _ in range(self.rng.randrange(4)):
                at = self.middle + sign * self.rng.randint(-1 if self.hit(150) else 1, 6)
                rows.append(
                    (self.price(at), 0.0 if self.hit(30 if self.shape.gentle else 300) else self.size(at))
                )
            # what the middle has passed is gone
            rows += [(self.price(self.middle - sign * step), 0.0) for step in range(3)]
            if self.hit(60):
                rows.append((self.price(self.middle + sign * 2), float(self.lot) * 0.3))
            sides.append(tuple(rows))
        if self.hit(self.shape.cross):
            sides[0] = (*sides[0], (self.price(self.middle + 3), self.qty()))
        prev = before - 1 if self.hit(self.shape.gap) else -1 if self.hit(100) else before
        self.out.append(ev.BookDelta(self.ts, symbol, self.ts, sides[0], sides[1], self.seq, prev))

    def trade(self, symbol: str) -> None:
        side = self.rng.choice((Side.BUY, Side.SELL))
        deep = self.rng.choice((0, 1, 1, 1, 1, 1, 1, 1, 2, 3) if self.shape.gentle else (0, 0, 1, 1, 1, 2, 3))
        ticks = self.middle + side.sign * deep
        size = float(self.lot * self.rng.randint(1, 30)) if self.shape.gentle else self.qty()
        self.out.append(ev.Trade(self.ts, symbol, self.ts, self.price(ticks), size, side, ""))

    def touch(self, symbol: str) -> None:
        bid, ask = self.middle - self.rng.randint(1, 2), self.middle + self.rng.randint(1, 2)
        if self.hit(20):
            bid = ask
        gone = 0.0 if self.hit(30) else self.price(bid)
        self.out.append(ev.Touch(self.ts, symbol, self.ts, gone, self.qty(), self.price(ask), self.qty()))

    def mark(self, symbol: str) -> None:
        index = self.price(self.middle + self.rng.choice((-3, 0, 0, 3))) if self.hit(300) else 0.0
        wild = self.rng.choice((0, 0, 0, 1, -1, 4, -4))
        self.out.append(ev.Mark(self.ts, symbol, self.price(self.middle + wild) * 1.0001, index))

    def funding(self, symbol: str) -> None:
        due = self.ts + self.rng.choice((-500, 0, 300, 2_000))
        rate = self.rng.choice((1e-4, -3e-4, 0.0))
        self.out.append(ev.FundingRate(self.ts, symbol, rate, due, self.hit(300)))

    def other(self, symbol: str) -> None:
        keep, self.seq = self.seq, self.seq
        self.rng.choice((self.trade, self.snapshot, self.mark, self.idle))(OTHER)
        self.seq = keep

    def idle(self, symbol: str) -> None:
        self.out.append(ev.OpenInterest(self.ts, symbol, 12.5))


def touched() -> list[ev.AnyEvent]:
    """A market whose touch moves often; now and then somebody trades there."""
    bid = 10_000
    found: list[ev.AnyEvent] = [ev.Listing(START, SWAP)]
    for at in range(4_000):
        bid += (at * 7_919 % 11 == 0) - (at * 104_729 % 13 == 0)
        ts = START + 40 * at
        bids = tuple(((bid - n) / 10, 5.0) for n in range(3))
        asks = tuple(((bid + 1 + n) / 10, 5.0) for n in range(3))
        found.append(ev.BookSnapshot(ts, SWAP.symbol, ts, bids, asks, at + 1))
        if at % 50 == 49:
            found.append(ev.Trade(ts, SWAP.symbol, ts, bid / 10, 8.0, Side.SELL))
    return found


GRIDS = {0.05: ("0.00001", "10"), 1.0: ("0.0001", "1"), 100.0: ("0.01", "0.01"), 64_000.0: ("0.1", "0.001")}


@st.composite
def instruments(draw: Any) -> tuple[Instrument, float]:
    """An instrument and the price around which it trades."""
    kind = draw(st.sampled_from((Kind.LINEAR, Kind.LINEAR, Kind.LINEAR, Kind.INVERSE, Kind.SPOT)))
    price = draw(st.sampled_from(tuple(GRIDS)))
    tick, lot = (Decimal(text) for text in GRIDS[price])
    value = Decimal(1)
    if kind is Kind.LINEAR:
        value = draw(st.sampled_from([Decimal(1), Decimal("0.01")]))
    elif kind is Kind.INVERSE:
        lot, value = Decimal(1), Decimal(10)
    tiers = (MarginTier(lot * 1_000_000, Decimal("0.004"), Decimal(50)),) if draw(st.booleans()) else ()
    return Instrument(
        SYMBOL, kind, "COIN", "USDT", "COIN" if kind is Kind.INVERSE else "USDT", tick, lot, lot, value,
        maker_fee=Decimal(draw(st.sampled_from(("0", "-0.0001", "0.0002")))),
        taker_fee=Decimal("0.0005"), tiers=tiers if kind is not Kind.SPOT else (),
        price_band=draw(st.sampled_from([Decimal(0), Decimal("0.05")])),
    ), price  # fmt: skip


@st.composite
def shapes(draw: Any) -> Shape:
    """A market of a few hundred events."""
    some = st.sampled_from((0, 0, 30, 200))
    return Shape(
        seed=draw(st.integers(0, 1 << 30)), count=draw(st.sampled_from((60, 300, 700))),
        gap=draw(st.sampled_from((0, 2, 20))), cross=draw(st.sampled_from((0, 2, 10))), touch=draw(some),
        whole=draw(st.sampled_from((0, 6, 60))), trade=draw(st.sampled_from((0, 100, 400))), mark=draw(some),
        funding=draw(st.sampled_from((0, 0, 20))), other=draw(some),
        still=draw(st.sampled_from((0, 300, 900))),
        thick=draw(st.sampled_from((1, 6, 100))), jump=draw(st.sampled_from((0, 40, 300))),
        gentle=draw(st.booleans()), inside=draw(st.sampled_from((0, 0, 60))),
    )  # fmt: skip


@st.composite
def configs(draw: Any, instrument: Instrument) -> Config:
    """Money, distance, queue and limits."""
    inverse = instrument.kind is Kind.INVERSE
    equity = draw(st.sampled_from((10_000.0, 1_234.56, 1e6 / 3)))
    way = st.sampled_from((0, 0, 3, 20, 700))
    return Config(
        run=RunConfig(
            equity=equity / 100 if inverse else equity, currency="COIN" if inverse else "USDT",
            seed=draw(st.integers(0, 1 << 31)),
        ),
        risk=RiskConfig(
            max_notional=draw(st.sampled_from((1e9, 500.0))),
            max_latency_ms=draw(st.sampled_from((0, 0, 30))),
            min_depth=draw(st.sampled_from((0.0, 0.0, 3.0))), stale_ms=draw(st.sampled_from((5_000, 150))),
            max_orders_per_second=draw(st.sampled_from((5, 1_000))), max_orders_per_minute=100_000,
            max_entries=0, min_confidence=0.0, stop_price=draw(st.sampled_from(("mark", "last", "index"))),
        ),
        venue=VenueConfig(
            feed_latency_ms=draw(way), order_latency_ms=draw(way), report_latency_ms=draw(way),
            latency_jitter_ms=draw(st.sampled_from((0, 0, 30))),
            queue=draw(st.sampled_from(("risk_averse", "power", "power2", "power3", "log", "log2", "front"))),
            queue_power=draw(st.sampled_from((1.0, 2.5, 3.0))),
            cancel_failure=draw(st.sampled_from((0.0, 0.0, 0.2))),
            margin_mode=draw(st.sampled_from(("cross", "cross", "isolated"))),
            self_trade=draw(st.sampled_from(("cancel_maker", "cancel_taker", "cancel_both"))),
        ),
    )  # fmt: skip
