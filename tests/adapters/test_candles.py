"""Candles made of shorter ones and of trades: equal to a naive grouping, in time order, never too early."""

from collections import defaultdict
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.adapters.candles import TRADES, recipe, with_candles
from cockpit.core.events import AnyEvent, Bar, Mark, Trade
from cockpit.core.types import Instrument, Kind, Side

A, B = "t:A-USDT-SWAP", "t:B-USD-SWAP"


def market(symbol: str, kind: Kind, value: str) -> Instrument:
    one = Decimal(1)
    return Instrument(symbol, kind, "A", "USDT", "USDT", Decimal("0.1"), one, one, Decimal(value))


MARKETS = {A: market(A, Kind.LINEAR, "0.01"), B: market(B, Kind.INVERSE, "100")}


def bar(ts: int, close: float, symbol: str = A, tf: int = 10, volume: float = 1.0) -> Bar:
    return Bar(ts, symbol, tf, close - 1, close + 2, close - 3, close, volume)


def trade(ts: int, price: float, symbol: str = A, qty: float = 1.0) -> Trade:
    return Trade(ts, symbol, ts, price, qty, Side.BUY)


def made(stream: list[AnyEvent], tf: int, parts: int, symbol: str = A) -> list[Bar]:
    mixed = list(with_candles(stream, {symbol: {tf: parts}}, MARKETS))
    return [event for event in mixed if isinstance(event, Bar) and event.tf == tf]


def test_what_a_candle_is_best_made_of() -> None:
    assert recipe(60, [5, 15, 60, 300], traded=True) == 15
    assert recipe(50, [15, 60], traded=True) == TRADES
    assert recipe(50, [15, 60], traded=False) is None
    assert recipe(60, [], traded=False) is None


def test_three_short_candles_make_a_long_one_with_the_last_of_them() -> None:
    stream: list[AnyEvent] = [bar(40, 5), bar(50, 9), bar(60, 7), bar(70, 1)]
    mixed = list(with_candles(stream, {A: {30: 10}}, MARKETS))
    assert mixed == [*stream[:3], Bar(60, A, 30, 4, 11, 2, 7, 3.0), stream[3]]


def test_the_first_one_is_dropped_when_its_beginning_was_not_heard() -> None:
    assert made([bar(50, 5), bar(60, 6), *(bar(ts, 7) for ts in (70, 80, 90))], 30, 10) == [
        Bar(90, A, 30, 6, 9, 4, 7, 3.0)
    ]


def test_a_missing_part_does_not_hold_the_candle_back_nor_invent_one() -> None:
    stream: list[AnyEvent] = [bar(40, 5), Mark(60, A, 1.0), Mark(61, A, 1.0), bar(130, 8), bar(140, 9)]
    mixed = list(with_candles(stream, {A: {30: 10}}, MARKETS))
    assert mixed[:3] == [bar(40, 5), Mark(60, A, 1.0), Bar(60, A, 30, 4, 7, 2, 5, 1.0)]
    assert [event.ts for event in mixed if isinstance(event, Bar) and event.tf == 30] == [60], (
        "three empty intervals have no candle, and the last one is not over"
    )


def test_trades_make_candles_in_base_units_and_the_border_belongs_to_the_next() -> None:
    stream: list[AnyEvent] = [trade(95, 1), trade(100, 50), trade(140, 80), trade(199, 60), trade(200, 70)]
    mixed = list(with_candles(stream, {A: {100: TRADES}}, MARKETS))
    assert mixed == [*stream[:4], Bar(200, A, 100, 50, 80, 50, 60, pytest.approx(0.03)), stream[4]]
    coin: list[AnyEvent] = [trade(1, 5, B), trade(100, 50, B, 2.0), trade(250, 50, B)]
    assert made(coin, 100, TRADES, B) == [Bar(200, B, 100, 50, 50, 50, 50, 4.0)]


def test_without_recipes_the_very_stream_passes() -> None:
    stream = iter([bar(10, 1)])
    assert with_candles(stream, {A: {}}, MARKETS) is stream


moves = st.lists(
    st.tuples(st.sampled_from(["bar", "trade", "mark"]), st.sampled_from([A, B]), st.integers(0, 25)),
    max_size=80,
)


@given(moves)
def test_they_equal_a_naive_grouping_and_keep_the_order_of_time(rows: list[tuple[str, str, int]]) -> None:
    now, stream = 1_000, []
    for what, symbol, later in rows:
        now += later
        if what == "bar":
            now += -now % 10
            stream.append(bar(now, now % 37 + 5.0, symbol))
        elif what == "trade":
            stream.append(trade(now, now % 53 + 5.0, symbol))
        else:
            stream.append(Mark(now, symbol, 1.0))
    recipes = {A: {30: 10, 40: TRADES}, B: {70: 10, 7: TRADES}}
    mixed = list(with_candles(stream, recipes, MARKETS))
    assert all(before.ts <= after.ts for before, after in pairwise(mixed))
    new = [e for e in mixed if isinstance(e, Bar) and e.tf in recipes[e.symbol]]
    assert [e for e in mixed if not (isinstance(e, Bar) and e.tf in recipes[e.symbol])] == stream
    assert {(e.symbol, e.tf, e.ts): (e.open, e.high, e.low, e.close) for e in new} == naive(stream, recipes)


def naive(stream: list[AnyEvent], recipes: dict[str, dict[int, int]]) -> dict[tuple[str, int, int], object]:
    """Group, then look: no state, no order of events."""
    found: dict[tuple[str, int, int], object] = {}
    for symbol, lengths in recipes.items():
        for tf, parts in lengths.items():
            groups: dict[int, list[tuple[int, float, float, float, float]]] = defaultdict(list)
            for event in stream:
                if getattr(event, "symbol", "") != symbol:
                    continue
                if isinstance(event, Bar) and event.tf == parts:
                    opened = event.ts - event.tf
                    groups[opened // tf * tf + tf].append(
                        (opened, event.open, event.high, event.low, event.close)
                    )
                elif isinstance(event, Trade) and parts == TRADES:
                    prices = (event.price,) * 4
                    groups[event.ts // tf * tf + tf].append((event.ts, *prices))
            last = stream[-1].ts if stream else 0
            ends = sorted(groups)
            if ends and (parts == TRADES or groups[ends[0]][0][0] != ends[0] - tf):
                ends = ends[1:]
            for end in ends:
                rows = groups[end]
                over = last > end or (last == end and (parts == TRADES or rows[-1][0] + parts == end))
                if over:
                    found[symbol, tf, end] = (
                        rows[0][1],
                        max(row[2] for row in rows),
                        min(row[3] for row in rows),
                        rows[-1][4],
                    )
    return found
