"""ST-05 rule by rule, through the real engine, gate and venue."""

from __future__ import annotations

from decimal import Decimal
from math import isnan
from typing import Any

import msgspec
import pytest

from cockpit.app.rehearse import Rehearsal, rehearse
from cockpit.core.errors import ConfigError
from cockpit.core.types import Side
from cockpit.strategies.grid_trading import GridTrading, Params
from tests.strategies.crafted import SPOT, Stage, bars, tags, walk, wave

CALM = wave(25, size=0.0002)
"""The mean is 100: levels at 98, 99, 100, 101 and 102, a portion is 5 contracts."""


def run(*closes: float, params: dict[str, Any] | None = None) -> Rehearsal:
    return rehearse("grid_trading", bars([*CALM, *closes]), params)


def shown(found: Rehearsal, index: int) -> list[tuple[str, str, str]]:
    return [(str(q.side), str(q.price), str(q.qty)) for q in found.wishes[index].quotes]


def test_defaults_are_those_of_the_source() -> None:
    params = Params()
    assert (params.grid_count, params.grid_range, params.bb_period, params.bb_std) == (5, 0.04, 20, 2.0)
    assert (params.position_per_grid, params.max_position, params.max_leverage) == (0.05, 0.30, 2.0)


def test_at_the_mean_it_shows_one_level_on_each_side_and_holds_nothing() -> None:
    found = run(100.0)
    assert shown(found, 0) == [("buy", "99.00", "5.00"), ("sell", "101.00", "5.00")]
    assert found.wishes[0].target == 0
    assert found.fills == ()


def test_it_waits_for_a_close_near_the_mean() -> None:
    away = [100.0 * 1.004**i for i in range(40)]
    assert tags(rehearse("grid_trading", bars(away))) == []
    assert tags(rehearse("grid_trading", bars(CALM[:19]))) == []


def test_a_level_down_is_bought_and_sold_one_level_up() -> None:
    found = run(98.9, 98.8, 100.1, 100.0)
    assert [(str(f.side), str(f.price), str(f.qty)) for f in found.fills] == [
        ("buy", "99.00", "5.00"),
        ("sell", "100.00", "5.00"),
    ]
    assert all(fill.maker for fill in found.fills)
    assert shown(found, 1) == [("buy", "98.00", "5.00"), ("sell", "100.00", "5.00")]
    assert shown(found, 2) == shown(found, 0)
    earned = found.engine.state.equity() - 10_000
    assert earned == pytest.approx(5 * 1.0 - (495 + 500) * 0.0002, abs=0.001)


def test_a_level_up_is_sold_short_and_bought_back() -> None:
    found = run(101.1, 101.2, 99.9, 100.0)
    assert [(str(f.side), str(f.price)) for f in found.fills] == [("sell", "101.00"), ("buy", "100.00")]


def test_the_last_level_shows_the_way_back_only() -> None:
    found = run(98.9, 98.6, 97.95, 98.2, params={"bb_std": 8.0})
    assert shown(found, 2) == [("sell", "99.00", "5.00")]
    assert found.position == 10


def test_spot_sells_only_what_it_holds() -> None:
    """Fees are taken in coin: after a buy of 5 there are 4.996, and that is what is sold."""
    candles = bars([*CALM, 98.9, 98.8, 100.1, 101.5], symbol=SPOT.symbol)
    found = rehearse("grid_trading", candles, instrument=SPOT)
    assert shown(found, 0) == [("buy", "99.00", "5.00")]
    assert [(str(f.side), str(f.qty)) for f in found.fills] == [("buy", "5.00"), ("sell", "4.99")]
    assert found.engine.state.ledger.discrepancies() == []


def test_on_spot_it_watches_its_stop_itself() -> None:
    """What the level above promises is frozen there: a stop beside it could sell nothing when it goes off."""
    candles = bars([*CALM, 98.9, 98.8, 96.9, 96.8], symbol=SPOT.symbol)
    found = rehearse("grid_trading", candles, instrument=SPOT, params={"bb_std": 8.0})
    assert tags(found)[-1] == "stopped"
    assert {wish.stop for wish in found.wishes} == {None}
    assert not found.fills[-1].maker
    assert found.position < SPOT.lot


def test_a_close_outside_grid_and_bands_ends_it_at_market() -> None:
    found = run(98.9, 97.4, 97.2, 97.0)
    assert tags(found)[-1] == "range-left"
    assert found.position == 0
    assert not found.fills[-1].maker


def test_outside_the_grid_but_inside_the_bands_it_stays() -> None:
    found = run(98.9, 97.4, 97.3, params={"bb_std": 8.0})
    assert "range-left" not in tags(found)
    assert found.position == 10


def test_the_stop_rests_one_step_beyond_the_last_level() -> None:
    found = run(98.9, 98.8)
    (wish,) = {wish.stop for wish in found.wishes if wish.target}
    assert wish == Decimal("97.00")
    guards = [order for order in found.engine.state.orders.values() if order.trigger]
    assert [(str(order.side), order.trigger, order.remaining) for order in guards] == [
        ("sell", wish, Decimal(5))
    ]


def test_when_the_stop_goes_off_the_grid_is_over() -> None:
    found = run(98.9, 98.8, 90.0, 89.0, params={"bb_std": 10.0})
    assert tags(found)[-1] == "stopped"
    assert found.position == 0
    assert found.fills[-1].price == pytest.approx(Decimal("97.0"), abs=Decimal("0.02"))


def test_after_it_gave_up_it_lays_a_new_grid_near_the_new_mean() -> None:
    found = run(98.9, 97.4, *wave(30, 97.0, 0.0002))
    assert tags(found).count("range-left") == 1
    last = found.wishes[-1]
    assert last.tag == "grid"
    assert [float(q.price) for q in last.quotes] == pytest.approx([97.0 * 0.99, 97.0 * 1.01], abs=0.5)


