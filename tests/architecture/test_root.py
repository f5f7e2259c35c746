"""The root of the checkout holds what it always held: everything else has a place below."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HELD = frozenset(
    (
        *("cockpit", "themes", "tests", "data", "cockpit.toml", "pyproject.toml", "README.md", "Makefile"),
        *("requirements.lock", "CHANGELOG.md", "LICENSE"),
    )
)


def test_nothing_new_stands_in_the_root() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout: nobody can say what is committed")
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    names = {line.partition("/")[0] for line in listed}
    assert {name for name in names if not name.startswith(".")} - HELD == set()
