"""A report as files: curve, trips, months and groups of trips as CSV, everything as JSON, a page in HTML."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from cockpit.app.reports import pair
from cockpit.app.reports.page import page
from cockpit.app.trial import Result
from cockpit.lab.report import Group, Month

GROUPED = ("sleeve", "symbol", "entry", "exit", "side", "regime")
FILES = ("report.json", "report.html", "equity.csv", "trips.csv", "months.csv", "groups.csv")


def write(result: Result, folder: Path, title: str, lang: str) -> list[Path]:
    """``FILES`` in ``folder``, which is made."""
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
    regimes = result.regimes or ("",) * len(result.trips)
    trips = zip(result.trips, regimes, strict=True)
    _csv(folder / "trips.csv", (*fields, "regime"), ([*_cells(t, fields), name] for t, name in trips))
    report, months, groups = result.report, Month.__struct_fields__, Group.__struct_fields__
    _csv(folder / "months.csv", months, (_cells(month, months) for month in report.months))
    rows = ([by, *_cells(g, groups)] for by in GROUPED for g in getattr(report, f"by_{by}"))
    _csv(folder / "groups.csv", ("by", *groups), rows)
    return [folder / name for name in FILES]


def _cells(row: Any, fields: Iterable[str]) -> list[Any]:
    return [_plain(getattr(row, field)) for field in fields]


def _csv(path: Path, heads: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(heads)
        out.writerows(rows)


def _plain(value: Any) -> Any:
    """A cell that a spreadsheet does not run: a text that looks like a formula gets a quote before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value
