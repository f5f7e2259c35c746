"""The command line as a shell has it, and as a function where a process would only cost time."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from math import sin
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cockpit import cli
from cockpit.app.discover import discover
from cockpit.core import registry
from tests.app.tapes import swinging

HOURS = 900
START_S = 1_704_067_200
"""2024-01-01."""


class Said(msgspec.Struct, frozen=True):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Shell = Callable[..., Said]


@pytest.fixture(autouse=True)
def only_what_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    """Strategies that other tests of this process have registered are no part of the program."""
    discover()
    rows = registry.STRATEGIES._rows
    shipped = {name: row for name, row in rows.items() if row.module.startswith("cockpit.")}
    monkeypatch.setattr(registry.STRATEGIES, "_rows", shipped)


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working directory, no settings of the machine, English."""
    for name in [name for name in os.environ if name.startswith("COCKPIT_") and name != "COCKPIT_SHARED"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nobody"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setattr(
        "os.setpriority", lambda *_args: None
    )  # a search inside this process slows no other test
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def shell(repo: Path, tmp_path: Path) -> Shell:
    """``shell("status", "--json")`` in a process of its own, with its own data directory."""

    def run(*words: str, env: dict[str, str] | None = None) -> Said:
        found = subprocess.run(
            [sys.executable, "-m", "cockpit", "--data-dir", str(tmp_path / "data"), *words],
            env={**os.environ, "PYTHONPATH": str(repo), **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Said(found.returncode, found.stdout, found.stderr)

    return run


@pytest.fixture
def cockpit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """The same inside this process."""

    def run(*words: str) -> Said:
        code = cli.main(["--data-dir", str(tmp_path / "data"), *words])
        found = capsys.readouterr()
        return Said(code, found.out, found.err)

    return run


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    """Hourly candles of a market that swings, with a candle doubled and three missing."""
    lines = ["timestamp,open,high,low,close,volume"]
    before = 100.0
    for hour in range(HOURS):
        close = 100 + 12 * sin(hour / 40) + 3 * sin(hour / 7)
        high, low = max(before, close) + 0.4, min(before, close) - 0.4
        prices = ",".join(f"{price:.2f}" for price in (before, high, low, close))
        row = f"{(START_S + hour * 3600) * 1000},{prices},{2500 if hour % 3 == 0 else 1000}"
        if hour not in range(400, 403):
            lines += [row] * (2 if hour == 200 else 1)
        before = close
    path = tmp_path / "SOLUSDT-1h.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@pytest.fixture
def tape(csv: Path, cockpit: Shell) -> str:
    assert cockpit("data", "import", str(csv), "--venue", "binance", "--out", "sol.tape").code == 0
    return "sol.tape"


@pytest.fixture
def coin(tmp_path: Path) -> str:
    """A market that swings for 900 hours, with funding."""
    return str(swinging(tmp_path, "lab:COIN-USDT", 900))


@pytest.fixture
def journal(tape: str, shell: Shell, tmp_path: Path) -> Path:
    """What a daemon wrote over that tape."""
    done = shell(
        "--daemon", "--json", "--tape", tape, "--speed", "max", "--strategy", "ema_trend@binance:SOLUSDT/1h"
    )
    assert done.code == 0, done.err
    return next((tmp_path / "data").rglob("cockpit.db"))