def test_the_mean_is_followed_only_while_nothing_is_held() -> None:
    drift = [100.0 + 0.05 * i for i in range(40)]
    flat = Stage("grid_trading").hear(bars([*CALM, *drift]))
    assert flat.strategy.anchor > 100.5
    holding = Stage("grid_trading").hear(bars(CALM))
    holding.fill(Side.BUY, 99.0, 5.0)
    assert holding.hear(bars(drift)).strategy.anchor == pytest.approx(100.0, abs=0.01)


def test_no_more_is_held_than_max_position_allows() -> None:
    params = {"grid_count": 21, "position_per_grid": 0.1, "max_position": 0.2, "bb_std": 8.0}
    found = run(99.7, 99.5, 99.3, 99.1, 98.9, params=params)
    assert found.position == 20
    assert shown(found, -1) == [("sell", "99.80", "10.00")]


def test_a_partial_fill_moves_no_level_and_keeps_the_rest() -> None:
    stage = Stage("grid_trading").hear(bars(CALM))
    stage.fill(Side.BUY, 99.0, 2.0)
    want = stage.want
    assert (want.bid, round(want.bid_qty, 4), want.ask) == pytest.approx((99.0, 3.0, 101.0), abs=0.01)
    assert round(want.ask_qty, 4) == 7.0, "what was bought early leaves with the level above"
    assert (want.qty, stage.strategy.rung) == (2.0, 0)
    stage.fill(Side.BUY, 99.0, 5.0)
    assert stage.strategy.rung == 1


def test_a_market_beyond_the_next_level_is_quoted_at_its_touch() -> None:
    """A post-only quote at 98 would be refused by a market at 97.5, over and over."""
    stage = Stage("grid_trading").hear(bars(CALM))
    stage.view.book.apply_snapshot(((97.5, 9.0),), ((97.51, 9.0),), 1, stage.view.now)
    stage.fill(Side.BUY, 99.0, 5.0)
    assert (stage.want.bid, stage.want.ask) == pytest.approx((97.5, 100.0), abs=0.01)
    stage.view.book.apply_snapshot(((97.3, 9.0),), ((97.31, 9.0),), 2, stage.view.now)
    stage.strategy.on_book(stage.view, stage.want)
    assert stage.want.bid == 97.3
    stage.view.book.apply_snapshot(((98.5, 9.0),), ((98.51, 9.0),), 3, stage.view.now)
    stage.want.dirty = False
    stage.strategy.on_book(stage.view, stage.want)
    assert not stage.want.dirty, "a quote inside the market stays where it is until the next candle"


def test_a_candle_that_closed_beyond_the_next_level_is_not_answered_with_refused_quotes() -> None:
    """The market stands at 97.9, level 98 is above it: the bid goes a tick below the close."""
    found = run(99.5, 98.99, 97.9, 97.9, 97.9, params={"bb_std": 9.0, "stop_steps": 9.0})
    refused = [order for order in found.engine.state.recent.values() if order.reason == "post_only"]
    assert len(refused) <= 1
    assert found.engine.state.sleeves
    bids = [float(q.price) for wish in found.wishes for q in wish.quotes if q.side is Side.BUY]
    assert bids[0] == pytest.approx(99.0, abs=0.01)


def test_a_portion_below_the_venues_minimum_is_said_and_not_traded() -> None:
    coarse = msgspec.structs.replace(SPOT, lot=Decimal(10), min_qty=Decimal(10))
    found = rehearse("grid_trading", bars(CALM, symbol=SPOT.symbol), instrument=coarse)
    assert tags(found)[-1] == "grid.size"
    assert all(not wish.quotes for wish in found.wishes)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"grid_count": 4}, "grid_count must be odd: the middle level is the mean"),
        ({"position_per_grid": 0.4}, "position_per_grid is more than max_position"),
        ({"grid_range": 0}, "grid_range"),
        ({"stop_steps": 0}, "stop_steps"),
    ],
)
def test_wrong_parameters_are_refused_with_words(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        run(100.0, params=wrong)


@pytest.mark.parametrize("seed", range(6))
def test_on_random_walks_it_stays_within_its_levels_and_is_always_protected(seed: int) -> None:
    found = rehearse("grid_trading", bars(walk(300, seed, 0.006)), {"bb_std": 3.0})
    assert found.benched == ""
    assert len(found.fills) > 10
    for wish in found.wishes:
        assert abs(wish.target or 0) <= 11
        assert len(wish.quotes) <= 2
        assert bool(wish.stop) == bool(wish.target)
        buys = [q.price for q in wish.quotes if q.side is Side.BUY]
        sells = [q.price for q in wish.quotes if q.side is Side.SELL]
        assert not (buys and sells) or buys[0] < sells[0]
    assert found.engine.state.illegal == 0


def test_a_snapshot_continues_as_if_nothing_had_happened() -> None:
    whole, part = Stage("grid_trading"), Stage("grid_trading")
    for index, candle in enumerate(bars(walk(120, 3, 0.004))):
        if index % 17 == 5:
            part.strategy = msgspec.msgpack.decode(msgspec.msgpack.encode(part.strategy), type=GridTrading)
        for stage in (whole, part):
            stage.hear([candle])
            if stage.want.bid_qty and candle.low < stage.want.bid:
                stage.fill(Side.BUY, stage.want.bid, stage.view.position + round(stage.want.bid_qty, 2))
    assert msgspec.msgpack.encode(whole.strategy) == msgspec.msgpack.encode(part.strategy)
    assert not isnan(whole.want.bid)
