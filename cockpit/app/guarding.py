"""A run's own guardian: is one wanted, is one there, start one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.app.runtime import Plan


def word(plan: Plan) -> str:
    """off | watching | absent: a guardian that was asked for and is not there must be seen."""
    if not wanted(plan):
        return "off"
    from cockpit.app.guardian import HERE, runs

    return "watching" if runs(plan.folder / HERE) else "absent"


def wanted(plan: Plan) -> bool:
    """Do the settings ask for one, where it can do something?"""
    run = plan.config.run
    return run.guardian and plan.mode in {"demo", "live"} and run.feed == "okx"


def start(plan: Plan, data_dir: Path) -> None:
    """The second process that watches this one, where the settings ask for it. It ends when we do."""
    if not wanted(plan):
        return
    run, okx = plan.config.run, plan.config.okx
    settings = {
        "run.feed": "okx",
        "run.execution": run.execution,
        "run.guardian_after_s": str(run.guardian_after_s),
        "okx.region": okx.region,
        "okx.rest": okx.rest,
        "okx.socket": okx.socket,
        "okx.ca_file": okx.ca_file,
    }
    words = [word for key, value in settings.items() if value for word in ("--set", f"{key}={value}")]
    said = plan.folder / "guardian.log"
    with os.fdopen(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as log:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "cockpit", "guardian", "--folder", str(plan.folder),
                "--data-dir", str(data_dir), *words,
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )  # fmt: skip
    process.returncode = 0  # it outlives us on purpose for a moment: nobody here waits for it
