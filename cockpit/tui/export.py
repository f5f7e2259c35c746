"""The rows of the audit as a file: everything the filter wants, not only what is on the screen."""

from __future__ import annotations

import csv
import os
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import msgspec

from cockpit.core.audit import AuditRow
from cockpit.core.frames import Answer
from cockpit.tui import figures
from cockpit.tui.dialogs import Choice

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp

FORMATS = ("csv", "json")
MOST = 1_000_000
"""Rows after which an export ends; a filter makes it smaller."""
COLUMNS = AuditRow.__struct_fields__


def ask(app: CockpitApp) -> None:
    """Which format? Then it is written while the screen goes on."""
    if app.aside.audit.exporting:
        app.tell("audit.export_running")
        return
    look = app.look()
    options = [(name, look.say(f"audit.export.{name}")) for name in FORMATS]
    app.controls.ask(Choice(look, look.say("audit.export_title"), options), partial(begin, app))


def begin(app: CockpitApp, kind: str) -> None:
    """Open the file and ask for the first page."""
    folder = app.settings.exports_dir or Path()
    stamp = (
        f"{figures.date(app.frame.ts if app.frame else 0)}-{figures.clock(app.frame.ts if app.frame else 0)}"
    )
    name = f"audit-{stamp.replace(':', '')}.{kind}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        Export(app, free(folder / name), kind).ask(0)
    except OSError as error:
        app.warn(app.look().say("audit.export_failed", reason=error))


def free(path: Path) -> Path:
    """``path``, or the next name beside it that nobody has."""
    number, found = 1, path
    while found.exists():
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found


class Export:
    """One file in the making; it appears under its name when it is whole."""

    def __init__(self, app: CockpitApp, path: Path, kind: str) -> None:
        self.app = app
        self.path = path
        self.wanted = app.auditing.bounded(app.aside.audit.wanted)
        self.count = 0
        handle, self._partial = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        self._file: TextIO = os.fdopen(handle, "w", encoding="utf-8", newline="")
        self._csv = csv.writer(self._file) if kind == "csv" else None
        if self._csv is not None:
            self._csv.writerow(COLUMNS)

    def ask(self, before: int) -> None:
        """The next page."""
        args = self.wanted.plain() | ({"before": str(before)} if before else {})
        asked = self.app.link.send("audit", args)
        self.app.controls.planned[asked] = self._answered

    def _answered(self, answer: Answer) -> None:
        if not answer.ok or answer.payload is None:
            self._fail(self.app.look().news(answer.message_id, answer.args))
            return
        try:
            for row in msgspec.convert(answer.payload["rows"], list[AuditRow]):
                self._write(row)
            if answer.payload["done"] or self.count >= MOST:
                self._end()
                return
        except OSError as error:
            self._fail(str(error))
            return
        self._tell(max(1, self.count))
        self.ask(int(answer.payload["before"]))

    def _write(self, row: AuditRow) -> None:
        values = [getattr(row, name) for name in COLUMNS]
        if self._csv is not None:
            self._csv.writerow([_cell(value) for value in values])
        else:
            start = "[\n" if not self.count else ",\n"
            named = dict(zip(COLUMNS, values, strict=True))
            self._file.write(start + msgspec.json.encode(named).decode())
        self.count += 1

    def _end(self) -> None:
        if self._csv is None:
            self._file.write("\n]\n" if self.count else "[]\n")
        self._file.close()
        os.replace(self._partial, self.path)
        self._tell(0)
        self.app.tell("audit.exported", count=self.count, path=self.path)

    def _fail(self, reason: str) -> None:
        self._file.close()
        Path(self._partial).unlink(missing_ok=True)
        self._tell(0)
        self.app.warn(self.app.look().say("audit.export_failed", reason=reason))

    def _tell(self, count: int) -> None:
        sheet = msgspec.structs.replace(self.app.auditing.sheet, exporting=count)
        self.app.auditing.sheet = sheet
        self.app.asides.changed(audit=sheet)


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is marked as a text."""
    if isinstance(value, dict):
        return msgspec.json.encode(value).decode() if value else ""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
