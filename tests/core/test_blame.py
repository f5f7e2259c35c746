"""An error of a strategy names the strategy, the line and the bar."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.app.rehearse import candles, rehearse
from cockpit.core import events as ev
from cockpit.core.blame import utc
from cockpit.core.registry import STRATEGIES, strategy
from cockpit.core.types import Side
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.indicators.ema import Ema
from tests.core.stand import LINEAR, Stand


@strategy("t_breaks")
class Breaks(msgspec.Struct):
    """Breaks at its fourth bar, in its own code or in what it calls."""

    average: Ema
    bars: int = 0

    @classmethod
    def create(cls, _params: None) -> Breaks:
        return cls(Ema(3))

    def on_bar(self, bar: ev.Bar, view: View, want: Want) -> None:
        self.bars += 1
        if self.bars == 4:
            self.average.update("x")  # type: ignore[arg-type]
        if self.bars == 1:
            want.long(0.1, tag="in")


def line(text: str) -> int:
    with open(__file__, encoding="utf-8") as file:
        return next(n for n, row in enumerate(file, 1) if text in row)


def test_the_rehearsal_says_line_and_bar() -> None:
    found = rehearse("t_breaks", candles([100.0] * 6))
    said = found.benched
    assert said.startswith("TypeError: ")
    assert f"(test_blame.py:{line('update(' + chr(34) + 'x')} > ema.py:" in said
    assert said.endswith(", bar test:COIN-USDT-SWAP 1h 2024-01-01 04:00:00Z)")
    assert found.position > 0, "what it holds is kept"


def test_event_log_and_status_say_the_same() -> None:
    stand = Stand()

    def broken(_view: View, _want: Want) -> None:
        raise LookupError("no price")

    stand.wish(broken)
    (note,) = [n for n in stand.outcome.notes if n.message == "sleeve.benched"]
    expected = f"LookupError: no price (stand.py:{popped()} > test_blame.py:{line('raise LookupError')}, "
    assert note.args["reason"] == stand.sleeve.benched
    assert note.args["reason"].startswith(expected)
    assert note.args["reason"].endswith(f"trade {LINEAR.symbol} 1970-01-01 00:16:40Z)")


def popped() -> int:
    from tests.core import stand

    with open(stand.__file__, encoding="utf-8") as file:
        return next(n for n, row in enumerate(file, 1) if "self.wishes.pop(0)(view" in row)


@pytest.mark.parametrize(
    ("hook", "event", "words"),
    [
        ("on_book", ev.Touch(5, LINEAR.symbol, 5, 99.0, 1.0, 101.0, 1.0), f"touch {LINEAR.symbol} "),
        ("on_trade", ev.Trade(5, LINEAR.symbol, 5, 99.0, 1.0, Side.BUY), f"trade {LINEAR.symbol} "),
        ("on_funding", ev.FundingRate(5, LINEAR.symbol, 0.1, 6), f"rate {LINEAR.symbol} "),
        ("on_timer", ev.Timer(5_000), "timer "),
    ],
)
def test_every_hook(hook: str, event: ev.AnyEvent, words: str) -> None:
    from cockpit.core.state import Sleeve

    def breaks(*_: object) -> None:
        raise KeyError("k")

    stand = Stand()
    broken = type("Broken", (), {hook: staticmethod(breaks), "timer_ms": 1})()
    stand.engine.add_sleeve(Sleeve("b", 2, "b", 1, LINEAR.symbol), broken)
    stand.tell(msgspec.structs.replace(event, ts=stand.now + 1_000))
    said = stand.state.sleeves["b"].benched
    assert said.startswith(
        f"KeyError: 'k' (test_blame.py:{line('raise KeyError')}, {words}1970-01-01 00:16:41Z"
    )


def test_a_hook_that_cannot_even_be_called_names_the_module() -> None:
    from cockpit.core.state import Sleeve

    stand = Stand()
    odd = type("Odd", (), {"on_trade": lambda: None})()
    stand.engine.add_sleeve(Sleeve("b", 2, "b", 1, LINEAR.symbol), odd)
    stand.tell(ev.Trade(stand.now, LINEAR.symbol, 5, 99.0, 1.0, Side.BUY))
    assert f"({__name__}, trade " in stand.state.sleeves["b"].benched


@given(st.integers(0, 253_402_300_799_999))
def test_times_are_those_of_the_calendar(ms: int) -> None:
    moment = datetime.fromtimestamp(ms // 1_000, UTC)
    milli = f".{ms % 1_000:03}" if ms % 1_000 else ""
    assert utc(ms) == f"{moment:%Y-%m-%d %H:%M:%S}{milli}Z".rjust(len(utc(ms)), "0")


def test_a_backtest_prints_it() -> None:
    from cockpit.app.summary import summary_text

    row = {"sleeve": "x", "trades": 0, "position": "0", "state": "benched", "tag": "", "why": "E: e (x.py:1)"}
    numbers = dict.fromkeys(("events", "orders", "fills", "wall_s"), 0)
    money = dict.fromkeys(("equity", "pnl", "fees", "funding", "realised", "unrealised"), "0")
    words = dict.fromkeys(("mode", "tape", "currency", "digest"), "")
    summary = {**numbers, **money, **words, "sleeves": [row], "faults": {}}
    assert "x: 0 trades, position 0   ! benched: E: e (x.py:1)" in summary_text(summary, "en")
    assert "x：0 笔交易，持仓 0   ! 禁赛：E: e（x.py:1）" in summary_text(summary, "zh")


@strategy("t_cold")
class Cold(msgspec.Struct):
    """Breaks at its second bar; what comes later it does not hear."""

    bars: int = 0

    @classmethod
    def create(cls, _params: None) -> Cold:
        return cls()

    def on_bar(self, bar: ev.Bar, view: View, want: Want) -> None:
        self.bars += 1
        if self.bars == 2:
            raise ArithmeticError("cold")


def test_one_that_breaks_while_warming_up_begins_benched_and_says_so_at_the_start() -> None:
    from cockpit.app import compose
    from cockpit.app.market import warm_up
    from cockpit.app.rehearse import HOUR, MARKET
    from cockpit.core.config import Config, SleeveConfig

    both = [SleeveConfig("t_cold", MARKET.symbol), SleeveConfig("ema_trend", MARKET.symbol)]
    instruments = {MARKET.symbol: MARKET}
    engine = compose.fresh(
        Config(), "t", instruments, compose.cast(both, instruments, {MARKET.symbol: (HOUR,)})
    )
    warm_up(engine, candles([100.0] * 30))
    cold, trend = engine.slots.values()
    assert cold.strategy.bars == 2
    assert f"(test_blame.py:{line('raise ArithmeticError')}, bar " in cold.sleeve.benched
    assert trend.sleeve.benched == ""
    assert trend.strategy.atr.value == trend.strategy.atr.value, "the other one is warm"
    outcome = engine.step(ev.Boot(1, 1, "t", "0", ""))
    assert [n.args["sleeve"] for n in outcome.notes if n.message == "sleeve.benched"] == [cold.sleeve.id]


def test_one_that_cannot_even_be_made_is_a_broken_plug_in() -> None:
    from cockpit.core.errors import PluginError

    @strategy("t_stillborn")
    class _Stillborn:
        @classmethod
        def create(cls, _params: None) -> None:
            raise KeyError("period")

    place = f"test_blame.py:{line('raise KeyError(' + chr(34) + 'period')}"
    with pytest.raises(PluginError, match=f"the strategy t_stillborn cannot be made: KeyError: .*{place}"):
        rehearse("t_stillborn", candles([100.0] * 2))
    del STRATEGIES._rows["t_stillborn"]
