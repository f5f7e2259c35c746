"""What we learn and when: three latencies, timers, ties, pacing."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from cockpit.core.errors import ConfigError
from cockpit.core.events import AnyEvent, Boot, DataFault, FundingPaid, FundingRate, Link, OrderReport, Timer
from cockpit.core.intents import Query, ReadAccount
from cockpit.core.matching import Exchange, Latency, LatencyModel, Rules, World
from cockpit.core.matching.draws import draw, uniform
from tests.core.matching.build import (
    BUY,
    LINEAR,
    SELL,
    SPOT,
    D,
    bar,
    book,
    cancel,
    delta,
    drain,
    names,
    only,
    place,
    touch,
    trade,
)  # fmt: skip

SYMBOL = LINEAR.symbol


def world(
    *tape: AnyEvent, feed: int = 0, order: int = 0, report: int = 0, latency: Latency | None = None
) -> World:
    exchange = Exchange({SYMBOL: LINEAR}, {"USDT": D(100_000)})
    return World(iter(tape), exchange, latency or Latency.constant(feed, order, report), seed=7)


def test_splitmix_reference_values() -> None:
    """Published for seed 1234567 (Rosetta Code, SplitMix64)."""
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert [draw(1234567, n) for n in range(4)] == expected
    assert all(0 <= uniform(3, n) < 1 for n in range(100))


def test_latency_models() -> None:
    assert {LatencyModel.constant(5).ms(1, n) for n in range(9)} == {5}
    jitter = LatencyModel.jittered(10, 4)
    drawn = [jitter.ms(1, n) for n in range(200)]
    assert set(drawn) == {10, 11, 12, 13, 14}
    assert drawn == [jitter.ms(1, n) for n in range(200)]
    assert drawn != [jitter.ms(2, n) for n in range(200)]
    assert [LatencyModel.recorded((3, 1, 2)).ms(0, n) for n in range(5)] == [3, 1, 2, 3, 1]
    with pytest.raises(ConfigError):
        LatencyModel.recorded(())
    with pytest.raises(ConfigError):
        LatencyModel.constant(-1)
    with pytest.raises(ConfigError):
        Rules(queue="first")


def test_without_latency_the_very_object_passes_through() -> None:
    tape = [
        bar(1, 1, 1, 1, 1),
        Link(70_000, "market", True),
        DataFault(70_000, SYMBOL, "gap"),
        Boot(80_000, 1, "", "", ""),
    ]
    w = world(*tape)
    got = drain(w)
    assert all(a is b for a, b in zip(got, tape, strict=True))
    assert w.next() is None


def test_feed_latency_restamps() -> None:
    w = world(trade(100, 1.0, 1, BUY), trade(101, 1.0, 1, BUY), feed=5)
    assert [(e.ts, e.venue_ts) for e in drain(w)] == [(105, 100), (106, 101)]


def test_a_request_takes_its_time_both_ways() -> None:
    w = world(touch(100, 99.9, 5, 100.1, 5), touch(150, 109.9, 5, 110.1, 5), feed=10, order=20, report=30)
    assert w.next().ts == 110
    w.submit(place("a", BUY, 1), 110)
    got = drain(w)
    assert [(type(e).__name__, e.ts) for e in got] == [("Ack", 160), ("Fill", 160), ("Touch", 160)]
    assert got[1].price == D("100.1")


def test_the_market_moves_while_a_request_is_on_its_way() -> None:
    w = world(touch(100, 99.9, 5, 100.1, 5), touch(115, 109.9, 5, 110.1, 5), order=20)
    w.next()
    w.submit(place("a", BUY, 1), 100)
    fill = drain(w)[-1]
    assert (fill.ts, fill.price) == (120, D("110.1"))


def test_a_cancel_in_flight_can_still_fill() -> None:
    w = world(book({99.9: 5}, {100.1: 5}, ts=100), trade(210, 99.0, 1, SELL), order=20, report=5)
    w.next()
    w.submit(place("a", BUY, 1, 99.9), 100)
    assert names([w.next()]) == ["Ack"]
    w.submit(cancel("a"), 195)
    assert names(drain(w)) == ["Trade", "Fill", "CancelReject"]


def test_a_tie_is_to_our_disadvantage() -> None:
    w = world(touch(100, 99.9, 5, 100.1, 5), touch(120, 109.9, 5, 110.1, 5), order=20)
    w.next()
    w.submit(place("a", BUY, 1), 100)
    assert drain(w)[-1].price == D("110.1")


def test_timers_come_strictly_before_what_is_later() -> None:
    w = world(trade(100, 1.0, 1, BUY), trade(200, 1.0, 1, BUY))
    assert w.next(50) == Timer(50)
    assert w.next(100).ts == 100
    assert w.next(150) == Timer(150)
    assert w.now == 150
    assert w.next(140) == Timer(150), "an instant that has passed rings now"
    assert w.next(999).ts == 200
    assert w.next(999) is None


def test_a_timer_waits_for_nothing_that_is_in_flight() -> None:
    w = world(touch(100, 99.9, 5, 100.1, 5), trade(900, 1.0, 1, BUY), order=20, report=20)
    w.next()
    w.submit(place("a", BUY, 1), 100)
    assert w.next(130) == Timer(130)
    assert [e.ts for e in (w.next(139), w.next(140), w.next(150))] == [139, 140, 140]


def test_after_the_tape_what_is_in_flight_still_arrives() -> None:
    w = world(touch(100, 99.9, 5, 100.1, 5), order=20, report=20)
    w.next()
    w.submit(place("a", BUY, 1), 100)
    assert names(drain(w)) == ["Ack", "Fill"]
    assert w.next(10_000) is None


def test_jitter_never_turns_time_or_order_around() -> None:
    model = LatencyModel.jittered(1, 50)
    tape = [trade(100 + n, 100.0 + n % 3, 1, BUY) for n in range(300)]
    w = world(*tape, latency=Latency(model, model, model))
    got: list[AnyEvent] = []
    while (event := w.next()) is not None:
        got.append(event)
        if len(got) % 10 == 0 and len(got) < 300:
            w.submit(place(f"c{len(got)}", BUY, 1), w.now)
    assert all(a.ts <= b.ts for a, b in pairwise(got))
    assert [e.venue_ts for e in got if hasattr(e, "venue_ts")] == [e.ts for e in tape]
    assert names(got).count("Fill") >= 29


def test_not_found_proves_nothing_while_the_order_is_on_its_way() -> None:
    model = LatencyModel.recorded((500, 10))
    w = world(
        touch(100, 99.9, 5, 100.1, 5),
        latency=Latency(order=LatencyModel.constant(100), feed=LatencyModel.constant(0), report=model),
    )
    w.next()
    w.submit(Query("a", SYMBOL), 100)
    w.submit(place("a", BUY, 1, 99), 100)
    (report,) = only(drain(w), OrderReport)
    assert (report.found, report.proof) == (False, False)
    w.submit(Query("b", SYMBOL), w.now)
    (report,) = only(drain(w), OrderReport)
    assert (report.found, report.proof) == (False, True)


def test_peeking_changes_nothing() -> None:
    w = world(touch(100, 99.9, 5, 100.1, 5), touch(200, 109.9, 5, 110.1, 5), feed=10, order=20)
    assert (w.peek_ts(), w.peek_ts()) == (110, 110)
    w.next()
    assert w.peek_ts() == 210
    # A command of a person in the meantime must still meet the old price.
    w.submit(place("a", BUY, 1), 150)
    assert w.peek_ts() == 170
    assert [e.price for e in drain(w) if hasattr(e, "price")] == [D("100.1")]
    assert w.peek_ts() is None


def test_funding_comes_when_it_is_due_not_with_the_next_bar() -> None:
    settle = 90_000
    w = world(
        bar(1, 100, 100, 100, 100),
        FundingRate(60_000, SYMBOL, 0.01, settle),
        bar(2, 100, 100, 100, 100),
        bar(3, 100, 100, 100, 100),
        FundingRate(180_000, SYMBOL, 0.01, 999_000),
        order=10,
    )
    w.next()
    w.submit(place("a", BUY, 10), w.now)
    got = drain(w)
    assert names(got) == ["FundingRate", "Ack", "Fill", "FundingPaid", "Bar", "Bar", "FundingRate"]
    assert 90_000 <= only(got, FundingPaid)[0].ts <= 90_001


def test_a_settlement_leaves_the_order_of_the_tape_alone() -> None:
    """Two markets that close at the same instant, after a settlement: nothing overtakes, nothing is late."""
    tape = [
        bar(1, 100, 100, 100, 100),
        FundingRate(60_000, SYMBOL, 0.01, 60_000, True),
        *(bar(n, 100, 100, 100, 100, inst) for n in (2, 3, 4) for inst in (LINEAR, SPOT)),
    ]
    exchange = Exchange({SYMBOL: LINEAR, SPOT.symbol: SPOT}, {"USDT": D(100_000)})
    got = drain(World(iter(tape), exchange))
    assert all(a is b for a, b in zip(got, tape, strict=True))


def test_the_account_is_told_as_it_is() -> None:
    w = world(touch(100, 99.9, 5, 100.1, 5), order=20, report=20)
    w.next()
    w.submit(place("a", BUY, 1), 100)
    w.submit(ReadAccount("r1", "start"), 100)
    report = drain(w)[-1]
    assert (report.request_id, report.ts, report.positions[0].qty) == ("r1", 140, 1)


def test_an_endless_tape_is_read_only_as_far_as_needed() -> None:
    read = 0

    def tape() -> Iterator[AnyEvent]:
        nonlocal read
        n = 0
        while True:
            n += 1
            read = n
            yield bar(n, 100, 101, 99, 100)

    w = World(tape(), Exchange({SYMBOL: LINEAR}, {"USDT": D(100_000)}))
    w.next()
    w.submit(place("a", BUY, 1), w.now)
    for _ in range(3):
        w.next()
    assert read <= 6


def test_a_depth_tape_reaches_the_venue_before_us() -> None:
    w = world(book({99.9: 5}, {100.1: 5}, ts=100), delta(103, {}, {100.1: 0, 100.4: 1}), feed=10, order=1)
    w.next()
    w.submit(place("a", BUY, 1), w.now)
    assert [e.price for e in drain(w) if type(e).__name__ == "Fill"] == [D("100.4")]
