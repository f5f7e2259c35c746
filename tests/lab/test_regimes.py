"""A trip is told under the regime that was published when it was entered: later bars change nothing."""

from __future__ import annotations

from math import sin

from cockpit.core.events import Bar
from cockpit.indicators.regime import Regime, name_of
from cockpit.lab.curve import HOUR
from cockpit.lab.regimes import UNKNOWN, Regimes
from tests.app.stream_worlds import Bench


def bars(symbol: str, count: int) -> list[Bar]:
    closes = [100 + 20 * sin(i / 40) + (i % 7) * 0.1 for i in range(count)]
    return [
        Bar((i + 1) * HOUR, symbol, HOUR, p, p * 1.002, p * 0.998, p, 10.0 + i % 5)
        for i, p in enumerate(closes)
    ]


def test_the_regime_of_an_instant_is_the_one_that_was_known_then() -> None:
    bench = Bench(50, 7)
    state = bench.engine.state
    sleeve = next(iter(state.sleeves.values()))
    sleeve.tf = HOUR
    rows = bars(sleeve.symbol, 400)
    told = Regimes(state, {})
    alone = Regime()
    then = []
    for row in rows:
        told.hear(row)
        told.hear(Bar(row.ts, sleeve.symbol, 2 * HOUR, 1, 1, 1, 1, 1))  # another length says nothing
        then.append(name_of(alone.update(row.high, row.low, row.close, row.volume)) or UNKNOWN)
    assert len(set(then)) > 3
    assert [told.at(sleeve.id, sleeve.symbol, row.ts) for row in rows] == then
    # A millisecond before a bar closes nobody knows it.
    assert [told.at(sleeve.id, sleeve.symbol, row.ts - 1) for row in rows[1:]] == then[:-1]
    assert told.at(sleeve.id, sleeve.symbol, 0) == UNKNOWN
    assert told.at("external/x", "x", rows[-1].ts) == UNKNOWN
    shares = told.shares()
    assert shares == {name: then.count(name) / len(then) for name in set(then)}
