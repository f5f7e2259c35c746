"""The archive for a screen: ``cockpit data status, check, repair`` in a process of its own, one at a time."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from cockpit.tui.aside import ArchiveRow

WORDS = {"status": ("status",), "check": ("check",), "repair": ("repair", "--write")}


class ArchiveProcess:
    """Begin something, and ask now and then whether it is done."""

    def __init__(self, data_dir: Path, options: list[str]) -> None:
        """``options``: the settings that the screen itself was started with."""
        self._command = [sys.executable, "-m", "cockpit", "--data-dir", str(data_dir), *options, "data"]
        self._folder = data_dir / "archive"
        self._child: subprocess.Popen[bytes] | None = None
        self._out: Any = None
        self._verb = ""

    def begin(self, verb: str) -> None:
        """status: from the index; check: reads everything; repair: asks the exchange. Raises OSError."""
        self._verb = verb
        if verb == "status" and not self._folder.exists():
            return  # nothing recorded is not a fault
        self._out = tempfile.TemporaryFile()  # noqa: SIM115  read and closed by ``done``
        self._child = subprocess.Popen(
            [*self._command, *WORDS[verb], "--json"],
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def done(self) -> tuple[tuple[ArchiveRow, ...], str] | None:
        """(series, why it failed) once it has ended; None while it has not."""
        if self._child is None:
            return ((), "") if self._verb == "status" else None
        if self._child.poll() is None:
            return None
        code, self._child = self._child.returncode, None
        self._out.seek(0)
        raw = self._out.read()
        self._out.close()
        try:
            document = json.loads(raw)
            if "error" in document:
                return (), str(document["error"]["message"])
            # What a repair says is about what it did; what there is now, a check says.
            series = () if self._verb == "repair" else document["series"]
            return tuple(row_of(one) for one in series), ""
        except (ValueError, KeyError, TypeError):
            return (), f"cockpit data {self._verb}: exit {code}"

    def close(self) -> None:
        """The screen leaves; a repair that is cut short goes on where it was when it is asked for again."""
        if self._child is not None:
            self._child.terminate()
            self._child.wait()
            self._child = None
            self._out.close()


def row_of(one: dict[str, Any]) -> ArchiveRow:
    """A series of ``status``, or of ``check``, which knows its holes too."""
    series = one["series"]
    gaps = one.get("gaps")
    return ArchiveRow(
        symbol=series["symbol"],
        kind=series["kind"],
        tf=series.get("tf", 0),
        rows=one["rows"],
        first=one["first_ms"],
        last=one["last_ms"],
        coverage=one.get("coverage"),
        gaps=None if gaps is None else len(gaps),
        missing=sum(gap["missing"] for gap in gaps or ()),
        findings=sum(found["what"] != "spike" for found in one.get("findings", ())),
    )
