"""``cockpit report controls``: the list is true, and the evidence is this machine's."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from cockpit.app.controls import controls
from cockpit.app.keeping.backup import named
from cockpit.cli import main


def test_every_control_is_there_and_the_tests_it_names_exist(repo: Path) -> None:
    rows = controls()
    assert [row.id for row in rows] == [f"S{number:02d}" for number in range(1, 31)]
    for row in rows:
        cited = re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", row.by)
        assert cited, row.id
        said = len(row.waits) > 40 and not re.search(r"tests/", row.waits)
        assert row.state == "holds" or said, f"{row.id} does not say what waits, and why"
        for file, name in cited:
            tree = ast.parse((repo / file).read_text("utf-8"))
            names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
            assert not name or name in names, (row.id, file, name)


def test_the_controls_with_their_evidence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ("--data-dir", str(tmp_path), "--lang", "en")
    assert main(["report", "controls", "--json", *where]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["holds"] + said["partly"] + said["open"] == 30
    assert (said["evidence"]["last_backup"], said["evidence"]["running"]) == (None, None)
    assert said["evidence"]["limits"]["max_leverage"] == 3.0
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / named(1_700_000_000_000)).write_bytes(b"x")
    assert main(["report", "controls", "--set", "risk.max_leverage=2", *where]) == 0
    text = capsys.readouterr().out
    assert "max_leverage 2" in text
    assert "S01  holds" in text
    assert "a second person for real money" in text
    assert main(["report", "control", *where]) == 2
