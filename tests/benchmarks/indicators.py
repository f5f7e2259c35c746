"""Goal F1: EMA(21), ATR(14), RSI(14), Bollinger(20), MACD(12,26,9) and ADX(14) on every closed bar."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from typing import Any

from cockpit.indicators.adx import Adx
from cockpit.indicators.atr import Atr
from cockpit.indicators.bollinger import Bollinger
from cockpit.indicators.ema import Ema
from cockpit.indicators.hurst import Hurst
from cockpit.indicators.macd import Macd
from cockpit.indicators.regime import Regime
from cockpit.indicators.rsi import Rsi
from tests.benchmarks.rows import Row, cpu, recorded, row
from tests.benchmarks.worlds import bars

BARS = 20_000
RUNS = 5
TALIPP_US = 11.5
"""All six, recorded: reference/performance.md."""
SIX: dict[str, tuple[Callable[[], Any], str]] = {
    "EMA(21)": (lambda: Ema(21), "close"),
    "ATR(14)": (lambda: Atr(14), "high low close"),
    "RSI(14)": (lambda: Rsi(14), "close"),
    "Bollinger(20)": (lambda: Bollinger(20, 2.0), "close"),
    "MACD(12,26,9)": (lambda: Macd(12, 26, 9), "close"),
    "ADX(14)": (lambda: Adx(14), "high low close"),
}
OTHERS: dict[str, tuple[Callable[[], Any], str]] = {
    "regime": (Regime, "high low close volume"),
    "Hurst(512)": (Hurst, "close"),
}
PEER = """
import json, sys, time
from talipp.indicators import ADX, ATR, BB, EMA, MACD, RSI
from talipp.ohlcv import OHLCV
rows = json.load(sys.stdin)
bars, closes = [OHLCV(*r) for r in rows], [r[3] for r in rows]
kinds = [(lambda: EMA(21), closes), (lambda: ATR(14), bars), (lambda: RSI(14), closes),
         (lambda: BB(20, 2.0), closes), (lambda: MACD(12, 26, 9), closes), (lambda: ADX(14, 14), bars)]
total = 0.0
for make, rows in kinds:
    spent = []
    for _ in range(3):
        add, begin = make().add, time.process_time()
        for one in rows:
            add(one)
        spent.append(time.process_time() - begin)
    total += sorted(spent)[1] / len(rows) * 1e6
print(total)
"""


def run() -> list[Row]:
    """Microseconds of CPU a bar, one indicator at a time, and the six together beside the peer."""
    tape = bars(BARS, 3_600_000, 9)
    columns = {
        name: [getattr(bar, name) for bar in tape] for name in ("open", "high", "low", "close", "volume")
    }
    single = {name: _cost(make, inputs, columns) for name, (make, inputs) in SIX.items()}
    six = sum(single.values())
    peer, note = _talipp(columns)
    return [
        *(row(name, cost, "us/bar") for name, cost in single.items()),
        row(
            "all six, streaming Python",
            six,
            "us/bar",
            goal="F1: <= 0.2 x talipp, stretch 0.15",
            met=six <= 0.2 * peer,
            note=f"{six / peer:.3f} x talipp ({peer:.2f} us, {note})",
        ),
        *(row(name, _cost(make, inputs, columns), "us/bar") for name, (make, inputs) in OTHERS.items()),
        recorded("talipp 2.7.0, all six", TALIPP_US, "us/bar"),
    ]


def _cost(make: Callable[[], Any], inputs: str, columns: dict[str, list[float]]) -> float:
    rows = list(zip(*(columns[name] for name in inputs.split()), strict=True))
    single = [values[0] for values in rows]

    def work() -> None:
        update = make().update
        if " " in inputs:
            for values in rows:
                update(*values)
        else:
            for value in single:
                update(value)

    return cpu(work, RUNS)[0] / len(rows) * 1e6


def _talipp(columns: dict[str, list[float]]) -> tuple[float, str]:
    """The peer on the same bars, if COCKPIT_PEERS names a Python that has it; else its recorded figure."""
    python = os.environ.get("COCKPIT_PEERS", "")
    if python:
        rows = json.dumps(list(zip(*columns.values(), strict=True)))
        done = subprocess.run([python, "-c", PEER], input=rows, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return float(done.stdout), "measured now on the same bars"
    return TALIPP_US, "recorded"
