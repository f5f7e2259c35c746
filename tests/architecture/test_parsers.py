"""No parser of outside bytes without a fuzz target (``tests/fuzz``), or the reason why it has none."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.catalogue import OURS, TARGETS, parsers


def test_every_parser_has_a_target(repo: Path) -> None:
    """A new one that is missing here needs a target, or a line in ``OURS`` of tests/fuzz/catalogue.py."""
    covered = {module for target in TARGETS.values() for module in target.covers}
    found = {*parsers(repo)}
    assert {module for module in covered | {*OURS} if not (repo / module).is_file()} == set(), "moved or gone"
    assert found - covered - {*OURS} == set()
    assert {*OURS} - found == set(), "it parses nothing any more"
