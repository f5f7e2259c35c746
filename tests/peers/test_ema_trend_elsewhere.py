"""Four years of hourly BTC: our trades are those of two engines that nobody here wrote.

backtesting.py: every trade. backtrader: every trade but those that end in the bar they began in, for its
protective orders wait for the next bar; each of those is counted and must be of that kind. Prices within one
tick, because ours are on the venue's grid.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import msgspec
import pytest

from cockpit import cli
from cockpit.adapters.store import tape
from cockpit.app.discover import discover
from cockpit.app.trial import Request, perform
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.events import Bar

SYMBOL = "binance:BTCUSDT"
START, END = 1_609_459_200_000, 1_735_689_600_000
"""2021 to 2024."""
HOUR = 3_600_000
TICK = 0.0101
HERE = sys.executable if find_spec("backtesting") and find_spec("backtrader") else ""
PYTHON = os.environ.get("COCKPIT_PEERS_PYTHON") or HERE
"""They pin their own pandas, so they may live in an environment of their own (with msgspec)."""

pytestmark = [
    pytest.mark.soak,
    pytest.mark.shared,
    pytest.mark.skipif(
        not PYTHON, reason="set COCKPIT_PEERS_PYTHON to a Python with backtesting and backtrader"
    ),
]
Trip = tuple[int, int, float, float, int, bool]
"""(bar of the entry, bar of the exit, prices, side, ended inside a bar)."""


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Path:
    made = tmp_path_factory.mktemp("peers") / "btc.tape"
    source = str(shared / "market" / "ohlcv" / "binance_perp_1h_long.parquet")
    assert cli.main(["data", "import", source, "--symbols", SYMBOL, "--out", str(made)]) == 0
    return made


@pytest.fixture(scope="module")
def ours(market: Path) -> list[Trip]:
    discover()
    plain, replace = Config(), msgspec.structs.replace
    config = replace(
        plain,
        venue=replace(plain.venue, slippage_ticks=0),
        run=replace(plain.run, equity=1e7),
        risk=replace(plain.risk, max_notional=1e9),
    )
    sleeve = SleeveConfig("ema_trend", SYMBOL, "1h")
    found = perform(Request(str(market), config, (sleeve,), START, END))
    zero = _rows(market)[0][0] - HOUR
    trips = []
    for trip in found.trips:
        if trip.closed:
            inside = trip.why_out in {"stop", "take"}
            # What happens inside a bar is told at its end, what happens at an open right then.
            ended = (trip.closed - zero) // HOUR - (1 if inside and (trip.closed - zero) % HOUR < 20 else 0)
            side = 1 if trip.side == "long" else -1
            opened = (trip.opened - zero) // HOUR
            trips.append((int(opened), int(ended), float(trip.entry), float(trip.exit), side, inside))
    return trips


def _rows(market: Path) -> list[list[float]]:
    bars = (e for e in tape.read(market, start_ms=START, end_ms=END) if isinstance(e, Bar))
    return [[b.ts, b.open, b.high, b.low, b.close, b.volume] for b in bars]


def theirs(library: str, market: Path, folder: Path) -> list[list[float]]:
    file = folder / "bars.json"
    file.write_text(json.dumps(_rows(market)), "utf-8")
    script = Path(__file__).with_name("ema_trend_elsewhere.py")
    env = {k: v for k, v in os.environ.items() if k != "PYTHONWARNINGS"}
    out = subprocess.run(
        [PYTHON, str(script), library, str(file)], capture_output=True, text=True, env=env, check=True
    )
    return json.loads(out.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def same(mine: Trip, other: list[float]) -> bool:
    opened, closed, entry, leave, side = other
    when = (opened, closed, side) == (mine[0], mine[1], mine[4])
    return when and abs(entry - mine[2]) < TICK and abs(leave - mine[3]) < TICK


def test_backtesting_py_makes_the_same_trades(market: Path, ours: list[Trip], tmp_path: Path) -> None:
    other = theirs("backtesting", market, tmp_path)
    assert len(ours) == len(other) > 800
    assert [(a, b) for a, b in zip(ours, other, strict=True) if not same(a, b)] == []


def test_backtrader_differs_only_in_the_bar_of_the_entry(
    market: Path, ours: list[Trip], tmp_path: Path
) -> None:
    other = theirs("backtrader", market, tmp_path)
    assert len(ours) == len(other)
    apart = [(a, b) for a, b in zip(ours, other, strict=True) if not same(a, b)]
    assert len(apart) < 0.05 * len(ours)
    for mine, one in apart:
        assert mine[0] == mine[1], (mine, one)  # ours ended where it began
        assert one[1] > one[0]  # theirs had to wait
        assert abs(one[2] - mine[2]) < TICK
