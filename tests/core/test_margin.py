"""Margin and liquidation: the reference's worked numbers, and that the ratio is 1 at the price named."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core import margin
from cockpit.core.events import Fill
from cockpit.core.ledger import Ledger, Position
from cockpit.core.types import Instrument, Kind, MarginMode, MarginTier, Side

D = Decimal
TIERS = (
    MarginTier(max_qty=D(500), maintenance=D("0.004"), max_leverage=D(100)),
    MarginTier(max_qty=D(1000), maintenance=D("0.006"), max_leverage=D(50)),
    MarginTier(max_qty=D(2000), maintenance=D("0.01"), max_leverage=D(20)),
)


def linear(**changes: object) -> Instrument:
    fields: dict[str, object] = {
        "symbol": "okx:BTC-USDT-SWAP",
        "kind": Kind.LINEAR,
        "base": "BTC",
        "quote": "USDT",
        "settle": "USDT",
        "tick": D("0.1"),
        "lot": D("0.01"),
        "min_qty": D("0.01"),
        "contract_value": D("0.01"),
        "tiers": TIERS,
    }
    return Instrument(**{**fields, **changes})  # type: ignore[arg-type]


def inverse(**changes: object) -> Instrument:
    return linear(
        **{
            "symbol": "okx:BTC-USD-SWAP",
            "kind": Kind.INVERSE,
            "quote": "USD",
            "settle": "BTC",
            "contract_value": D(100),
            **changes,
        }
    )


def bought(
    ledger: Ledger, instrument: Instrument, side: Side, qty: str, price: str, trade_id: str = "1"
) -> Position:
    fill = Fill(
        ts=1,
        cid="c",
        venue_id="v",
        trade_id=trade_id,
        symbol=instrument.symbol,
        side=side,
        price=D(price),
        qty=D(qty),
        fee=D(0),
        fee_ccy=instrument.settle,
        maker=False,
    )
    assert ledger.apply_fill(fill, instrument, f"s@1/{instrument.symbol}") is not None
    position = ledger.position(instrument.symbol)
    assert position is not None
    return position


def cents(price: Decimal | None) -> Decimal:
    assert price is not None
    return price.quantize(D("0.01"))


def test_worked_examples_of_the_reference() -> None:
    rates = {"maintenance": D("0.005"), "fee": D("0.0005")}
    fifty = D(50_000)
    assert cents(margin.liquidation_linear(D(1), fifty, D(5_000), **rates)) == D("45248.87")
    assert cents(margin.liquidation_linear(D(-1), fifty, D(5_000), **rates)) == D("54699.15")
    assert cents(margin.liquidation_inverse(D(10_000), D("0.2"), D("0.02"), **rates)) == D("45704.55")


def test_no_price_takes_a_position_that_is_fully_paid() -> None:
    rates = {"maintenance": D("0.005"), "fee": D("0.0005")}
    assert margin.liquidation_linear(D(1), D(50_000), D(50_001), **rates) == 0
    assert margin.liquidation_inverse(D(-10_000), D("0.2"), D("0.2"), **rates) == margin.NEVER


@pytest.mark.parametrize(("side", "expected"), [(Side.BUY, "45203.4"), (Side.SELL, "54753.6")])
def test_isolated_ten_times_of_the_venue_reference(side: Side, expected: str) -> None:
    swap = linear()
    ledger = Ledger(margin_mode=MarginMode.ISOLATED, balances={"USDT": D(10_000)})
    ledger.set_leverage(swap, D(10))
    position = bought(ledger, swap, side, "10", "50000")
    assert position.margin == D(500)
    assert ledger.balances["USDT"] == D(9_500)
    price = margin.liquidation(position, ledger, {swap.symbol: swap}, {})
    assert price is not None
    assert price.quantize(D("0.1")) == D(expected)
    ratio = margin.isolated_ratio(position, swap, price)
    assert ratio is not None
    assert abs(ratio - 1) < D("1e-20")


@given(
    kind=st.sampled_from([linear, inverse]),
    side=st.sampled_from(list(Side)),
    qty=st.integers(1, 200_000),
    price=st.integers(10_000, 1_000_000),
    leverage=st.integers(1, 100),
)
def test_the_ratio_is_one_at_the_liquidation_price(
    kind: type[Instrument], side: Side, qty: int, price: int, leverage: int
) -> None:
    instrument = kind()
    ledger = Ledger(margin_mode=MarginMode.ISOLATED)
    ledger.set_leverage(instrument, D(leverage))
    size = D(qty) / 100
    position = bought(ledger, instrument, side, str(size), str(D(price) / 10))
    at = margin.liquidation(position, ledger, {instrument.symbol: instrument}, {})
    if at is None:
        assert leverage == 1
        return
    ratio = margin.isolated_ratio(position, instrument, at)
    assert ratio is not None
    assert abs(ratio - 1) < D("1e-10"), "coin values are rounded to 1e-18, small ones lose digits"
    nearer = at + (position.entry - at) / 10
    safer = margin.isolated_ratio(position, instrument, nearer)
    assert safer is not None
    assert (safer > 1) == ((position.entry > at) == (side is Side.BUY))


def test_a_tier_holds_for_the_whole_position_and_its_bound_is_inclusive() -> None:
    swap = linear()
    assert margin.tier_of(swap, D(-500)) == TIERS[0]
    assert margin.tier_of(swap, D("500.01")) == TIERS[1]
    assert margin.tier_of(swap, D(2001)) is None
    assert margin.maintenance_rate(swap, D(2001)) == D("0.01")
    assert margin.maintenance_margin(swap, D(-1000), D(50_000)) == D("0.006") * 500_000
    assert margin.tier_of(linear(tiers=()), D(10**9)) == margin.UNSTATED


def test_initial_margin_by_kind() -> None:
    assert margin.initial_margin(linear(), D(-10), D(50_000), D(5)) == D(1000)
    assert margin.initial_margin(inverse(), D(100), D(50_000), D(4)) == D("0.05")
    spot = linear(kind=Kind.SPOT, contract_value=D(1), tiers=())
    assert margin.initial_margin(spot, D(2), D(50_000), D(5)) == D(100_000)
    assert margin.maintenance_margin(spot, D(2), D(50_000)) == 0
    assert margin.required(spot, D(2), D(50_000)) == 0


def test_cross_counts_everything_that_settles_in_the_currency() -> None:
    swap = linear(tiers=(), taker_fee=D("0.0005"))
    other = linear(symbol="okx:ETH-USDT-SWAP", base="ETH", contract_value=D("0.1"), tiers=())
    coin = inverse()
    instruments = {i.symbol: i for i in (swap, other, coin)}
    ledger = Ledger(balances={"USDT": D(1_000), "BTC": D(1)})
    first = bought(ledger, swap, Side.BUY, "10", "50000")
    bought(ledger, other, Side.SELL, "20", "3000")
    bought(ledger, coin, Side.BUY, "100", "50000")
    marks = {swap.symbol: D(49_500), other.symbol: D(3_050), coin.symbol: D(40_000)}
    worth = 1_000 - 50 - 100
    needed = (D(49_500) * 10 * D("0.01") + 3_050 * 2) * D("0.0105")
    assert margin.cross_ratio(ledger, instruments, marks, "USDT") == D(worth) / needed
    reserved = margin.cross_ratio(ledger, instruments, marks, "USDT", reserved=D(85))
    assert reserved == D(worth - 85) / needed
    assert margin.cross_ratio(ledger, instruments, marks, "EUR") is None

    price = margin.liquidation(first, ledger, instruments, marks)
    assert price is not None
    there = margin.cross_ratio(ledger, instruments, {**marks, swap.symbol: price}, "USDT")
    assert there is not None
    assert abs(there - 1) < D("1e-20")


def test_flat_and_spot_have_no_liquidation_price() -> None:
    spot = linear(kind=Kind.SPOT, contract_value=D(1), tiers=())
    flat = Position(symbol=spot.symbol)
    assert margin.liquidation_price(flat, linear(), D(0)) is None
    assert margin.isolated_ratio(flat, linear(), D(1)) is None
    ledger = Ledger()
    assert (
        margin.liquidation(bought(ledger, spot, Side.BUY, "1", "5"), ledger, {spot.symbol: spot}, {}) is None
    )
