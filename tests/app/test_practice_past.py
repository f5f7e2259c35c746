"""The practice market's long past comes from a child, and is the same wherever it is made."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import msgspec
import pytest

from cockpit.adapters.practice import PracticeSpec, history, instruments
from cockpit.app import practice_past

SPEC = PracticeSpec(seed=11)
WANTED = practice_past.Wanted(SPEC, tuple(instruments(SPEC))[:2], hours=3)
HERE = [bar for symbol in WANTED.symbols for bar in history(SPEC, symbol, practice_past.HOUR_MS, 3)]


def test_a_child_makes_the_same_past() -> None:
    assert practice_past.hours(WANTED) == HERE
    assert len(HERE) == 6


@pytest.mark.parametrize("how", ["none", "fails", "garbage"])
def test_without_a_child_it_is_made_here(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        if how == "none":
            raise BlockingIOError("no process left")
        return subprocess.CompletedProcess(command, int(how == "fails"), b"81\n" if how == "garbage" else b"")

    monkeypatch.setattr(subprocess, "run", run)
    assert practice_past.hours(WANTED) == HERE


def test_a_child_ends_with_whoever_asked() -> None:
    """Years of hours take it minutes; nobody is there any more to read them."""
    years = msgspec.structs.replace(WANTED, hours=99_999)
    command = [sys.executable, "-m", "cockpit.app.practice_past", msgspec.json.encode(years).decode()]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait(120) == 1
