"""A backtest begun on the screen: a child at the lowest priority; it makes a practice tape if need be."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import msgspec

from cockpit.app import priority
from cockpit.app.going import Telling


class Errand(msgspec.Struct):
    """What to try on what."""

    options: list[str]
    strategy: str
    tape: str
    """Empty = half an hour of the practice market."""
    folder: str


def main(text: str) -> int:
    """The exit code of ``cockpit backtest``, or of making the tape."""
    priority.step_back()
    errand = msgspec.json.decode(text, type=Errand)
    tape = errand.tape
    if not tape:
        # The same settings make the same market: once is enough.
        name = hashlib.sha256(msgspec.json.encode(errand.options)).hexdigest()[:8]
        tape = str(Path(errand.folder) / f"practice-{name}.tape")
        if not Path(tape).exists():
            with Telling(Path(errand.folder).parent, errand.strategy, tape):
                code = command(errand, "data", "practice", "--out", tape)
            if code:
                return code
    return command(errand, "backtest", "--brief", "--tape", tape, "--strategy", errand.strategy)


def command(errand: Errand, *words: str) -> int:
    """One command of ours, as a person would give it."""
    return subprocess.call([sys.executable, "-m", "cockpit", *errand.options, *words])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
