"""Closed candles: the next open, the range, and the worse of two stories."""

import msgspec
import pytest

from cockpit.core.events import Bar, Cancelled, Fill, Triggered
from cockpit.core.matching import Exchange, Latency, Rules, World
from cockpit.core.orders import OrderKind as K
from tests.core.matching.build import (
    BUY,
    LINEAR,
    MIN,
    SELL,
    D,
    Desk,
    bar,
    drain,
    names,
    only,
    place,
    trades,
)  # fmt: skip

FLAT = bar(1, 100, 100.5, 99.5, 100)
AT = MIN + 1
"""An order's arrival right after the first bar."""


def opened(**rules: object) -> Desk:
    """Long 2 from the open of bar 2, at 100.1."""
    desk = Desk(**rules)
    desk.see(FLAT)
    desk.ask(place("in", BUY, 2), AT)
    desk.see(bar(2, 100, 100, 100, 100))
    assert desk.qty() == 2
    return desk


@pytest.mark.parametrize(("side", "price"), [(BUY, "101.3"), (SELL, "100.7")])
def test_a_market_order_gets_the_next_open_and_slippage(side: object, price: str) -> None:
    desk = Desk(slippage_ticks=3)
    desk.see(FLAT)
    assert names(desk.ask(place("a", side, 2), AT)) == ["Ack"]
    said = desk.see(bar(2, 101, 105, 95, 103))
    assert trades(said) == [(price, "2")]
    assert only(said, Fill)[0].ts == AT, "not before it arrived"


def test_an_order_from_before_a_gap_fills_when_the_market_opens() -> None:
    desk = Desk()
    desk.see(FLAT)
    desk.ask(place("a", BUY, 2), AT)
    assert only(desk.see(bar(9, 101, 105, 95, 103)), Fill)[0].ts == 8 * MIN


def test_an_order_in_the_middle_of_a_bar_waits_for_the_next_open() -> None:
    desk = Desk()
    desk.see(FLAT)
    desk.ask(place("a", BUY, 2), MIN + 30_000)
    assert desk.see(bar(2, 101, 105, 95, 103)) == []
    assert trades(desk.see(bar(3, 103, 105, 95, 103))) == [("103.1", "2")]


@pytest.mark.parametrize(
    ("price", "low", "filled"),
    [(99, 99, []), (99, 98.9, [("99.0", "2")]), (99, 98, [("99.0", "2")])],
)
def test_a_limit_needs_the_bar_to_trade_through(price: float, low: float, filled: list[object]) -> None:
    desk = Desk()
    desk.see(FLAT)
    desk.ask(place("a", BUY, 2, price), AT)
    said = desk.see(bar(2, 100, 101, low, 100))
    assert trades(said) == filled
    assert all(f.maker and f.ts == 2 * MIN for f in only(said, Fill))


def test_a_resting_limit_that_the_open_jumps_over_fills_there() -> None:
    desk = Desk()
    desk.see(FLAT)
    desk.ask(place("a", BUY, 2, 95), AT)
    desk.see(bar(2, 100, 101, 99, 100))
    said = desk.see(bar(3, 90, 101, 89, 100))
    assert trades(said) == [("90.0", "2")]
    assert only(said, Fill)[0].note == "gap: filled at the open"


def test_a_limit_that_arrives_through_the_open_takes() -> None:
    desk = Desk()
    desk.see(FLAT)
    desk.ask(place("a", BUY, 2, 105), AT)
    (fill,) = only(desk.see(bar(2, 100, 101, 99, 100)), Fill)
    assert (fill.price, fill.maker) == (D("100.1"), False)


def test_post_only_ioc_and_fok_meet_the_open_too() -> None:
    desk = Desk()
    desk.see(FLAT)
    desk.ask(place("p", BUY, 1, 105, K.POST_ONLY), AT)
    desk.ask(place("i", BUY, 1, 100, K.IOC), AT)
    desk.ask(place("f", BUY, 1, 101, K.FOK), AT)
    said = desk.see(bar(2, 100, 101, 99, 100))
    assert {(c.cid, c.reason) for c in only(said, Cancelled)} == {("p", "post_only"), ("i", "ioc")}
    assert [f.cid for f in only(said, Fill)] == ["f"]


def test_a_longer_candle_of_the_same_market_is_not_matched() -> None:
    desk = opened()
    desk.ask(place("t", SELL, 2, 104, reduce_only=True), 2 * MIN + 1)
    desk.see(bar(3, 100, 101, 99, 100))
    assert desk.see(Bar(5 * MIN, LINEAR.symbol, 5 * MIN, 100.0, 120.0, 80.0, 100.0, 1.0)) == []
    assert desk.qty() == 2


