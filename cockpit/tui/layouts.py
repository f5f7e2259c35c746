"""Arrangements of the panels: the one in force, which this screen remembers, and those saved under a name.

A saved one is a TOML file in the folder ``layouts`` of the data directory, a table a page::

    [desk]
    normal = ["24 = 16 book | 17 chart", "12 = 1 positions"]

A bad file is named with its fault and nothing changes; one that is replaced is kept beside the new one.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from cockpit.core.errors import ConfigError
from cockpit.core.unreadable import UNREADABLE
from cockpit.tui.grid import Grid, read, written
from cockpit.tui.layout import PAGE, PAGES

CLASSES = ("narrow", "normal", "wide")
VERSION = 1
SUFFIX, BEFORE = ".toml", ".before"
LONGEST_NAME = 40
LARGEST = 200_000
"""Bytes of a file; a full one has 8,000."""
KNOWN = tuple(dict.fromkeys(name for page in PAGES for name in page.panels))
"""Panels that a page may show."""
Kept = dict[str, dict[str, tuple[str, ...]]]
"""Page → size class → the lines of a grid."""


class Layouts:
    """What is in force on one screen, as lines (``Memory.layouts``) and read."""

    def __init__(self, kept: Kept) -> None:
        self.kept = kept
        self.faults: list[str] = []
        """Lines that could not be read; they stay where they are until that page is arranged anew."""
        self._read: dict[tuple[str, str], Grid | None] = {}

    def get(self, page: str, size: str) -> Grid | None:
        """What a person has made of a page in terminals of this size class; None = nothing."""
        key = (page, size)
        if key not in self._read:
            self._read[key] = self._parsed(page, size)
        return self._read[key]

    def put(self, page: str, size: str, grid: Grid | None) -> None:
        """From now on; None = as the page is by itself."""
        self._read[page, size] = grid
        sizes = self.kept.setdefault(page, {})
        if grid is not None:
            sizes[size] = written(grid)
        else:
            sizes.pop(size, None)
        if not sizes:
            del self.kept[page]

    def replace(self, kept: Mapping[str, Mapping[str, tuple[str, ...]]]) -> None:
        """All pages at once."""
        self.kept.clear()
        self.kept.update({page: dict(sizes) for page, sizes in kept.items()})
        self._read.clear()

    def copy(self) -> Kept:
        """As it stands now."""
        return {page: dict(sizes) for page, sizes in self.kept.items()}

    def _parsed(self, page: str, size: str) -> Grid | None:
        lines = self.kept.get(page, {}).get(size)
        if not lines:
            return None
        try:
            return read(lines, KNOWN)
        except ConfigError as error:
            self.faults.append(f"{page}.{size}: {error}")
            return None


def fault_of(name: str) -> str:
    """Message id of why nothing can be called so; empty = it can."""
    if not name or len(name) > LONGEST_NAME:
        return "layout.name_length"
    if name != name.strip() or not all(c.isalnum() or c in "-_ " for c in name):
        return "layout.name_letters"
    return ""


def saved(folder: Path | None) -> dict[str, Path]:
    """The saved ones by name."""
    if folder is None or not folder.is_dir():
        return {}
    return {file.stem: file for file in sorted(folder.glob(f"*{SUFFIX}")) if not fault_of(file.stem)}


def save(folder: Path, name: str, kept: Mapping[str, Mapping[str, tuple[str, ...]]]) -> Path:
    """Write it whole or not at all; what had the name is kept with ``.before``. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}{SUFFIX}"
    part = folder / f".{name}.{os.getpid()}.part"
    try:
        part.write_text(_text(kept), "utf-8")
        if file.exists():
            file.replace(folder / f"{name}{SUFFIX}{BEFORE}")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return file


def load(file: Path) -> Kept:
    """Raises ConfigError that names the file and what is wrong with it."""
    try:
        raw = file.read_bytes()
        if len(raw) > LARGEST:
            raise ConfigError(f"{file.name}: larger than {LARGEST} bytes")
        found = tomllib.loads(raw.decode("utf-8"))
    except (OSError, RecursionError, ValueError, *UNREADABLE) as error:
        raise ConfigError(f"{file.name}: {error}") from error
    version = found.pop("version", VERSION)
    if version != VERSION:
        raise ConfigError(f"{file.name}: version {version!r}; this cockpit reads {VERSION}")
    kept: Kept = {}
    for page, sizes in found.items():
        if page not in PAGE:
            raise ConfigError(f"{file.name}: there is no page {page!r}; there are {', '.join(PAGE)}")
        if not isinstance(sizes, dict):
            raise ConfigError(f"{file.name}: [{page}] is a table of size classes")
        for size, lines in sizes.items():
            kept.setdefault(page, {})[size] = _checked(file, page, size, lines)
    return kept


def _checked(file: Path, page: str, size: str, lines: object) -> tuple[str, ...]:
    where = f"{file.name}: {page}.{size}"
    if size not in CLASSES:
        raise ConfigError(f"{where}: the size classes are {', '.join(CLASSES)}")
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise ConfigError(f"{where} is a list of lines")
    try:
        return written(read(lines, KNOWN))
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error


def _text(kept: Mapping[str, Mapping[str, tuple[str, ...]]]) -> str:
    """As TOML. The lines hold names and numbers only: nothing in them needs an escape."""
    out = [
        "# A layout of the cockpit's screen. A line: height = width panel | width panel height, panel height",
        f"version = {VERSION}",
    ]
    for page, sizes in kept.items():
        out += ["", f"[{page}]"]
        for size, lines in sizes.items():
            out += [f"{size} = [", *(f'  "{line}",' for line in lines), "]"]
    return "\n".join(out) + "\n"
