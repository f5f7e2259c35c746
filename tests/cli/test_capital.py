"""``cockpit capital`` beside a running cockpit: shown, applied as seen, taken back, kept over a restart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cockpit.cli import main
from tests.daemon.process import Daemon

SETTINGS = """
[capital]
method = "equal"
schedule = "* * * * * *"
damping = 1.0
"""


@pytest.mark.daemon
def test_a_plan_is_shown_applied_and_undone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, folder = tmp_path / "cockpit.toml", tmp_path / "data"
    config.write_text(SETTINGS)
    where = ("--data-dir", str(folder), "--config", str(config), "--lang", "en")

    def typed(*words: str, code: int = 0) -> str:
        assert main(["capital", *words, *where]) == code
        out, err = capsys.readouterr()
        return out if code == 0 else out + err

    def shown() -> dict[str, Any]:
        return dict(json.loads(typed("--json")))

    def shares() -> list[float]:
        return [row["share"] for row in shown()["rows"]]

    assert "no cockpit is running" in typed(code=7)
    with Daemon(folder, "--config", str(config)) as daemon:
        daemon.wait(lambda: shown()["seal"])
        plan = shown()
        assert [row["word"] for row in plan["rows"]] == ["less"] * len(plan["rows"])
        assert plan["seal"] in typed()
        assert "needs --seal" in typed("apply", code=2)
        assert "has changed" in typed("apply", "--seal", "other", code=8)
        assert "no change of shares" in typed("undo", code=8)
        typed("apply", "--seal", plan["seal"])
        wanted = [row["step"] for row in plan["rows"]]
        assert shares() == wanted
        daemon.kill9()
    with Daemon(folder, "--config", str(config)) as daemon:
        assert shares() == wanted  # what was said yes to survives
        typed("undo")
        assert shares() == [1.0] * len(wanted)
        daemon.stop()
