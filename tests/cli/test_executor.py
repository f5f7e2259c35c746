"""``cockpit backtest --executor``: the same report from machine code, or the kernel and the reason."""

from __future__ import annotations

import itertools
from pathlib import Path

import msgspec
import pytest

from cockpit.adapters import practice
from cockpit.adapters.store.tape import TapeWriter
from cockpit.core.events import Listing
from cockpit.core.types import Kind
from tests.app.tapes import swinging
from tests.cli.conftest import Shell

pytest.importorskip("llvmlite")

MONEY = ("fills", "orders", "equity", "cash", "pnl", "realised", "unrealised", "fees", "funding", "opening")


@pytest.mark.parametrize("how", ["compiled", "python"])
def test_every_executor_gives_the_same_report(how: str, tape: str, cockpit: Shell) -> None:
    slow = cockpit("backtest", "--tape", tape, "--strategy", "ema_trend@binance:SOLUSDT", "--json")
    fast = cockpit(
        "backtest",
        "--tape",
        tape,
        "--strategy",
        "ema_trend@binance:SOLUSDT",
        "--executor",
        how,
        "--json",
    )
    assert fast.code == 0, fast.err
    assert fast.json.get("why_not_compiled", "") == ""
    assert (slow.json["executor"], fast.json["executor"]) == ("interpreted", how)
    assert [fast.json[key] for key in MONEY] == [slow.json[key] for key in MONEY]
    assert slow.json["fills"] > 5
    assert fast.json["report"] == slow.json["report"]
    assert [row["trades"] for row in fast.json["sleeves"]] == [row["trades"] for row in slow.json["sleeves"]]
    again = cockpit("runs", "repeat", fast.json["run"])
    assert again.code == 0, again.err
    assert f"the same fills and payments again ({fast.json['digest'][:16]})" in again.out


def test_a_compiled_run_on_other_numbers_is_not_the_same(tape: str, cockpit: Shell, tmp_path: Path) -> None:
    ask = ("backtest", "--tape", tape, "--brief", "--json", "--strategy", "ema_trend@binance:SOLUSDT")
    kept = {how: cockpit(*ask, "--executor", how).json for how in ("compiled", "python")}
    assert kept["compiled"]["digest"] == kept["python"]["digest"]
    file = tmp_path / "data" / "runs" / kept["compiled"]["run"] / "run.json"
    known = msgspec.json.decode(file.read_bytes())
    assert known["executor"] == "compiled"
    known["request"]["config"]["risk"]["max_notional"] = 100.0
    file.write_bytes(msgspec.json.encode(known))
    again = cockpit("runs", "repeat", known["id"])
    assert again.code == 1
    assert "NOT the same fills and payments" in again.out


def test_what_does_not_compile_runs_in_the_kernel_and_says_why(tape: str, cockpit: Shell) -> None:
    found = cockpit(
        "backtest", "--tape", tape, "--strategy", "grid_trading@binance:SOLUSDT", "--executor", "compiled"
    )
    assert found.code == 0, found.err
    assert "executor: interpreted, because" in found.out
    assert "quotes" in found.out


def test_around_python_it_also_says_which_one_ran_and_why_not(tape: str, cockpit: Shell) -> None:
    ask = ("backtest", "--tape", tape, "--brief", "--executor", "python", "--strategy")
    assert "all but the strategy compiled" in cockpit(*ask, "ema_trend@binance:SOLUSDT").out
    found = cockpit(*ask, "grid_trading@binance:SOLUSDT")
    assert found.code == 0, found.err
    assert "quotes" in found.out


def test_auto_does_not_compile_for_a_handful_of_bars(tape: str, cockpit: Shell) -> None:
    found = cockpit(
        "backtest", "--tape", tape, "--strategy", "ema_trend@binance:SOLUSDT", "--executor", "auto", "--json"
    )
    assert found.json["executor"] == "interpreted"
    assert "bars" in found.json["why_not_compiled"]


