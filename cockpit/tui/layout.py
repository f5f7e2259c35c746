"""Where each panel is at each size. Pure: a panel that does not fit is left out, never cut.

Panels left out are still reached by the focus keys: the last slot shows whichever of them has the focus.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from cockpit.tui.grid import Band, Cell, Grid, from_rows


class Page(NamedTuple):
    """One of the screens on the digit keys: which panels it has, and in which rows."""

    key: str
    name: str
    """``page.<name>`` in the catalogue."""
    rows: tuple[tuple[int, tuple[tuple[str, int], ...]], ...] = ()
    """(share of the height, ((panel, share of the width), …)) from above; empty = the desk's own places."""

    @property
    def panels(self) -> tuple[str, ...]:
        """In the order in which the focus travels."""
        return tuple(name for _, row in self.rows for name, _ in row) or ORDER


PAGES: tuple[Page, ...] = (
    Page("1", "desk"),
    Page(
        "2", "orders", ((5, (("positions", 1),)), (5, (("ladder", 1),)), (6, (("orders", 1), ("fills", 1))))
    ),
    Page("3", "hotlist", ((6, (("hotlist", 1),)), (7, (("evidence", 1), ("decisions", 1))))),
    Page("4", "risk", ((5, (("limits", 1), ("why", 1))), (5, (("ladder", 1),)), (4, (("events", 1),)))),
    Page(
        "5",
        "strategies",
        (
            (5, (("heatmap", 1),)),
            (6, (("sleeves", 3), ("card", 2))),
            (5, (("versions", 1), ("maker", 1))),
        ),
    ),
    Page("6", "chart", ((1, (("chart", 4), ("book", 1))),)),
    Page("7", "lab", ((5, (("runs", 1),)), (8, (("curve", 3), ("numbers", 2))))),
    Page("8", "audit", ((8, (("audit", 1),)), (6, (("chain", 2), ("moment", 1))))),
    Page("9", "capital", ((6, (("capital", 1),)), (5, (("sleeves", 3), ("card", 2))))),
    Page(
        "0",
        "system",
        (
            (5, (("feeds", 1), ("health", 1), ("screen", 1))),
            (6, (("log", 3), ("jobs", 2))),
            (5, (("archive", 1),)),
        ),
    ),
)
PAGE = {page.name: page for page in PAGES}
LEAST_WIDTH, LEAST_HEIGHT = 38, 5
"""Cells under which a panel says nothing any more."""
LEAST = {"tape": 26, "book": 34}
"""Those that need less."""

ORDER = ("book", "chart", "tape", "positions", "sleeves", "orders", "events", "limits", "feeds")
"""The order in which the focus travels on the desk."""

NARROW = 110
WIDE = 180
SHORT = 19
TINY_WIDTH, TINY_HEIGHT = 64, 14


def size_class(width: int, height: int) -> str:
    """narrow | normal | wide: terminals of one class are laid out alike, and remembered alike."""
    if width < NARROW or height < 26:
        return "narrow"
    return "normal" if width < WIDE or height < 45 else "wide"


class Rect(NamedTuple):
    """Cells from the top left of the desk."""

    x: int
    y: int
    width: int
    height: int


def arrange(
    width: int,
    height: int,
    focus: str = "",
    zoomed: bool = False,
    page: str = "desk",
    own: Grid | None = None,
) -> dict[str, Rect]:
    """Panel name → place. Every panel shown is whole; ``focus`` is always among them.

    ``own`` is what a person has made of the page.
    """
    order = PAGE[page].panels if own is None else (*own.panels, *own.waiting)
    focus = focus if focus in order else order[0]
    if zoomed or width < TINY_WIDTH or height < TINY_HEIGHT:
        return {focus: Rect(0, 0, width, height)}
    if own is not None:
        return placed(own, width, height, focus)
    if PAGE[page].rows:
        return placed(from_rows(PAGE[page].rows), width, height, focus)
    size = size_class(width, height)
    if size == "narrow":
        return _narrow(width, height, focus)
    return _normal(width, height, focus) if size == "normal" else _wide(width, height)


