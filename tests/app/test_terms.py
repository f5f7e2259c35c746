"""Modes, leverage and currency of an account that has a journal: they change where nothing is held."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from cockpit.app.terms import settled
from cockpit.core.config import Config, RunConfig, VenueConfig
from cockpit.core.errors import ConfigError
from cockpit.core.types import MarginMode, PositionMode
from tests.core.stand import D, Stand

HERE = Path("data")
AS_IT_IS = Config(venue=VenueConfig(leverage=3.0))


def stand(margin: MarginMode = MarginMode.CROSS) -> Stand:
    made = Stand(margin=margin)
    made.state.ledger.set_leverage(made.instrument, D(3))
    return made


def venue(**changes: object) -> Config:
    return replace(AS_IT_IS, venue=replace(AS_IT_IS.venue, **changes))


def test_nothing_changes_where_the_settings_are_what_they_were() -> None:
    assert not settled(stand().state, AS_IT_IS, HERE)


def test_modes_change_on_a_flat_account() -> None:
    one = stand()
    assert settled(one.state, venue(position_mode="hedge", margin_mode="isolated", leverage=5.0), HERE)
    ledger = one.state.ledger
    assert (ledger.mode, ledger.margin_mode) == (PositionMode.HEDGE, MarginMode.ISOLATED)
    assert ledger.leverages[one.symbol] == Decimal(5)


def test_modes_do_not_change_under_a_position_or_an_order() -> None:
    """Every exit and stop was refused by the venue then: "position side net does not fit"."""
    held = stand()
    held.holding(2)
    quoting = stand()
    quoting.quote(99.0, 1, float("nan"), 0)
    for one in (held, quoting):
        for other in ({"position_mode": "hedge"}, {"margin_mode": "isolated"}):
            with pytest.raises(ConfigError, match=f"{one.symbol}.*close them under these settings first"):
                settled(one.state, venue(**other), HERE)
        assert one.state.ledger.mode is PositionMode.NET


def test_leverage_moves_with_a_cross_position_and_not_with_an_isolated_one() -> None:
    one = stand()
    one.holding(2)
    assert settled(one.state, venue(leverage=2.0), HERE)
    locked = stand(MarginMode.ISOLATED)
    locked.holding(2)
    with pytest.raises(ConfigError, match="isolated positions"):
        settled(locked.state, venue(margin_mode="isolated", leverage=2.0), HERE)


def test_the_currency_of_a_journal_is_for_ever() -> None:
    other = replace(AS_IT_IS, run=RunConfig(currency="BTC"))
    with pytest.raises(ConfigError, match=r"counts in USDT.*run.currency = BTC"):
        settled(stand().state, other, HERE)
