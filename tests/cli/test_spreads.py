"""``cockpit data spreads``: which markets of a tape could be made."""

from __future__ import annotations

from pathlib import Path

from cockpit.adapters.store.tape_writer import TapeWriter
from tests.app.test_spreads import SWAP, touch
from tests.cli.conftest import Shell


def test_the_command_answers_for_a_tape(tmp_path: Path, cockpit: Shell) -> None:
    path = tmp_path / "t.tape"
    with TapeWriter(path, source="test") as writer:
        writer.instrument(SWAP)
        for event in (touch(1_000, 0.12), touch(2_000, 0.01), touch(3_000, 0.01)):
            writer.add(event)
        writer.close()
    found = cockpit("data", "spreads", str(path), "--json")
    assert found.code == 0, found.err
    (row,) = found.json
    assert (row["symbol"], row["opens"], row["seconds"]) == (SWAP.symbol, 0.5, 2.0)
    said = cockpit("data", "spreads", str(path))
    assert "50.00%" in said.out
    assert cockpit("data", "spreads", str(path), "--min-spread", "2").code == 2
    assert cockpit("data", "spreads", str(tmp_path / "gone.tape")).code == 5