def _narrow(width: int, height: int, focus: str) -> dict[str, Rect]:
    left = max(30, min(40, width * 45 // 100))
    right = width - left
    if height < SHORT:
        half = height // 2
        flexible = focus if focus not in ("book", "positions") else "sleeves"
        return {
            "book": Rect(0, 0, left, height),
            "positions": Rect(left, 0, right, half),
            flexible: Rect(left, half, right, height - half),
        }
    flexible = focus if focus not in ("book", "positions", "chart") else "sleeves"
    low = max(5, min(8, height * 30 // 100))
    middle = max(6, min(9, height * 33 // 100))
    top = height - middle - low
    return {
        "book": Rect(0, 0, left, height),
        "chart": Rect(left, 0, right, top),
        "positions": Rect(left, top, right, middle),
        flexible: Rect(left, top + middle, right, low),
    }


def _normal(width: int, height: int, focus: str) -> dict[str, Rect]:
    bottom = max(5, height * 19 // 100)
    middle = max(6, height * 20 // 100)
    third = max(6, height * 22 // 100)
    top = height - bottom - middle - third
    book = max(38, width * 33 // 100)
    tape = max(26, width * 24 // 100)
    sleeves = width * 58 // 100
    last = focus if focus in ("limits", "feeds") else "events"
    return {
        "book": Rect(0, 0, book, top),
        "chart": Rect(book, 0, width - book - tape, top),
        "tape": Rect(width - tape, 0, tape, top),
        "positions": Rect(0, top, width, middle),
        "sleeves": Rect(0, top + middle, sleeves, third),
        "orders": Rect(sleeves, top + middle, width - sleeves, third),
        last: Rect(0, top + middle + third, width, bottom),
    }


def _wide(width: int, height: int) -> dict[str, Rect]:
    top = height * 46 // 100
    middle = height * 24 // 100
    low = height - top - middle
    book = max(46, width * 25 // 100)
    tape = max(34, width * 18 // 100)
    side = max(54, width * 30 // 100)
    main = width - side
    return {
        "book": Rect(0, 0, book, top),
        "chart": Rect(book, 0, width - book - tape, top),
        "tape": Rect(width - tape, 0, tape, top),
        "positions": Rect(0, top, main, middle),
        "orders": Rect(main, top, side, middle),
        "sleeves": Rect(0, top + middle, main, low // 2),
        "events": Rect(0, top + middle + low // 2, main, low - low // 2),
        "limits": Rect(main, top + middle, side, low // 2),
        "feeds": Rect(main, top + middle + low // 2, side, low - low // 2),
    }


def placed(grid: Grid, width: int, height: int, focus: str) -> dict[str, Rect]:
    """As many bands as there is height for, and panels as there is width for; the focused one always.

    Those without the focus leave from below and from the right.
    """
    if focus in grid.waiting:
        grid = _instead(grid, grid.panels[-1], focus)
    bands = list(grid.bands)
    while len(bands) > 1 and height // len(bands) < LEAST_HEIGHT:
        bands.remove(next(band for band in reversed(bands) if not _has(band.cells, focus)))
    places: dict[str, Rect] = {}
    y = 0
    for band, tall in zip(bands, split(height, [(b.share, LEAST_HEIGHT) for b in bands]), strict=True):
        cells = list(band.cells)
        while len(cells) > 1 and sum(map(_least_width, cells)) > width:
            cells.remove(next(cell for cell in reversed(cells) if not _has((cell,), focus)))
        x = 0
        for cell, wide in zip(cells, split(width, [(c.share, _least_width(c)) for c in cells]), strict=True):
            stack = list(cell.stack)
            while len(stack) > 1 and tall // len(stack) < LEAST_HEIGHT:
                stack.remove(next(row for row in reversed(stack) if row[0] != focus))
            top = y
            parts = split(tall, [(share, LEAST_HEIGHT) for _, share in stack])
            for (name, _), high in zip(stack, parts, strict=True):
                places[name] = Rect(x, top, wide, high)
                top += high
            x += wide
        y += tall
    return places


def split(total: int, parts: Sequence[tuple[int, int]]) -> list[int]:
    """``total`` cells among ``(share, least)``, none less than its least while there is room for all."""
    out: list[int] = []
    shares, least = sum(share for share, _ in parts), sum(floor for _, floor in parts)
    for share, floor in parts:
        least -= floor
        size = min(max(floor, total * share // shares), max(0, total - least))
        out.append(size if len(out) < len(parts) - 1 else total)
        total, shares = total - size, shares - share
    return out


def grid_of(places: dict[str, Rect]) -> tuple[Band, ...]:
    """The bands, cells and stacks in which panels stand now, their cells as shares."""
    bands = []
    for band in _strips(places, lambda rect: (rect.y, rect.y + rect.height)):
        cells = []
        for cell in _strips(band, lambda rect: (rect.x, rect.x + rect.width)):
            stack = sorted(cell.items(), key=lambda row: row[1].y)
            wide = max(rect.width for _, rect in stack)
            cells.append(Cell(wide, tuple((name, rect.height) for name, rect in stack)))
        ends = [(rect.y, rect.y + rect.height) for rect in band.values()]
        bands.append(Band(max(end for _, end in ends) - min(begin for begin, _ in ends), tuple(cells)))
    return tuple(bands)


def _strips(places: dict[str, Rect], span: Callable[[Rect], tuple[int, int]]) -> list[dict[str, Rect]]:
    """Groups that a straight line parts, in their order."""
    out: list[dict[str, Rect]] = []
    end = -1
    for name, rect in sorted(places.items(), key=lambda row: span(row[1])):
        begin, stop = span(rect)
        if begin >= end:
            out.append({})
        out[-1][name] = rect
        end = max(end, stop)
    return out


def _least_width(cell: Cell) -> int:
    return max(LEAST.get(name, LEAST_WIDTH) for name, _ in cell.stack)


def _has(cells: Sequence[Cell], panel: str) -> bool:
    return any(name == panel for cell in cells for name, _ in cell.stack)


def _instead(grid: Grid, out: str, panel: str) -> Grid:
    """``panel`` in the place of another one."""
    return grid.with_bands(
        Band(
            band.share,
            tuple(
                Cell(cell.share, tuple((panel if name == out else name, share) for name, share in cell.stack))
                for cell in band.cells
            ),
        )
        for band in grid.bands
    )
