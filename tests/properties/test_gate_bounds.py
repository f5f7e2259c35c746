"""The gate never enlarges, and what it lets through stays within the limit with every order filled."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.config import RiskConfig
from cockpit.core.events import Mark
from cockpit.core.gate import GateContext, approve, enlarges, worst_position
from cockpit.core.intents import Intent, Quote
from cockpit.core.orders import Order, OrderKind, OrderState, Role
from cockpit.core.posture import Posture
from cockpit.core.types import Side
from tests.core.stand import LINEAR, SPOT, D, Stand, loose_rules

sizes = st.integers(-300, 300)
quotes = st.lists(
    st.builds(Quote, st.sampled_from(Side), st.integers(90, 110).map(D), st.integers(1, 300).map(D)),
    max_size=2,
    unique_by=lambda q: q.side,
).map(tuple)
wishes = st.builds(
    Intent,
    st.just("p1"),
    st.just(LINEAR.symbol),
    st.none() | sizes.map(D),
    quotes,
    confidence=st.floats(0, 1),
)
configs = st.builds(
    RiskConfig,
    max_notional=st.floats(1, 200),
    max_leverage=st.floats(0.1, 3),
    max_position=st.floats(0, 1),
    price_band=st.floats(0, 0.1),
    max_orders_per_second=st.integers(1, 3),
    max_orders_per_minute=st.integers(1, 5),
)
orders = st.lists(
    st.tuples(st.sampled_from(Side), st.integers(1, 100), st.sampled_from(OrderKind), st.booleans()),
    max_size=3,
)


def _stand(have: int, inflight: list[tuple[Side, int, OrderKind, bool]], others: int) -> Stand:
    stand = Stand(sleeves=2, cash="1000")
    if have:
        stand.holding(have)
    if others:
        stand.place_and_fill(stand.want(others, sleeve=2))
    for number, (side, qty, kind, unknown) in enumerate(inflight):
        order = Order(f"x{number}", "p1", LINEAR.symbol, side, kind, D(qty), price=D(100))
        order.state = OrderState.UNKNOWN if unknown else OrderState.LIVE
        stand.state.orders[order.cid] = order
    return stand


@given(wishes, sizes, orders, st.integers(-50, 50), configs, st.sampled_from(Posture))
def test_never_more_than_was_wished_nor_than_is_held(
    wish: Intent,
    have: int,
    inflight: list[tuple[Side, int, OrderKind, bool]],
    others: int,
    config: RiskConfig,
    posture: Posture,
) -> None:
    stand = _stand(have, inflight, others)
    stand.state.voices["test"] = posture
    context = GateContext(stand.state, stand.sleeve, LINEAR, price=100.0, heard=stand.now)
    after = approve(wish, context, loose_rules(config)).intent
    if posture is Posture.FLATTEN:
        assert (after.target, after.quotes) == (0, ())
        return
    assert not enlarges(wish, after, D(have))
    if not posture.entries:
        assert not context.increases(after)
    if after != wish:
        assert context.verdicts
        assert all(v.reason for v in context.verdicts)
    elif not context.increases(wish):
        assert context.verdicts == []


@given(wishes, sizes, orders, configs)
def test_within_the_limit_with_everything_on_its_way_filled(
    wish: Intent, have: int, inflight: list[tuple[Side, int, OrderKind, bool]], config: RiskConfig
) -> None:
    """For quotes: position + target entries in flight + the quotes; for targets: the target itself, or what
    was let through before and is on its way."""
    stand = _stand(have, inflight, 0)
    context = GateContext(stand.state, stand.sleeve, LINEAR, price=100.0, heard=stand.now)
    wish = Intent(wish.sleeve, wish.symbol, wish.target, wish.quotes)
    after = approve(wish, context, loose_rules(config)).intent
    if not context.increases(wish):
        assert after == wish
        return
    room = min(config.max_notional, config.max_position * context.equity)
    limit = D(int(room))
    target = after.target
    if target is not None and (target * have <= 0 or abs(target) > abs(have)):
        side = Side.BUY if target > 0 else Side.SELL
        sent = max(D(0), D(have * side.sign)) + context.entering(side)
        assert abs(target) <= max(limit, sent)
    for quote in after.quotes:
        sign = quote.side.sign
        closes = max(Decimal(0), D(-have * sign))
        if quote.qty > closes:
            ahead = max(Decimal(0), D(have * sign)) + context.entering(quote.side)
            assert ahead + quote.qty <= limit
            assert (target or Decimal(0)) * sign + quote.qty <= max(limit, limit)


@given(sizes, orders)
def test_worst_position_counts_every_entry_not_proven_dead(
    have: int, inflight: list[tuple[Side, int, OrderKind, bool]]
) -> None:
    stand = _stand(have, inflight, 0)
    stand.state.orders["exit"] = Order(
        "exit", "p1", LINEAR.symbol, Side.SELL, OrderKind.MARKET, D(999), role=Role.EXIT, reduce_only=True
    )
    long, short = worst_position(stand.state, stand.sleeve)
    buys = sum(q for side, q, _, _ in inflight if side is Side.BUY)
    sells = sum(q for side, q, _, _ in inflight if side is Side.SELL)
    assert (long, short) == (max(0, have) + buys, max(0, -have) + sells)
    # Not told "reduce only", an exit may go through zero.
    stand.state.orders["exit"].reduce_only = False
    assert worst_position(stand.state, stand.sleeve) == (long, max(0, 999 - have) + sells)


@given(st.floats(-10, 10, allow_nan=False), st.decimals("0", "3", places=4))
def test_spot_wishes_stay_on_the_grid(qty: float, held: Decimal) -> None:
    stand = Stand(SPOT, rules=loose_rules())
    if held:
        stand.fill("ckt001000000500", held)
    stand.tell(Mark(stand.now, SPOT.symbol, 100.0, 100.0))
    for action in stand.want(abs(qty)):
        assert action.qty % SPOT.lot == 0
        assert action.qty >= SPOT.min_qty
