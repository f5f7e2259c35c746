"""The quick look at a limit says yes only where the exact one changes nothing."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from cockpit.core.gate import GateContext, scaled
from cockpit.core.intents import Intent
from cockpit.core.room import fits
from tests.core.stand import LINEAR, D, Stand

grains = st.sampled_from([D("0.00000001"), D("0.001"), D("0.01"), D(1), D(10)])
targets = st.none() | st.integers(-5_000, 5_000)
limits = st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 200_000)


@given(grains, st.integers(1, 50), targets, limits)
@example(D(1), 3, 2, 2.5)
@example(D("0.001"), 1, 7, 0.007)
@example(D(1), 1, 7, float("inf"))
def test_what_surely_fits_is_not_scaled(lot: Decimal, least: int, lots: int | None, limit: float) -> None:
    instrument = msgspec.structs.replace(LINEAR, lot=lot, min_qty=lot * least)
    wish = Intent("p1", LINEAR.symbol, None if lots is None else lot * lots)
    stand = Stand()
    context = GateContext(stand.state, stand.sleeve, instrument, price=100.0, heard=stand.now)
    if not fits(wish, limit, context) or wish.target is None:
        return
    assert scaled(wish, instrument.qty(limit), context) is wish


def test_plenty_of_room_is_seen() -> None:
    stand = Stand()

    def seen(qty: int, limit: float) -> bool:
        context = GateContext(stand.state, stand.sleeve, LINEAR, price=100.0, heard=stand.now)
        return fits(Intent("p1", LINEAR.symbol, D(qty)), limit, context)

    assert seen(5, 500.0)
    assert seen(-5, 500.0)
    assert not seen(5, 5.0)
    assert not seen(5, float("nan"))
