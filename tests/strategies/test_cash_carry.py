"""ST-09 rule by rule, both legs through the real engine, gate and venue."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.app.rehearse import Rehearsal, rehearse
from cockpit.core.errors import ConfigError
from tests.strategies.crafted import tags
from tests.strategies.legs import BOTH, COIN, PERP, market

NAME = "cash_carry"
COSTS = 2 * (0.0005 + 0.001) * 365 / 30
"""Four taker fills of the two markets, spread over the 30 days it expects to hold: 3.65 % a year."""


def run(funding: list[float], perp: list[float], spot: list[float] | None = None, **params: Any) -> Rehearsal:
    return rehearse(NAME, market(funding, perp, spot), params, instrument=BOTH)


@pytest.mark.parametrize(("extra", "enters"), [(0.001, True), (-0.001, False)])
def test_it_enters_when_the_carry_beats_costs_and_hurdle(extra: float, enters: bool) -> None:
    """Funding alone: the mean rate times 1,095 intervals a year, against 3.65 % of costs and a 5 % hurdle."""
    rate = (COSTS + 0.05 + extra) / 1095
    found = run([rate] * 9, [100.0] * 75)
    assert bool(found.fills) is enters
    if enters:
        assert tags(found) == ["carry", "carry"]
        assert found.position_of(PERP.symbol) == -500
        assert float(found.position_of(COIN.symbol)) == pytest.approx(50.0, rel=0.002)


def test_the_basis_counts_too() -> None:
    """1 % of premium over 30 days is 12.2 % a year."""
    assert run([0.0] * 9, [101.0] * 75, [100.0] * 75).fills
    assert not run([0.0] * 9, [100.5] * 75, [100.0] * 75).fills
    assert not run([0.0] * 9, [99.0] * 75, [100.0] * 75).fills


def test_borrowed_cash_costs() -> None:
    rate = (COSTS + 0.08) / 1095
    assert run([rate] * 9, [100.0] * 75).fills
    assert not run([rate] * 9, [100.0] * 75, borrow_rate=0.04).fills


def test_it_is_silent_until_the_window_is_full_and_both_have_closed() -> None:
    assert run([0.01] * 8, [100.0] * 70).wishes == ()
    assert run([0.01] * 9, [100.0] * 75).wishes != ()
    only_perp = [event for event in market([0.01] * 9, [100.0] * 75) if COIN.symbol != event.symbol]  # type: ignore[union-attr]
    assert rehearse(NAME, only_perp + market([], [100.0])[1:], instrument=BOTH).wishes == ()


def test_it_leaves_when_the_carry_is_gone() -> None:
    found = run([0.001] * 9 + [-0.002] * 6, [100.0] * 130)
    assert tags(found) == ["carry", "carry", "carry-gone", "carry-gone"]
    assert found.position_of(PERP.symbol) == 0
    assert float(found.position_of(COIN.symbol)) < 0.001


def test_after_a_stop_it_waits_until_the_carry_has_been_gone() -> None:
    prices = [100.0] * 73 + [125.0, 155.0, 151.0] + [151.0] * 30
    found = run([0.001] * 13, prices)
    assert tags(found) == ["carry", "carry", "stopped", "stopped"]
    assert found.position_of(PERP.symbol) == 0
    assert found.engine.state.equity() > 9_700


def test_the_short_receives_the_funding() -> None:
    found = run([0.001] * 12, [100.0] * 100)
    paid = found.engine.state.ledger.position(PERP.symbol)
    assert paid is not None
    assert float(paid.funding) == pytest.approx(3 * 0.001 * 5_000, rel=0.001)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"exit_carry": 0.06}, "exit_carry <= hurdle is needed"),
        ({"hold_days": 0}, "hold_days"),
        ({"borrow_rate": -0.1}, "borrow_rate"),
    ],
)
def test_wrong_parameters_are_refused_with_words(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        run([0.001], [100.0] * 3, **wrong)
