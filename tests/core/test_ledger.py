"""The ledger by example: each instrument kind, each mode, and what it refuses."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest

from cockpit.core.errors import InvariantError
from cockpit.core.events import Fill, FillKind, FundingPaid, Transfer
from cockpit.core.ledger import FillEffect, Ledger, Position, foreign
from cockpit.core.ledger.account import REMEMBERED, SLACK
from cockpit.core.types import Instrument, Kind, MarginMode, PositionMode, PosSide, Side

D = Decimal
SWAP = Instrument(
    symbol="okx:BTC-USDT-SWAP",
    kind=Kind.LINEAR,
    base="BTC",
    quote="USDT",
    settle="USDT",
    tick=D("0.1"),
    lot=D("0.01"),
    min_qty=D("0.01"),
    contract_value=D("0.01"),
)
COIN = msgspec.structs.replace(
    SWAP, symbol="okx:BTC-USD-SWAP", kind=Kind.INVERSE, quote="USD", settle="BTC", contract_value=D(100)
)
SPOT = msgspec.structs.replace(SWAP, symbol="okx:BTC-USDT", kind=Kind.SPOT, contract_value=D(1))
ALL = {i.symbol: i for i in (SWAP, COIN, SPOT)}


class Desk:
    """A ledger with short words for trading on it."""

    def __init__(self, instrument: Instrument = SWAP, **fields: Any) -> None:
        self.instrument = instrument
        self.ledger = Ledger(**fields)
        self.count = 0

    def fill(self, side: Side, qty: str, price: str, sleeve: str = "a", **fields: Any) -> FillEffect | None:
        self.count += 1
        fact = {
            "ts": self.count,
            "cid": "c",
            "venue_id": "v",
            "trade_id": str(self.count),
            "fee": D(0),
            "fee_ccy": self.instrument.settle,
            "maker": False,
            **fields,
        }
        event = Fill(symbol=self.instrument.symbol, side=side, price=D(price), qty=D(qty), **fact)
        return self.ledger.apply_fill(event, self.instrument, sleeve)

    def buy(self, qty: str, price: str, sleeve: str = "a", **fields: Any) -> FillEffect:
        effect = self.fill(Side.BUY, qty, price, sleeve, **fields)
        assert effect is not None
        return effect

    def sell(self, qty: str, price: str, sleeve: str = "a", **fields: Any) -> FillEffect:
        effect = self.fill(Side.SELL, qty, price, sleeve, **fields)
        assert effect is not None
        return effect

    def paid(self, amount: str, bill: str = "1", **fields: Any) -> bool:
        fact = {"ts": 9, "rate": D("0.0001"), "ccy": self.instrument.settle, **fields}
        event = FundingPaid(symbol=self.instrument.symbol, amount=D(amount), bill_id=bill, **fact)
        return self.ledger.apply_funding(event, self.instrument)

    def held(self, side: PosSide = PosSide.NET) -> Position:
        position = self.ledger.position(self.instrument.symbol, side)
        assert position is not None
        return position

    def own(self, sleeve: str, side: PosSide = PosSide.NET) -> Position:
        book = self.ledger.sleeve(sleeve, side)
        assert book is not None
        return book

    def equity(self, mark: str, currency: str = "USDT") -> Decimal:
        return self.ledger.equity(ALL, {self.instrument.symbol: D(mark)}, currency)


def test_linear_adds_at_the_average_and_realises_what_it_closes() -> None:
    desk = Desk(balances={"USDT": D(1000)})
    desk.buy("10", "50000", fee=D("2.5"))
    desk.buy("20", "53000", fee=D("5.3"))
    assert desk.held().entry == D(52_000)
    assert desk.held().unrealised(SWAP, D(52_500)) == D(150)
    effect = desk.sell("12", "54000", fee=D("-1"))
    assert (effect.realised, effect.opened, effect.closed, effect.flipped) == (D(240), D(0), D(12), False)
    assert (effect.sleeve, effect.sleeve_realised, effect.sleeve_closed) == ("a", D(240), D(12))
    held = desk.held()
    assert (held.qty, held.entry, held.realised, held.fees, held.fills) == (
        D(18),
        D(52_000),
        240,
        D("6.8"),
        3,
    )
    assert held.opened == 1
    assert desk.ledger.balances == {"USDT": 1000 + 240 - D("6.8")}
    assert desk.equity("52500") == 1000 + 240 - D("6.8") + 90
    assert held.net(SWAP, D(52_500)) == 240 + 90 - D("6.8")


def test_a_flip_closes_everything_and_opens_the_rest_at_the_price() -> None:
    desk = Desk()
    desk.sell("5", "50000")
    effect = desk.buy("8", "49000")
    assert (effect.realised, effect.opened, effect.closed, effect.flipped) == (D(50), D(3), D(5), True)
    assert (desk.held().qty, desk.held().entry, desk.held().opened) == (D(3), D(49_000), 2)


def test_flat_keeps_its_sums_and_forgets_its_entry() -> None:
    desk = Desk()
    desk.buy("5", "50000")
    desk.sell("5", "51000")
    held = desk.held()
    assert (held.qty, held.cost, held.entry, held.opened, held.realised) == (0, 0, 0, 0, 50)
    assert held.unrealised(SWAP, D(1)) == 0
    assert desk.ledger.held() == []


def test_inverse_earns_coin_and_averages_harmonically() -> None:
    desk = Desk(COIN, balances={"BTC": D(1)})
    desk.buy("100", "40000", fee=D("0.0001"))
    desk.buy("100", "50000")
    assert abs(desk.held().entry - D(20_000) / (D(10_000) / 40_000 + D(10_000) / 50_000)) < D("1e-20")
    effect = desk.sell("200", "60000")
    profit = D("0.25") + D("0.2") - D("0.333333333333333333")
    assert effect.realised == profit
    assert desk.ledger.balances["BTC"] == 1 - D("0.0001") + profit


def test_inverse_coin_is_valued_at_its_mark() -> None:
    desk = Desk(COIN, balances={"BTC": D(2), "USD": D(7)})
    desk.buy("100", "40000")
    assert desk.equity("50000", "BTC") == 2 + D("0.05") + D(7) / 50_000, "the dollars count the other way"
    assert desk.equity("50000", "USD") == 7 + (2 + D("0.05")) * 50_000


def test_an_inverse_flip_pays_each_coin_once() -> None:
    """Closed and opened part are rounded so that together they are the fill: 10/3 + 10/3 is not 20/3."""
    desk = Desk(COIN)
    desk.buy("1", "30000")
    desk.sell("2", "30000")
    held = desk.held()
    assert held.cost == -(D("0.006666666666666667") - D("0.003333333333333333"))
    assert held.realised == 0


def test_numbers_of_fifty_digits_stay_exact() -> None:
    desk = Desk(balances={"USDT": D("123456789012345678901234567890.123456789")})
    qty, price = "98765432109876543210.01", "0.000000000012345678901234567"
    desk.buy(qty, price)
    assert Fraction(desk.held().cost) == Fraction(qty) * Fraction(price) / 100
    desk.paid("0.000000000000000000000000001")
    exact = Fraction("123456789012345678901234567890.123456789000000000000000001")
    assert Fraction(desk.ledger.balances["USDT"]) == exact


def test_a_fee_that_eats_the_purchase_leaves_no_position() -> None:
    desk = Desk(SPOT)
    desk.buy("1", "100", fee=D(1), fee_ccy="BTC")
    assert (desk.held().qty, desk.held().opened, desk.held().fees) == (0, 0, 100)


def test_spot_moves_both_currencies() -> None:
    desk = Desk(SPOT, balances={"USDT": D(1000)})
    desk.buy("2", "100", fee=D("0.2"))
    assert desk.ledger.balances == {"USDT": D("799.8"), "BTC": D(2)}
    assert desk.equity("110") == D("1019.8")
    effect = desk.sell("1", "120", fee=D("0.1"))
    assert effect.realised == 20
    assert desk.ledger.balances == {"USDT": D("919.7"), "BTC": D(1)}


def test_a_fee_in_the_bought_coin_is_not_owned_and_cannot_be_sold() -> None:
    desk = Desk(SPOT, balances={"USDT": D(1000)})
    effect = desk.buy("1", "100", fee=D("0.001"), fee_ccy="BTC")
    held = desk.held()
    assert (held.qty, held.entry, held.fees, effect.fee) == (D("0.999"), D(100), D("0.1"), D("0.1"))
    assert desk.ledger.balances == {"USDT": D(900), "BTC": D("0.999")}
    assert desk.equity("100") == 1000 + held.net(SPOT, D(100)) == D("999.9")


def test_a_fee_in_a_third_currency_is_paid_there() -> None:
    desk = Desk()
    effect = desk.buy("1", "50000", fee=D("0.5"), fee_ccy="OKB")
    assert effect.fee == 0
    assert desk.ledger.balances == {"USDT": 0, "OKB": D("-0.5")}
    assert desk.ledger.unpriced(ALL, {SWAP.symbol: D(1)}, "USDT") == ("OKB",)


def test_what_has_no_mark_counts_at_its_entry_and_is_named() -> None:
    desk = Desk(balances={"USDT": D(1000)})
    desk.buy("1", "50000")
    assert desk.ledger.equity(ALL, {}, "USDT") == 1000
    for nothing in ({}, {SWAP.symbol: D(0)}, {SWAP.symbol: D("NaN")}):
        assert desk.ledger.unpriced(ALL, nothing, "USDT") == (SWAP.symbol,)
    assert desk.ledger.unpriced(ALL, {SWAP.symbol: D(1)}, "USDT") == ()


def test_isolated_locks_and_frees_margin() -> None:
    desk = Desk(margin_mode=MarginMode.ISOLATED, balances={"USDT": D(1000)})
    desk.ledger.set_leverage(SWAP, D(5))
    desk.buy("10", "50000")
    assert (desk.held().margin, desk.ledger.balances["USDT"]) == (D(1000), D(0))
    assert desk.held().leverage == 5
    assert desk.equity("50500") == 1050
    desk.sell("4", "51000")
    assert (desk.held().margin, desk.ledger.balances["USDT"]) == (D(600), D(440))
    assert desk.paid("-6")
    assert (desk.held().margin, desk.ledger.balances["USDT"]) == (D(594), D(440))
    desk.ledger.set_leverage(SWAP, D(10))
    assert (desk.held().margin, desk.ledger.balances["USDT"]) == (D(300), D(734))
    desk.sell("10", "50000")
    assert (desk.held().qty, desk.held().margin) == (-4, D(200))
    assert desk.equity("50000") == 1000 + 40 - 6
    assert desk.ledger.opening("USDT") == 1000


def test_hedge_keeps_two_positions_side_by_side() -> None:
    desk = Desk(mode=PositionMode.HEDGE)
    desk.buy("3", "50000", "a", pos_side=PosSide.LONG)
    desk.sell("2", "51000", "b", pos_side=PosSide.SHORT)
    assert (desk.held(PosSide.LONG).qty, desk.held(PosSide.SHORT).qty) == (3, -2)
    assert desk.ledger.net_qty(SWAP.symbol) == 1
    assert desk.sell("1", "52000", "a", pos_side=PosSide.LONG).realised == 20
    assert desk.buy("2", "52000", "b", pos_side=PosSide.SHORT).realised == -20
    assert (desk.ledger.sleeve_qty("a"), desk.ledger.sleeve_qty("b")) == (2, 0)
    assert [book.pos_side for book in desk.ledger.sleeve_books("a")] == [PosSide.LONG]
    with pytest.raises(InvariantError, match="without side"):
        desk.buy("1", "50000")


def test_hedge_funding_finds_its_side_by_its_sign() -> None:
    desk = Desk(mode=PositionMode.HEDGE)
    desk.buy("3", "50000", "a", pos_side=PosSide.LONG)
    desk.sell("2", "50000", "b", pos_side=PosSide.SHORT)
    assert desk.paid("-0.15", "1")
    assert desk.paid("0.10", "2")
    assert desk.paid("0.30", "3", rate=D("-0.0002"))
    assert (desk.held(PosSide.LONG).funding, desk.held(PosSide.SHORT).funding) == (D("0.15"), D("0.10"))


def test_net_mode_books_whatever_side_the_venue_names_into_one_position() -> None:
    desk = Desk()
    desk.buy("3", "50000", pos_side=PosSide.LONG)
    desk.sell("3", "50000", pos_side=PosSide.SHORT)
    assert list(desk.ledger.positions) == [f"{SWAP.symbol}|net"]


def test_opposite_sleeves_cancel_in_the_account_and_keep_their_own_profit() -> None:
    desk = Desk()
    desk.buy("5", "50000", "a")
    desk.sell("5", "51000", "b")
    assert desk.held().qty == 0
    assert desk.held().realised == 50
    assert (desk.ledger.sleeve_qty("a"), desk.ledger.sleeve_qty("b")) == (5, -5)
    at = D(52_000)
    assert desk.own("a").net(SWAP, at) + desk.own("b").net(SWAP, at) == 50
    assert desk.ledger.discrepancies() == []


def test_what_nobody_caused_belongs_to_the_foreign_sleeve() -> None:
    desk = Desk()
    desk.buy("5", "50000", "a")
    effect = desk.sell("2", "49000", "", kind=FillKind.LIQUIDATION)
    assert effect.sleeve == foreign(SWAP.symbol)
    assert (effect.realised, effect.sleeve_realised) == (D(-20), 0)
    assert (desk.held().qty, desk.ledger.sleeve_qty("a"), desk.own(foreign(SWAP.symbol)).qty) == (3, 5, -2)
    assert desk.ledger.discrepancies() == []


def test_funding_is_shared_by_holding_to_the_last_decimal() -> None:
    desk = Desk()
    desk.buy("1", "50000", "a")
    desk.buy("1", "50000", "b")
    desk.buy("1", "50000", "c")
    assert desk.paid("-0.1")
    third = D("-0.033333333333333333")
    shares = [desk.own(name).funding for name in "abc"]
    assert shares == [D("-0.1") - 2 * third, third, third]
    assert desk.ledger.balances["USDT"] == D("-0.1")


def test_funding_of_a_position_just_closed_is_still_money() -> None:
    desk = Desk(margin_mode=MarginMode.ISOLATED)
    desk.buy("1", "50000", "a")
    desk.sell("1", "50000", "a")
    assert desk.paid("-0.1")
    assert desk.ledger.balances["USDT"] == D("-0.1")
    assert desk.own(foreign(SWAP.symbol)).funding == D("-0.1")


def test_a_fact_heard_twice_changes_nothing() -> None:
    desk = Desk()
    desk.buy("1", "50000", trade_id="77")
    assert desk.paid("-0.1", "b1")
    assert desk.ledger.apply_transfer(Transfer(1, "USDT", D(5), "b2"))
    before = msgspec.msgpack.encode(desk.ledger)
    assert desk.fill(Side.BUY, "1", "50000", sleeve="other", trade_id="77") is None
    assert not desk.paid("-0.1", "b1")
    assert not desk.ledger.apply_transfer(Transfer(2, "USDT", D(5), "b2"))
    assert msgspec.msgpack.encode(desk.ledger) == before
    assert desk.sell("1", "50000", trade_id="77").closed == 1, "a trade with oneself has one id and two sides"


def test_the_newest_ids_are_never_forgotten() -> None:
    ledger = Ledger()
    last = REMEMBERED + SLACK + 5
    for bill in range(last):
        ledger.apply_transfer(Transfer(1, "USDT", D(1), str(bill)))
    assert ledger.balances["USDT"] == last
    assert len(ledger.seen) < REMEMBERED + SLACK
    for bill in range(last - REMEMBERED, last, 997):
        assert not ledger.apply_transfer(Transfer(1, "USDT", D(1), str(bill)))


@pytest.mark.parametrize("wrong", [{"trade_id": ""}, {"qty": "0"}, {"price": "0"}])
def test_a_fill_that_cannot_be_booked_once_is_refused(wrong: dict[str, str]) -> None:
    desk = Desk()
    fields = {"qty": "1", "price": "5", **wrong}
    with pytest.raises(InvariantError):
        desk.buy(**fields)
    assert desk.ledger == Ledger()


def test_wrong_instruments_and_currencies_are_refused() -> None:
    desk = Desk()
    desk.buy("1", "50000", "a")
    desk.instrument = COIN
    with pytest.raises(InvariantError, match="sleeve a trades"):
        desk.buy("1", "50000", "a")
    with pytest.raises(InvariantError):
        desk.paid("1", ccy="USDT")
    with pytest.raises(InvariantError):
        desk.paid("1", "")
    with pytest.raises(InvariantError):
        desk.ledger.apply_transfer(Transfer(1, "USDT", D(1), ""))
    with pytest.raises(InvariantError):
        desk.ledger.set_leverage(SWAP, D(0))
    assert COIN.symbol not in str(desk.ledger.positions)


def test_a_long_never_below_zero_unless_facts_are_missing_and_then_it_heals() -> None:
    desk = Desk(mode=PositionMode.HEDGE)
    assert desk.sell("2", "51000", pos_side=PosSide.LONG).opened == 2
    assert desk.held(PosSide.LONG).qty == -2
    assert desk.buy("2", "50000", pos_side=PosSide.LONG).realised == 20
    assert desk.held(PosSide.LONG).qty == 0


def test_a_snapshot_is_the_ledger() -> None:
    desk = Desk(margin_mode=MarginMode.ISOLATED, mode=PositionMode.HEDGE, balances={"USDT": D("1e3")})
    desk.buy("3", "50000", pos_side=PosSide.LONG, fee=D("0.1234567890123456789"))
    desk.paid("-0.1")
    for codec in (msgspec.msgpack, msgspec.json):
        assert codec.decode(codec.encode(desk.ledger), type=Ledger) == desk.ledger
