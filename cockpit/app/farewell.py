"""How a screen parts from a process that worked for it alone: asked first, not waited for long."""

from __future__ import annotations

import contextlib
import subprocess
import threading

PATIENCE_S = 0.5
"""How long it may take to end by itself once nobody writes to it any more."""


def part(process: subprocess.Popen[bytes], reader: threading.Thread) -> None:
    """Close what it reads, end it, and close what ``reader`` read from it."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):  # it has ended before us
            process.stdin.close()
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    reader.join(1.0)
    if process.stdout is not None and not reader.is_alive():
        process.stdout.close()
