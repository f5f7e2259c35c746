"""Profit made in coin counts in the account's currency, wherever it is compared with equity or shown."""

from __future__ import annotations

from math import isnan

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core import events as ev
from cockpit.core.ledger.position import MONEY
from cockpit.core.profit import equity_point, pnl, rate, sleeve_pnl
from cockpit.core.pulse import facts
from cockpit.core.trips import Trips
from cockpit.core.types import Instrument
from cockpit.core.watch import seen
from tests.core.stand import INVERSE, SPOT, D, Stand, places
from tests.core.test_project import Watched


def coin(stand: Stand, price: float) -> None:
    """One BTC costs so much USDT."""
    stand.tell(ev.Mark(stand.now, SPOT.symbol, price, price))


def short(stand: Stand, contracts: int = 10) -> None:
    """A short of the inverse contract, entered at 100, with its fee."""
    stand.place_and_fill(stand.want(-contracts)[:1])


def test_a_loss_in_coin_is_a_loss_of_the_account() -> None:
    stand = Stand(INVERSE, SPOT)
    coin(stand, 100.0)
    before = stand.state.exact_equity()
    short(stand)
    coin(stand, 125.0)
    stand.see(125.0)
    # 10 x 100 USD sold at 100, worth 8 BTC at 125: 2 BTC lost, 250 USDT. The fee was taken in coin too.
    fee = stand.state.ledger.flows["BTC"].fees
    assert pnl(stand.state) == (D(-2) - fee) * 125
    assert sleeve_pnl(stand.state, "p1") == pnl(stand.state)
    assert stand.state.exact_equity() - before == pnl(stand.state)
    account = seen(stand.state)
    assert account.drawdown == pytest.approx(float(-pnl(stand.state)) / 100_000, rel=0.01)


def test_the_breaker_of_the_day_sees_what_is_lost_in_coin() -> None:
    stand = Stand(INVERSE, SPOT)
    coin(stand, 100.0)
    facts(stand.state, stand.engine.markets)
    short(stand, contracts=1_000)
    coin(stand, 125.0)
    stand.see(125.0)
    found = facts(stand.state, stand.engine.markets)
    assert found.lost(found.day_base) == pytest.approx(0.25, abs=0.02), "25,000 of 100,000 USDT"


def test_the_mark_of_the_coins_own_contract_prices_it_where_nothing_else_does() -> None:
    """An account of USDT that trades BTC-USD-SWAP alone: one dollar is one USDT."""
    stand = Stand(INVERSE)
    facts(stand.state, stand.engine.markets)
    short(stand, contracts=1_000)
    stand.see(125.0)
    fee = stand.state.ledger.flows["BTC"].fees
    assert pnl(stand.state) == (D(-200) - fee) * 125
    found = facts(stand.state, stand.engine.markets)
    assert found.lost(found.day_base) == pytest.approx(0.25, abs=0.02), "the breaker of the day sees it"


@given(moves=st.lists(st.integers(50, 200), min_size=1, max_size=6), qty=st.integers(-50, 50).filter(bool))
def test_a_point_of_the_curve_adds_up_with_coin_in_it(moves: list[int], qty: int) -> None:
    stand = Stand(INVERSE, SPOT)
    coin(stand, 100.0)
    stand.place_and_fill(stand.want(qty)[:1])
    for price in moves:
        coin(stand, float(price))
        stand.see(float(price))
        point = equity_point(stand.state)
        assert point.equity == MONEY.add(point.cash, point.unrealised)
        made = MONEY.subtract(MONEY.add(point.realised, point.unrealised), point.fees)
        assert MONEY.add(made, point.funding) == pnl(stand.state)
        assert float(point.equity) == pytest.approx(100_000 + float(pnl(stand.state)))


def test_the_screen_tells_coin_in_the_accounts_currency() -> None:
    stand = Watched(INVERSE, SPOT)
    coin(stand, 100.0)
    stand.place_and_fill(stand.want(-10, stop=125.0)[:1])
    stand.see(100.0)
    (row,) = stand.frame().positions
    fee = float(stand.state.ledger.flows["BTC"].fees) * 100
    assert row.fees == pytest.approx(fee)
    at_stop = next(layer for layer in row.layers if layer.price == 125.0)
    assert at_stop.cash == pytest.approx(-2 * 125 - 8 * 125 * float(INVERSE.taker_fee)), (
        "coin is dearer there"
    )
    stand.see(80.0)
    coin(stand, 80.0)
    frame = stand.frame()
    assert frame.positions[0].pnl == pytest.approx(2.5 * 80)
    assert frame.sleeves[0].pnl == pytest.approx(200 - fee * 0.8)
    assert frame.day_pnl == pytest.approx(200 - fee * 0.8 + fee), "the fee was paid before the first"


def test_coin_that_nobody_prices_is_unknown_not_money() -> None:
    stand = Watched(msgspec.structs.replace(INVERSE, quote="EUR"))
    stand.place_and_fill(stand.want(-10)[:1])
    assert rate(stand.state, "BTC") == 0
    assert pnl(stand.state) == 0
    assert isnan(stand.frame().positions[0].pnl)


@pytest.mark.parametrize("instrument", [INVERSE, SPOT])
def test_the_share_of_a_trade_is_of_the_same_money(instrument: Instrument) -> None:
    stand = Stand(instrument, SPOT)
    trips = Trips(stand.state)
    for qty, price in ((10, 100), (0, 110)):
        (place,) = places(stand.want(qty))
        stand.ack(place.cid)
        name, row = f"t{qty}", (place.symbol, place.side, D(price), place.qty, D(0), "USDT", False)
        fill = ev.Fill(stand.now, place.cid, "v", name, *row)
        stand.tell(fill)
        trips.observe(fill)
    (trip,) = trips.closed
    assert trip.share == pytest.approx(0.1)
