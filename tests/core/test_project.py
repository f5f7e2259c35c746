"""Frames: what a person reads is what is true, and drawing costs the stream nothing."""

from __future__ import annotations

from decimal import Decimal
from math import isnan, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core import events as ev
from cockpit.core.config import RiskConfig
from cockpit.core.frames import FRAME_DECODER, FRAME_ENCODER, Frame, Health
from cockpit.core.past import HOUR
from cockpit.core.project import EVENTS, FILLS, TAPE, Projector
from cockpit.core.tails import CANDLES, Candles
from cockpit.core.turn import NOTHING
from cockpit.core.types import Instrument, PositionMode, PosSide, Side
from tests.core.stand import INVERSE, LINEAR, SPOT, D, Stand, loose_rules, places


class Watched(Stand):
    """A stand that is looked at."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.eye: Projector | None = None
        super().__init__(*args, **kwargs)
        self.eye = Projector(self.engine, mode="PRACTICE", venue="sim", limits=RiskConfig())

    def tell(self, event: ev.AnyEvent) -> Any:
        actions = super().tell(event)
        if self.eye is not None:
            self.eye.observe(event, self.outcome)
        return actions

    def frame(self, later: int = 0) -> Frame:
        assert self.eye is not None
        return self.eye.frame(self.now + later, 0, Health())

    def book(self, bids: list[tuple[float, float]], asks: list[tuple[float, float]]) -> None:
        self.tell(ev.BookSnapshot(self.now, self.symbol, self.now, tuple(bids), tuple(asks), 1))


def brute_force(stand: Watched, instrument: Instrument) -> float:
    """Sell (buy) contract by contract into the visible book, in exact fractions, and count the money."""
    position = next(b for b in stand.state.ledger.sleeve_books("p1") if b.qty)
    market = stand.engine.markets[stand.symbol]
    side = Side.BUY if position.qty > 0 else Side.SELL
    left = abs(position.qty)
    worth = Decimal(0)
    for price, size in market.book.levels(side, 1000):
        take = min(left, D(repr(size)))
        left -= take
        worth += instrument.notional(take, D(repr(price)))
    if left:
        return nan
    fee = worth * instrument.taker_fee
    sign = 1 if position.qty > 0 else -1
    if instrument is INVERSE:
        return float(position.cost - sign * worth - fee)
    return float(sign * worth - position.cost - fee)


levels = st.lists(st.tuples(st.integers(1, 80), st.integers(1, 40)), min_size=1, max_size=8)


@pytest.mark.parametrize("instrument", [LINEAR, INVERSE], ids=["linear", "inverse"])
@given(bids=levels, asks=levels, qty=st.integers(-90, 90).filter(bool), entry=st.integers(50, 200))
def test_exit_pnl_is_the_book_walked_and_the_fee_paid(
    instrument: Instrument, bids: Any, asks: Any, qty: int, entry: int
) -> None:
    stand = Watched(instrument, SPOT)
    stand.tell(ev.Mark(stand.now, SPOT.symbol, 200.0, 200.0))
    (place,) = places(stand.want(qty))
    stand.fill(place.cid, price=entry)
    stand.book([(100.0 - n / 10, float(s)) for n, s in bids], [(100.0 + n / 10, float(s)) for n, s in asks])
    (row,) = stand.frame().positions
    expected = brute_force(stand, instrument) * (200 if instrument is INVERSE else 1)
    assert row.exit_pnl == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_exit_pnl_is_unknown_while_the_book_is_not_to_be_trusted() -> None:
    stand = Watched()
    stand.holding(5)
    stand.book([(99.0, 50.0)], [(101.0, 50.0)])
    assert not isnan(stand.frame().positions[0].exit_pnl)
    stand.tell(ev.BookDelta(stand.now, stand.symbol, 0, ((98.0, 1.0),), (), 9, 8))  # a gap
    assert isnan(stand.frame().positions[0].exit_pnl)


def test_without_any_book_the_price_is_all_there_is() -> None:
    stand = Watched()
    stand.holding(5)
    stand.engine.markets[stand.symbol].book.clear()
    assert stand.frame().positions[0].exit_pnl == pytest.approx(-5 * 0.01 * 100 * 0.0005)


def test_long_and_short_rows_are_each_their_own() -> None:
    stand = Watched(mode=PositionMode.HEDGE)
    stand.fill("ckt001000000500", 5, price=90, pos_side=PosSide.LONG, side=Side.BUY)
    stand.fill("ckt001000000501", 3, price=110, pos_side=PosSide.SHORT, side=Side.SELL)
    stand.book([(100.0, 50.0)], [(100.1, 50.0)])
    long, short = stand.frame().positions
    assert long.exit_pnl == pytest.approx(5 * 0.01 * 10 - 5 * 0.01 * 100 * 0.0005)
    assert short.exit_pnl == pytest.approx(3 * 0.01 * 9.9 - 3 * 0.01 * 100.1 * 0.0005)


def test_the_stop_letters_tell_armed_local_missing_and_unused() -> None:
    stand = Watched()
    stand.holding(5)
    (only,) = stand.frame().positions[0].layers
    assert (only.letter, only.state, only.name) == ("H", "unused", "venue")

    def hard() -> tuple[str, float, float]:
        layer = stand.frame().positions[0].layers[0]
        return layer.state, layer.price, round(layer.distance, 6)

    (stop,) = places(stand.want(5, stop=90.0))
    assert hard() == ("local", 90.0, 0.1), "decided, not confirmed"
    stand.ack(stop.cid)
    assert hard() == ("armed", 90.0, 0.1)
    stand.place_and_fill(stand.want(7, stop=90.0)[:1])
    assert hard()[0] == "local", "covers five of seven"
    stand.cancelled(stop.cid, "venue")
    for order in stand.alive():
        stand.reject(order.cid)
    assert hard()[0] == "missing"


def test_money_on_the_frame_adds_up() -> None:
    stand = Watched()
    stand.holding(500)
    stand.see(110.0)
    frame = stand.frame()
    assert frame.equity == pytest.approx(frame.cash + frame.unrealised)
    assert frame.unrealised == pytest.approx(500 * 0.01 * 10)
    assert frame.equity == pytest.approx(100_000 + 50 - 5)
    assert frame.drawdown == 0.0
    stand.see(90.0)
    again = stand.frame()
    assert again.day_pnl == pytest.approx(-100)
    assert again.drawdown == pytest.approx(100 / frame.equity)


def test_money_that_goes_out_is_no_drawdown() -> None:
    stand = Watched()
    stand.holding(500)
    stand.see(110.0)
    assert stand.frame().drawdown == 0.0
    stand.tell(ev.Transfer(stand.now, "USDT", D(-60_000), "b1"))
    frame = stand.frame()
    assert frame.equity == pytest.approx(40_045)
    assert (frame.drawdown, frame.day_pnl) == (0.0, 0.0)


def test_every_stream_says_how_old_it_is_and_goes_stale_after_a_second() -> None:
    stand = Watched()
    stand.tell(ev.Bar(stand.now, stand.symbol, 5_000, 1, 2, 0.5, 1.5, 9))
    stand.tell(ev.Trade(stand.now, stand.symbol, 0, 100.0, 1.0, Side.BUY))
    stand.see(100.0)
    fresh = {s.name: (s.age, s.stale) for s in stand.frame(1_000).sources}
    assert fresh == dict.fromkeys(("bars", "trades", "mark", "book"), (1000, False))
    stale = {s.name: s.stale for s in stand.frame(1_001).sources}
    assert stale == {"bars": False, "trades": True, "mark": True, "book": True}
    assert {s.name: s.stale for s in stand.frame(6_001).sources}["bars"]
    stand.tell(ev.Link(stand.now, "market", False, "cut"))
    assert not any(s.up for s in stand.frame().sources)


@pytest.mark.parametrize("instrument", [LINEAR, INVERSE, SPOT], ids=["linear", "inverse", "spot"])
def test_the_forming_candle_counts_what_the_closed_one_will_count(instrument: Instrument) -> None:
    """Base units: a trade on a perpetual is told in contracts, and the column must not jump at the close."""
    stand = Watched(instrument)
    start = stand.now - stand.now % 5_000
    stand.tell(ev.Bar(start + 10, stand.symbol, 5_000, 100.0, 100.0, 100.0, 100.0, 3.0))
    stand.tell(ev.Trade(start + 2_000, stand.symbol, start + 1_900, 100.0, 7.0, Side.BUY))
    (rows,) = stand.frame().candles.values()
    face = float(instrument.contract_value)
    base = {LINEAR: 7 * face, INVERSE: 7 * face / 100.0, SPOT: 7.0}[instrument]
    assert [(row.ts - start, row.closed, row.volume) for row in rows] == [
        (-5_000, True, 3.0),
        (0, False, pytest.approx(base)),
    ]


def test_positions_carry_the_age_of_their_price() -> None:
    stand = Watched()
    stand.holding(5)
    assert stand.frame(700).positions[0].age == 700
    stand.engine.markets[stand.symbol].heard = 0
    assert stand.frame().positions[0].age == -1


def test_the_halt_is_shown_as_it_is() -> None:
    stand = Watched()
    assert stand.frame().halt is None
    stand.holding(5)
    stand.tell(ev.Command(stand.now, "k", "halt", {"flatten": "1"}, "me"))
    halt = stand.frame().halt
    assert halt is not None
    assert (halt.by, halt.phase, halt.flatten, halt.positions_open) == ("me", "flattening", True, 1)
    assert halt.detail == stand.symbol
    assert stand.frame().posture == "FLATTEN"


def test_a_fill_that_the_venue_repeats_is_shown_once() -> None:
    stand = Watched()
    (place,) = places(stand.want(5))
    for _ in range(3):
        stand.fill(place.cid, 5, trade_id="one")
    assert [f.qty for f in stand.frame().fills] == [5.0]
    assert stand.frame().fills[0].sleeve == "p1"


def test_why_a_sleeve_does_not_trade_is_one_look() -> None:
    stand = Watched(rules=loose_rules(RiskConfig(max_notional=1e-9)))
    stand.want(5)
    frame = stand.frame()
    (row,) = frame.sleeves
    assert row.state == "on"
    assert row.why.startswith("max_notional: 5 > 0")
    assert frame.events[-1].message == "rule.trimmed"
    assert {row.rule: row.limit for row in frame.limits}["max_notional"] == RiskConfig().max_notional


@pytest.mark.parametrize(
    ("field", "value", "word"), [("on", False, "off"), ("benched", "boom", "benched"), ("tag", "", "waiting")]
)
def test_the_word_for_a_sleeve(field: str, value: Any, word: str) -> None:
    stand = Watched()
    setattr(stand.sleeve, field, value)
    assert stand.frame().sleeves[0].state == word


def test_own_quotes_are_in_the_ladder_and_stops_are_not() -> None:
    stand = Watched()
    (stop,) = places(stand.holding(5, stop=90.0))
    stand.ack(stop.cid)
    (bid,) = places(stand.quote(99.0, 2, nan, 0))
    (book,) = stand.frame().books
    assert book.own == (("buy", 99.0, 2.0),)
    assert {o.cid for o in stand.frame().orders} == {bid.cid, stop.cid}
    assert book.ok
    assert book.tick == 0.1


def test_candles_grow_from_trades_and_close_with_the_bar() -> None:
    candles = Candles(60_000)
    candles.bar(ev.Bar(60_000, "s", 60_000, 1, 3, 1, 2, 10))
    candles.trade(60_500, 5.0, 1.0)
    candles.trade(61_000, 4.0, 2.0)
    forming = candles.rows[-1]
    assert (forming.ts, forming.open, forming.high, forming.low, forming.close) == (
        60_000,
        5.0,
        5.0,
        4.0,
        4.0,
    )
    assert (forming.volume, forming.closed) == (3.0, False)
    candles.bar(ev.Bar(120_000, "s", 60_000, 5, 6, 4, 5, 7))
    assert [row.closed for row in candles.rows] == [True, True]
    candles.trade(61_000, 9.0, 1.0)
    assert candles.rows[-1].close == 5, "a late trade changes no closed candle"


def test_hours_are_kept_apart() -> None:
    stand = Watched()
    stand.now = 100 * HOUR
    stand.holding(100)
    stand.frame()
    stand.see(110.0)
    assert stand.frame().sleeves[0].heat[-1] == pytest.approx(10, abs=0.1)
    stand.now += HOUR
    stand.see(120.0)
    row = stand.frame().sleeves[0]
    assert len(row.heat) == 2
    stand.now += 500 * HOUR
    stand.see(120.0)
    assert len(stand.frame().sleeves[0].heat) <= 24


def test_watching_keeps_tails_only_whatever_has_happened() -> None:
    """Constant memory and constant work per event: nothing that is kept grows with the stream."""
    stand = Watched()
    assert stand.eye is not None
    for n in range(1_000):
        ts = stand.now + n * 10
        stand.eye.observe(ev.Trade(ts, stand.symbol, ts, 100.0, 1.0, Side.BUY), NOTHING)
        stand.eye.observe(ev.Bar(ts, stand.symbol, 5, 1, 2, 0.5, 1.5, 9), NOTHING)
        stand.tell(ev.Command(stand.now, f"u{n}", "dance", {}, "me"))
    frame = stand.frame()
    assert len(frame.trades) == TAPE
    assert len(frame.events) == EVENTS
    assert [len(rows) for rows in frame.candles.values()] == [CANDLES]
    assert len(frame.fills) <= FILLS


def test_a_frame_survives_the_wire() -> None:
    stand = Watched(SPOT)
    stand.holding(2)
    frame = stand.frame()
    assert FRAME_DECODER.decode(FRAME_ENCODER.encode(frame)).seq == frame.seq
    assert FRAME_DECODER.decode(FRAME_ENCODER.encode(frame)).positions[0].qty == 2.0
