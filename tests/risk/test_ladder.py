"""The stop ladder says what is true: which layer fires first, at what price, and what it costs."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from cockpit.core import events as ev
from cockpit.core.frames import Health, StopLayer
from cockpit.core.intents import Cancel, Place, Query, ReadAccount
from cockpit.core.orders import Role
from cockpit.core.project import Projector
from tests.core.stand import LINEAR, D, Stand, places
from tests.risk.layers import TF, bar, equip, flat, watch

PATHS = 250
SOAK_PATHS = 10_000


def rungs(stand: Stand) -> dict[str, StopLayer]:
    """The first position's ladder by layer."""
    frame = Projector(stand.engine, mode="TEST", venue="sim").frame(stand.now, stand.now, Health())
    return {row.name: row for row in frame.positions[0].layers} if frame.positions else {}


def test_one_axis_with_the_first_marked_and_the_cash_at_each() -> None:
    stand = Stand(cash="1000")
    equip(
        stand,
        {"layer": "percent", "percent": 2.0},
        {"layer": "hard", "loss": 1.0},
        {"layer": "time", "bars": 9},
    )
    watch(stand, {"layer": "account_drawdown", "limit": 1.5}, {"layer": "margin_ratio", "limit": 5.0})
    (stop,) = places(stand.holding(200))
    found = rungs(stand)
    assert found["percent"].price == 98.0
    assert found["hard"].price == pytest.approx(100 * (1 - 0.01 * stand.state.equity() / 200), abs=0.1)
    assert found["percent"].first
    assert [name for name, row in found.items() if row.first] == ["percent"]
    assert found["venue"].state == "local"
    stand.ack(stop.cid)
    found = rungs(stand)
    assert (found["venue"].state, found["venue"].price) == ("armed", 98.0)
    assert (found["percent"].state, found["hard"].state) == ("armed", "behind")
    # 200 contracts of 0.01: 2 units; 2 away is 4, and the taker fee of leaving at 98.
    assert found["percent"].cash == pytest.approx(-4.0 - 2 * 98 * float(LINEAR.taker_fee))
    assert found["percent"].distance == pytest.approx(0.02)
    assert (found["time"].say, found["time"].state) == ("0 of 9 bars", "watching")
    assert "liquidation" not in found, "no price takes a fifth of the account's money away"
    stand.place_and_fill(stand.want(5_000)[:1])
    assert 0 < rungs(stand)["liquidation"].price < 98.0


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(
    ("layer", "params"), [("account_drawdown", {"limit": 5.0}), ("margin_ratio", {"limit": 20.0})]
)
def test_the_price_of_an_account_stop_is_where_it_fires(
    side: int, layer: str, params: dict[str, Any]
) -> None:
    stand = Stand(cash="100", sleeves=2)
    watch(stand, {"layer": layer, **params})
    stand.place_and_fill(stand.want(180 * side))
    stand.place_and_fill(stand.want(-30 * side, sleeve=2))
    level = rungs(stand)[layer].price
    for offset, fires in ((side * 0.02, False), (-side * 0.02, True)):
        price = level + offset
        stand.tell(ev.Mark(stand.now, stand.symbol, price, price))
        stand.wait(1_000)
        assert bool(stand.state.watch.stopped) is fires, (level, price)


def test_a_stop_that_is_gone_is_missing_and_a_broken_layer_says_so() -> None:
    stand = Stand()
    guard = equip(stand, {"layer": "percent", "percent": 2.0}, {"layer": "chandelier", "n": 1})
    (stop,) = places(stand.holding(5))
    stand.ack(stop.cid)
    stand.state.orders.clear()
    assert rungs(stand)["venue"].state == "missing"
    guard.layers[1].broken = "ValueError: no"
    assert (rungs(stand)["chandelier"].state, rungs(stand)["chandelier"].say) == ("missing", "ValueError: no")


def test_the_take_profit_is_on_the_axis_and_never_the_first_stop() -> None:
    stand = Stand()
    stand.holding(5, stop=95, take=101)
    found = rungs(stand)
    assert (found["take"].letter, found["take"].price, found["take"].first) == ("G", 101.0, False)
    assert (found["hard"].price, found["hard"].first) == (95.0, True)
    assert found["take"].cash > 0 > found["hard"].cash


# --- the layer shown as first is the one that fires ---------------------------------------------------------


def _layers(rng: random.Random) -> list[dict[str, Any]]:
    pool: list[dict[str, Any]] = [
        {"layer": "percent", "percent": rng.choice((0.4, 1.0, 3.0)), "trailing": rng.random() < 0.5},
        {"layer": "atr", "n": 3, "k": rng.choice((0.5, 1.5, {"base": 1.5, "rv": 0.5, "atr": 0.5}))},
        {"layer": "chandelier", "n": 4, "k": rng.choice((1.0, 2.5))},
        {"layer": "parabolic", "n": 3, "step": 0.05},
        {"layer": "trail", "n": 3, "k": rng.choice((0.6, 1.5)), "after": 0.5},
        {"layer": "hard", "loss": rng.choice((0.04, 0.08))},
        {"layer": "time", "seconds": rng.choice((150, 600, 3_000))},
        {"layer": "time", "bars": rng.choice((3, 12, 40))},
    ]
    return rng.sample(pool, rng.randint(1, 5))


