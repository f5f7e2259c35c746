"""What the lab page shows, read in a process of its own: runs, studies, and what is being tried now.

    python -m cockpit.app.labs DATA LANG     lines in: the keys that are looked at; lines out: a ``LabSheet``

The screen may live in the trading process: that one reads no report, decodes no trial and loads no numpy.
"""

from __future__ import annotations

import csv
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from cockpit.app import going, priority, runs, studies
from cockpit.app.reports import words
from cockpit.app.reports.study import FIGURES, figure
from cockpit.core.errors import CockpitError
from cockpit.core.unreadable import UNREADABLE
from cockpit.lab.report import Report
from cockpit.lab.search import landscape
from cockpit.text import tr
from cockpit.tui.aside import LabDetail, LabHeat, LabRow, LabSheet, LabTape, Strip

POINTS = 400
ROWS = 500
HEAT_BINS = 10
TAPES = "*/tape.json"
FRACTIONS = 3
"""Significant digits of a parameter."""


class Lab:
    """Reads the data directory; what cannot change any more is read once."""

    def __init__(self, data_dir: Path, lang: str, extra: tuple[Path, ...] = ()) -> None:
        self.data_dir = data_dir
        self.lang = lang
        self.extra = extra
        """Other folders that may hold tapes."""
        self._runs: dict[str, LabRow] = {}
        self._details: dict[str, tuple[int, LabDetail]] = {}
        """Key → (when what it was made of was written, detail)."""

    def sheet(self, wanted: tuple[str, ...]) -> LabSheet:
        """Everything that is listed, and the details of those that are looked at."""
        rows = (*self._going(), *sorted((*self._done(), *self._studies()), key=lambda row: -row.when))
        details = {key: found for key in wanted if (found := self.detail(key)) is not None}
        return LabSheet(rows[:ROWS], details, tuple(self._tapes()), True)

    # --- lists ------------------------------------------------------------------------------------

    def _going(self) -> Iterator[LabRow]:
        for one in going.listed(self.data_dir):
            took = max(1, one.updated - one.started) / 1000
            left = took / one.done - took if one.done > 0.01 and one.state == "running" else None
            first = one.curve[0][1] if one.curve else 0.0
            total = one.curve[-1][1] / first - 1 if first > 0 else None
            tape = Path(one.tape).name
            yield LabRow(
                f"going:{one.name}", one.state, one.sleeves, tape, one.started, one.done, left, total,
                why=one.why,
            )  # fmt: skip

    def _done(self) -> Iterator[LabRow]:
        for folder in sorted((self.data_dir / "runs").glob("*"), reverse=True)[:ROWS]:
            if folder.name not in self._runs:
                try:
                    run = msgspec.json.decode((folder / runs.FILE).read_bytes(), type=runs.Run)
                except (OSError, *UNREADABLE):
                    continue
                self._runs[folder.name] = self._row(run)
            yield self._runs[folder.name]

    def _row(self, run: runs.Run) -> LabRow:
        names = ", ".join(f"{s.strategy}@{'+'.join(s.legs)}" for s in run.request.sleeves)
        report = self._report(run.id)
        error = None if report is None else report.growth.sharpe_error
        return LabRow(
            f"run:{run.id}", "done", names, Path(run.request.tape).name, run.created, 1.0, None, run.total,
            run.sharpe, error, run.mdd, run.trips,
        )  # fmt: skip

    def _studies(self) -> Iterator[LabRow]:
        for one in studies.listed(self.data_dir):
            best = one.best.train if one.best is not None else None
            yield LabRow(
                f"study:{one.name}", one.state, f"{one.strategy}@{'+'.join(one.symbols)}",
                Path(one.tape).name, one.updated, one.trials / max(1, one.total), one.eta_s,
                None if best is None else best.total, None if best is None else best.sharpe,
                None if best is None else best.error, None if best is None else best.mdd, one.trials, one.why,
            )  # fmt: skip

    def _tapes(self) -> Iterator[LabTape]:
        seen: set[Path] = set()
        used = [Path(run.parent) for run in (self.data_dir / "runs").glob("*/run.json")][-50:]
        places = [self.data_dir, self.data_dir / "tapes", *self.extra]
        found = [file.parent for place in places for file in sorted(place.glob(TAPES))]
        for run in used:
            try:
                record = msgspec.json.decode((run / runs.FILE).read_bytes(), type=runs.Run)
            except (OSError, *UNREADABLE):
                continue
            found.append(Path(record.request.tape))
        for path in found:
            if path in seen or len(seen) > 100:
                continue
            seen.add(path)
            try:
                info: dict[str, Any] = msgspec.json.decode((path / "tape.json").read_bytes())
                yield LabTape(str(path), tuple(info.get("symbols", ())))
            except (OSError, *UNREADABLE):
                continue

    # --- details ----------------------------------------------------------------------------------

    def detail(self, key: str) -> LabDetail | None:
        """One of them, made again only when it has been written since; None when it is gone."""
        kind, _, name = key.partition(":")
        file = {
            "run": self.data_dir / "runs" / name / "report.json",
            "study": self.data_dir / "studies" / name / studies.STATUS,
            "going": self.data_dir / going.FOLDER / f"{name}.json",
        }.get(kind)
        if file is None:
            return None
        try:
            stamp = file.stat().st_mtime_ns
            known = self._details.get(key)
            if known is None or known[0] != stamp:
                made = {"run": self._run, "study": self._study, "going": self._under_way}[kind](key, name)
                self._details[key] = (stamp, made)
                while len(self._details) > 40:
                    self._details.pop(next(iter(self._details)))
            return self._details[key][1]
        except (OSError, ValueError, CockpitError, *UNREADABLE) as error:
            return LabDetail(key, warnings=(str(error),))

    def _report(self, name: str) -> Report | None:
        try:
            body = msgspec.json.decode((self.data_dir / "runs" / name / "report.json").read_bytes())
            return msgspec.convert(body["report"], Report)
        except (OSError, KeyError, *UNREADABLE):
            return None

    def _run(self, key: str, name: str) -> LabDetail:
        report = self._report(name)
        with (self.data_dir / "runs" / name / "equity.csv").open(encoding="utf-8", newline="") as file:
            points = list(csv.DictReader(file))
        points = points[:: -(-len(points) // POINTS) or 1]
        return LabDetail(
            key,
            tuple(int(row["ts"]) for row in points),
            tuple(float(row["equity"]) for row in points),
            tuple(float(row["buy_and_hold"] or "nan") for row in points),
            () if report is None else tuple(words.headline(report, self.lang)),
            () if report is None else tuple(tr(warning, self.lang) for warning in report.warnings),
        )

    def _under_way(self, key: str, name: str) -> LabDetail:
        one = next(one for one in going.listed(self.data_dir) if one.name == name)
        why = (one.why,) if one.why else ()
        numbers = [
            (tr("column.done", self.lang), f"{one.done:.0%}"),
            (tr("lab.span", self.lang), f"{words.day(one.begin)} → {words.day(one.end)}"),
            (tr("lab.elapsed", self.lang), words.span(one.updated - one.started)),
            (tr("column.tape", self.lang), Path(one.tape).name),
        ]
        if one.curve:
            numbers.append((tr("status.equity", self.lang), f"{one.curve[-1][1]:,.2f}"))
        ts, curve = tuple(at for at, _ in one.curve), tuple(value for _, value in one.curve)
        return LabDetail(key, ts, curve, (), tuple(numbers), why)

    def _study(self, key: str, name: str) -> LabDetail:
        status = studies.read(self.data_dir, name)
        numbers = [
            (tr("lab.method", self.lang), status.method),
            (tr("lab.objective", self.lang), status.objective),
            (tr("lab.trials", self.lang), f"{status.trials}/{status.total}  {status.rate:.3g}/s"),
        ]
        if status.best is not None:
            score = words.ratio(status.best.scores[0])
            numbers.append((tr("lab.best", self.lang), f"#{status.best.number}  {score}"))
            for figure_name in FIGURES:
                both = (status.best.train, status.best.validate)
                train, unseen = (figure(figure_name, one) for one in both)
                numbers.append((tr(f"study.figure.{figure_name}", self.lang), f"{train} / {unseen}"))
            numbers += [(axis, _short(status.best.params.get(axis))) for axis in status.axes]
        tried = sum(n for outcome, n in status.outcomes.items() if outcome != "barred")
        warning = tr("study.warning", self.lang, trials=str(tried))
        strips, heat = self._landscape(name)
        return LabDetail(
            key,
            tuple(n for n, _ in status.curve),
            tuple(score for _, score in status.curve),
            (),
            tuple(numbers),
            (*((status.why,) if status.why else ()), warning),
            strips,
            heat,
        )

    def _landscape(self, name: str) -> tuple[tuple[Strip, ...], LabHeat | None]:
        try:
            space = studies.plan(self.data_dir, name).task.space
            trials = studies.trials(self.data_dir, name)
        except CockpitError:
            return (), None  # its trials are kept elsewhere, or there is none yet
        axes = landscape.strips(trials, space)
        strips = tuple(
            Strip(
                axis.name,
                axis.influence,
                _short(axis.good[0]) if axis.good else "",
                _short(axis.good[1]) if axis.good else "",
                tuple(cell.mean for cell in axis.cells),
            )
            for axis in axes
        )
        if len(axes) < 2 or not landscape.witnesses(trials):
            return strips, None
        found = landscape.heat(trials, space, axes[0].name, axes[1].name, HEAT_BINS)
        cells = tuple(tuple(cell.mean for cell in row) for row in found.cells)
        return strips, LabHeat(found.x, found.y, found.columns, found.rows, cells)


def _short(value: object) -> str:
    return f"{value:.{FRACTIONS}g}" if isinstance(value, float) else str(value)


class Wanted:
    """The newest line of the screen."""

    def __init__(self) -> None:
        self.keys: tuple[str, ...] | None = None
        self.over = False
        self.came = threading.Condition()

    def listen(self) -> None:
        """Until the screen is gone."""
        for line in sys.stdin.buffer:
            with self.came:
                self.keys = tuple(msgspec.json.decode(line, type=list[str]))
                self.came.notify()
        with self.came:
            self.over = True
            self.came.notify()


def main(data_dir: str, lang: str) -> int:
    """Answer each line with a sheet."""
    priority.step_back()
    out, sys.stdout = sys.stdout.buffer, sys.stderr
    lab, wanted = Lab(Path(data_dir), lang, (Path(),)), Wanted()
    threading.Thread(target=wanted.listen, daemon=True).start()
    while True:
        with wanted.came:
            wanted.came.wait_for(lambda: wanted.keys is not None or wanted.over)
            keys, wanted.keys = wanted.keys, None
        if keys is None:
            return 0
        try:
            sheet = lab.sheet(keys)
        except (OSError, CockpitError) as error:
            sheet = LabSheet(read=True, fault=str(error))
        out.write(msgspec.json.encode(sheet) + b"\n")
        out.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
