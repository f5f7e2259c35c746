"""``cockpit backtest --executor``: the same report from machine code, or the kernel and the reason."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Shell

pytest.importorskip("numba")

MONEY = ("fills", "orders", "equity", "cash", "pnl", "realised", "unrealised", "fees", "funding", "opening")


def test_the_compiled_executor_gives_the_same_report(tape: str, cockpit: Shell) -> None:
    slow = cockpit("backtest", "--tape", tape, "--strategy", "ema_trend@binance:SOLUSDT", "--json")
    fast = cockpit(
        "backtest",
        "--tape",
        tape,
        "--strategy",
        "ema_trend@binance:SOLUSDT",
        "--executor",
        "compiled",
        "--json",
    )
    assert fast.code == 0, fast.err
    assert fast.json.get("why_not_compiled", "") == ""
    assert (slow.json["executor"], fast.json["executor"]) == ("interpreted", "compiled")
    assert [fast.json[key] for key in MONEY] == [slow.json[key] for key in MONEY]
    assert slow.json["fills"] > 5
    assert fast.json["report"] == slow.json["report"]
    assert [row["trades"] for row in fast.json["sleeves"]] == [row["trades"] for row in slow.json["sleeves"]]


def test_what_does_not_compile_runs_in_the_kernel_and_says_why(tape: str, cockpit: Shell) -> None:
    found = cockpit(
        "backtest", "--tape", tape, "--strategy", "grid_trading@binance:SOLUSDT", "--executor", "compiled"
    )
    assert found.code == 0, found.err
    assert "executor: interpreted, because" in found.out
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
