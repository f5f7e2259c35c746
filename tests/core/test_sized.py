"""Sizing in the machine: the side is the strategy's, the weight the method's, a position follows capital."""

from __future__ import annotations

from decimal import Decimal
from math import exp
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.app import compose, sizings, why
from cockpit.app.rehearse import MARKET, candles, rehearse
from cockpit.core import events as ev
from cockpit.core import memory
from cockpit.core.config import Config, SizingConfig, SleeveConfig
from cockpit.core.errors import ConfigError
from cockpit.core.lots import nearest_within, round_contracts
from cockpit.core.sized import in_force
from cockpit.core.stops import Trade
from tests.core.stand import LINEAR, D, Stand, places
from tests.risk.layers import TF, bar

NAN = float("nan")


def size(stand: Stand, sleeve: str = "p1", **method: Any) -> None:
    """Give a sleeve of the stand this method."""
    slot = stand.engine.slots[sleeve]
    slot.sleeve.stop_tf = TF
    found = sizings.spec(method, "test")
    assert found is not None
    stand.engine.guard(slot, None, found.build())


def settle(stand: Stand, **settings: Any) -> None:
    stand.state.sizing = SizingConfig(**settings)


def shake(stand: Stand, move: float, count: int = 60, price: float = 100.0) -> None:
    """Bars whose returns are +move, -move, ...: volatility of a bar is ``move``."""
    for n in range(count):
        close = price * exp(move if n % 2 else 0.0)
        bar(stand, close, close, close)


def long(stand: Stand, weight: float = 0.5, sleeve: int = 1, stop: float = NAN) -> Any:
    return stand.wish(lambda _view, want: want.long(weight, stop=stop, tag="up"), sleeve)


A_YEAR = (365 * 86_400_000 / TF) ** 0.5


def test_without_a_sizing_the_weight_is_the_strategys() -> None:
    stand = Stand(rules=())
    (place,) = places(long(stand, 0.5))
    assert place.qty * LINEAR.contract_value * 100 == pytest.approx(50_000, rel=0.01)
    assert stand.sleeve.size is None


def test_the_weight_is_the_target_over_the_volatility_whatever_the_strategy_wrote() -> None:
    stand = Stand()
    settle(stand, global_leverage=5.0)
    size(stand, method="target_vol", sigma=0.2, floor=1e-6, w_max=5.0)
    shake(stand, 0.0005)
    (place,) = places(long(stand, 0.123))
    sigma = 0.0005 * A_YEAR
    worth = float(place.qty * LINEAR.contract_value) * stand.state.price(LINEAR.symbol)
    assert worth / 100_000 == pytest.approx(0.2 / sigma, rel=0.02)
    held = in_force(stand.sleeve)
    assert held is not None
    assert "notional" in held.why
    assert "verbatim" in held.why
    assert "sizing.set" in stand.notes()


@pytest.mark.parametrize("method", [{"method": "target_vol"}, {"method": "risk", "fraction": 0.001}])
def test_half_the_volatility_is_twice_the_position_and_not_four_times(method: dict[str, Any]) -> None:
    """Trap PF-02."""
    found = []
    for move in (0.002, 0.001):
        stand = Stand()
        settle(stand, global_leverage=0.0)
        size(stand, **method, floor=1e-6, w_max=50.0)
        shake(stand, move, count=200)
        found.append(sum(p.qty for p in places(long(stand))))
    assert float(found[1] / found[0]) == pytest.approx(2.0, rel=0.02)


def test_pf_02_to_the_letter_is_four_times_and_is_never_the_default() -> None:
    found = []
    for move in (0.002, 0.001):
        stand = Stand()
        settle(stand, global_leverage=0.0)
        size(
            stand, method="target_vol", qty="verbatim", sigma=0.001, floor=1e-6, w_max=100.0, horizon=10_000.0
        )
        shake(stand, move, count=200)
        found.append(sum(p.qty for p in places(long(stand))))
    assert float(found[1] / found[0]) == pytest.approx(4.0, rel=0.02)


def test_before_the_volatility_is_known_nothing_is_entered_and_then_it_is() -> None:
    stand = Stand()
    size(stand, method="target_vol")
    assert places(long(stand, stop=90.0)) == []
    (row,) = why.reasons(stand.state, "p1")["sleeves"]
    assert row["answer"] == "why.no_size"
    assert "not known yet" in why.text({"sleeves": [row]}, "en")
    found: list[Any] = []
    for n in range(30):
        found += places(bar(stand, 101.0, 100.0, 100.0 + n % 2))
    assert found[0].qty > 0
    stand.place_and_fill(tuple(found))
    guards = [o for o in stand.alive() if o.trigger is not None]
    assert [(o.trigger, o.qty) for o in guards] == [(D("90"), stand.have)], "the stop waited with the size"


