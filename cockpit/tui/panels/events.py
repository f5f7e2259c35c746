"""The event log: what the engine noticed, newest first, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from cockpit.core.frames import EventRow, Frame
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures, freshness
from cockpit.tui.cells import Segment
from cockpit.tui.picture import STRATEGY, Cells, Column, Look, Picture, listing

STYLES = {"good": "good", "warn": "warn", "alarm": "danger bold"}


@panel("events", rate=2, cursor=True)
def paint(frame: Frame, look: Look) -> Picture:
    """All events the frame carries."""
    rows = list(frame.events)
    if len(rows) > 1 and rows[0].ts < rows[-1].ts:
        rows.reverse()
    runs = _runs(rows)
    columns = [
        Column(look.say("column.time"), 8, 1),
        Column("", 1, 0),
        Column(look.say("column.event"), 20, 0, grow=5),
        Column(look.say("column.strategy"), STRATEGY, 2, tail="@"),
    ]
    alarms = sum(row.level == "alarm" for row in rows)
    return listing(
        look,
        look.say("panel.events"),
        columns,
        _Lines(rows, runs, look),
        _keys(rows, runs),
        empty=look.say("events.none"),
        note=look.say("events.alarms", count=alarms) if alarms else "",
        stale=freshness.account_age(frame, look.lag),
        log=True,
    )


class _Lines(Sequence[Cells]):
    """The lines as cells, each made when it is asked for: most of a log is out of sight."""

    def __init__(self, rows: list[EventRow], runs: list[tuple[int, int]], look: Look) -> None:
        self._rows, self._runs, self._look = rows, runs, look

    def __len__(self) -> int:
        return len(self._runs)

    @overload
    def __getitem__(self, at: int) -> Cells: ...
    @overload
    def __getitem__(self, at: slice) -> list[Cells]: ...
    def __getitem__(self, at: int | slice) -> Cells | list[Cells]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        first, last = self._runs[at]
        return _cells(self._rows[first], last - first, self._look)


def _runs(rows: list[EventRow]) -> list[tuple[int, int]]:
    """[first, last) of neighbours that say the same: a quote refused ten times a second is one line."""
    runs: list[tuple[int, int]] = []
    for index, row in enumerate(rows):
        before = rows[index - 1] if index else None
        same = before is not None and (row.message, row.args, row.sleeve) == (
            before.message,
            before.args,
            before.sleeve,
        )
        if same:
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return runs


def _keys(rows: list[EventRow], runs: list[tuple[int, int]]) -> list[str]:
    """A line is known by the oldest event in it: which of its instant that was, counted from the oldest."""
    seen: dict[int, int] = {}
    names: dict[int, str] = {}
    for index in range(len(rows) - 1, -1, -1):
        ts = rows[index].ts
        seen[ts] = seen.get(ts, 0) + 1
        names[index] = f"{ts}.{seen[ts]}"
    return [names[last - 1] for _, last in runs]


def _cells(row: EventRow, count: int, look: Look) -> list[Segment]:
    shapes = {"good": look.glyphs.dot, "warn": look.glyphs.warn, "alarm": look.glyphs.alarm}
    style = STYLES.get(row.level, "text")
    words = look.news(row.message, row.args)
    return [
        (figures.clock(row.ts), "muted"),
        (shapes.get(row.level, look.glyphs.flat), style if row.level != "info" else "faint"),
        (
            words if count == 1 else f"{look.glyphs.times}{count} {words}",
            style if row.level in ("warn", "alarm") else "text",
        ),
        (safe_text(row.sleeve.partition("/")[0]), "muted"),
    ]
