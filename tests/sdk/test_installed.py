"""A strategy, an indicator and a rule in somebody else's package, really installed and run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "somebodys"
version = "0.1"

[project.entry-points."cockpit.plugins"]
somebodys = "somebodys.ideas"
"""

IDEAS = '''
"""Buys every third bar, never more than two contracts."""

from __future__ import annotations

from typing import Annotated

import msgspec

from cockpit.sdk import Bar, GateContext, Intent, View, Want, dial, indicator, rule, scaled, strategy


class Params(msgspec.Struct, frozen=True):
    every: Annotated[int, dial(1, 50, "bars", "Bars between two purchases")] = 3


@indicator("somebodys_count", inputs=("x",), lines=("value",))
class Count(msgspec.Struct):
    """How many there were."""

    value: int = 0

    def update(self, x: float) -> float:
        """One more."""
        self.value += 1
        return self.value


@strategy("somebodys_third", Params, api="{api}")
class Third(msgspec.Struct):
    """One contract more at every third bar."""

    params: Params
    count: Count

    @classmethod
    def create(cls, params: Params) -> Third:
        return cls(params, Count())

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        if self.count.update(bar.close) % self.params.every == 0:
            want.position(view.position + 1, tag="third")


@rule("somebodys_limit")
def limit(intent: Intent, context: GateContext, settings: object) -> Intent:
    """Never more than two."""
    from decimal import Decimal

    after = scaled(intent, Decimal(2), context)
    return intent if after == intent else context.trim("somebodys_limit", intent, after, "two are enough")
'''

RUN = """
import json
from cockpit.app.rehearse import candles, rehearse
run = rehearse("somebodys_third", candles([100.0 + n for n in range(12)]), {"every": 2})
verdicts = next(iter(run.engine.state.sleeves.values())).verdicts
print(json.dumps([str(run.position), run.benched, [v.rule for v in verdicts]]))
"""


def python(site: Path, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(site), "HOME": str(cwd), "COCKPIT_DATA_DIR": str(cwd)}
    environment.pop("PYTHONWARNINGS", None)  # pip warns of its own parts
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=False, cwd=cwd, env=environment
    )


def installed(folder: Path, api: str, repo: Path) -> Path:
    """The package in a site folder of its own, cockpit beside it."""
    source, site = folder / "source", folder / "site"
    (source / "somebodys").mkdir(parents=True)
    (source / "pyproject.toml").write_text(PYPROJECT, "utf-8")
    (source / "somebodys" / "__init__.py").write_text("", "utf-8")
    (source / "somebodys" / "ideas.py").write_text(IDEAS.replace("{api}", api), "utf-8")
    words = ["--no-index", "--no-deps", "--no-build-isolation", "--target", str(site), str(source)]
    done = python(repo, folder, "-m", "pip", "install", "-q", "--disable-pip-version-check", *words)
    assert done.returncode == 0, done.stderr
    return site


def test_what_is_installed_is_listed_and_trades(tmp_path: Path, repo: Path) -> None:
    site = installed(tmp_path, "1.0", repo)
    assert list(site.glob("somebodys-0.1.dist-info/entry_points.txt"))
    listed = python(site, tmp_path, "-m", "cockpit", "strategies", "--json")
    (row,) = [row for row in json.loads(listed.stdout) if row["name"] == "somebodys_third"]
    assert row["module"] == "somebodys.ideas"
    assert row["wakes"] == ["bar"]
    assert row["parameters"][0]["unit"] == "bars"
    ran = python(site, tmp_path, "-c", RUN)
    assert json.loads(ran.stdout) == ["2.00", "", ["somebodys_limit"]], ran.stderr


def test_what_was_written_for_a_newer_cockpit_stops_the_start(tmp_path: Path, repo: Path) -> None:
    site = installed(tmp_path, "9.0", repo)
    done = python(site, tmp_path, "-m", "cockpit", "strategies")
    assert done.returncode == 3
    said = "strategy 'somebodys_third' of somebodys.ideas was written for plug-in API 9.0"
    assert said in done.stderr
    assert "Traceback" not in done.stderr