class Path:
    """One random market, one position, one venue that fires what it holds when its price is reached."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = random.Random(seed)
        self.stand = Stand(cash="10000")
        equip(self.stand, *_layers(rng))
        if rng.random() < 0.3:
            watch(self.stand, {"layer": "account_drawdown", "limit": rng.choice((0.22, 0.26))})
        self.price = 100.0
        self.shown: dict[str, StopLayer] = {}
        self.fired = ""
        self.at_close = False
        """It fired in the step of a closed bar, whose new level was behind the market already."""
        flat(self.stand, 5, 100.0, rng.choice((0.4, 1.0)))
        self.resting: dict[str, Place] = {}
        side = rng.choice((1, -1))
        own = 100 - side * rng.choice((0.7, 2.0)) if rng.random() < 0.4 else None
        self.take(self.stand.want(side * rng.choice((500, 2_000)), stop=own))

    def take(self, actions: Any) -> None:
        """The venue takes what is asked for; market orders trade at once."""
        for action in actions:
            if isinstance(action, Place):
                more = self.stand.ack(action.cid)
                if action.role is Role.PROTECT:
                    self.resting[action.cid] = action
                else:
                    if action.role is Role.EXIT:
                        self.fired = self.fired or action.tag
                    more += self.stand.fill(action.cid, price=D(repr(round(self.price, 1))))
                self.take(more)
            elif isinstance(action, Cancel):
                self.resting.pop(action.cid, None)
                self.take(self.stand.cancelled(action.cid))
            else:
                assert isinstance(action, Query | ReadAccount)

    def move(self, target: float) -> None:
        """Prices do not jump over two rungs at once: a step that reaches the first ends just behind it."""
        first = next((row.price for row in self.shown.values() if row.first), 0.0)
        side = 1 if self.stand.have > 0 else -1
        if first and (self.price - first) * side > 0 >= (target - first) * side:
            target = first - side * 0.001
        self.price = target

    def tick(self) -> None:
        """One small step of the price; the venue's stops look at it first, then we hear of it."""
        stand = self.stand
        self.take(stand.wait(0))
        self.shown = rungs(stand)
        if not self.shown:
            return
        self.move(self.price * (1 + self.rng.gauss(0, 0.0015)))
        for cid, stop in list(self.resting.items()):
            order = stand.state.orders.get(cid)
            if order is None or not stand.have or stop.trigger is None:
                continue
            if (Decimal(repr(self.price)) - stop.trigger) * stop.side.sign >= 0:
                self.fired = self.fired or stop.tag
                del self.resting[cid]
                self.take(stand.fill(cid, price=stop.trigger))
        stand.now += 2_000
        self.take(stand.tell(ev.Mark(stand.now, stand.symbol, round(self.price, 4), round(self.price, 4))))
        self.take(stand.wait(0))

    def run(self) -> None:
        """Until something fires, or 60 bars."""
        for _ in range(60):
            high = low = self.price
            for _ in range(TF // 2_000 // 5):
                self.tick()
                if not self.stand.have:
                    return
                high, low = max(high, self.price), min(low, self.price)
            self.shown = rungs(self.stand)
            self.stand.now -= TF
            self.stand.now = max(self.stand.now, self.stand.state.now - TF)
            self.take(bar(self.stand, round(high, 4), round(low, 4), round(self.price, 4)))
            if not self.stand.have:
                self.at_close = True
                return


def judge(path: Path) -> str:
    """What fired, held against the last picture before it; words when they do not agree."""
    fired = path.fired.removeprefix("stop:")
    rows = path.shown
    first = next((row for row in rows.values() if row.first), None)
    if fired == "time" or (path.at_close and fired != "account_drawdown"):
        # By the clock; or by what only this closed bar has brought, which no picture could show.
        return "" if fired in rows else f"{fired} fired and was not on the ladder"
    if first is None or first.name != fired:
        return f"{first and first.name} was shown first, {fired} fired"
    return ""


def paths(seeds: range) -> list[str]:
    wrong, fired, at_close = [], set(), 0
    for seed in seeds:
        path = Path(seed)
        path.run()
        if path.fired:
            fired.add(path.fired)
            at_close += path.at_close
            if said := judge(path):
                wrong.append(f"seed {seed}: {said}")
    assert len(fired) >= 7, fired
    assert at_close < len(seeds) / 5, "most fire between bars, where the picture is a promise"
    return wrong


def test_the_layer_shown_as_first_is_the_one_that_fires() -> None:
    assert paths(range(PATHS)) == []


@pytest.mark.soak
def test_the_layer_shown_as_first_is_the_one_that_fires_in_ten_thousand_paths() -> None:
    assert paths(range(1_000_000, 1_000_000 + SOAK_PATHS)) == []
