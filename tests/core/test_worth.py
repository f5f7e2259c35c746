"""An account kept in coin: limits, sizes and equity meet in one money, whatever the market is quoted in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cockpit.core import events as ev
from cockpit.core.config import RiskConfig, SymbolLimits
from cockpit.core.desk_frames import FuseRow
from cockpit.core.fuse_frame import fuse_rows
from cockpit.core.gate import GateContext, Rule, approve, worst_notional
from cockpit.core.intents import Intent
from cockpit.core.ledger.valuation import coin_price
from cockpit.core.light import light
from cockpit.core.limits import limit_rows
from cockpit.core.registry import RULES
from cockpit.core.state import Sleeve
from cockpit.core.types import Instrument, Kind
from cockpit.core.worth import alike, quote_rate, unit_value, unpriced
from tests.core.stand import INVERSE, LINEAR, LOOSE, SPOT, D, Puppet, Stand, loose_rules, places

ETH = Instrument("sim:ETH-USD-SWAP", Kind.INVERSE, "ETH", "USD", "ETH", D("0.01"), D(1), D(1), D(10))
CROSSED = Instrument("sim:ETH-BTC", Kind.SPOT, "ETH", "BTC", "BTC", D("0.00001"), D("0.001"), D("0.001"))
EURO = Instrument("sim:ETH-EUR", Kind.SPOT, "ETH", "EUR", "EUR", D("0.01"), D("0.001"), D("0.001"))


def coins(*instruments: Instrument, cash: str = "1", **options: Any) -> Stand:
    """An account of one BTC; a bitcoin costs 100."""
    return Stand(*(instruments or (INVERSE,)), cash=cash, currency="BTC", **options)


def gate(stand: Stand, name: str, config: RiskConfig, qty: Any) -> tuple[Decimal, str]:
    """What one rule leaves of a wish, and its words."""
    context = GateContext(
        stand.state, stand.sleeve, stand.instrument, price=stand.state.price(stand.symbol), heard=stand.now
    )
    asked = Intent(stand.sleeve.id, stand.symbol, D(str(qty)))
    left = approve(asked, context, (Rule(name, RULES[name].target, config),)).intent.target
    assert left is not None
    return left, "; ".join(v.reason for v in context.verdicts)


@pytest.mark.parametrize("instrument", [INVERSE, LINEAR, SPOT], ids=["inverse", "linear", "spot"])
def test_a_weight_is_of_the_equity_in_the_money_of_the_market(instrument: Instrument) -> None:
    """50 BTC of equity are 5,000 dollars: 50 inverse contracts of 100, 5,000 linear of 1, 50 coins."""
    stand = coins(instrument, cash="50")
    (order,) = weigh(stand, 1.0)
    face = {INVERSE.symbol: 100, LINEAR.symbol: 1, SPOT.symbol: 100}[instrument.symbol]
    assert order.qty == 5_000 / face
    assert stand.engine.slots["p1"].view.equity == 5_000


def weigh(stand: Stand, weight: float) -> list[Any]:
    """A wish for a weight, at the next trade."""
    return places(stand.wish(lambda _v, w: w.long(weight)))


def test_shares_of_equity_hold_and_amounts_are_dollars_of_the_contract() -> None:
    stand = coins(cash="10")  # 1,000 dollars: ten contracts
    assert gate(stand, "max_notional", msgspec.structs.replace(LOOSE, max_position=0.5), 8)[0] == 5
    left, why = gate(stand, "max_notional", msgspec.structs.replace(LOOSE, max_notional=300.0), 8)
    assert (left, why) == (D(3), "800 > 300 USD")
    assert gate(stand, "max_leverage", msgspec.structs.replace(LOOSE, max_leverage=0.7), 8)[0] == 7
    assert gate(stand, "net_exposure", msgspec.structs.replace(LOOSE, max_net_leverage=0.6), -8)[0] == -6
    assert gate(stand, "margin_use", msgspec.structs.replace(LOOSE, max_margin_use=0.2), 8)[0] == 2
    only = {INVERSE.symbol: SymbolLimits(max_position_value=400.0, max_leverage=9.0)}
    assert gate(stand, "symbol_limit", msgspec.structs.replace(LOOSE, symbols=only), 8)[0] == 4


@given(price=st.integers(20, 500), held=st.integers(0, 20), cash=st.integers(1, 50))
def test_gross_over_equity_is_the_same_number_in_either_money(price: int, held: int, cash: int) -> None:
    stand = coins(cash=str(cash), rules=loose_rules())
    if held:
        stand.place_and_fill(stand.want(held)[:1])
    held = int(stand.have)  # no more than its equity
    stand.see(float(price))
    equity = stand.state.equity()
    assume(equity > 0)
    (leverage,) = (row for row in limit_rows(stand.state, LOOSE, equity) if row.rule == "max_leverage")
    assert leverage.used == pytest.approx(held * 100 / price / equity)
    assert worst_notional(stand.state, stand.sleeve) == pytest.approx(held * 100 / price)
    context = GateContext(stand.state, stand.sleeve, INVERSE, price=float(price), heard=stand.now)
    assert context.gross() == pytest.approx(held * 100)
    assert context.equity == pytest.approx(equity * price)


def test_markets_in_other_money_count_beside_each_other() -> None:
    """An ether market quoted in bitcoin and a contract quoted in dollars share one account."""
    stand = Stand(INVERSE, CROSSED, SPOT, cash="100000")
    stand.engine.add_sleeve(Sleeve("e1", 9, "puppet", 1, CROSSED.symbol), Puppet([]))
    stand.tell(ev.Mark(stand.now, SPOT.symbol, 100.0, 100.0))
    stand.tell(ev.Mark(stand.now, CROSSED.symbol, 0.05, 0.05))
    crossed = stand.state.instruments[CROSSED.symbol]
    assert quote_rate(stand.state, crossed) == pytest.approx(0.01), "0.01 BTC a dollar"
    assert unit_value(stand.state, CROSSED.symbol) == pytest.approx(5.0), "an ether is 0.05 BTC, 5 dollars"
    assert quote_rate(stand.state, INVERSE) == 1.0, "dollars are dollars"


def test_a_market_whose_money_nobody_prices_is_not_entered_and_says_so() -> None:
    stand = Stand(EURO)
    left, why = gate(stand, "max_notional", LOOSE, 3)
    assert (left, why) == (D(0), "no price to value the position with")
    assert not weigh(stand, 0.5)
    assert stand.engine.slots["p1"].view.equity == 0.0
    why = "nobody says what one EUR is worth in USDT"
    assert fuse_rows(stand.state) == (FuseRow("price", "", EURO.symbol, "", why),)
    assert light(stand.state, ()) == ("yellow", f"{EURO.symbol}: {why}")
    assert unpriced(stand.state.instruments, [EURO.symbol], "USDT") == [(EURO.symbol, "EUR")]
    assert unpriced({**stand.state.instruments, ETH.symbol: ETH}, [ETH.symbol], "BTC") == [
        (ETH.symbol, "USD"),
        (ETH.symbol, "ETH"),
    ]
    assert not unpriced({INVERSE.symbol: INVERSE, ETH.symbol: ETH}, [ETH.symbol, INVERSE.symbol], "BTC")


def test_what_is_held_stays_where_the_price_of_the_money_is_lost() -> None:
    stand = coins(ETH, INVERSE, cash="10")
    stand.tell(ev.Mark(stand.now, INVERSE.symbol, 200.0, 200.0))
    (order,) = weigh(stand, 0.5)
    assert order.qty == 100, "half of 10 BTC at 200 are 1,000 dollars"
    stand.place_and_fill((order,))
    stand.state.marks.pop(INVERSE.symbol, None)
    stand.state.last.pop(INVERSE.symbol, None)
    assert not weigh(stand, 0.4), "neither more nor less is known"
    assert stand.have == 100


def test_coins_are_priced_directly_the_other_way_or_by_dollars() -> None:
    known = {row.symbol: row for row in (INVERSE, ETH)}
    marks = {INVERSE.symbol: D(50_000), ETH.symbol: D(2_500)}
    assert coin_price("BTC", "USDT", known, marks) == 50_000, "dollars are dollars"
    assert coin_price("ETH", "BTC", known, marks) == D("0.05")
    assert coin_price("USDT", "BTC", known, marks) == D("0.00002")
    assert coin_price("USDC", "USDT", known, marks) is None, "one dollar is not priced in another"
    assert coin_price("DOGE", "USDT", known, marks) is None
    both = {**known, SPOT.symbol: SPOT}
    assert coin_price("BTC", "USDT", both, {**marks, SPOT.symbol: D(50_010)}) == 50_010, "its own money first"
    assert alike("USD", "USDT")
    assert not alike("USD", "BTC")
