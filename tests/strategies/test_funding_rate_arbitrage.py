"""ST-03 rule by rule, both legs through the real engine, gate and venue."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cockpit.app.rehearse import HOUR, START, Rehearsal, rehearse
from cockpit.core.book import Book
from cockpit.core.config import Config, RiskConfig
from cockpit.core.errors import ConfigError
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.strategies.funding_rate_arbitrage import FundingRateArbitrage, Params
from tests.strategies.crafted import tags
from tests.strategies.legs import BOTH, COIN, PERP, market

NAME = "funding_rate_arbitrage"


def run(*funding: float, hours: int = 60, settled: bool = True, **params: Any) -> Rehearsal:
    return rehearse(NAME, market(funding, [100.0] * hours, settled=settled), params, instrument=BOTH)


def trades(found: Rehearsal) -> list[tuple[str, str]]:
    return [(fill.symbol, str(fill.side)) for fill in found.fills]


def test_defaults_are_those_of_the_source() -> None:
    expected = {
        "min_funding_rate": 0.001,
        "exit_funding_rate": 0.0005,
        "min_duration": 3,
        "history_window": 10,
        "max_position": 0.50,
        "max_leverage": 1.0,
    }
    have = msgspec.structs.asdict(Params())
    assert {name: have[name] for name in expected} == expected


def test_it_is_short_the_perpetual_and_long_as_many_coins() -> None:
    found = run(0.001, 0.001, 0.001, 0.001)
    assert tags(found) == ["funding", "funding"]
    assert found.position_of(PERP.symbol) == -500, "50 coins in contracts of a tenth"
    assert float(found.position_of(COIN.symbol)) == pytest.approx(50.0, rel=0.002)
    assert found.benched == ""


def test_the_short_receives_positive_funding() -> None:
    found = run(0.001, 0.001, 0.001, 0.002, 0.002)
    paid = found.engine.state.ledger.position(PERP.symbol)
    assert paid is not None
    # Entered after the third settlement, held over the fourth and fifth: 5,000 of notional each.
    assert float(paid.funding) == pytest.approx(2 * 0.002 * 5_000, rel=0.001)


def test_nothing_is_done_at_the_instant_of_a_settlement() -> None:
    """Whoever trades there knows the rate already and could still be paid it: hours 24 and 40 settle."""
    found = run(0.001, 0.001, 0.001, 0.0005, 0.00049)
    assert [(fill.ts - START) // HOUR for fill in found.fills if fill.symbol == PERP.symbol] == [25, 41]


def test_it_leaves_when_a_settled_rate_has_faded() -> None:
    found = run(0.001, 0.001, 0.001, 0.0005, 0.00049)
    assert tags(found) == ["funding", "funding", "faded", "faded"]
    assert found.position_of(PERP.symbol) == 0
    assert float(found.position_of(COIN.symbol)) < 0.001
    stays = run(0.001, 0.001, 0.001, 0.0005, 0.0005)
    assert tags(stays) == ["funding", "funding"]


@pytest.mark.parametrize(
    ("funding", "enters"),
    [
        ((0.001, 0.001), False),
        ((0.001, 0.0, 0.001, 0.0, 0.001), True),
        ((0.001, 0.001, 0.001), True),
        ((0.001, 0.001, 0.00099), False),
        ((0.001, 0.001, 0.0, 0.0, 0.0), False),
        ((-0.002, -0.002, -0.002, -0.002), False),
    ],
    ids=[
        "too few",
        "three of the last",
        "in a row",
        "just below",
        "no longer",
        "shorts pay: nothing to earn",
    ],
)
def test_three_of_the_last_ten_and_the_newest_must_be_high(funding: tuple[float, ...], enters: bool) -> None:
    assert bool(run(*funding).fills) is enters


def test_what_is_older_than_the_window_is_forgotten() -> None:
    funding = (0.001, 0.001, 0.0, 0.0, 0.0, 0.001)
    assert run(*funding).fills
    assert not run(*funding, history_window=4).fills


def test_negative_rates_never_lead_to_a_trade_because_spot_cannot_be_sold_short() -> None:
    found = run(*[-0.01] * 7, min_duration=1)
    assert found.wishes == ()


def test_two_markets_that_cannot_be_held_against_each_other_are_refused_in_words() -> None:
    swapped = rehearse(NAME, market([0.001] * 4, [100.0] * 40), instrument=(COIN, PERP))
    assert swapped.fills == ()
    other = msgspec.structs.replace(PERP, symbol=COIN.symbol)
    both_perps = rehearse(NAME, market([0.001] * 4, [100.0] * 40), instrument=(PERP, other))
    assert set(tags(both_perps)) == {"carry.legs"}
    with pytest.raises(ConfigError, match=r"trades 2 instruments \(perp, spot\)"):
        rehearse(NAME, market([0.001], [100.0] * 4), instrument=PERP)


def test_a_feed_that_only_announces_settles_when_the_next_interval_begins() -> None:
    """The announced rate of the fourth interval tells that the third is over."""
    found = run(0.001, 0.001, 0.001, 0.001, settled=False)
    assert trades(found)[:2] == [(PERP.symbol, "sell"), (COIN.symbol, "buy")]
    assert not run(0.001, 0.001, 0.001, settled=False).fills


def test_the_stop_of_the_short_takes_the_coins_with_it() -> None:
    prices = [100.0] * 30 + [120.0, 140.0, 155.0, 150.0, 150.0, 150.0]
    found = rehearse(NAME, market([0.001] * 4, prices), instrument=BOTH)
    assert tags(found)[-2:] == ["stopped", "stopped"]
    assert found.position_of(PERP.symbol) == 0
    assert float(found.position_of(COIN.symbol)) < 0.001
    short = [fill for fill in found.fills if fill.symbol == PERP.symbol]
    assert float(short[-1].price) == pytest.approx(150.0, rel=0.03)
    assert found.engine.state.equity() > 9_800, "what the short lost the coins have gained"


def test_a_leg_that_the_gate_trims_cuts_the_other() -> None:
    """2,000 USDT of notional are allowed a sleeve; the perpetual alone is trimmed by its larger lot."""
    coarse = msgspec.structs.replace(PERP, lot=msgspec.convert("70", type(PERP.lot), strict=False))
    config = Config(risk=RiskConfig(max_notional=2_000.0))
    found = rehearse(NAME, market([0.001] * 4, [100.0] * 40), instrument=(coarse, COIN), config=config)
    assert found.position_of(PERP.symbol) == -140
    assert float(found.position_of(COIN.symbol)) == pytest.approx(14.0, rel=0.01)
    assert "uneven" not in tags(found), "the gate itself keeps the legs even"


def test_a_leg_that_the_venue_left_short_cuts_the_other() -> None:
    """Of 20 coins only 12 were to be had: the short of 200 contracts comes down to what they cover."""
    views, pens = [View(leg, Book()) for leg in BOTH], [Want(), Want()]
    for view, pen in zip(views, pens, strict=True):
        view.legs, pen.legs = tuple(views), tuple(pens)
    views[0].position, views[1].position = -200.0, 12.0
    carry = FundingRateArbitrage.create(Params()).carry
    assert carry.even_out(views[0], pens[0], "uneven")
    assert [(pen.qty, pen.tag) for pen in pens] == [(-120.0, "uneven"), (12.0, "uneven")]
    views[0].position = -120.0
    assert not carry.even_out(views[0], pens[0], "uneven")


def test_less_than_the_venues_minimum_is_said_and_not_traded() -> None:
    large = msgspec.structs.replace(PERP, min_qty=PERP.lot * 1_000)
    found = rehearse(NAME, market([0.001] * 4, [100.0] * 40), instrument=(large, COIN))
    assert set(tags(found)) == {"carry.size"}
    assert found.fills == ()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"exit_funding_rate": 0.001}, "exit_funding_rate < min_funding_rate is needed"),
        ({"min_duration": 11}, "min_duration <= history_window is needed"),
        ({"max_position": 2}, "max_position"),
    ],
)
def test_wrong_parameters_are_refused_with_words(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        run(0.001, **wrong)
