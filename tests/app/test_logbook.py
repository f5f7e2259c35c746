"""The log is the notes in words, at the level asked for, and rotates."""

from __future__ import annotations

from pathlib import Path

from cockpit.app.logbook import Logbook
from cockpit.core.intents import Note, Outcome, Verdict


def _outcome(seq: int) -> Outcome:
    return Outcome(
        seq,
        1_000,
        "bar",
        verdicts=(Verdict("s", "max_notional", "trim", "target 2", "target 1", "24,000 > 20,000 USDT"),),
        notes=(
            Note("info", "link.up", {"channel": "market"}),
            Note("alarm", "halt.asked", {"actor": "tty\x1b[2J", "flatten": "False"}),
        ),
    )


def test_level_decides_what_is_written(tmp_path: Path) -> None:
    for level, lines in (("INFO", 3), ("WARNING", 1)):
        folder = tmp_path / level
        folder.mkdir()
        log = Logbook(folder, level)
        log.outcome(_outcome(7))
        log.close()
        text = (folder / "cockpit.log").read_text("utf-8")
        assert len(text.splitlines()) == lines
        assert "#7" in text
        assert "\x1b" not in text


def test_watching_does_not_change_what_is_observed(tmp_path: Path) -> None:
    seen: list[object] = []
    log = Logbook(tmp_path, "INFO")
    watched = log.watched(lambda event, outcome: seen.append(outcome))
    outcome = _outcome(1)
    watched(None, outcome)  # type: ignore[arg-type]
    log.close()
    assert seen == [outcome]
    assert "24,000 > 20,000 USDT" in (tmp_path / "cockpit.log").read_text("utf-8")
