"""The eligibility screen of a market maker: how long each spread stood, and whether it would have paid."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from cockpit.app.spreads import spreads
from cockpit.core.events import AnyEvent, BookDelta, BookSnapshot, Touch
from cockpit.core.types import Instrument, Kind
from cockpit.strategies.market_maker import Params

SWAP = Instrument(
    symbol="t:COIN-USDT-SWAP",
    kind=Kind.LINEAR,
    base="COIN",
    quote="USDT",
    settle="USDT",
    tick=Decimal("0.01"),
    lot=Decimal(1),
    min_qty=Decimal(1),
)
SPOT = msgspec.structs.replace(
    SWAP, symbol="t:COIN-USDT", kind=Kind.SPOT, maker_fee=Decimal("0.0008"), taker_fee=Decimal("0.001")
)
BOTH = {SWAP.symbol: SWAP, SPOT.symbol: SPOT}


def touch(ts: int, width: float, instrument: Instrument = SWAP) -> Touch:
    return Touch(ts, instrument.symbol, ts, 100.0, 5.0, 100.0 + width, 5.0)


def test_shares_are_of_time_not_of_messages() -> None:
    """1 s at 0.15 %, 2 s at 0.09 %, 7 s at 0.01 %; the last word has no end and counts nothing."""
    tape: list[AnyEvent] = [touch(0, 0.15), touch(1_000, 0.09)]
    tape += [touch(3_000 + i, 0.01) for i in range(7_000)]
    tape += [touch(10_000, 9.0)]
    (row,) = spreads(tape[1:], BOTH)
    assert row.seconds == pytest.approx(9.0)
    (row,) = spreads([touch(500, 0.15), *tape[1:]], BOTH)
    assert row.seconds == pytest.approx(9.5)
    assert row.opens == pytest.approx(0.5 / 9.5)
    assert row.works_off == pytest.approx(2.5 / 9.5)
    assert row.pays == pytest.approx(2.5 / 9.5), "two maker fees of 0.02 % and a margin of 0.01 %"
    assert row.quotable == row.opens
    assert row.median == pytest.approx(0.0001)
    assert row.ticks == pytest.approx(1.0)
    assert row.hit_rate == pytest.approx(0.82, abs=0.005)


def test_a_spread_that_does_not_pay_both_fees_is_not_quotable() -> None:
    """Spot: 0.16 % of fees and the margin are more than 0.15 %."""
    (row,) = spreads([touch(1, 0.15, SPOT), touch(1_001, 0.15, SPOT)], BOTH)
    assert (row.opens, row.pays, row.quotable) == (1.0, 0.0, 0.0)
    (wide,) = spreads([touch(1, 0.18, SPOT), touch(1_001, 0.18, SPOT)], BOTH)
    assert (wide.pays, wide.quotable) == (1.0, 1.0)


def test_markets_are_listed_by_how_often_they_can_be_quoted() -> None:
    tape = [touch(1, 0.2), touch(1, 0.2, SPOT), touch(501, 0.01), touch(1_001, 0.2), touch(1_001, 0.2, SPOT)]
    assert [row.symbol for row in spreads(tape, BOTH)] == [SPOT.symbol, SWAP.symbol]


def test_a_broken_book_counts_as_nothing() -> None:
    symbol = SWAP.symbol
    tape: list[AnyEvent] = [
        BookSnapshot(1_000, symbol, 1_000, ((100.0, 1.0),), ((100.2, 1.0),), 5),
        BookDelta(2_000, symbol, 2_000, ((100.1, 1.0),), (), 6, 5),
        BookDelta(3_000, symbol, 3_000, ((99.0, 1.0),), (), 9, 8),
        BookSnapshot(9_000, symbol, 9_000, ((100.0, 1.0),), ((100.2, 1.0),), 20),
        BookDelta(10_000, symbol, 10_000, ((99.9, 1.0),), (), 21, 20),
    ]
    (row,) = spreads(tape, BOTH)
    assert row.seconds == pytest.approx(3.0)
    assert row.opens == pytest.approx(2 / 3)


def test_its_own_least_spread_may_be_asked_for() -> None:
    tape = [touch(1, 0.06), touch(1_001, 0.06)]
    assert spreads(tape, BOTH)[0].quotable == 0.0
    assert spreads(tape, BOTH, Params(min_spread=0.0006))[0].quotable == 1.0
