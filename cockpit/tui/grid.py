"""A person's own arrangement of a page: bands of cells, each cell a panel or some in a stack. Pure.

It is written as lines that a person can read and change::

    24 = 16 book | 17 chart 7, positions 9 | 15 tape      height = width panel | width panel height, panel …
    + orders, events                                      reached by the focus keys, in the last one's place
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from cockpit.core.errors import ConfigError

FINE = 48
"""Parts that a height or a width is counted in while it is changed."""
STEP = 2
MOST_SHARE = 10_000
MOST_LINES = 40
LINE = re.compile(r"(\d{1,5})\s*=\s*(\S.*)")
PANEL = re.compile(r"([a-z_]+)(?:\s+(\d{1,5}))?")


class Cell(NamedTuple):
    """A part of a band's width: one panel, or several on top of each other."""

    share: int
    stack: tuple[tuple[str, int], ...]
    """(panel, share of the height), from above."""


class Band(NamedTuple):
    """A part of the page's height, over its whole width."""

    share: int
    cells: tuple[Cell, ...]


class Grid(NamedTuple):
    """One page for terminals of one size class."""

    bands: tuple[Band, ...]
    waiting: tuple[str, ...] = ()
    """Panels without a place of their own: with the focus they take that of the last one."""

    @property
    def panels(self) -> tuple[str, ...]:
        """Those that have a place, in reading order."""
        return tuple(name for band in self.bands for cell in band.cells for name, _ in cell.stack)

    def with_bands(self, bands: Iterable[Band]) -> Grid:
        """The same with other bands; what has become empty is gone."""
        kept = []
        for band in bands:
            cells = tuple(cell for cell in band.cells if cell.stack)
            if cells:
                kept.append(Band(band.share, cells))
        return Grid(tuple(kept), self.waiting)


def from_rows(rows: Sequence[tuple[int, Sequence[tuple[str, int]]]]) -> Grid:
    """From ``((height, ((panel, width), …)), …)``, as the pages themselves are written."""
    return Grid(
        tuple(Band(share, tuple(Cell(part, ((name, 1),)) for name, part in row)) for share, row in rows)
    )


# --- written and read -------------------------------------------------------------------------------


def written(grid: Grid) -> tuple[str, ...]:
    """As lines."""
    lines = [f"{band.share} = {' | '.join(map(_cell_words, band.cells))}" for band in grid.bands]
    return (*lines, *([f"+ {', '.join(grid.waiting)}"] if grid.waiting else ()))


def _cell_words(cell: Cell) -> str:
    if len(cell.stack) == 1:
        return f"{cell.share} {cell.stack[0][0]}"
    return f"{cell.share} {', '.join(f'{name} {share}' for name, share in cell.stack)}"


def read(lines: Sequence[str], known: Iterable[str]) -> Grid:
    """Raises ConfigError that names the line and what is wrong with it."""
    names = tuple(known)
    if not 0 < len(lines) <= MOST_LINES:
        raise ConfigError(f"a page needs 1 to {MOST_LINES} lines, not {len(lines)}")
    bands: list[Band] = []
    waiting: list[str] = []
    taken: set[str] = set()
    for line in lines:
        text = line.strip()
        if text.startswith("+"):
            waiting += [_name(part.strip(), line, names, taken) for part in text[1:].split(",")]
            continue
        found = LINE.fullmatch(text)
        if found is None:
            raise ConfigError(f"{line!r}: a line is like '24 = 16 book | 17 chart 7, tape 9'")
        cells = tuple(_cell(part.strip(), line, names, taken) for part in found[2].split("|"))
        bands.append(Band(_share(found[1], line), cells))
    if not bands:
        raise ConfigError("no panel has a place")
    return Grid(tuple(bands), tuple(waiting))


