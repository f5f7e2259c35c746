"""The settings file as it is shipped, and the cockpit told in plain lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from cockpit.app.commands import watch
from cockpit.core.frames import EventRow
from tests.cli.conftest import Shell
from tests.daemon.process import Daemon
from tests.tui.frames_for_tests import frame


def test_init_writes_settings_that_load_and_never_over_others(cockpit: Shell, tmp_path: Path) -> None:
    made = cockpit("init", "place", "--json")
    assert made.code == 0
    path = Path(made.json["path"])
    assert path.stat().st_mode & 0o777 == 0o600
    assert cockpit("--config", str(path), "strategies").code == 0
    path.write_text("mine", "utf-8")
    again = cockpit("init", "place")
    assert again.code == 2
    assert "exists already" in again.err
    assert path.read_text("utf-8") == "mine"
    (tmp_path / "file").write_text("", "utf-8")
    assert cockpit("init", "file/below").code == 2


def test_init_for_the_user(cockpit: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    assert cockpit("init", "--user").code == 0
    assert (tmp_path / "home" / "cockpit" / "cockpit.toml").exists()


@pytest.mark.daemon
def test_the_cockpit_is_told_in_lines(tmp_path: Path) -> None:
    with Daemon(tmp_path):
        words = [sys.executable, "-m", "cockpit", "--data-dir", str(tmp_path)]
        told = subprocess.run(
            [*words, "watch", "--plain", "--every", "0.3", "--count", "3"],
            capture_output=True, text=True, timeout=60, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        assert "\x1b" not in told.stdout
        summaries = [line for line in told.stdout.splitlines() if "Equity" in line]
        assert len(summaries) == 3
        assert "PRACTICE" in summaries[0]
        data = subprocess.run(
            [*words, "watch", "--every", "0.3", "--count", "1", "--json"],
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        assert any(json.loads(line).get("mode") == "PRACTICE" for line in data.stdout.splitlines())


def test_nobody_to_watch(cockpit: Shell) -> None:
    assert cockpit("watch").code == 7
    assert cockpit("watch", "--every", "0").code == 2


def test_news_is_said_once_and_staleness_when_it_comes_and_goes() -> None:
    seen, first = watch.Seen(), frame()
    list(seen.news(first, "en"))
    assert list(seen.news(first, "en")) == []
    stale = msgspec.structs.replace(
        first, sources=tuple(msgspec.structs.replace(s, stale=True) for s in first.sources)
    )
    lines = list(seen.news(stale, "en"))
    assert len(lines) == len(first.sources)
    assert all("STALE" in line for line in lines)
    fresh = msgspec.structs.replace(
        first, sources=tuple(msgspec.structs.replace(s, stale=False, up=True) for s in first.sources)
    )
    assert len(list(seen.news(fresh, "en"))) == len(first.sources)
    later = first.ts + 10
    news = (*first.events, EventRow(later, "warn", "link.down", {"channel": "x\x1b[2J", "reason": "y"}, "s"))
    told = list(seen.news(msgspec.structs.replace(fresh, events=news, posture="HALT"), "en"))
    assert any("HALT" in line for line in told)
    assert not any("\x1b" in line for line in told)
    assert "无" in watch.sentence(msgspec.structs.replace(first, positions=()), "zh")