# --- stops --------------------------------------------------------------------------------------------


def test_a_stop_inside_the_range_slips_from_its_trigger() -> None:
    desk = opened()
    desk.ask(place("s", SELL, 2, kind=K.STOP, trigger=97, reduce_only=True), 2 * MIN + 1)
    said = desk.see(bar(3, 100, 101, 96, 100))
    assert names(said) == ["Triggered", "Fill"]
    assert trades(said) == [("96.9", "2")]
    assert only(said, Fill)[0].cid == "s"


def test_a_stop_that_the_open_jumps_over_gets_the_open() -> None:
    desk = opened()
    desk.ask(place("s", SELL, 2, kind=K.STOP, trigger=97, reduce_only=True), 2 * MIN + 1)
    said = desk.see(bar(3, 90, 101, 89, 100))
    assert trades(said) == [("89.9", "2")]


def test_stop_and_target_in_one_bar_is_a_stop() -> None:
    desk = opened()
    desk.ask(place("s", SELL, 2, kind=K.STOP, trigger=97, reduce_only=True), 2 * MIN + 1)
    desk.ask(place("t", SELL, 2, 103, reduce_only=True), 2 * MIN + 1)
    said = desk.see(bar(3, 100, 104, 96, 103))
    (fill,) = only(said, Fill)
    assert (fill.cid, fill.price, fill.note) == ("s", D("96.9"), "ambiguous bar: stop assumed first")
    assert [(c.cid, c.reason) for c in only(said, Cancelled)] == [("t", "reduce_only")]


@pytest.mark.parametrize(
    ("high", "low", "leg", "price", "note"),
    [
        (104, 96, "stop", "96.9", "ambiguous bar: stop assumed first"),
        (104, 98, "take", "102.9", "take at its trigger"),
        (102, 96, "stop", "96.9", "stop at its trigger"),
    ],
)
def test_oco_on_a_bar(high: float, low: float, leg: str, price: str, note: str) -> None:
    desk = opened()
    desk.ask(place("o", SELL, 2, kind=K.OCO, trigger=97, take=103, reduce_only=True), 2 * MIN + 1)
    said = desk.see(bar(3, 100, high, low, 100))
    assert only(said, Triggered)[0].leg == leg
    (fill,) = only(said, Fill)
    assert (str(fill.price), fill.note) == (price, note)
    assert desk.exchange.open_orders() == ()


def test_entry_and_its_stop_in_one_bar_is_a_loss() -> None:
    desk = Desk()
    desk.see(FLAT)
    desk.ask(place("in", BUY, 2, 98), AT)
    desk.ask(place("s", SELL, 2, kind=K.STOP, trigger=96, reduce_only=True), AT)
    said = desk.see(bar(2, 100, 110, 95, 108))
    assert [(f.cid, str(f.price)) for f in only(said, Fill)] == [("in", "98.0"), ("s", "95.9")]
    assert only(said, Fill)[1].note == "ambiguous bar: stop assumed after entry"


def test_a_target_does_not_profit_from_the_bar_that_opened_it() -> None:
    desk = Desk()
    desk.see(FLAT)
    desk.ask(place("in", BUY, 2, 98), AT)
    desk.ask(place("o", SELL, 2, kind=K.OCO, trigger=90, take=103, reduce_only=True), AT)
    assert trades(desk.see(bar(2, 100, 110, 95, 108))) == [("98.0", "2")]
    assert trades(desk.see(bar(3, 101, 104, 100, 102))) == [("102.9", "2")]


def test_a_breakout_entry_and_the_stop_behind_it() -> None:
    desk = Desk()
    desk.see(FLAT)
    desk.ask(place("in", BUY, 2, kind=K.TRIGGER, trigger=103), AT)
    desk.ask(place("s", SELL, 2, kind=K.STOP, trigger=99, reduce_only=True), AT)
    said = desk.see(bar(2, 100, 104, 98, 104))
    assert [(f.cid, str(f.price)) for f in only(said, Fill)] == [("in", "103.1"), ("s", "98.9")]


def test_a_protective_order_waits_for_its_entry() -> None:
    desk = Desk()
    desk.see(FLAT)
    desk.ask(place("s", SELL, 2, kind=K.STOP, trigger=97, reduce_only=True), AT)
    assert desk.see(bar(2, 100, 101, 90, 100)) == []
    assert [o.cid for o in desk.exchange.open_orders()] == ["s"]


