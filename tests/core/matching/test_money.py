"""Fees, funding, margin and liquidation, with numbers worked out by hand or published."""

import msgspec
import pytest

from cockpit.core.events import Cancelled, Fill, FillKind, FundingPaid, FundingRate, Listing, Transfer
from cockpit.core.matching import margin
from cockpit.core.matching.account import Holding
from cockpit.core.orders import OrderKind as K
from cockpit.core.types import MarginMode, MarginTier, PosSide, Side
from tests.core.matching.build import (
    BUY,
    INVERSE,
    LINEAR,
    SELL,
    SPOT,
    D,
    Desk,
    bar,
    book,
    mark,
    only,
    place,
    touch,
    trade,
    trades,
)  # fmt: skip


def test_taker_and_maker_fees() -> None:
    rebate = msgspec.structs.replace(LINEAR, maker_fee=D("-0.0001"))
    desk = Desk(rebate)
    desk.see(book({99.9: 5}, {100.1: 5}))
    (taken,) = only(desk.ask(place("a", BUY, 2), 2), Fill)
    assert (taken.fee, taken.fee_ccy) == (D("2") * D("0.01") * D("100.1") * D("0.0005"), "USDT")
    desk.ask(place("b", SELL, 2, 100.5), 3)
    (made,) = only(desk.see(trade(4, 100.6, 1, BUY, rebate)), Fill)
    assert made.fee == -D("2") * D("0.01") * D("100.5") * D("0.0001")
    earned = D("2") * D("0.01") * D("0.4")
    assert desk.exchange.balances()["USDT"] == 100_000 + earned - taken.fee - made.fee


def test_a_spot_buy_pays_its_fee_in_the_coin() -> None:
    desk = Desk(SPOT, cash={"USDT": 1000})
    desk.see(book({99.9: 5}, {100.0: 5}, inst=SPOT))
    (bought,) = only(desk.ask(place("a", BUY, 2, symbol=SPOT.symbol), 2), Fill)
    assert (bought.fee, bought.fee_ccy) == (D("0.002"), "BTC")
    assert desk.exchange.balances() == {"USDT": 800, "BTC": D("1.998")}
    assert desk.exchange.positions() == ()
    (sold,) = only(desk.ask(place("b", SELL, "1.998", symbol=SPOT.symbol), 3), Fill)
    assert (sold.fee, sold.fee_ccy) == (D("1.998") * D("99.9") * D("0.001"), "USDT")
    assert "BTC" not in desk.exchange.balances()


def test_a_spot_exit_is_clipped_to_the_coins() -> None:
    desk = Desk(SPOT, cash={"USDT": 1000})
    desk.see(book({99.9: 5}, {100.0: 5}, inst=SPOT))
    desk.ask(place("a", BUY, 2, symbol=SPOT.symbol), 2)
    said = desk.ask(place("b", SELL, 2, symbol=SPOT.symbol, reduce_only=True), 3)
    assert trades(said) == [("99.9", "1.998")]


def test_spot_never_owes() -> None:
    """The quote was there when the order came, and the open jumped away."""
    desk = Desk(SPOT, cash={"USDT": 110})
    desk.see(bar(1, 100, 100, 100, 100, SPOT))
    desk.ask(place("a", BUY, 1, symbol=SPOT.symbol), 60_001)
    said = desk.see(bar(2, 200, 200, 200, 200, SPOT))
    assert sum(f.qty for f in only(said, Fill)) == D("0.549")
    assert desk.exchange.balances()["USDT"] >= 0


