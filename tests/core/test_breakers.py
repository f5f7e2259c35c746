"""Circuit breakers: the ladder climbs at once, comes down only as written, and holds wishes back."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cockpit.risk.breakers
from cockpit.core import breaking, memory
from cockpit.core import events as ev
from cockpit.core.breakers import Breaker, Facts, Reading, Rungs, Trip, advance
from cockpit.core.engine import Engine
from cockpit.core.intents import OUTCOME_ENCODER
from cockpit.core.light import light
from cockpit.core.posture import Posture
from cockpit.core.registry import BREAKERS
from tests.core.stand import D, places
from tests.core.test_halting import Halted

for _module in pkgutil.iter_modules(cockpit.risk.breakers.__path__):
    importlib.import_module(f"cockpit.risk.breakers.{_module.name}")

MINUTE = 60_000


def fuse(name: str, **numbers: Any) -> Breaker:
    plugin = BREAKERS[name]
    assert plugin.params is not None
    options = plugin.options
    params = msgspec.convert(numbers, plugin.params)
    return Breaker(name, plugin.target, params, options["kind"], options.get("unit", ""))


class Fused(Halted):
    """A stand with breakers, and so little cash that one contract's move is felt."""

    def __init__(self) -> None:
        super().__init__(cash="1000")

    def with_breakers(self, *rows: Breaker) -> Fused:
        self.engine.breakers = list(rows)
        return self

    def market(self, price: float, after_ms: int = 1_000) -> tuple[object, ...]:
        """The market moves, and the engine is woken as it asked."""
        self.now += after_ms
        self.see(price)
        return self.tell(ev.Timer(self.now))

    def step_of(self, name: str) -> Posture:
        trips = [t for t in self.state.trips.values() if t.breaker == name]
        return max((t.step for t in trips), default=Posture.NORMAL)


# --- the ladder alone --------------------------------------------------------------------------------------


@st.composite
def ladders(draw: Any) -> Rungs:
    limits = draw(st.lists(st.integers(1, 100), min_size=1, max_size=4, unique=True))
    names = draw(st.permutations(["delever", "reduce_only", "halt", "flatten"]))[: len(limits)]
    order = [n for n in ("delever", "reduce_only", "halt", "flatten") if n in names]
    chosen = dict(zip(order, map(float, sorted(limits)), strict=True))
    return Rungs(cool_down_min=float(draw(st.integers(1, 5))), **chosen)


@given(
    ladders(),
    st.lists(st.tuples(st.one_of(st.floats(0, 120), st.just(float("nan"))), st.integers(0, 90_000))),
)
def test_an_episode_only_climbs_and_ends_only_after_a_whole_calm_cool_down(
    rungs: Rungs, steps: list[tuple[float, int]]
) -> None:
    trip: Trip | None = None
    now, last_bad = 0, 0
    for value, wait in steps:
        now += wait
        before = trip
        trip = advance(trip, "x", Reading(value, "words"), rungs, now)
        want = rungs.wanted(value)
        if want is not Posture.NORMAL:
            last_bad = now
            assert trip is not None
        if before is not None and trip is not None:
            assert trip.step == max(before.step, want)
            assert trip.since == before.since
        if before is not None and trip is None:
            assert before.step < Posture.HALT
            assert now - last_bad >= rungs.cool_ms
        if trip is not None and trip.step >= Posture.HALT:
            assert trip.until == 0
        if before is None and trip is not None:
            assert trip.step is want


@pytest.mark.parametrize("numbers", [{}, {"delever": 2.0, "halt": 1.0}, {"halt": 1.0, "flatten": 1.0}])
def test_rungs_that_are_none_or_do_not_rise_are_refused(numbers: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="rung"):
        Rungs(**numbers)


# --- inside the machine ------------------------------------------------------------------------------------


def test_a_day_loss_climbs_rung_by_rung_and_only_a_person_lifts_a_halt() -> None:
    rungs = {"delever": 0.001, "reduce_only": 0.002, "halt": 0.003, "flatten": 0.0}
    stand = Fused().with_breakers(fuse("day_loss", **rungs, cool_down_min=1.0))
    stand.market(100.0)
    stand.holding(40, stop=50.0)
    stand.market(97.0)
    assert stand.step_of("day_loss") is Posture.DELEVER
    assert stand.state.posture is Posture.DELEVER
    stand.market(94.0)
    assert stand.step_of("day_loss") is Posture.REDUCE_ONLY
    stand.market(97.0)
    assert stand.step_of("day_loss") is Posture.REDUCE_ONLY
    stand.market(90.0)
    assert stand.step_of("day_loss") is Posture.HALT
    for _ in range(5):
        stand.market(100.0, 10 * MINUTE)
    assert stand.step_of("day_loss") is Posture.HALT
    assert places(stand.want(60, stop=50.0)) == []
    assert "day_loss" in [v.rule for v in stand.sleeve.verdicts]
    assert light(stand.state, ())[0] == "red"
    stand.say("resume", word="RESUME", reason="seen")
    assert stand.state.trips == {}
    assert stand.state.posture is Posture.NORMAL
    assert light(stand.state, ()) == ("green", "")


