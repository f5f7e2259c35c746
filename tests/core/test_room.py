"""Where floats say that a wish fits, the exact look would change nothing."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import event, given
from hypothesis import strategies as st

from cockpit.core.gate import GateContext, scaled
from cockpit.core.intents import Intent, Quote
from cockpit.core.orders import Order, OrderKind, Role
from cockpit.core.room import fits
from cockpit.core.types import Side
from tests.core.stand import D, Stand

QTY = st.integers(0, 4_000).map(Decimal) | st.integers(0, 4_000).map(lambda lots: Decimal(lots) / 100)


@given(
    have=st.integers(-30, 30),
    target=st.none() | st.integers(-4_000, 4_000).map(lambda lots: Decimal(lots) / 100),
    bid=QTY, ask=QTY, entry=st.integers(0, 20), side=st.sampled_from(Side),
    limit=st.floats(0, 20_000) | st.sampled_from((1e14, 1e16)),
    spread=st.integers(0, 3),
)  # fmt: skip
def test_what_fits_is_not_scaled(
    have: int, target: Decimal | None, bid: Decimal, ask: Decimal, entry: int, side: Side, limit: float,
    spread: int,
) -> None:  # fmt: skip
    stand = Stand()
    if have:
        stand.holding(have)
    if entry:
        order = Order(
            "cke001", stand.sleeve.id, stand.symbol, side, OrderKind.MARKET, D(entry), role=Role.ENTRY
        )
        stand.state.orders[order.cid] = order
    quotes = [(Side.BUY, D(99), bid), (Side.SELL, D(101), ask)][:spread]
    intent = Intent(
        stand.sleeve.id, stand.symbol, target, tuple(Quote(s, p, q) for s, p, q in quotes if q > 0)
    )
    context = GateContext(stand.state, stand.sleeve, stand.instrument, price=100.0, heard=stand.now)
    sure = fits(intent, limit, context)
    event(f"{'fits' if sure else 'not sure'}, {len(intent.quotes)} quotes")
    if sure:
        assert scaled(intent, stand.instrument.qty(limit), context) is intent