def test_inverse_profit_is_in_coin() -> None:
    desk = Desk(INVERSE, cash={"BTC": 1})
    desk.see(book({50_000: 500}, {50_000.1: 500}, inst=INVERSE))
    desk.ask(place("a", BUY, 100, symbol=INVERSE.symbol), 2)
    desk.see(book({60_000: 500}, {60_000.1: 500}, ts=3, inst=INVERSE))
    desk.ask(place("b", SELL, 100, symbol=INVERSE.symbol), 4)
    one, two = desk.exchange.fills
    assert one.fee_ccy == "BTC"
    expected = D(10_000) / D("50000.1") - D(10_000) / D(60_000)
    got = desk.exchange.balances()["BTC"] - 1 + one.fee + two.fee
    assert abs(got - expected) < D("1e-17")


# --- funding --------------------------------------------------------------------------------------------


def rate(ts: int, value: float, settle: int, settled: bool = False) -> FundingRate:
    return FundingRate(ts, LINEAR.symbol, value, settle, settled)


def test_longs_pay_at_a_positive_rate_on_the_mark() -> None:
    desk = Desk()
    desk.see(touch(1, 99.9, 50, 100.1, 50), mark(1, 120.0))
    desk.ask(place("a", BUY, 2), 2)
    desk.see(rate(3, 0.001, 100))
    assert desk.see(touch(100, 99.9, 50, 100.1, 50)) == [], "not before the instant has passed"
    (paid,) = desk.see(touch(101, 99.9, 50, 100.1, 50))
    assert isinstance(paid, FundingPaid)
    assert (paid.amount, paid.ccy, paid.ts) == (-D(2) * D("0.01") * 120 * D("0.001"), "USDT", 100)
    assert desk.see(rate(102, 0.009, 100, settled=True), touch(103, 99.9, 50, 100.1, 50)) == []
    assert [b.bill_id for b in desk.exchange.bills] == [paid.bill_id]


def test_shorts_receive_and_the_final_rate_wins() -> None:
    desk = Desk()
    desk.see(touch(1, 99.9, 50, 100.1, 50), mark(1, 100.0), rate(1, 0.001, 100))
    desk.ask(place("a", SELL, 2), 2)
    desk.see(rate(100, 0.002, 100, settled=True))
    (paid,) = desk.see(touch(101, 99.9, 50, 100.1, 50))
    assert paid.amount == D("0.004")


def test_only_what_is_held_at_the_instant_pays() -> None:
    desk = Desk()
    desk.see(touch(1, 99.9, 50, 100.1, 50), mark(1, 100.0), rate(1, 0.001, 100))
    desk.ask(place("a", BUY, 1), 100)
    said = desk.ask(place("b", BUY, 1), 101)
    (paid,) = only(said, FundingPaid)
    assert paid.amount == D("-0.001"), "the fill at the very instant comes before funding, the later one not"


def test_a_rate_known_late_counts_what_was_held_then() -> None:
    desk = Desk()
    desk.see(touch(1, 99.9, 50, 100.1, 50), mark(1, 100.0))
    desk.ask(place("a", BUY, 2), 2)
    desk.ask(place("b", BUY, 3), 200)
    (paid,) = desk.see(rate(300, 0.001, 100, settled=True))
    assert paid.amount == D("-0.002")


def test_hedge_sides_both_settle() -> None:
    from cockpit.core.types import PositionMode

    desk = Desk(position_mode=PositionMode.HEDGE)
    desk.see(touch(1, 99.9, 50, 100.1, 50), mark(1, 100.0), rate(1, 0.001, 100))
    desk.ask(place("l", BUY, 3, pos_side=PosSide.LONG), 2)
    desk.ask(place("s", SELL, 1, pos_side=PosSide.SHORT), 2)
    said = desk.see(touch(101, 99.9, 50, 100.1, 50))
    assert {(b.pos_side, b.amount) for b in only(said, FundingPaid)} == {
        (PosSide.LONG, D("-0.003")),
        (PosSide.SHORT, D("0.001")),
    }


