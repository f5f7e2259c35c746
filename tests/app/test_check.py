"""A zoo of strategies that cheat, each in its own way, and clean ones that must not be accused."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import sin
from pathlib import Path

import pytest

from cockpit import cli
from cockpit.adapters.store.tape_writer import TapeWriter
from cockpit.app import check
from cockpit.app.check import Job
from cockpit.app.discover import discover
from cockpit.app.rehearse import MARKET as FIRST
from cockpit.app.rehearse import OTHER as SECOND
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.events import Bar, Fill, Touch
from cockpit.core.registry import STRATEGIES
from cockpit.core.types import Instrument, Kind, Side
from cockpit.lab import bias
from cockpit.lab.bias import Decision
from cockpit.lab.fills_audit import FillsAudit
from tests.strategies.legs import couple

HEAD = """
import random, sys, time
import msgspec
from cockpit.core.registry import strategy

PAST = []


class Params(msgspec.Struct, frozen=True):
    pass


class Base(msgspec.Struct):
    bars: int = 0
    before: float = 0.0

    @classmethod
    def create(cls, params):
        return cls()

    def decide(self, bar, want, better):
        self.bars += 1
        rising = bar.close > self.before
        self.before = bar.close
        if better is None:
            better = rising
        if self.bars % 5 == 0:
            want.long(0.1, tag="up") if better else want.flat("down")

"""
CHEATS = {
    # knows the bar that the world holds ready
    "future": """
    def on_bar(self, bar, view, want):
        frame = sys._getframe()
        while frame is not None and "world" not in frame.f_locals:
            frame = frame.f_back
        ahead = frame.f_locals["world"]._head if frame is not None else None
        self.decide(bar, want, None if ahead is None else ahead.close > bar.close)
""",
    # the first run fills a table that the second one reads
    "memory": """
    def on_bar(self, bar, view, want):
        seen = self.bars < len(PAST)
        better = PAST[min(self.bars + 1, len(PAST) - 1)] > bar.close if seen else None
        if not seen:
            PAST.append(bar.close)
        self.decide(bar, want, better)
""",
    "unsteady": """
    def on_bar(self, bar, view, want):
        self.decide(bar, want, random.random() > 0.5)
""",
    "outside": """
    def on_bar(self, bar, view, want):
        if self.bars == 7:
            with open("/dev/null") as other:
                other.read()
        self.decide(bar, want, None)
""",
    "clean": """
    def on_bar(self, bar, view, want):
        self.decide(bar, want, None)
