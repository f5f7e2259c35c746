"""What makes a start slow or a process heavy is an import somebody added; a clock sees it only sometimes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"numpy", "pandas", "pyarrow", "numba", "torch", "ccxt", "aiohttp", "polars", "scipy", "matplotlib"}
SCREEN = {"textual", "rich"}
MACHINE = {"asyncio", "sqlite3", "aiosqlite", "msgspec"}

LIVE = """
import time
from cockpit.app.discover import discover
from cockpit.app import market, rig, runtime, session
from cockpit.core.config import Config
discover()
market.practice(Config(), time.time_ns() // 1_000_000)
"""
COMMAND_LINE = "import cockpit.cli; cockpit.cli.build(['--help'])"
SCREEN_ON_TOP = LIVE + "import cockpit.tui.app\n"


def loaded_after(program: str, repo: Path) -> set[str]:
    """Top-level modules in memory of a fresh interpreter after ``program``."""
    ending = "\nimport json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", program + ending], capture_output=True, text=True, check=False, cwd=repo
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_a_live_machine_loads_nothing_that_weighs(repo: Path) -> None:
    assert loaded_after(LIVE, repo) & (HEAVY | SCREEN) == set()


def test_the_screen_adds_only_the_screen(repo: Path) -> None:
    found = loaded_after(SCREEN_ON_TOP, repo)
    assert found & HEAVY == set()
    assert "textual" in found


def test_the_command_line_answers_before_the_machine_is_loaded(repo: Path) -> None:
    assert loaded_after(COMMAND_LINE, repo) & (HEAVY | SCREEN | MACHINE) <= {"msgspec"}


SUITES = ("bars", "depth", "journal", "ticks", "live", "proof", "screen", "start")


@pytest.mark.parametrize("suite", SUITES)
def test_every_benchmark_can_be_started(suite: str, repo: Path) -> None:
    """``make bench`` is rarely run: what moves in the package must not break it unnoticed."""
    program = (
        f"from tests.benchmarks import __main__, {suite}\n"
        f"assert {suite!r} in __main__.SUITES and callable({suite}.run)\n"
    )
    assert "tests" in loaded_after(program, repo)
