"""Bars that are proven to touch nothing are skipped: with and without that proof, everything is the same."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cockpit.core.events import Bar
from cockpit.core.intents import Place
from cockpit.core.matching import Exchange, Rules, bars
from cockpit.core.orders import OrderKind, Role
from cockpit.core.types import Instrument, Kind, MarginMode, MarginTier, PositionMode, PosSide, Side

D = Decimal
HOUR = 3_600_000
TIERS = (MarginTier(D(40), D("0.02"), D(50)), MarginTier(D(500), D("0.05"), D(20)))
MARKETS = {
    Kind.LINEAR: Instrument("t:L", Kind.LINEAR, "X", "USDT", "USDT", D("0.5"), D(1), D(1), tiers=TIERS),
    Kind.INVERSE: Instrument("t:I", Kind.INVERSE, "X", "USD", "X", D("0.5"), D(1), D(1), D(10)),
    Kind.SPOT: Instrument("t:S", Kind.SPOT, "X", "USDT", "USDT", D("0.5"), D(1), D(1)),
}
MARGINS = (MarginMode.CROSS, MarginMode.ISOLATED)
CASH = {"USDT": D(900), "X": D(6)}

near = st.integers(194, 206)
"""Prices in halves, so close together that touching to the tick is common."""
far = st.integers(140, 260)
KINDS = [*OrderKind, *[OrderKind.MARKET] * 6, *[OrderKind.OCO] * 6, *[OrderKind.STOP] * 3]
ranges = st.one_of(
    st.tuples(near, near, near, near), st.tuples(near, near, near, near), st.tuples(far, far, far, far)
)
orders = st.tuples(
    st.sampled_from(KINDS), st.sampled_from(list(Side)), st.integers(1, 60), near, near, st.booleans()
)
moves = st.lists(st.one_of(orders, ranges, ranges, st.just("quiet")), min_size=4, max_size=40)


def place(number: int, move: Any, symbol: str, mode: PositionMode) -> Place:
    kind, side, size, price, other, reduce_only = move
    trigger, other = other if isinstance(other, tuple) else (price, other)
    waits = kind in (OrderKind.STOP, OrderKind.TRIGGER, OrderKind.OCO, OrderKind.TRAIL)
    limited = kind in (OrderKind.LIMIT, OrderKind.POST_ONLY, OrderKind.IOC, OrderKind.FOK)
    pos = PosSide.NET if mode is PositionMode.NET else (PosSide.LONG if other % 2 else PosSide.SHORT)
    return Place(
        f"c{number}",
        "s",
        symbol,
        side,
        kind,
        D(size),
        D(price) / 2 if limited else None,
        D(trigger) / 2 if waits and kind is not OrderKind.TRAIL else None,
        D(other) / 2 if kind is OrderKind.OCO else None,
        D("0.05") if kind is OrderKind.TRAIL else None,
        reduce_only and mode is PositionMode.NET,
        pos,
        Role.ENTRY,
        "",
    )


def story(instrument: Instrument, rules: Rules, moves: list[Any]) -> tuple[list[object], bytes]:
    """Every report of the venue, and the venue at the end."""
    venue = Exchange({instrument.symbol: instrument}, CASH, rules)
    said: list[object] = []
    ts, last = HOUR, 100.0
    for number, move in enumerate(moves):
        if move == "quiet" or isinstance(move[0], int):
            ts += HOUR
            open_, high, low, close = (last,) * 4 if move == "quiet" else (n / 2 for n in move)
            top, bottom = max(open_, high, low, close), min(open_, high, low, close)
            venue.market(Bar(ts, instrument.symbol, HOUR, open_, top, bottom, close, 1.0), ts)
            last = close
        else:
            venue.request(place(number, move, instrument.symbol, rules.position_mode), ts + 100)
        said += venue.reports
        venue.reports.clear()
    return said, venue.export()


def protected(side: Side, end: tuple[int, int, int, int]) -> list[Any]:
    """In, stop and target at the venue, two calm bars, and one that touches one of them to the tick."""
    stop, take = (195, 205) if side is Side.BUY else (205, 195)
    guard = (OrderKind.OCO, side.opposite, 1, 0, (stop, take), True)
    calm = (200, 201, 199, 200)
    return [calm, (OrderKind.MARKET, side, 1, 0, 0, False), calm, guard, calm, calm, end]


WORLDS = [
    *(
        (kind, margin, mode)
        for kind in (Kind.LINEAR, Kind.INVERSE)
        for margin in MARGINS
        for mode in PositionMode
    ),
    (Kind.SPOT, MarginMode.CROSS, PositionMode.NET),
]


@pytest.mark.parametrize(("kind", "margin", "mode"), WORLDS)
def test_skipping_changes_nothing(kind: Kind, margin: MarginMode, mode: PositionMode) -> None:
    rules = Rules(margin_mode=margin, position_mode=mode, leverage=D(10))
    skipped = []

    @settings(max_examples=150)
    @given(moves)
    @example(protected(Side.BUY, (201, 205, 199, 204)))
    @example(protected(Side.BUY, (199, 200, 195, 196)))
    @example(protected(Side.SELL, (199, 200, 195, 196)))
    @example(protected(Side.SELL, (201, 205, 199, 204)))
    def same(moves: list[Any]) -> None:
        proof = bars._untouched

        def counted(*arguments: Any) -> bool:
            answer = proof(*arguments)
            skipped.append(answer)
            return answer

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bars, "_untouched", counted)
            quick = story(MARKETS[kind], rules, moves)
            patch.setattr(bars, "_untouched", lambda *_: False)
            slow = story(MARKETS[kind], rules, moves)
        assert quick == slow

    same()
    assert any(skipped)
    assert not all(skipped)
