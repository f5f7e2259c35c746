"""Scaling in and out, through engine, gate and venue: the stop is always as large as what is held (PX-18)."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.app import compose
from cockpit.app.rehearse import HOUR, MARKET, candles
from cockpit.core import events as ev
from cockpit.core.config import Config, SleeveConfig, VenueConfig
from cockpit.core.engine import Engine
from cockpit.core.matching import Exchange, Rules, World
from cockpit.core.orders import OrderKind, Role
from cockpit.core.registry import strategy
from cockpit.core.trips import Trip, Trips
from cockpit.core.types import PositionMode
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.lab import backtest


class Params(msgspec.Struct, frozen=True):
    plan: list[float] = []
    moving: bool = False


@strategy("t_scaler", Params)
class Scaler(msgspec.Struct):
    """Holds what the plan says, bar by bar; the stop far away, or one that moves with every bar."""

    params: Params
    bars: int = 0

    @classmethod
    def create(cls, params: Params) -> Scaler:
        return cls(params)

    def on_bar(self, bar: ev.Bar, view: View, want: Want) -> None:
        if self.bars < len(self.params.plan):
            qty = self.params.plan[self.bars]
            far = 0.4 + (0.01 * self.bars if self.params.moving else 0.0)
            want.position(qty, stop=bar.close * (1 - far if qty > 0 else 1 + far), tag=f"{self.bars}")
        self.bars += 1


def machine(closes: list[float], params: dict[str, object], mode: str) -> tuple[Engine, World]:
    config = Config(venue=VenueConfig(position_mode=mode))
    instruments = {MARKET.symbol: MARKET}
    rules = Rules(position_mode=PositionMode(mode))
    exchange = Exchange(instruments, {"USDT": Decimal(10_000)}, rules, 1)
    row = SleeveConfig("t_scaler", MARKET.symbol, params=params)
    engine = compose.fresh(
        config, "t", instruments, compose.cast([row], instruments, {MARKET.symbol: (HOUR,)})
    )
    return engine, World(iter(candles(closes)), exchange)


def run(plan: list[float], moves: list[float], *, moving: bool, mode: str) -> tuple[Engine, list[Trip]]:
    closes = [100.0]
    for move in [*moves, *[0.0] * 4]:
        closes.append(round(closes[-1] * (1 + move), 2))
    engine, world = machine(closes, {"plan": plan, "moving": moving}, mode)
    trips = Trips(engine.state)

    def look(event: ev.AnyEvent, _outcome: object) -> None:
        trips.observe(event)
        if isinstance(event, ev.Bar):
            covered(engine)

    backtest.run(engine, world, backtest.boot(world, "t", "", ""), look)
    covered(engine)
    return engine, trips.finish()


def covered(engine: Engine) -> None:
    """What stands at the venue when a candle has closed; its own wishes are only now on their way."""
    state = engine.state
    (sleeve,) = state.sleeves.values()
    assert sleeve.benched == ""
    have = state.position(sleeve.id)
    guards = [o for o in state.orders.values() if o.role is Role.PROTECT]
    standing = [o for o in guards if o.venue_id and not o.cancelling]
    if not have:
        assert standing == []
        return
    assert all((o.side.sign > 0) == (have < 0) for o in standing)
    assert abs(have) in {o.remaining for o in guards}, "no stop of the size of the position"


sizes = st.integers(-8, 8).map(lambda n: n / 2)


@settings(max_examples=40, deadline=None)
@given(
    plan=st.lists(sizes, min_size=2, max_size=12),
    moves=st.lists(st.floats(-0.02, 0.02), min_size=12, max_size=12),
    moving=st.booleans(),
    mode=st.sampled_from(["net", "hedge"]),
)
def test_whatever_the_steps_the_stop_covers_what_is_held(
    plan: list[float], moves: list[float], moving: bool, mode: str
) -> None:
    engine, trips = run(plan, moves, moving=moving, mode=mode)
    state = engine.state
    assert float(state.position(next(iter(state.sleeves)))) == plan[-1]
    held = sum((trip.gross - trip.fees for trip in trips), Decimal(0))
    books = state.ledger.sleeve_books(next(iter(state.sleeves)))
    assert held == sum((book.realised - book.fees for book in books), Decimal(0))


@pytest.mark.parametrize("mode", ["net", "hedge"])
def test_in_three_steps_out_in_two_is_one_round_trip(mode: str) -> None:
    engine, trips = run([1.0, 2.0, 3.0, 1.5, 0.0], [0.0, 0.01, 0.01, 0.0, 0.0], moving=False, mode=mode)
    (trip,) = trips
    assert (trip.qty, trip.why_in, trip.why_out) == (Decimal(3), "0", "4")
    assert engine.state.sleeves[trip.sleeve].trades == 1
    assert not [o for o in engine.state.orders.values() if o.kind is OrderKind.STOP]


def test_the_average_entry_is_that_of_the_steps() -> None:
    engine, trips = run([1.0, 2.0, 2.0], [0.10, 0.0, 0.0], moving=False, mode="net")
    (trip,) = trips
    prices = [Decimal(100), Decimal(110)]
    assert abs(trip.entry - sum(prices, Decimal(0)) / 2) < Decimal("0.1")
    view = next(iter(engine.slots.values())).view
    assert view.entry == pytest.approx(float(trip.entry))


def test_a_partial_exit_keeps_the_entry() -> None:
    _, before = run([2.0, 2.0], [0.0] * 3, moving=False, mode="net")
    _, after = run([2.0, 1.0], [0.0] * 3, moving=False, mode="net")
    assert before[0].entry == after[0].entry
    assert after[0].qty == 2
