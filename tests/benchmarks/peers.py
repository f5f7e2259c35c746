"""Figures of the peers' own scripts, each run in its own environment in the same benchmark."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.conftest import SHARED

FOLDER = SHARED / "bench" / "peers"


def python() -> str:
    """The interpreter that has the peers installed; empty = none is named."""
    return os.environ.get("COCKPIT_PEERS_PYTHON", "")


def figure(interpreter: str, command: Sequence[str | Path], folder: str, key: str) -> float | None:
    """What a peer's script says of ``key``, run on the data of a folder; None where it cannot run."""
    if not interpreter or not Path(command[0]).is_file():
        return None
    ran = subprocess.run(
        [interpreter, *map(str, command)], capture_output=True, text=True, timeout=200, check=False,
        env={**os.environ, "PERF_DATA": folder, "PYTHONWARNINGS": "ignore", "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    if ran.returncode:
        return None
    return float(json.loads(ran.stdout.splitlines()[-1])[key])
