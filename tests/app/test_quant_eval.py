"""The window onto the formulas: every function answers, worked examples hold, bad requests are told."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from math import nan, sqrt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.app.quant import catalogue, evaluate
from cockpit.core.events import Bar, Fill, Triggered
from cockpit.core.intents import Place
from cockpit.core.matching import Exchange, Rules
from cockpit.core.matching.exits import bar_exit
from cockpit.core.orders import OrderKind, Role
from cockpit.core.types import Instrument, Kind, PosSide, Side


def ask(name: str, *args: Any, **named: Any) -> Any:
    answer = evaluate(json.dumps({"id": "q", "fn": name, "args": list(args) or named}).encode())
    assert answer["ok"], answer
    return answer["value"]


def test_worked_examples() -> None:
    assert ask("dsr", 2.5 / sqrt(250), 1250, -3, 10, 100, 0.5 / 250) == pytest.approx(0.9004, abs=5e-5)
    assert ask("min_trl", sr=0.1, sr0=0.2, skew=0, kurt=3, alpha=0.05) == "inf"
    rsi = ask("rsi", close=[44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433,
                            46.0826, 45.8931, 46.0328, 45.6140, 46.2820, 46.2820, 46.0028], n=14)  # fmt: skip
    assert rsi[:14] == [None] * 14
    assert rsi[14:] == pytest.approx([70.53, 66.32], abs=5e-3)
    assert ask("liq_price_linear", side="long", qty=1, entry=50000, margin=5000, mmr=0.005, fee=0.0005) == (
        pytest.approx(45248.87, abs=5e-3)
    )
    assert ask("liq_price_linear", "short", 1, 50000, 5000, 0.005, 0.0005) == pytest.approx(
        54699.15, abs=5e-3
    )
    assert ask("liq_price_linear", "long", 1, 50000, 60000, 0.005, 0.0005) == 0
    assert ask("liq_price_inverse", "long", 10000, 50000, 0.02, 0.005, 0.0005) == pytest.approx(
        45704.55, abs=5e-3
    )
    assert ask("liq_price_inverse", "short", 10000, 50000, 5, 0.005, 0.0005) == "inf"
    depth = [{"type": "depth", "prev": 100, "new": 80}]
    assert ask("queue_power", front=50, lot=1, power=3, events=depth) == [{"front": 40.0, "filled": 0}]
    assert ask("queue_risk_averse", front=50, lot=1, events=depth) == [{"front": 50.0, "filled": 0}]
    trades = [{"type": "trade", "qty": 0.3}, {"type": "trade", "qty": 0.4}]
    filled = ask("queue_risk_averse", front=0.5, lot=0.1, events=trades)
    assert [row["filled"] for row in filled] == pytest.approx([0, 0.2])
    assert filled[1]["front"] == 0
    assert ask("sqrt_impact", 1e6, 1e9, 0.03, 1)["cost"] == pytest.approx(948.68, abs=0.01)
    assert ask("ks_2samp", [1, 2, 3, 4], [3, 4, 5, 6])["p"] == pytest.approx(0.771429, abs=1e-6)
    assert ask("ucb1", [0.5, 0.4], [10, 0], sqrt(2))[1] == "inf"
    assert ask("round_contracts", "0.29", "0.01", "0.01", "down") == "0.29"
    assert ask("round_contracts", "1E+2", "1", "1", "down") == "100"
    assert ask("gae", [1, 1], [0.5, 0.5], 0.5, [0, 1], 0.9, 0.8) == pytest.approx([0.95 + 0.72 * 0.5, 0.5])
    assert ask("wf_windows", 50, 40, 0, 8, 5, 2, False)[0]["validate"] is None
    tiers = [
        {"max_size": 10, "mmr": 0.005, "max_leverage": 100},
        {"max_size": 20, "mmr": 0.01, "max_leverage": 50},
    ]
    assert ask("tiered_mmr", 10, tiers) == {"mmr": 0.005, "max_leverage": 100.0}
    assert ask("tiered_mmr", 20.1, tiers) == {"mmr": None, "max_leverage": None}
    assert ask("sharpe", [0.01], 0, 365) == {"per_period": None, "annual": None}


def test_ledgers_keep_the_identity() -> None:
    fills = [
        {"ts": 1, "side": "buy", "qty": 2, "price": 100, "fee_rate": 0.001},
        {"ts": 2, "side": "sell", "qty": 3, "price": 110, "fee_rate": 0.001},
    ]
    found = ask("ledger_linear", fills, [{"ts": 2, "mark": 110, "rate": 0.0001}], 105, 1000)
    assert found["position"] == -1
    assert found["avg_entry"] == 110
    assert found["realised"] == 20
    assert found["fees"] == pytest.approx(0.2 + 0.33)
    assert found["funding"] == pytest.approx(0.011)  # fill before funding: short at the settlement
    assert found["equity"] == pytest.approx(1000 + 20 - 0.53 + 0.011 + 5)
    coin = ask(
        "ledger_inverse", [{"ts": 1, "side": "sell", "qty": 10, "price": 50000, "fee_rate": 0}], 40000, 100, 1
    )
    assert coin["unrealised"] == pytest.approx(1000 / 40000 - 1000 / 50000)
    assert ask("ledger_linear", [], [], 1, 5)["avg_entry"] is None


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (b"nope", "JSON"),
        (b"[]", "object"),
        (b'{"fn":"wish"}', "no function"),
        (b'{"fn":["sma"]}', "no function"),
        (b'{"fn":"sma","args":{"x":[1]}}', "missing"),
        (b'{"fn":"sma","args":{"x":[1],"n":2,"z":3}}', "unexpected"),
        (b'{"fn":"sma","args":{"x":[1,"a"],"n":1}}', "Error"),
        (b'{"fn":"pbo","args":{"matrix":[[1,2]],"s":3}}', "even"),
        (b'{"fn":"round_contracts","args":["x","1","1"]}', "InvalidOperation"),
        (b'{"fn":"queue_power","args":[1,1,1,[{"type":"gift"}]]}', "gift"),
    ],
)
def test_a_bad_request_is_told(line: bytes, word: str) -> None:
    answer = evaluate(line)
    assert answer["ok"] is False
    assert word in answer["error"]


def test_every_function_says_what_it_takes() -> None:
    assert len(catalogue()) > 60
    found = subprocess.run(
        [sys.executable, "-m", "cockpit", "quant-eval", "--list", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(json.loads(found.stdout)) == set(catalogue())


def test_a_stream_of_requests() -> None:
    lines = (
        '{"id":7,"fn":"sma","args":{"x":[1,2,3],"n":2}}\n\nbroken\n{"id":8,"fn":"sign_test","args":[9,10]}\n'
    )
    found = subprocess.run(
        [sys.executable, "-m", "cockpit", "quant-eval"],
        input=lines,
        capture_output=True,
        text=True,
        check=True,
    )
    answers = [json.loads(line) for line in found.stdout.splitlines()]
    assert [a["id"] for a in answers] == [7, None, 8]
    assert answers[0]["value"] == [None, 1.5, 2.5]
    assert answers[1]["ok"] is False


# --- the scalar rule of a bar beside the venue that really trades it ----------------------------------

SYMBOL = "test:COIN-USDT-SWAP"
MARKET = Instrument(SYMBOL, Kind.LINEAR, "COIN", "USDT", "USDT", Decimal("0.1"), Decimal(1), Decimal(1))
TICKS = st.integers(900, 1100)


@given(st.booleans(), st.integers(850, 990), st.integers(1010, 1150), st.lists(TICKS, min_size=4, max_size=4))
def test_a_bar_ends_a_position_as_the_venue_does(
    long: bool, below: int, above: int, ticks: list[int]
) -> None:
    open_, close = ticks[0], ticks[1]
    low, high = min(ticks), max(ticks)
    stop, target = (below, above) if long else (above, below)
    expected = bar_exit(long, stop / 10, target / 10, open_ / 10, high / 10, low / 10)
    reason, price = _at_the_venue(long, stop, target, (open_, high, low, close))
    assert reason == expected[0]
    assert price == expected[1] or (price is None and expected[1] != expected[1])
    assert bar_exit(long, nan, nan, 1, 2, 0.5)[0] == ""


def _at_the_venue(long: bool, stop: int, target: int, bar: tuple[int, ...]) -> tuple[str, float | None]:
    exchange = Exchange({SYMBOL: MARKET}, {"USDT": Decimal(1_000_000)}, Rules(slippage_ticks=0), 1)
    enter, leave = (Side.BUY, Side.SELL) if long else (Side.SELL, Side.BUY)
    ten = Decimal(10)

    def place(cid: str, side: Side, kind: OrderKind, role: Role, trigger: int, take: int) -> Place:
        levels = (Decimal(trigger) / ten if trigger else None, Decimal(take) / ten if take else None)
        reduce = role is not Role.ENTRY
        return Place(cid, "s", SYMBOL, side, kind, ten, None, *levels, None, reduce, PosSide.NET, role, "")

    def candle(ts: int, o: int, h: int, lo: int, c: int) -> Bar:
        return Bar(ts, SYMBOL, 60_000, o / 10, h / 10, lo / 10, c / 10, 1.0)

    exchange.market(candle(60_000, 1000, 1000, 1000, 1000), 60_000)
    exchange.request(place("e", enter, OrderKind.MARKET, Role.ENTRY, 0, 0), 60_000)
    exchange.market(candle(120_000, 1000, 1000, 1000, 1000), 120_000)
    exchange.request(place("p", leave, OrderKind.OCO, Role.PROTECT, stop, target), 120_000)
    before = len(exchange.reports)
    exchange.market(candle(180_000, *bar), 180_000)
    news = exchange.reports[before:]
    legs = [n.leg for n in news if isinstance(n, Triggered)]
    fills = [float(n.price) for n in news if isinstance(n, Fill)]
    return ({"stop": "stop", "take": "target"}[legs[0]] if legs else ""), (fills[0] if fills else None)
