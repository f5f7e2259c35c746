"""Every lesson of the tutorial runs."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import cockpit.app.tutorial
from cockpit.app.discover import discover
from cockpit.core.registry import INDICATORS, RULES, STOPS, STRATEGIES

FILES = sorted(Path(cockpit.app.tutorial.__path__[0]).glob("t[0-9]*.py"))


@pytest.fixture(autouse=True)
def tables() -> Iterator[None]:
    """What a lesson registers is forgotten after it."""
    discover()
    kept = [(table, dict(table._rows)) for table in (STRATEGIES, RULES, STOPS, INDICATORS)]
    yield
    for table, rows in kept:
        table._rows.clear()
        table._rows.update(rows)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_lesson_runs(file: Path) -> None:
    lesson = importlib.import_module(f"cockpit.app.tutorial.{file.stem}")
    tests = [value for name, value in vars(lesson).items() if name.startswith("test_")]
    assert tests
    for test in tests:
        test()


def test_they_are_numbered_without_a_gap() -> None:
    assert [int(file.stem[1:3]) for file in FILES] == list(range(1, len(FILES) + 1))
    assert len(FILES) >= 12
