"""ST-08 rule by rule, both legs through the real engine, gate and venue."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cockpit.app.rehearse import MARKET, OTHER, Rehearsal, rehearse
from cockpit.core.config import Config, RiskConfig
from cockpit.core.errors import ConfigError
from cockpit.core.events import Bar
from cockpit.strategies.pairs import Pairs
from tests.strategies.crafted import SPOT, bars, tags, walk
from tests.strategies.legs import couple

QUICK: dict[str, Any] = {"window": 100, "refit": 10}
BOTH = (MARKET, OTHER)


def run(tape: list[Bar], **params: Any) -> Rehearsal:
    return rehearse("pairs", tape, {**QUICK, **params}, instrument=BOTH)


def legs(found: Rehearsal) -> list[tuple[str, str, int]]:
    """(leg, tag, direction) of every wish."""
    names = {MARKET.symbol: "y", OTHER.symbol: "x"}
    return [
        (names[w.symbol], w.tag, (w.target > 0) - (w.target < 0))
        for w in found.wishes
        if w.target is not None
    ]


def test_two_that_belong_together_are_traded_back_and_it_pays() -> None:
    found = run(couple(600, 3))
    assert found.benched == ""
    seen = set(tags(found))
    assert {"rich", "cheap", "together"} <= seen
    assert len(found.fills) >= 12
    assert found.engine.state.equity() > 10_000
    for wish in found.wishes:
        assert bool(wish.stop) == bool(wish.target), "each leg has its resting stop"


def test_the_rich_one_is_sold_and_the_other_bought() -> None:
    wishes = legs(run(couple(300, 3, apart=[0.02, 0.02])))
    rich = [w for w in wishes if w[1] == "rich"]
    assert rich
    assert {(leg, way) for leg, _, way in rich} == {("y", -1), ("x", 1)}
    cheap = [w for w in legs(run(couple(300, 3, apart=[-0.02, -0.02]))) if w[1] == "cheap"]
    assert {(leg, way) for leg, _, way in cheap} == {("y", 1), ("x", -1)}


@pytest.mark.parametrize("beta", [0.5, 1.0, 1.6])
def test_x_is_beta_times_y_in_money_and_the_larger_leg_is_the_limit(beta: float) -> None:
    found = run(couple(400, 5, beta=beta), entry_z=1.5)
    first, second = [wish for wish in found.wishes if wish.target][-2:]
    strategy: Any = next(iter(found.engine.slots.values())).strategy
    assert strategy.own.beta == pytest.approx(beta, rel=0.15)
    closes = {bar.symbol: {} for bar in couple(400, 5, beta=beta)}  # type: ignore[var-annotated]
    for bar in couple(400, 5, beta=beta):
        closes[bar.symbol][bar.ts] = bar.close
    entered = strategy.since
    y, x = (closes[s][entered] for s in (MARKET.symbol, OTHER.symbol))
    y_money, x_money = abs(float(first.target or 0)) * y, abs(float(second.target or 0)) * x
    assert x_money / y_money == pytest.approx(strategy.own.beta, rel=0.01)
    assert max(y_money, x_money) == pytest.approx(0.2 * 10_000, rel=0.03)


def test_it_gives_up_when_they_drift_too_far_and_waits_until_they_have_been_together() -> None:
    far = [0.012, 0.012, 0.04, 0.04, 0.04]
    waiting = run(couple(300, 3, apart=[*far, 0.012, 0.012, 0.012]), refit=100)
    assert tags(waiting)[-4:] == ["rich", "rich", "apart", "apart"]
    assert waiting.position_of(MARKET.symbol) == waiting.position_of(OTHER.symbol) == 0
    again = run(couple(300, 3, apart=[*far, 0.0, 0.0, 0.0, 0.012, 0.012, 0.012]), refit=100)
    assert tags(again)[-6:] == ["rich", "rich", "apart", "apart", "rich", "rich"]


def test_it_leaves_when_a_later_test_no_longer_finds_them_together() -> None:
    drifting = [0.01 + 0.0004 * i for i in range(60)]
    found = run(couple(300, 3, apart=drifting), stop_z=49.0)
    assert "uncoupled" in tags(found)
    assert found.position_of(MARKET.symbol) == found.position_of(OTHER.symbol) == 0


def test_strangers_are_mostly_left_alone() -> None:
    """Pairs of independent walks: at p < 0.05 a test now and then says yes, and no more than that."""
    entered = 0
    for seed in range(10):
        tape = [
            *bars(walk(400, seed, 0.006), symbol=MARKET.symbol),
            *bars(walk(400, seed + 77, 0.006), symbol=OTHER.symbol),
        ]
        entered += sum(tag in ("rich", "cheap") for tag in tags(run(tape))) // 2
    friends = sum(tag in ("rich", "cheap") for tag in tags(run(couple(400, 3)))) // 2
    assert entered / 10 < friends / 3


def test_without_a_test_of_togetherness_strangers_would_be_traded() -> None:
    tape = [
        *bars(walk(400, 1, 0.006), symbol=MARKET.symbol),
        *bars(walk(400, 78, 0.006), symbol=OTHER.symbol),
    ]
    assert len(tags(run(tape, p_max=1.0))) > len(tags(run(tape)))


def test_the_fit_is_used_from_the_next_bar_on() -> None:
    """Cutting the future off changes nothing that was decided before."""
    whole = couple(400, 3)
    cut = max(bar.ts for bar in whole) - 100 * 3_600_000
    part = run([bar for bar in whole if bar.ts <= cut])
    full = run(whole)
    assert part.wishes == full.wishes[: len(part.wishes)]
    assert part.wishes


def test_it_is_silent_before_the_first_window_is_full() -> None:
    assert run(couple(100, 3)).wishes == ()


def test_when_one_leg_is_stopped_the_other_goes_too() -> None:
    """y swings by a third within a candle and closes where it was: only its stop has gone off."""
    tape = couple(600, 3)
    entry = next(fill.ts for fill in run(tape).fills if fill.symbol == MARKET.symbol)
    hit = []
    for bar in tape:
        if bar.symbol == MARKET.symbol and bar.ts == entry + 3_600_000:
            bar = msgspec.structs.replace(bar, low=bar.low * 0.67, high=bar.high * 1.5)
        hit.append(bar)
    found = run(hit)
    assert tags(found)[2:4] == ["stopped", "stopped"]


def test_a_leg_that_the_gate_trims_cuts_the_other() -> None:
    coarse = msgspec.structs.replace(OTHER, lot=MARKET.lot * 1_000, min_qty=MARKET.lot * 1_000)
    config = Config(risk=RiskConfig(max_notional=1_500.0))
    found = rehearse("pairs", couple(600, 3), QUICK, instrument=(MARKET, coarse), config=config)
    assert "uneven" in tags(found)
    assert found.benched == ""


def test_a_market_that_cannot_be_sold_short_is_refused_in_words() -> None:
    tape = [
        msgspec.structs.replace(bar, symbol=SPOT.symbol) if bar.symbol == OTHER.symbol else bar
        for bar in couple(400, 3)
    ]
    found = rehearse("pairs", tape, QUICK, instrument=(MARKET, SPOT))
    assert set(tags(found)) == {"pairs.spot"}
    assert found.fills == ()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"exit_z": 2.0}, "exit_z < entry_z < stop_z is needed"),
        ({"stop_z": 1.5}, "exit_z < entry_z < stop_z is needed"),
        ({"window": 10}, "window"),
        ({"p_max": 0}, "p_max"),
    ],
)
def test_wrong_parameters_are_refused_with_words(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        run(couple(3, 3), **wrong)


def test_a_snapshot_is_the_whole_of_it() -> None:
    found = run(couple(300, 3))
    strategy: Any = next(iter(found.engine.slots.values())).strategy
    raw = msgspec.msgpack.encode(strategy)
    assert msgspec.msgpack.encode(msgspec.msgpack.decode(raw, type=Pairs)) == raw