def test_one_market_that_settles_does_not_hurry_another() -> None:
    other = msgspec.structs.replace(LINEAR, symbol="sim:ETH-USDT-SWAP")
    desk = Desk(LINEAR, other)
    desk.see(touch(1, 99.9, 50, 100.1, 50), mark(1, 100.0))
    desk.see(rate(1, 0.001, 100), FundingRate(1, other.symbol, 0.001, 99))
    desk.see(touch(100, 99.9, 50, 100.1, 50))
    said = desk.ask(place("a", BUY, 1), 100) + desk.see(touch(101, 99.9, 50, 100.1, 50))
    assert len(only(said, FundingPaid)) == 1, "the fill at the very instant still comes before funding"


# --- liquidation ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inst", "qty", "cost", "money", "price"),
    [
        (LINEAR, 100, 50_000, 5_000, "45248.87"),
        (LINEAR, -100, -50_000, 5_000, "54699.15"),
        (INVERSE, 100, "0.2", "0.02", "45704.55"),
    ],
)
def test_liquidation_price_published(inst: object, qty: int, cost: object, money: object, price: str) -> None:
    """Quant reference 22.16: 1 coin at 50 000, mmr 0.5 %, fee 0.05 %."""
    holding = Holding("x", PosSide.NET, D(qty), D(str(cost)))
    found = margin.liquidation_mark(inst, holding, D(str(money)), D("0.0055"))
    assert found is not None
    assert round(found, 2) == D(price)


def isolated(side: Side) -> Desk:
    desk = Desk(
        msgspec.structs.replace(LINEAR, tiers=(MarginTier(D(10_000), D("0.005"), D(100)),)),
        margin_mode=MarginMode.ISOLATED, leverage=D(10), liquidation_fee=D("0.0005"),
    )  # fmt: skip
    desk.see(book({50_000: 500}, {50_000.1: 500}), mark(1, 50_000.0))
    desk.ask(place("a", side, 100, 50_000 if side is BUY else 50_000.1), 2)
    if side is BUY:
        desk.see(book({49_999: 5}, {50_000: 500}, ts=3))
    else:
        desk.see(book({50_000.1: 500}, {50_001: 500}, ts=3))
    return desk


def test_isolated_margin_leaves_the_cash_and_comes_back() -> None:
    desk = isolated(BUY)
    assert abs(desk.qty()) == 100
    free = desk.exchange.balances()["USDT"]
    assert free == 100_000 - 5_000 - desk.exchange.fills[0].fee
    assert desk.exchange.equity("USDT") == 100_000 - desk.exchange.fills[0].fee
    desk.see(book({49_999: 500}, {50_000: 500}, ts=4))
    desk.ask(place("b", SELL, 50, 49_000), 4)
    first = desk.exchange.balances()["USDT"]
    assert first > free + 2_000


@pytest.mark.parametrize(("side", "price"), [(BUY, 45_248.87), (SELL, 54_699.26)])
def test_an_isolated_position_is_taken_at_its_price_and_not_before(side: Side, price: float) -> None:
    desk = isolated(side)
    found = desk.exchange.liquidation_price(LINEAR.symbol)
    assert found is not None
    assert float(found) == pytest.approx(price, abs=0.01)
    desk.ask(place("rest", SELL if side is BUY else BUY, 1, 60_000 if side is BUY else 40_000), 4)
    step = 1 if side is BUY else -1
    assert desk.see(mark(5, price + step)) == []
    said = desk.see(mark(6, price - step))
    assert [(c.cid, c.reason) for c in only(said, Cancelled)] == [("rest", "liquidation")]
    (fill,) = only(said, Fill)
    assert (fill.kind, fill.cid, abs(fill.qty)) == (FillKind.LIQUIDATION, "", 100)
    assert int(fill.trade_id) < 0
    assert desk.qty() == 0


def test_an_isolated_position_never_costs_more_than_its_margin() -> None:
    desk = isolated(BUY)
    before = desk.exchange.balances()["USDT"]
    desk.see(mark(5, 10_000.0))
    assert desk.exchange.balances()["USDT"] == before
    assert only(desk.exchange.fills, Fill)[-1].price == D("45000.0")


