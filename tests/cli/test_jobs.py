"""``cockpit jobs``: what a person types, and what a running cockpit makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cockpit.cli import main
from tests.daemon.process import Daemon

JOBS = """
[[jobs]]
name = "health"
run = ["strategies", "--json"]
cron = "10 0 * * *"

[[jobs]]
name = "alarm"
run = ["quant-eval", "--help-me"]
"""


class Typed:
    """Command lines in one data directory."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.config = folder / "cockpit.toml"
        self.config.write_text(JOBS.replace("--help-me", "").replace('"quant-eval", ""', '"quant-eval"'))
        self.where = ("--data-dir", str(folder / "data"), "--config", str(self.config), "--lang", "en")
        self._capsys = capsys

    def __call__(self, *words: str, code: int = 0) -> str:
        assert main(["jobs", *words, *self.where]) == code
        out, err = self._capsys.readouterr()
        return out if code == 0 else out + err


@pytest.fixture
def typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    return Typed(tmp_path, capsys)


def test_a_job_is_listed_run_shown_switched_and_set(typed: Typed) -> None:
    rows = json.loads(typed("--json"))
    assert [(row["job"], row["enabled"], row["last"]) for row in rows] == [
        ("health", True, 0),
        ("alarm", True, 0),
    ]
    assert "ema_trend" in typed("run", "health")
    row = json.loads(typed("--json"))[0]
    assert (row["outcome"], row["cause"]) == ("done", "hand: command line")
    shown = json.loads(typed("show", "health", "--json"))
    assert (shown["code"], shown["words"], len(shown["runs"])) == (0, ["strategies", "--json"], 1)
    assert "off" in typed("off", "health").splitlines()[1]
    assert "*/5 * * * *" in typed("cron", "health", "*/5 * * * *")
    assert json.loads(typed("reset", "health", "--json"))[0]["cron"] == "10 0 * * *"


def test_bad_words_are_met_with_a_sentence(typed: Typed) -> None:
    assert "did you mean 'health'" in typed("run", "heath", code=2)
    assert "needs a job" in typed("show", code=2)
    assert "needs a line" in typed("cron", "health", code=2)
    assert "not a cron line" in typed("cron", "health", "often", code=2)
    assert "has no run" in typed("show", "health", code=2)
    typed.config.write_text(JOBS)
    assert "jobs.alarm: " in typed(code=2)


@pytest.mark.daemon
def test_a_running_cockpit_keeps_the_time_and_obeys(typed: Typed, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    typed("cron", "health", "*/1 * * * *")
    with Daemon(folder, "--config", str(typed.config)) as daemon:
        taken = daemon.ask("job", {"job": "alarm", "to": "off"}, drive=True)
        assert taken.ok
        assert daemon.ask("job", {"job": "health", "to": "run"}, drive=True).ok
        refused = daemon.ask("job", {"job": "wealth", "to": "run"}, drive=True)
        assert (refused.ok, refused.message_id) == (False, "job.unknown")
        daemon.wait(lambda: any(r["outcome"] == "done" for r in json.loads(typed("--json"))))
        rows = {row["job"]: row for row in json.loads(typed("--json"))}
        assert rows["health"]["cause"].startswith(("hand: ", "cron"))
        assert rows["alarm"]["enabled"] is False
        daemon.stop()
