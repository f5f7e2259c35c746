"""Numbers as a trader reads them."""

import datetime
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.tui import figures


@pytest.mark.parametrize(
    ("tick", "places"), [(0.1, 1), (0.05, 2), (1.0, 0), (0.0001, 4), (0.25, 2), (5.0, 0), (0.0, 2), (nan, 2)]
)
def test_decimals_show_every_tick(tick: float, places: int) -> None:
    assert figures.decimals_of(tick) == places


@pytest.mark.parametrize(
    ("value", "tick", "text"),
    [
        (64123.1, 0.1, "64,123.1"),
        (0.5871, 0.0001, "0.5871"),
        (0.0, 0.1, "-"),
        (nan, 0.1, "-"),
        (171.5, 0.0, "171.500"),
    ],
)
def test_prices(value: float, tick: float, text: str) -> None:
    assert figures.price(value, tick) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (2.5, "2.5"), (-31.0, "-31"), (0.0125, "0.0125"), (1204.0, "1,204"), (1204.5, "1,204.5"),
        (1.2e6, "1.20M"), (3.4e9, "3.40B"), (0.00000312, "0.00000312"), (nan, "-"), (-0.000000001, "0"),
    ],
)  # fmt: skip
def test_quantities(value: float, text: str) -> None:
    assert figures.quantity(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (10203.44, "+10,203.44"),
        (-3.7, "-3.70"),
        (0.0, "0.00"),
        (0.0123, "+0.01"),
        (-0.0023, "-0.0023"),
        (-1e-9, "0.00"),
        (inf, "-"),
    ],
)
def test_gains_always_carry_their_sign(value: float, text: str) -> None:
    assert figures.signed(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0043, "+1.004300"), (-0.0123, "-0.012300"), (0.000002, "+0.000002"), (1e-8, "0.000000"),
        (inf, "-"), (12_345.6, "+12,345.600000"),
    ],
)  # fmt: skip
def test_coin_is_counted_in_millionths(value: float, text: str) -> None:
    """1.00 BTC may be 1.0043 BTC: 400 dollars that nobody saw."""
    assert figures.signed(value, figures.places_of("BTC")) == text
    assert {figures.places_of(name) for name in ("USDT", "USD", "EUR", "")} == {2}


@given(st.integers(0, 4_102_444_800_000))
def test_dates_and_clocks_are_utc(ts: int) -> None:
    when = datetime.datetime.fromtimestamp(ts // 1000, datetime.UTC)
    assert figures.date(ts) == when.strftime("%Y-%m-%d")
    assert figures.clock(ts) == when.strftime("%H:%M:%S")


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (80, "80 ms"),
        (4200, "4 s"),
        (119_000, "119 s"),
        (600_000, "10m"),
        (11_520_000, "3h12m"),
        (345_600_000, "4d"),
    ],
)
def test_spans(ms: int, text: str) -> None:
    assert figures.span(ms) == text


@pytest.mark.parametrize(
    ("ms", "text"), [(60_000, "1m"), (14_400_000, "4h"), (86_400_000, "1d"), (5000, "5s")]
)
def test_timeframes(ms: int, text: str) -> None:
    assert figures.timeframe(ms) == text


def test_a_column_of_sizes_has_one_number_of_decimals() -> None:
    assert figures.depth_places([1.0, 2.0, 400.0]) == 0
    assert figures.depth_places([1.5, 22.25]) == 3
    assert figures.depth_places([0.002]) == 4
    assert figures.depth(1.5, 3) == "1.500"


def test_an_order_shows_its_limit_or_its_trigger() -> None:
    assert figures.first_price(nan, 64.0) == 64.0
    assert figures.first_price(3.0, 64.0) == 3.0
    assert figures.first_price(nan, 0.0) == 0.0


@pytest.mark.parametrize(
    ("fraction", "text"), [(0.0005, "0.05%"), (0.0121, "1.21%"), (9.0, "900.00%"), (2023.3, ">999%")]
)
def test_how_far_away_a_price_is(fraction: float, text: str) -> None:
    assert figures.away(fraction) == text