def test_reduce_only_comes_down_by_rule_once_it_has_been_calm_for_the_cool_down() -> None:
    stand = Fused().with_breakers(
        fuse("intraday_drawdown", delever=0.0, reduce_only=0.002, halt=0.0, cool_down_min=2.0)
    )
    stand.market(100.0)
    stand.holding(40, stop=50.0)
    stand.market(94.0)
    assert stand.step_of("intraday_drawdown") is Posture.REDUCE_ONLY
    assert "breaker.up" in stand.notes()
    stand.market(94.0, MINUTE)
    stand.market(100.0)
    stand.market(100.0, 2 * MINUTE - 2_000)
    assert stand.step_of("intraday_drawdown") is Posture.REDUCE_ONLY
    stand.market(100.0, 2_000)
    assert stand.step_of("intraday_drawdown") is Posture.NORMAL
    assert "breaker.over" in stand.notes()


def test_a_cool_down_ends_by_the_clock_even_when_the_market_is_silent() -> None:
    stand = Fused().with_breakers(
        fuse("day_loss", reduce_only=0.002, halt=0.0, flatten=0.0, cool_down_min=1.0)
    )
    stand.market(100.0)
    stand.holding(40, stop=50.0)
    stand.market(94.0)
    stand.market(100.0)
    due = stand.engine.deadline
    while stand.state.trips and due:
        stand.tell(ev.Timer(max(due, stand.now)))
        due = stand.engine.deadline
        assert stand.now < 10**9
    assert stand.state.trips == {}


def test_delever_halves_what_a_wish_adds_and_keeps_what_is_held() -> None:
    stand = Fused().with_breakers(fuse("day_loss", delever=0.001, reduce_only=0.0, halt=0.0, flatten=0.0))
    stand.market(100.0)
    stand.holding(40, stop=50.0)
    stand.market(97.0)
    assert places(stand.want(60, stop=50.0)) == []
    (more,) = places(stand.want(100, stop=50.0))
    assert more.qty == D(10)
    stand.ack(more.cid)
    stand.fill(more.cid)
    (less,) = places(stand.want(20, stop=50.0))
    assert less.reduce_only


def test_flatten_closes_and_does_not_buy_back() -> None:
    stand = Fused().with_breakers(fuse("day_loss", reduce_only=0.0, halt=0.0, flatten=0.002))
    stand.market(100.0)
    stand.holding(40, stop=50.0)
    stand.now += 1_000
    stand.see(90.0)
    exits = [p for p in places(stand.tell(ev.Timer(stand.now))) if p.role == "exit"]
    (leave,) = exits
    assert leave.qty == D(40)
    stand.ack(leave.cid)
    stand.fill(leave.cid, price=90)
    assert places(stand.want(40, stop=50.0)) == []


def test_a_breaker_about_one_market_leaves_the_others_alone() -> None:
    stand = Fused().with_breakers(fuse("volatility", delever=0.0, reduce_only=3.0))
    price = 100.0
    for number in range(150):
        price *= 1.0001 if number % 2 else 1 / 1.0001
        stand.market(price)
    assert stand.state.trips == {}
    for number in range(6):
        stand.market(price * (1.01 if number % 2 else 0.99))
    (trip,) = stand.state.trips.values()
    assert trip.about == f"symbol:{stand.symbol}"
    assert stand.state.posture is Posture.NORMAL
    assert places(stand.want(5)) == []
    assert light(stand.state, ())[0] == "yellow"


def test_a_line_that_stays_down_is_counted_without_any_market_news() -> None:
    stand = Fused().with_breakers(fuse("links", reduce_only=5.0, halt=0.0))
    stand.tell(ev.Link(stand.now, "market", False, "cut"))
    for _ in range(7):
        due = stand.engine.deadline
        assert due
        stand.tell(ev.Timer(max(due, stand.now)))
    assert stand.step_of("links") is Posture.REDUCE_ONLY


def test_how_long_a_line_was_down_is_not_counted_over_a_restart() -> None:
    """Killed while it was cut, started an hour later: that is no hour of waiting for it, and no halt."""
    stand = Fused().with_breakers(fuse("links", reduce_only=5.0, halt=300.0))
    stand.tell(ev.Link(stand.now, "market", False, "cut"))
    assert stand.state.pulse.down
    stand.now += 3_600_000
    stand.tell(ev.Boot(stand.now, 2, "demo", "0", "c"))
    stand.tell(ev.Link(stand.now, "market", False, "connecting"))
    for _ in range(7):
        stand.tell(ev.Timer(max(stand.engine.deadline, stand.now)))
    assert stand.step_of("links") is Posture.REDUCE_ONLY