def test_cross_positions_share_the_account_and_go_largest_first() -> None:
    other = msgspec.structs.replace(LINEAR, symbol="sim:ETH-USDT-SWAP", base="ETH")
    desk = Desk(LINEAR, other, cash={"USDT": 1000}, leverage=D(10))
    for inst in (LINEAR, other):
        desk.see(book({100: 9999}, {100.1: 9999}, inst=inst), mark(1, 100.0, inst))
    desk.ask(place("a", BUY, 3000, symbol=LINEAR.symbol), 2)
    desk.ask(place("b", BUY, 1000, symbol=other.symbol), 3)
    assert desk.see(mark(4, 80.0)) == []
    said = desk.see(mark(5, 67.5))
    (fill,) = only(said, Fill)
    assert (fill.symbol, fill.qty, fill.price) == (LINEAR.symbol, 3000, D("67.5"))
    assert [p.symbol for p in desk.exchange.positions()] == [other.symbol], "the rest is carried again"


def test_a_large_position_is_cut_down_by_two_tiers_first() -> None:
    tiers = tuple(MarginTier(D(q), D(m), D(50)) for q, m in ((100, "0.01"), (500, "0.02"), (9000, "0.1")))
    inst = msgspec.structs.replace(LINEAR, tiers=tiers)
    desk = Desk(inst, cash={"USDT": 400}, leverage=D(5))
    desk.see(book({100: 9999}, {100.1: 9999}), mark(1, 100.0))
    desk.ask(place("a", BUY, 1000), 2)
    said = desk.see(mark(3, 66.0))
    assert [f.qty for f in only(said, Fill)] == [900]
    assert desk.qty() == 100


def test_what_a_cross_account_owes_is_covered() -> None:
    desk = Desk(cash={"USDT": 100}, leverage=D(10))
    desk.see(book({100: 9999}, {100.1: 9999}), mark(1, 100.0))
    desk.ask(place("a", BUY, 900), 2)
    said = desk.see(mark(3, 50.0))
    assert only(said, Transfer)[0].amount > 0
    assert desk.exchange.equity("USDT") == 0


def test_without_marks_the_bar_itself_liquidates_at_the_price() -> None:
    desk = Desk(cash={"USDT": 100}, leverage=D(10))
    desk.see(bar(1, 100, 100, 100, 100))
    desk.ask(place("a", BUY, 900), 60_001)
    desk.see(bar(2, 100, 101, 99, 100))
    at = desk.exchange.liquidation_price(LINEAR.symbol)
    assert at is not None
    said = desk.see(bar(3, 100, 101, 50, 100))
    (fill,) = only(said, Fill)
    assert fill.kind is FillKind.LIQUIDATION
    assert abs(fill.price - at) <= D("0.1")


def test_a_stop_before_the_liquidation_price_comes_first() -> None:
    desk = Desk(cash={"USDT": 100}, leverage=D(10))
    desk.see(bar(1, 100, 100, 100, 100))
    desk.ask(place("a", BUY, 900), 60_001)
    desk.see(bar(2, 100, 101, 99, 100))
    desk.ask(place("s", SELL, 900, kind=K.STOP, trigger=95, reduce_only=True), 120_001)
    said = desk.see(bar(3, 100, 101, 50, 100))
    assert [(f.kind, str(f.price)) for f in only(said, Fill)] == [(FillKind.TRADE, "94.9")]


@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_position_of_less_than_a_coarser_lot_is_taken_and_not_turned_round(side: Side) -> None:
    desk = isolated(side)
    held = desk.qty()
    coarse = msgspec.structs.replace(LINEAR, lot=abs(held) * 3, min_qty=abs(held) * 3)
    desk.see(Listing(4, coarse), mark(5, 50_000.0 - 10_000.0 * (1 if side is BUY else -1)))
    assert desk.qty() == 0
    assert [abs(f.qty) for f in desk.exchange.fills[1:]] == [abs(held)]
