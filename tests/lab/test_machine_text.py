"""The machine's text, and the decimal forms on which its money stands."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.lab.compiled import compose, exact
from cockpit.lab.compiled.records import Machine, Stop

PRICES = st.one_of(
    st.floats(1e-9, 1e15),
    st.decimals(Decimal("1e-8"), Decimal(10**7), places=8).map(float),
    st.integers(1, 10**15).map(float),
    st.integers(-30, 45).map(lambda power: 2.0**power),
)


@given(PRICES)
def test_a_price_is_read_as_it_is_written_or_refused(price: float) -> None:
    try:
        digits, k = exact.shortest(Machine(), price)
    except Stop:
        return
    assert Decimal(digits).scaleb(-k) == Decimal(repr(price))


@pytest.mark.parametrize("price", [30_123.4, 0.00001234, 7.0, 123_456_789.25, 1e15, 0.1 + 0.2])
def test_ordinary_prices_are_not_refused(price: float) -> None:
    hi, lo = exact.decimal_pair(Machine(), price)
    gap = Decimal(hi) + Decimal(lo) - Decimal(repr(price))
    assert abs(gap) <= Decimal(repr(price)) * Decimal(exact.ROUNDING)


def test_one_name_has_one_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two files that call two numbers by one name would both get the later one, compiled, and say nothing."""
    compose.machine()
    real = compose._constant
    monkeypatch.setattr(compose, "_constant", lambda node: real(node).replace("FAR_OFF = ", "CLEAR = "))
    with pytest.raises(RuntimeError, match="two meanings"):
        compose.machine()