""",
}


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    folder = tmp_path / "zoo"
    folder.mkdir()
    for name, body in CHEATS.items():
        head = f'{HEAD}\n@strategy("zoo_{name}", Params, wakes=("bar",))\nclass Cheat(Base):\n'
        text = f'{head}    """Cheats."""\n{body}'
        (folder / f"zoo_{name}.py").write_text(text, "utf-8")
    return folder


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    lines = ["timestamp,open,high,low,close,volume"]
    before = 100.0
    for hour in range(160):
        close = 100 + 9 * sin(hour / 9) + 2 * sin(hour / 2.3)
        prices = ",".join(
            f"{p:.2f}" for p in (before, max(before, close) + 0.3, min(before, close) - 0.3, close)
        )
        lines.append(f"{(1_704_067_200 + hour * 3600) * 1000},{prices},1000000")
        before = close
    source = tmp_path / "SOLUSDT-1h.csv"
    source.write_text("\n".join(lines) + "\n", "utf-8")
    made = tmp_path / "sol.tape"
    assert cli.main(["data", "import", str(source), "--venue", "binance", "--out", str(made)]) == 0
    return made


def job(tape: Path, name: str, zoo: Path | str = "") -> Job:
    sleeve = SleeveConfig(name, "binance:SOLUSDT", "1h")
    return Job(str(tape), Config(), sleeve, 0, 0, plugins_dir=str(zoo))


@pytest.mark.parametrize("name", [*CHEATS])
def test_each_cheat_is_caught_for_what_it_is(name: str, zoo: Path, tape: Path) -> None:
    findings, told = check.look_ahead(job(tape, f"zoo_{name}", zoo), 3)
    assert not told.benched
    assert len(told.decisions) > 3
    assert {f.kind for f in findings} == ({name} if name != "clean" else set())


@pytest.mark.soak
def test_no_strategy_of_ours_is_accused(tape: Path) -> None:
    discover()
    tried: list[str] = []
    for name, plugin in STRATEGIES.items():
        ours = plugin.module.startswith("cockpit.strategies.")
        if ours and "bar" in plugin.options["wakes"] and plugin.options["legs"] == 1:
            tried.append(name)
            assert check.look_ahead(job(tape, name), 24)[0] == [], name
    assert len(tried) >= 6


def test_the_command_speaks_and_exits(tape: Path, zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--set", f"run.plugins_dir={zoo}", "check"]
    assert cli.main([*words, "fills", "zoo_clean", "--tape", str(tape)]) == 0
    assert "0 that the record does not support" in capsys.readouterr().out
    assert cli.main([*words, "recursive", "zoo_clean", "--tape", str(tape)]) in {0, 1}
    assert "differing" in capsys.readouterr().out
    assert cli.main([*words, "lookahead", "nobody", "--tape", str(tape)]) == 2
    assert cli.main([*words, "lookahead", "zoo_clean@x:Y", "--tape", str(tape)]) == 2
    assert cli.main([*words, "lookahead", "zoo_clean", "--tape", str(tape), "--bars", "3"]) == 2


# --- the comparisons by themselves ---------------------------------------------------------------------


@pytest.fixture
def couple_tape(tmp_path: Path) -> Path:
    """Hourly candles of two perpetuals that belong together."""
    path = tmp_path / "couple.tape"
    with TapeWriter(path, source="test") as writer:
        writer.instrument(FIRST)
        writer.instrument(SECOND)
        for bar in sorted(couple(420, 3), key=lambda bar: bar.ts):
            writer.add(bar)
        writer.close()
    return path


def test_a_strategy_with_two_legs_is_checked_with_both(
    couple_tape: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sleeve = SleeveConfig(
        "pairs", timeframe="1h", symbols=(FIRST.symbol, SECOND.symbol), params={"window": 100, "refit": 10}
    )
    findings, told = check.look_ahead(Job(str(couple_tape), Config(), sleeve, 0, 0), 2)
    assert findings == []
    assert len(told.decisions) > 3
    words = f"pairs:window=100,refit=10@{FIRST.symbol}+{SECOND.symbol}"
    assert cli.main(["check", "fills", words, "--tape", str(couple_tape)]) == 0
    assert cli.main(["check", "fills", "pairs@t:A+t:B", "--tape", str(couple_tape)]) == 2
    assert "holds no t:A, t:B" in capsys.readouterr().err


def decided(*rows: tuple[int, str]) -> list[Decision]:
    return [Decision(ts, "s", wish) for ts, wish in rows]


def test_a_difference_counts_only_up_to_the_cut() -> None:
    whole = decided((1, "a"), (2, "b"), (5, "c"))
    assert bias.first_difference(whole, decided((1, "a"), (2, "b"), (5, "x")), 4) is None
    assert bias.look_ahead(whole, {2: decided((1, "a"), (2, "z"))})[0].ts == 2
    suppressed = bias.look_ahead(whole, {2: decided((1, "a"))})
    assert [f.kind for f in suppressed] == ["future"]
    reordered = [Decision(1, "s", "a"), Decision(1, "s", "b")]
    assert bias.steady(reordered, reordered[::-1], "unsteady")[0].kind == "unsteady"


def test_history_needed_is_the_shortest_from_which_all_longer_agree() -> None:
    truth = decided((5, "a"), (9, "b"))
    runs = {0: decided((5, "x"), (9, "b")), 50: truth, 100: decided((5, "a")), 200: truth, 400: truth}
    rows, needed = bias.warm_up(truth, runs, 4)
    assert [r.differing for r in rows] == [2, 0, 1, 0, 0]
    assert needed == 200
    assert bias.warm_up(truth, {10: decided((5, "x"))}, 4)[1] is None


def test_cuts_are_at_decisions_and_between() -> None:
    times = list(range(100))
    found = bias.cuts(times, [40, 41, 99, 0], 9)
    assert {40, 41} <= set(found)
    assert 4 <= len(found) <= 9
    assert 0 not in found
    assert 99 not in found
    assert bias.cuts([1, 2], [1], 9) == []


MARKET = Instrument("x:A", Kind.LINEAR, "A", "USDT", "USDT", Decimal("0.1"), Decimal(1), Decimal(1))


def fill(ts: int, price: str, qty: int = 1, note: str = "stop at its trigger", maker: bool = False) -> Fill:
    side, money = Side.BUY, (Decimal(price), Decimal(qty), Decimal(0))
    return Fill(ts, "c", "v", f"{ts}-{price}", "x:A", side, *money, "USDT", maker, note=note)


def audited(events: Sequence[object]) -> list[str]:
    audit = FillsAudit({"x:A": MARKET}, 1)
    for event in events:
        audit.observe(event)  # type: ignore[arg-type]
    audit.done()
    return [d.kind for d in audit.doubts]


def test_fills_that_a_bar_could_not_have_given() -> None:
    first = Bar(60_000, "x:A", 60_000, 10.0, 11.0, 9.0, 10.0, 100.0)
    second = Bar(120_000, "x:A", 60_000, 10.0, 10.5, 9.5, 10.0, 100.0)
    assert audited([first, fill(60_020, "10.9")]) == []
    assert audited([first, fill(60_020, "11.5")]) == ["price"]
    assert audited([first, fill(60_030, "10.1", note="bar open"), second]) == []
    assert audited([first, fill(60_030, "10.4", note="bar open"), second]) == ["price"]
    assert audited([first, fill(119_990, "10.9"), second]) == ["price"]
    assert audited([first, fill(60_020, "10", 101)]) == ["volume"]
    assert audited([first, fill(60_020, "10", 11)]) == ["large"]
    assert audited([first, fill(60_020, "10", 60), fill(60_021, "10.1", 60)]) == ["large", "volume"]
    third = Bar(180_000, "x:A", 60_000, 10.8, 11.0, 10.7, 10.9, 100.0)
    early = fill(120_000, "10.8", note="stop at the open")
    assert audited([first, early, second, third]) == [], "the next open is told before the close of this bar"
    assert audited([first, fill(120_000, "10.2", note="stop at the open"), second, third]) == ["price"]
    again = fill(60_020, "11.5")
    assert audited([first, again, again]) == ["price"]


def test_fills_that_a_book_could_not_have_given() -> None:
    touch = Touch(1_000, "x:A", 1_000, 9.9, 5.0, 10.0, 5.0)
    assert audited([touch, fill(1_010, "10.0")]) == []
    assert audited([touch, fill(1_010, "9.7")]) == ["price"]
    assert audited([touch, fill(1_010, "9.9", maker=True)]) == []
    assert audited([touch, fill(1_010, "9.5", maker=True)]) == ["price"]
