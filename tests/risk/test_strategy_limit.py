"""ST-16: what a strategy's own parameters allow it is held by the gate, also against the strategy itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from cockpit.app import compose
from cockpit.app.discover import discover
from cockpit.app.rehearse import HOUR, MARKET, rehearse
from cockpit.core.config import SleeveConfig
from cockpit.core.events import Bar
from cockpit.core.intents import Quote
from cockpit.core.registry import STRATEGIES, strategy
from cockpit.core.types import Side
from cockpit.core.view import View
from cockpit.core.want import Want
from tests.core.stand import D, Stand, places
from tests.risk.test_rules import ask
from tests.strategies.crafted import bars, wave

discover()


class Bounds(msgspec.Struct, frozen=True):
    max_position: Annotated[float, Meta(description="Most it may hold")] = 0.2
    max_leverage: Annotated[float, Meta(description="Most it may hold")] = 3.0


class Greedy(msgspec.Struct):
    """Wants five times what its parameters say."""

    params: Bounds

    @classmethod
    def create(cls, params: Bounds) -> Greedy:
        return cls(params)

    def on_bar(self, _bar: Bar, _view: View, want: Want) -> None:
        want.long(self.params.max_position * 5, tag="more")


@pytest.fixture
def greedy() -> Iterator[str]:
    strategy("greedy", Bounds, version=1, wakes=("bar",))(Greedy)
    yield "greedy"
    del STRATEGIES._rows["greedy"]


@pytest.mark.parametrize(
    ("params", "share"), [({}, 0.2), ({"max_leverage": 0.1}, 0.1), ({"max_position": 0.5}, 0.5)]
)
def test_the_gate_trims_what_the_strategy_should_not_want(
    greedy: str, params: dict[str, float], share: float
) -> None:
    run = rehearse(greedy, bars(wave(4, size=0.0)), params)
    assert float(run.wishes[0].target or 0) == pytest.approx(500 * params.get("max_position", 0.2))
    assert float(run.position) * 100 == pytest.approx(share * 10_000, rel=0.021)
    (sleeve,) = run.engine.state.sleeves.values()
    assert sleeve.limit == share


def hold(stand: Stand, sleeve: int, qty: int) -> None:
    """A sleeve gets to a position; the venue asks no fee."""
    for place in places(stand.want(qty, sleeve=sleeve)):
        stand.ack(place.cid)
        stand.fill(place.cid, fee=D(0))


def limited(stand: Stand, limit: float = 0.5) -> Stand:
    """100,000 USDT of equity and contracts worth 1 USDT: the limit is 50,000 of them."""
    for sleeve in stand.state.sleeves.values():
        sleeve.limit = limit
    return stand


def test_a_strategy_without_limits_of_its_own_has_none() -> None:
    assert ask(Stand(), "strategy_limit", target=D(80_000))[0].target == 80_000


def test_it_trims_and_says_whose_limit_it_is() -> None:
    after, context = ask(limited(Stand()), "strategy_limit", target=D(-80_000))
    assert after.target == -51_000
    assert context.verdicts[0].reason == "its own limit, 0.5x of its capital: 50,000 USDT left"


def test_its_share_of_the_equity_is_its_capital() -> None:
    stand = limited(Stand())
    stand.sleeve.share = 0.1
    assert ask(stand, "strategy_limit", target=D(80_000))[0].target == 5_100


def test_a_price_that_moved_a_little_is_no_reason_to_trim() -> None:
    assert ask(limited(Stand()), "strategy_limit", target=D(50_900))[0].target == 50_900


def test_a_way_out_is_never_trimmed() -> None:
    stand = limited(Stand(), 0.000001)
    assert ask(stand, "strategy_limit", target=D(0))[0].target == 0


def test_without_a_price_it_blocks_and_asks_again() -> None:
    stand = limited(Stand())
    stand.state.marks.clear()
    stand.state.last.clear()
    after, context = ask(stand, "strategy_limit", target=D(5))
    assert after.target == 0
    assert "no price" in context.verdicts[0].reason


def test_sleeves_of_one_pool_share_one_capital() -> None:
    stand = limited(Stand(sleeves=3))
    first, second, _ = stand.state.sleeves.values()
    first.pool = second.pool = "makers"
    quotes = (Quote(Side.BUY, D(99), D(60_000)),)
    assert ask(stand, "strategy_limit", quotes=quotes)[0].quotes[0].qty == 51_000
    hold(stand, 2, 30_000)
    hold(stand, 3, 30_000)
    after, context = ask(stand, "strategy_limit", quotes=quotes)
    assert after.quotes[0].qty == 20_400
    assert context.verdicts[0].reason == "its own limit, 0.5x of the capital of pool makers: 20,000 USDT left"
    hold(stand, 2, 60_000)
    assert ask(stand, "strategy_limit", quotes=quotes)[0].quotes == ()


def test_all_legs_together_stay_within_the_leverage() -> None:
    stand = limited(Stand(sleeves=2))
    first, second = stand.state.sleeves.values()
    first.group = second.group = first.id
    first.gearing = second.gearing = 0.6
    assert ask(stand, "strategy_limit", target=D(50_000))[0].target == 50_000
    hold(stand, 2, -40_000)
    after, context = ask(stand, "strategy_limit", target=D(50_000))
    assert after.target == 20_400
    assert context.verdicts[0].reason == "its own limit, 0.6x of its capital in all legs: 20,000 USDT left"


def cast(strategy: str, params: dict[str, Any], **row: Any) -> Any:
    frames = {MARKET.symbol: (HOUR,)}
    config = SleeveConfig(strategy, MARKET.symbol, params=params, **row)
    return compose.cast([config], {MARKET.symbol: MARKET}, frames)[0].sleeve


def test_limits_come_from_the_parameters() -> None:
    assert cast("ema_trend", {}).limit == 0.2
    assert cast("breakout", {"max_leverage": 0.1}).limit == 0.1
    maker = cast("market_maker", {"capital_total": 0.1, "leverage": 2.0}, pool="makers")
    assert (maker.limit, maker.pool, maker.gearing) == (0.2, "makers", 0.0)