def _cell(text: str, line: str, names: tuple[str, ...], taken: set[str]) -> Cell:
    share, _, rest = text.partition(" ")
    if not share.isdecimal():
        raise ConfigError(f"{line!r}: {text!r} begins with no width")
    stack = []
    for part in rest.split(","):
        found = PANEL.fullmatch(part.strip())
        if found is None:
            raise ConfigError(f"{line!r}: {part.strip()!r} is no panel with its height")
        stack.append((_name(found[1], line, names, taken), _share(found[2] or "1", line)))
    return Cell(_share(share, line), tuple(stack))


def _name(text: str, line: str, names: tuple[str, ...], taken: set[str]) -> str:
    if text not in names:
        near = get_close_matches(text, names, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ConfigError(f"{line!r}: there is no panel {text!r}{hint}")
    if text in taken:
        raise ConfigError(f"{line!r}: the panel {text!r} stands there twice")
    taken.add(text)
    return text


def _share(text: str, line: str) -> int:
    value = int(text)
    if not 0 < value <= MOST_SHARE:
        raise ConfigError(f"{line!r}: a part is a whole number from 1 to {MOST_SHARE}, not {text}")
    return value


# --- changed ----------------------------------------------------------------------------------------


class At(NamedTuple):
    """Where a panel stands."""

    band: int
    cell: int
    place: int


def find(grid: Grid, panel: str) -> At | None:
    """None: it has no place of its own."""
    for b, band in enumerate(grid.bands):
        for c, cell in enumerate(band.cells):
            for p, (name, _) in enumerate(cell.stack):
                if name == panel:
                    return At(b, c, p)
    return None


def beside(grid: Grid, panel: str, step: int) -> Grid:
    """One place left (``-1``) or right (``1``), as a word in a text: over the edge into the next band.

    Out of a stack it comes into a cell of its own.
    """
    at = find(grid, panel)
    if at is None:
        return grid
    bands = list(grid.bands)
    band = bands[at.band]
    cell = band.cells[at.cell]
    cells = list(band.cells)
    if len(cell.stack) > 1:
        rest = tuple(row for row in cell.stack if row[0] != panel)
        half = max(1, cell.share // 2)
        own, left = Cell(half, ((panel, 1),)), Cell(max(1, cell.share - half), rest)
        cells[at.cell : at.cell + 1] = [own, left] if step < 0 else [left, own]
    elif 0 <= at.cell + step < len(cells):
        cells[at.cell], cells[at.cell + step] = cells[at.cell + step], cells[at.cell]
    elif 0 <= at.band + step < len(bands):
        other = bands[at.band + step]
        moved = Cell(max(1, sum(c.share for c in other.cells) // len(other.cells)), cell.stack)
        bands[at.band + step] = Band(
            other.share, (*other.cells, moved) if step < 0 else (moved, *other.cells)
        )
        cells.remove(cell)
    bands[at.band] = Band(band.share, tuple(cells))
    return grid.with_bands(bands)


def above(grid: Grid, panel: str, step: int) -> Grid:
    """Up (``-1``) or down (``1``): within its stack, else into a band of its own, else past a whole band."""
    at = find(grid, panel)
    if at is None:
        return grid
    bands = list(grid.bands)
    band = bands[at.band]
    cell = band.cells[at.cell]
    if 0 <= at.place + step < len(cell.stack):
        stack = list(cell.stack)
        stack[at.place], stack[at.place + step] = stack[at.place + step], stack[at.place]
        return _with_cell(grid, at, Cell(cell.share, tuple(stack)))
    if len(band.cells) == 1 and len(cell.stack) == 1:
        if 0 <= at.band + step < len(bands):
            bands[at.band], bands[at.band + step] = bands[at.band + step], bands[at.band]
        return grid.with_bands(bands)
    left = _without(grid, panel).bands
    half = max(1, band.share // 2)
    kept = Band(max(1, band.share - half), left[at.band].cells)
    own = Band(half, (Cell(1, ((panel, 1),)),))
    return grid.with_bands(
        [*left[: at.band], *([own, kept] if step < 0 else [kept, own]), *left[at.band + 1 :]]
    )


def stacked(grid: Grid, panel: str) -> Grid:
    """Under the panels of the cell at its left, or at its right where there is none."""
    at = find(grid, panel)
    if at is None or len(grid.bands[at.band].cells) < 2 or len(grid.bands[at.band].cells[at.cell].stack) > 1:
        return grid
    band = grid.bands[at.band]
    to = at.cell - 1 if at.cell else 1
    host = band.cells[to]
    part = max(1, sum(share for _, share in host.stack) // len(host.stack))
    joined = Cell(host.share + band.cells[at.cell].share, (*host.stack, (panel, part)))
    cells = [joined if i == to else cell for i, cell in enumerate(band.cells) if i != at.cell]
    bands = list(grid.bands)
    bands[at.band] = Band(band.share, tuple(cells))
    return grid.with_bands(bands)


def wider(grid: Grid, panel: str, step: int) -> Grid:
    """A step wider, or narrower (``-1``); the others of its band give or take."""
    at = find(grid, panel)
    if at is None or len(grid.bands[at.band].cells) < 2:
        return grid
    band = grid.bands[at.band]
    shares = _changed([cell.share for cell in band.cells], at.cell, step)
    cells = tuple(Cell(share, cell.stack) for share, cell in zip(shares, band.cells, strict=True))
    bands = list(grid.bands)
    bands[at.band] = Band(band.share, cells)
    return grid.with_bands(bands)


def taller(grid: Grid, panel: str, step: int) -> Grid:
    """A step taller, or shorter (``-1``): in its stack, else its whole band."""
    at = find(grid, panel)
    if at is None:
        return grid
    cell = grid.bands[at.band].cells[at.cell]
    if len(cell.stack) > 1:
        shares = _changed([share for _, share in cell.stack], at.place, step)
        stack = tuple((name, share) for (name, _), share in zip(cell.stack, shares, strict=True))
        return _with_cell(grid, at, Cell(cell.share, stack))
    if len(grid.bands) < 2:
        return grid
    shares = _changed([band.share for band in grid.bands], at.band, step)
    return grid.with_bands(Band(share, band.cells) for share, band in zip(shares, grid.bands, strict=True))


def hidden(grid: Grid, panel: str) -> Grid:
    """Without a panel; the last one that has a place stays."""
    if panel in grid.waiting:
        return Grid(grid.bands, tuple(name for name in grid.waiting if name != panel))
    return _without(grid, panel) if len(grid.panels) > 1 else grid


def added(grid: Grid, panel: str) -> Grid:
    """With one more panel, in a band of its own at the foot."""
    if panel in grid.panels:
        return grid
    share = max(1, sum(band.share for band in grid.bands) // (len(grid.bands) + 1))
    waiting = tuple(name for name in grid.waiting if name != panel)
    return Grid((*grid.bands, Band(share, (Cell(1, ((panel, 1),)),))), waiting)


def _without(grid: Grid, panel: str) -> Grid:
    return grid.with_bands(
        Band(
            band.share,
            tuple(Cell(cell.share, tuple(x for x in cell.stack if x[0] != panel)) for cell in band.cells),
        )
        for band in grid.bands
    )


def _with_cell(grid: Grid, at: At, cell: Cell) -> Grid:
    bands = list(grid.bands)
    cells = list(bands[at.band].cells)
    cells[at.cell] = cell
    bands[at.band] = Band(bands[at.band].share, tuple(cells))
    return grid.with_bands(bands)


def _changed(shares: list[int], at: int, step: int) -> list[int]:
    """Counted anew in fine parts, one of them changed."""
    whole = sum(shares)
    fine = [max(1, round(share * FINE / whole)) for share in shares]
    fine[at] = max(1, fine[at] + step * STEP)
    return fine
