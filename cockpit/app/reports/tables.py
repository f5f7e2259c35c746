"""A report as files: the curve and the trips as CSV, everything as JSON, a page in HTML."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from cockpit.app.reports import pair
from cockpit.app.reports.page import page
from cockpit.app.trial import Result


def write(result: Result, folder: Path, title: str, lang: str) -> list[Path]:
    """``report.json  report.html  equity.csv  trips.csv`` in ``folder``, which is made."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    curve = result.curve
    body = {"summary": result.summary, "report": msgspec.to_builtins(result.report), **pair.plain(result)}
    (folder / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(body), indent=2) + b"\n")
    (folder / "report.html").write_text(page(result, title, lang), "utf-8")
    _csv(
        folder / "equity.csv",
        ("ts", "equity", "gross", "buy_and_hold"),
        zip(curve.ts, curve.equity, curve.gross, curve.held, strict=True),
    )
    fields = [*result.trips[0].__struct_fields__] if result.trips else ["sleeve"]
    _csv(folder / "trips.csv", fields, ([_plain(getattr(t, f)) for f in fields] for t in result.trips))
    return [folder / name for name in ("report.json", "report.html", "equity.csv", "trips.csv")]


def _csv(path: Path, heads: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(heads)
        out.writerows(rows)


def _plain(value: Any) -> Any:
    """A cell that a spreadsheet does not run: a text that looks like a formula gets a quote before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value