def test_equity_moves_the_position_when_it_is_off_by_money_and_by_a_part() -> None:
    stand = Stand()
    settle(stand, drift=0.1, global_leverage=0.0)
    size(stand, method="target_vol", sigma=0.2, w_max=1.0)
    shake(stand, 0.0001)
    stand.place_and_fill(long(stand))
    have = stand.have
    deposit = ev.Transfer(stand.now, "USDT", D(5_000), "b1")
    assert places(stand.tell(deposit)) == [], "5 % is less than the drift"
    (more,) = places(stand.tell(msgspec.structs.replace(deposit, bill_id="b2", amount=D(20_000))))
    assert float((have + more.qty) / have) == pytest.approx(1.25, rel=0.01)
    stand.place_and_fill((more,))
    out = msgspec.structs.replace(deposit, bill_id="b3", amount=D(-75_000))
    (less,) = places(stand.tell(out))
    assert less.reduce_only
    assert less.side == "sell"


def test_a_position_under_the_least_notional_is_not_held() -> None:
    stand = Stand(cash="50")
    settle(stand, min_notional=60.0)
    size(stand, method="target_vol")
    shake(stand, 0.0001)
    assert places(long(stand)) == []
    held = in_force(stand.sleeve)
    assert held is not None
    assert "under 60" in held.why


def test_sized_sleeves_share_the_leverage_of_the_account() -> None:
    stand = Stand(sleeves=3)
    settle(stand, global_leverage=1.0, drift=0.0)
    for name in ("p1", "p2"):
        size(stand, name, method="target_vol", w_max=1.0)
    stand.place_and_fill(stand.want(200.0, sleeve=3))
    unit = float(LINEAR.contract_value) * 100.0
    taken = 200.0 * unit / 100_000
    shake(stand, 0.0001)
    stand.place_and_fill(long(stand, sleeve=1))
    stand.place_and_fill(long(stand, sleeve=2))
    for _ in range(3):
        stand.place_and_fill(bar(stand, 100.0, 100.0, 100.0))
    weights = [float(stand.state.position(name)) * unit / 100_000 for name in ("p1", "p2")]
    assert sum(weights) + taken == pytest.approx(stand.state.equity() / 100_000, abs=0.005)
    assert weights[0] == pytest.approx(weights[1], rel=0.05)
    held = in_force(stand.state.sleeves["p1"])
    assert held is not None
    assert "leverage of the account" in held.why


def test_margin_use_of_the_account_brings_positions_down_without_drift() -> None:
    stand = Stand()
    stand.state.ledger.set_leverage(LINEAR, D(2))
    settle(stand, global_leverage=0.0, drift=0.5)
    size(stand, method="target_vol", w_max=1.0)
    shake(stand, 0.0001)
    stand.place_and_fill(long(stand))
    before = stand.have
    settle(stand, global_leverage=0.0, drift=0.5, max_margin_use=0.4)
    (less,) = places(bar(stand, 100.0, 100.0, 100.0))
    assert float((before - less.qty) / before) == pytest.approx(0.8, rel=0.02)


def test_two_sleeves_on_one_market_are_one_weight_under_the_correlation_trigger() -> None:
    stand = Stand(sleeves=2)
    settle(stand, global_leverage=0.0, drift=0.0, correlation=0.7)
    for name in ("p1", "p2"):
        size(stand, name, method="target_vol", w_max=0.5)
    shake(stand, 0.0001)
    for sleeve in (1, 2):
        stand.place_and_fill(long(stand, sleeve=sleeve))
    stand.place_and_fill(bar(stand, 100.0, 100.0, 100.0))
    unit = float(LINEAR.contract_value) * 100.0
    total = sum(float(stand.state.position(name)) for name in ("p1", "p2")) * unit / 100_000
    assert total == pytest.approx(0.5, rel=0.02)


def test_kelly_bets_its_start_then_nothing_for_luck_and_more_for_an_edge() -> None:
    for drift, bets in ((0.0, False), (0.0004, True)):
        stand = Stand()
        settle(stand, drift=0.0)
        size(stand, method="kelly", least=40, window=200, start=0.02, fee=0.0)
        shake(stand, 0.002, count=25)
        stand.place_and_fill(long(stand))
        unit = float(LINEAR.contract_value)
        price = 100.0
        assert float(stand.have) * unit * 100 / 100_000 == pytest.approx(0.02, rel=0.1)
        for n in range(120):
            price *= exp((0.002 if n % 2 else -0.002) + drift)
            stand.place_and_fill(bar(stand, price, price, price))
        held = in_force(stand.sleeve)
        assert held is not None
        assert (held.qty > 0) is bets, held.why


def test_tiered_leverage_falls_at_once_and_rises_slowly() -> None:
    stand = Stand()
    settle(stand, global_leverage=0.0, drift=0.0)
    size(stand, method="target_vol", sigma=10.0, w_max=50.0, leverage=3.0)
    price = 100.0
    for _ in range(160):  # calm and straight
        price *= 1.0002
        bar(stand, price * 1.0005, price * 0.9995, price)
    long(stand)
    calm_ = in_force(stand.sleeve)
    assert calm_ is not None
    assert 0.5 < calm_.weight <= 3.0
    for n in range(30):  # wild
        price *= exp(0.01 if n % 2 else -0.01)
        bar(stand, price * 1.01, price * 0.99, price)
    wild = in_force(stand.sleeve)
    assert wild is not None
    assert wild.weight < 0.5 * calm_.weight