def test_a_trailing_stop_trusts_only_the_close_of_its_best_bar() -> None:
    desk = opened()
    desk.ask(place("s", SELL, 2, kind=K.TRAIL, callback="0.05", reduce_only=True), 2 * MIN + 1)
    assert desk.see(bar(3, 100, 120, 99, 118)) == [], "the low may be older than the high"
    said = desk.see(bar(4, 118, 119, 113, 118))
    assert trades(said) == [("113.9", "2")], "5 % under 120, and slippage"
    assert only(said, Triggered)[0].leg == "trail"


def test_a_trailing_stop_below_which_the_bar_closes_has_gone_off() -> None:
    desk = opened()
    desk.ask(place("s", SELL, 2, kind=K.TRAIL, callback="0.05", reduce_only=True), 2 * MIN + 1)
    assert trades(desk.see(bar(3, 100, 120, 99, 110))) == [("113.9", "2")]


# --- the world: the open is known before the close --------------------------------------------------------


def world(*bars: Bar, latency: Latency | None = None) -> World:
    exchange = Exchange({LINEAR.symbol: LINEAR}, {"USDT": D(100_000)})
    return World(iter(bars), exchange, latency or Latency.constant(0, 20, 30))


def test_the_fill_at_the_open_is_known_before_the_bar() -> None:
    w = world(FLAT, bar(2, 101, 105, 95, 103))
    assert w.next() is FLAT
    w.submit(place("a", BUY, 2), w.now)
    rest = drain(w)
    assert [(type(e).__name__, e.ts) for e in rest] == [
        ("Ack", MIN + 50),
        ("Fill", MIN + 50),
        ("Bar", 2 * MIN),
    ]


def test_the_open_comes_in_time_between_other_markets_and_timers() -> None:
    import msgspec

    other = msgspec.structs.replace(LINEAR, symbol="sim:ETH-USDT-SWAP")
    ticks = [bar(n, 10, 11, 9, 10, other, tf=1000) for n in range(1, 150)]
    tape = sorted([FLAT, bar(2, 101, 105, 95, 103), *ticks], key=lambda e: e.ts)
    exchange = Exchange({i.symbol: i for i in (LINEAR, other)}, {"USDT": D(100_000)})
    w = World(iter(tape), exchange, Latency.constant(0, 20, 30))
    while w.next() is not FLAT:
        pass
    w.submit(place("a", BUY, 2), w.now)
    seen = [w.next(deadline=MIN + 500) for _ in range(5)]
    found = [(type(e).__name__, e.ts) for e in seen if e is not None and not isinstance(e, Bar)]
    assert found[:3] == [("Ack", MIN + 50), ("Fill", MIN + 50), ("Timer", MIN + 500)]
    rest = drain(w)
    assert len([e for e in rest + seen if isinstance(e, Bar)]) == len(tape) - 60


def test_nothing_of_the_tape_is_lost_when_it_is_read_ahead() -> None:
    bars = [bar(n, 100 + n, 101 + n, 99 + n, 100 + n) for n in range(1, 30)]
    w = world(*bars)
    got = []
    while (event := w.next()) is not None:
        if isinstance(event, Bar):
            got.append(event)
            if event.ts % (3 * MIN) == 0:
                w.submit(place(f"c{event.ts}", BUY if event.ts % (2 * MIN) else SELL, 1), w.now)
    assert got == bars


def test_an_open_that_is_told_twice_is_one_open() -> None:
    """The limit lies between the open and what a taker would pay: it rests, and is a maker inside the bar."""
    exchange = Exchange({LINEAR.symbol: LINEAR}, {"USDT": D(100_000)}, Rules(slippage_ticks=3))
    w = World(iter([FLAT, bar(2, 101, 105, 95, 103)]), exchange, Latency.constant(0, 0, 0))
    w.next()
    w.submit(place("a", BUY, 2, 101.2), w.now)
    (fill,) = only(drain(w), Fill)
    assert (fill.price, fill.maker, fill.note) == (D("101.2"), True, "traded through")


def test_a_stop_deep_in_a_wide_bar_is_not_refused_by_a_band_around_its_open() -> None:
    """The band moves with the market; seen on BTC, 2022-05-11 14:00: from 29,294 up to 31,889 in an hour."""
    desk = Desk(msgspec.structs.replace(LINEAR, price_band=D("0.05")))
    desk.see(FLAT)
    desk.ask(place("in", SELL, 2), AT)
    desk.see(bar(2, 100, 100, 100, 100))
    desk.ask(place("out", BUY, 2, kind=K.STOP, trigger=D("106"), reduce_only=True), 2 * MIN + 1)
    said = desk.see(bar(3, 100, 109, 99, 108))
    assert trades(said) == [("106.1", "2")]
    assert desk.qty() == 0