def test_refusals_and_rate_refusals_are_told_apart_and_are_about_the_version() -> None:
    rejects = fuse("rejects", reduce_only=0.5, halt=0.0, least=3)
    stand = Fused().with_breakers(rejects, fuse("rate_limit", delever=0.0, reduce_only=1.0))
    for code in ("51000", "51000", "50011"):
        stand.now += 70_000
        stand.see(100.0)
        for place in places(stand.want(5)) or places(stand.tell(ev.Timer(stand.now))):
            stand.reject(place.cid, code)
    stand.market(100.0)
    assert stand.step_of("rate_limit") is Posture.REDUCE_ONLY
    trip = stand.state.trips["rejects|version:puppet@1"]
    assert trip.step is Posture.REDUCE_ONLY


def test_a_breaker_that_breaks_stops_entries_until_a_person_resumes() -> None:
    def bad(_facts: Facts, _params: Any) -> list[Reading]:
        raise ZeroDivisionError("oops")

    stand = Fused().with_breakers(Breaker("bad", bad, Rungs(halt=1.0), "ladder"))
    stand.market(100.0)
    assert stand.state.posture is Posture.REDUCE_ONLY
    assert places(stand.want(5)) == []
    stand.with_breakers()
    stand.say("resume", word="RESUME", reason="removed it")
    assert stand.state.posture is Posture.NORMAL


def test_protections_lock_with_a_reason_and_an_end_and_a_person_may_lift_them() -> None:
    cool = fuse("cooldown", minutes=5.0, only_after_stop=False)
    stand = Fused().with_breakers(cool, fuse("low_profit", trades=1, lock_min=30.0))
    stand.holding(5)
    stand.now += 2_000
    stand.place_and_fill(stand.want(0))
    stand.market(100.0)
    (own, market) = (stand.state.locks[k] for k in ("sleeve:p1", f"symbol:{stand.symbol}"))
    assert (own.by, market.by) == ("cooldown", "low_profit")
    assert market.until - stand.now > 29 * MINUTE
    assert places(stand.want(5)) == []
    assert stand.sleeve.verdicts[0].rule in {"cooldown", "low_profit"}
    assert len(places(stand.say("sleeve_on", sleeve="p1"))) == 1
    stand.market(100.0)
    assert stand.state.locks == {}


def test_stoploss_guard_counts_losing_stops_only() -> None:
    stand = Fused().with_breakers(fuse("stoploss_guard", stops=2))
    for _ in range(2):
        (stop,) = places(stand.holding(5, stop=95.0))
        stand.ack(stop.cid)
        stand.now += 2_000
        stand.fill(stop.cid, price=95)
        stand.want(0)
        stand.market(100.0)
    lock = stand.state.locks[f"symbol:{stand.symbol}"]
    assert lock.by == "stoploss_guard"
    assert lock.until > stand.now


def test_it_survives_a_snapshot_and_the_same_facts_give_the_same_digest() -> None:
    def play(snapshot_at: int | None) -> tuple[str, dict[str, Trip]]:
        stand = Fused().with_breakers(
            fuse("day_loss", delever=0.001, reduce_only=0.002, halt=0.003, flatten=0.0),
            fuse("cooldown", minutes=5.0),
        )
        stand.market(100.0)
        stand.holding(40, stop=50.0)
        for number, price in enumerate((99.0, 97.0, 94.5, 98.0, 90.0, 96.0)):
            stand.market(price)
            if number == snapshot_at:
                found = memory.read(memory.freeze(stand.engine))
                engine = Engine(found.state)
                memory.thaw(engine, found, {"p1": type(stand.puppets[0])})
                engine.breakers = stand.engine.breakers
                breaking.fit(found.state, engine.breakers)
                stand.engine, stand.state = engine, found.state
        return stand.engine.digest, dict(stand.state.trips)

    whole = play(None)
    assert whole[1]["day_loss|"].step is Posture.HALT
    assert [play(number) for number in range(6)] == [whole] * 6


def test_without_breakers_nothing_is_decided_otherwise_and_nothing_is_remembered() -> None:
    stand = Fused()
    stand.market(100.0)
    stand.holding(40, stop=50.0)
    stand.market(50.5)
    assert stand.state.trips == {}
    assert OUTCOME_ENCODER.encode(stand.state.pulse) == OUTCOME_ENCODER.encode(type(stand.state.pulse)())


def test_episodes_of_a_breaker_that_is_named_no_longer_end() -> None:
    stand = Fused().with_breakers(fuse("day_loss", reduce_only=0.002, halt=0.0, flatten=0.0))
    stand.market(100.0)
    stand.holding(40, stop=50.0)
    stand.market(90.0)
    assert stand.state.posture is Posture.REDUCE_ONLY
    breaking.fit(stand.state, ())
    assert stand.state.posture is Posture.NORMAL