def test_what_a_stop_has_closed_is_not_resized_back() -> None:
    stand = Stand()
    settle(stand, drift=0.0)
    size(stand, method="target_vol")
    shake(stand, 0.0001)
    stand.place_and_fill(long(stand))
    stand.sleeve.trade = Trade(1, float(stand.have), 100.0, stand.now)
    intent = stand.sleeve.intent
    assert intent is not None
    stand.sleeve.intent = msgspec.structs.replace(intent, target=D(0), tag="stop:time")
    assert in_force(stand.sleeve) is None
    shake(stand, 0.00001)
    assert stand.sleeve.intent.target == 0


def test_a_method_that_breaks_takes_its_sleeve_off_and_keeps_what_is_held() -> None:
    stand = Stand()
    settle(stand, drift=0.5)
    size(stand, method="target_vol")
    shake(stand, 0.0001)
    stand.place_and_fill(long(stand, stop=90.0))
    have = stand.have
    sizer = stand.engine.slots["p1"].sizer
    assert sizer is not None
    sizer.body.gauge.yard.tf = 0
    bar(stand, 100.0, 100.0, 100.0)
    sizer.body.gauge.yard.tf = 0
    long(stand, 0.9)
    assert stand.sleeve.benched.startswith("sizing target_vol failed")
    assert stand.have == have
    assert not [p for p in stand.alive() if p.role == "exit"]


def test_the_memory_of_a_sizing_survives_a_restart() -> None:
    stand = Stand()
    size(stand, method="kelly", leverage=2.0)
    shake(stand, 0.001)
    stand.place_and_fill(long(stand))
    kept = memory.read(memory.freeze(stand.engine))
    other = type(stand.engine)(kept.state, stand.engine.rules)
    memory.thaw(other, kept, {n: type(s.strategy) for n, s in stand.engine.slots.items()})
    assert memory.freeze(other) == memory.freeze(stand.engine)
    for engine in (stand.engine, other):
        for n in range(60):
            price = 100.0 + n % 3
            engine.step(ev.Bar(stand.now + n * TF, stand.symbol, TF, price, price, price, price, 1.0))
    assert other.digest == stand.engine.digest
    assert other.state.sleeves["p1"].size == stand.sleeve.size


MOMENTUM = {"price_momentum_threshold": 0.02, "volume_momentum_threshold": 0.5, "rsi_momentum_threshold": 1.0}
WAVE = [100.0 + (n // 40 % 2 * 2 - 1) * (n % 40) * 0.4 for n in range(400)]


def test_a_rehearsal_with_and_without() -> None:
    """The whole way: the same trades in another size."""
    plain = rehearse("momentum", candles(WAVE), MOMENTUM)
    sizing = SizingConfig(default={"method": "risk", "fraction": 0.002})
    config = msgspec.structs.replace(Config(), sizing=sizing)
    sized = rehearse("momentum", candles(WAVE), MOMENTUM, config=config)
    assert [str(t.why_in) for t in plain.trips[:3]] == [str(t.why_in) for t in sized.trips[:3]]
    assert plain.trips[0].qty != sized.trips[0].qty
    own = SleeveConfig("momentum", MARKET.symbol, sizing={"method": "own"})
    sleeve = next(iter(sized.engine.state.sleeves.values()))
    assert sizings.of(config, own, sleeve) is None


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"method": "kely"}, "did you mean 'kelly'"),
        ({"sigma": 0.3}, "no method None"),
        ({"method": "target_vol", "sigma": 0.0}, "sigma"),
        ({"method": "target_vol", "sgima": 0.3}, "sgima"),
        ({"method": "own", "sigma": 0.3}, "takes no numbers"),
        ({"method": "kelly", "least": 300, "window": 200}, "least is more than window"),
    ],
)
def test_what_cannot_be_is_said(row: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        sizings.spec(row, "sizing.default")


def test_legs_keep_their_ratio_and_a_book_strategy_has_no_bars() -> None:
    rows = {MARKET.symbol: MARKET, "b": msgspec.structs.replace(MARKET, symbol="b")}
    pair = SleeveConfig("pairs", symbols=tuple(rows), sizing={"method": "risk"})
    frames: dict[str, list[int]] = {name: [TF] for name in rows}
    with pytest.raises(ConfigError, match="ratio"):
        compose.cast([pair], rows, frames)
    maker = SleeveConfig("market_maker", MARKET.symbol, sizing={"method": "risk"})
    with pytest.raises(ConfigError, match="needs bars"):
        compose.cast([maker], rows, {})


@given(
    st.decimals(min_value=-1000, max_value=1000, places=6),
    st.decimals(min_value=0, max_value=1000, places=6),
    st.sampled_from([D("0.01"), D("0.1"), D(1)]),
)
def test_the_nearest_lot_never_breaks_the_limit(qty: Decimal, most: Decimal, lot: Decimal) -> None:
    if abs(qty) > most:
        return
    found = nearest_within(qty, most, lot, lot)
    assert abs(found) <= most
    assert found % lot == 0
    assert found in {round_contracts(qty, lot, lot), round_contracts(qty, lot, lot, "nearest")}
