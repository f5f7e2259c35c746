"""From recorded files to a tape: recognise each file, read it by its format, write one tape or none.

import_source([bars, funding, marks], Path("btc.tape"), symbols=["binance:BTCUSDT"])  → ImportReport
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import msgspec

from cockpit.adapters import importers
from cockpit.adapters.importers.sink import Progress, Sink
from cockpit.adapters.importers.source import Source
from cockpit.adapters.store.tape_writer import TapeInfo, TapeWriter
from cockpit.core.errors import TapeError
from cockpit.core.registry import IMPORTERS, Plugin
from cockpit.core.types import Instrument


class SourceReport(msgspec.Struct, frozen=True):
    """What became of one file."""

    path: str
    format: str
    """Name of the importer that read it."""
    rows: int
    """Rows or messages in the file."""
    facts: int
    """Facts that went to the tape; the rest was outside the window, another market, or dropped by rule."""


class ImportReport(msgspec.Struct, frozen=True):
    """What an import did; ``tape`` holds counts, span and defects."""

    path: str
    tape: TapeInfo
    sources: tuple[SourceReport, ...]
    inferred: tuple[str, ...] = ()
    """Markets whose terms were read off the data, because nobody knows them."""

    @property
    def defects(self) -> dict[str, int]:
        """Rule → how often, over all markets."""
        return {what: sum(counts.values()) for what, counts in self.tape.defects.items()}


def import_source(
    sources: Sequence[Path | str],
    out: Path | str,
    *,
    venue: str = "",
    symbol_map: Mapping[str, str] | None = None,
    symbols: Collection[str] | None = None,
    instruments: Mapping[str, Instrument] | None = None,
    tf: int | None = None,
    start: int | None = None,
    end: int | None = None,
    format: str = "",
    progress: Progress | None = None,
) -> ImportReport:
    """Read every source and write the tape ``out``.

    ``venue`` and ``symbol_map`` (recorded name → ``venue:symbol``; ``*`` for a file without names) say
    what a file does not; ``symbols`` selects markets, [``start``, ``end``) a window (UTC ms), ``tf`` the
    length of bars in ms, ``format`` an importer by name. Raises TapeError, naming file and row, when a
    source cannot be read; then nothing is left behind.
    """
    if not sources:
        raise TapeError("no source was named")
    discover()
    files = [Source(Path(source)) for source in sources]
    jobs = [(file, recognise(file, format)) for file in files]
    # Definitions first: the facts after them are read in their terms.
    jobs.sort(key=lambda job: not job[1].options.get("definitions", False))
    names = ", ".join(file.path.name for file in files)
    with TapeWriter(out, source=names) as writer:
        sink = Sink(
            writer,
            venue=venue,
            symbol_map=symbol_map,
            symbols=symbols,
            instruments=instruments,
            tf=tf,
            start=start,
            end=end,
            progress=progress,
        )
        reports = []
        for file, plugin in jobs:
            sink.begin(file.path)
            rows = plugin.target(file, sink)
            sink.finish()
            if progress:
                progress(file.path.name, sink.facts)
            reports.append(SourceReport(str(file.path), plugin.name, rows, sink.facts))
        sink.define_all()
        info = writer.close()
    return ImportReport(str(out), info, tuple(reports), tuple(sorted(sink.inferred)))


def discover() -> None:
    """Load every format of this package; others register by the same decorator before the call."""
    for module in iter_modules(importers.__path__):
        import_module(f"{importers.__name__}.{module.name}")


def recognise(source: Source, name: str = "") -> Plugin:
    """The importer for a file: the named one, or the only one that claims it.

    Raises TapeError when there is none or more than one.
    """
    if name:
        if name not in IMPORTERS:
            raise TapeError(f"no importer is called {name!r}; there are {', '.join(IMPORTERS)}")
        return IMPORTERS[name]
    found = [plugin for plugin in IMPORTERS.values() if plugin.options["matches"](source)]
    if len(found) == 1:
        return found[0]
    if found:
        choices = ", ".join(plugin.name for plugin in found)
        raise TapeError(f"{source.path} could be {choices}; say which format it is")
    seen = f" (columns: {', '.join(sorted(source.header))})" if source.tabular else ""
    raise TapeError(f"{source.path}: no importer knows this format{seen}; there are {', '.join(IMPORTERS)}")
