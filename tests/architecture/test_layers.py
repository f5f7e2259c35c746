"""The import contracts of pyproject.toml hold, and each of them turns red when it is broken."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

RUN_IN_HERE = (
    "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command as c; c()"
)


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    """lint-imports over the package that lies in `root`, which need not be the installed one."""
    return subprocess.run(
        [sys.executable, "-c", RUN_IN_HERE, "--no-cache"],
        cwd=root,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_contracts_are_kept(repo: Path) -> None:
    verdict = lint_imports(repo)
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


@pytest.fixture
def copy(repo: Path, tmp_path: Path) -> Path:
    shutil.copy(repo / "pyproject.toml", tmp_path)
    shutil.copytree(repo / "cockpit", tmp_path / "cockpit", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def plant(file: str, source: str) -> Callable[[Path], None]:
    def write(package: Path) -> None:
        path = package / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")

    return write


def plant_pair(folder: str) -> Callable[[Path], None]:
    """Two new neighbours of which one imports the other."""

    def write(package: Path) -> None:
        plant(f"{folder}/planted_one.py", "ONE = 1\n")(package)
        dotted = folder.replace("/", ".")
        plant(f"{folder}/planted_two.py", f"from cockpit.{dotted}.planted_one import ONE as ONE\n")(package)

    return write


def plant_folder(package: Path) -> None:
    plant("helpers/__init__.py", "")(package)


DOWN = "Imports point down; siblings do not know each other"
PURE = "The pure half touches no I/O, no clock, no event loop"

PLANTED = {
    "a clock in core": (plant("core/planted.py", "import time as time\n"), PURE),
    "an event loop in a strategy": (plant("strategies/planted.py", "import asyncio as asyncio\n"), PURE),
    "chance in the allocation": (plant("portfolio/planted.py", "from random import random as r\n"), PURE),
    "core looks up": (plant("core/planted.py", "import cockpit.indicators as up\n"), DOWN),
    "a panel reaches a venue": (plant("tui/planted.py", "import cockpit.adapters as venue\n"), DOWN),
    "text looks up": (plant("text/planted.py", "import cockpit.core as up\n"), DOWN),
    "a folder nobody placed": (plant_folder, DOWN),
    "the command line names an adapter": (
        plant("cli.py", "import cockpit.adapters as a\n"),
        "Only app names an adapter",
    ),
    "one strategy imports another": (plant_pair("strategies"), "Strategies are islands"),
    "one rule imports another": (plant_pair("risk/rules"), "Risk rules are islands"),
    "one stop imports another": (plant_pair("risk/stops"), "Stops are islands"),
    "one panel imports another": (plant_pair("tui/panels"), "Panels are islands"),
    "one venue imports another": (plant_pair("adapters/venues"), "Venues are islands"),
}


@pytest.mark.parametrize("violation", PLANTED)
def test_a_planted_violation_is_seen(violation: str, copy: Path) -> None:
    write, contract = PLANTED[violation]
    write(copy / "cockpit")
    verdict = lint_imports(copy)
    assert verdict.returncode == 1, verdict.stdout + verdict.stderr
    assert f"{contract} BROKEN" in verdict.stdout