def test_position_sizing_is_left_to_the_kernel_and_said(tape: str, cockpit: Shell) -> None:
    asked = ("backtest", "--tape", tape, "--strategy", "ema_trend@binance:SOLUSDT", "--executor", "compiled")
    found = cockpit(*asked, "--set", 'sizing.default={method="target_vol"}', "--json")
    assert found.code == 0, found.err
    assert (found.json["executor"], found.json["why_not_compiled"]) == ("interpreted", "position sizing")


@pytest.fixture
def books(tmp_path: Path) -> str:
    """A minute of the practice market."""
    path = tmp_path / "books.tape"
    spec = practice.PracticeSpec(seed=7)
    with TapeWriter(path, source="test") as writer:
        for instrument in practice.instruments(spec).values():
            writer.instrument(instrument)
        for event in itertools.islice(practice.stream(spec), 6_000):
            if not isinstance(event, Listing):
                writer.add(event)
        writer.close()
    return str(path)


def test_on_order_books_the_decisions_are_the_very_same_and_the_run_is_kept(
    books: str, cockpit: Shell
) -> None:
    ask = ("backtest", "--tape", books, "--strategy", "market_maker@practice:BTC-USDT-SWAP")
    slow, fast = cockpit(*ask, "--json"), cockpit(*ask, "--executor", "compiled", "--json")
    assert fast.code == 0, fast.err
    assert (slow.json["executor"], fast.json["executor"]) == ("interpreted", "compiled")
    same = ("digest", "events", "outcomes", "faults", "sleeves", "report", *MONEY)
    assert [fast.json[key] for key in same] == [slow.json[key] for key in same]
    assert fast.json["slept"] > fast.json["events"] / 2
    kept = cockpit("runs", "repeat", fast.json["run"])
    assert kept.code == 0, kept.err


def test_on_order_books_it_says_how_much_the_kernel_slept_through(books: str, cockpit: Shell) -> None:
    found = cockpit("backtest", "--tape", books, "--strategy", "market_maker@practice:BTC-USDT-SWAP",
                    "--executor", "compiled", "--brief")  # fmt: skip
    assert "events without waking the kernel" in found.out


def test_auto_does_not_compile_for_a_handful_of_events(books: str, cockpit: Shell) -> None:
    found = cockpit("backtest", "--tape", books, "--strategy", "market_maker@practice:BTC-USDT-SWAP",
                    "--executor", "auto", "--json")  # fmt: skip
    assert (found.json["executor"], found.code) == ("interpreted", 0)
    assert "events" in found.json["why_not_compiled"]


def test_an_account_kept_in_coin_trades_its_contract(cockpit: Shell, tmp_path: Path) -> None:
    """Equity is 50 coins, some 5,000 dollars: the weights are of that, and all three ways give the same."""
    made = swinging(tmp_path, "okx:COIN-USD-SWAP", 24 * 30, kind=Kind.INVERSE)
    ask = ("backtest", "--tape", str(made), "--strategy", "ema_trend@okx:COIN-USD-SWAP/1h", "--json")
    money = ("--no-record", "--set", "run.currency=COIN", "--set", "run.equity=50", "--executor")
    done = {how: cockpit(*ask, *money, how) for how in ("interpreted", "compiled", "python")}
    first = done["interpreted"]
    assert first.code == 0, first.err
    assert first.json["fills"] > 10
    assert "limits in money (risk.max_notional = 20,000) stay in the quote currency" in first.err
    for how, said in done.items():
        assert said.json["executor"] == how
        assert [said.json[key] for key in MONEY] == [first.json[key] for key in MONEY]
    least = cockpit(*ask, *money, "compiled", "--set", "risk.max_notional=300")
    assert least.json["fills"] > 0
    assert 0 < float(least.json["fees"]) < float(first.json["fees"]) / 2
