"""Every target, and which modules of the package must have one: read off the code, so that none is forgotten."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.fuzz import files, venues, words
from tests.fuzz.target import TARGETS, Target

__all__ = ["OURS", "TARGETS", "files", "parsers", "shares", "venues", "words"]

DECODERS = frozenset(("decode", "loads", "load", "Decoder", "convert", "reader", "DictReader"))
LIBRARIES = frozenset(("msgspec", "json", "tomllib", "csv", "msgpack"))
OPENERS = frozenset(("ParquetFile", "read_table", "decompress"))


CALLS = re.compile(rf"\.({'|'.join(sorted(DECODERS | OPENERS | {'open'}))})\(")
"""A file without one of these need not be taken apart."""


def parsers(repo: Path) -> Iterator[str]:
    """Modules that call a decoder of the libraries by which bytes become things."""
    for file in sorted((repo / "cockpit").rglob("*.py")):
        text = file.read_text("utf-8")
        if CALLS.search(text) and any(_decodes(node) for node in ast.walk(ast.parse(text))):
            yield file.relative_to(repo).as_posix()


def _decodes(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    name, whose = node.func.attr, node.func.value
    while isinstance(whose, ast.Attribute):
        whose = whose.value
    library = whose.id if isinstance(whose, ast.Name) else ""
    if name in OPENERS or (library, name) == ("tarfile", "open"):
        return True
    return name in DECODERS and library in LIBRARIES


def shares(targets: Sequence[Target], count: int) -> list[tuple[Target, int]]:
    """So many inputs each, by weight; ``count`` together at the least."""
    weight = sum(target.weight for target in targets)
    return [(target, int(count * target.weight / weight) + 1) for target in targets]


OURS: dict[str, str] = {
    "cockpit/adapters/freqtrade/source.py": "a file beside Python code of the same author, which is run",
    "cockpit/adapters/archive/index.py": "the archive's own database, written by us; damage is cockpit data check's",
    "cockpit/adapters/archive/months.py": "files of the archive that are named by their hash",
    "cockpit/adapters/okx_exchange/admin.py": "the testers' own door of an exchange on loopback",
    "cockpit/adapters/store/tape_arrays.py": "columns that tape_columns has read",
    "cockpit/adapters/store/tape_writer.py": "reads back what it has just written",
    "cockpit/app/archive_port.py": "what our own child process printed",
    "cockpit/app/commands/runs.py": "report.json of a run whose run.json was read (run_json)",
    "cockpit/app/data/moving.py": "what the archive's own index holds",
    "cockpit/app/discover.py": "parameters: settings, sleeve_words, search_space reach it",
    "cockpit/app/drills/stage.py": "the exchange that the drill itself started",
    "cockpit/core/tighter.py": "one number that the words of a deed have become, held against its own setting",
    "cockpit/app/errand.py": "an argument that our own parent process wrote",
    "cockpit/app/guardian.py": "its own receipt; what OKX says passes okx_rest",
    "cockpit/app/keeping/bundle.py": "what this process gathered itself",
    "cockpit/app/lab_port.py": "what our own child process printed",
    "cockpit/app/labs.py": "run_json, study_json and going_json read the same files",
    "cockpit/app/past/words.py": "what our own child process printed",
    "cockpit/app/past/worker.py": "what our own parent process wrote",
    "cockpit/app/practice_past.py": "what our own child process printed",
    "cockpit/app/proofs.py": "what our own child process printed",
    "cockpit/app/releasing.py": "arguments that the engine itself encoded; door_commands reaches it",
    "cockpit/app/searching.py": "a task that our own parent process encoded",
    "cockpit/core/capital.py": "arguments of a command: door_commands reaches it",
    "cockpit/core/frames.py": "door_server reaches it",
    "cockpit/core/release/acting.py": "arguments of a command: door_commands reaches it",
    "cockpit/core/release/twin.py": "a copy within one process",
    "cockpit/core/sizing.py": "a part of a snapshot, whose hash was compared",
    "cockpit/core/stops.py": "a part of a snapshot, whose hash was compared",
    "cockpit/indicators/catalogue.py": "parameters that the code itself names",
    "cockpit/lab/search/shared.py": "rows of a study's database that its own workers wrote",
    "cockpit/lab/search/store.py": "rows of a study's database that its own workers wrote",
    "cockpit/text/tables.py": "the catalogue that ships",
    "cockpit/tui/auditing.py": "rows of an answer: door_server reaches it",
    "cockpit/tui/export.py": "rows of an answer: door_server reaches it",
    "cockpit/tui/panels/chain.py": "rows of an answer: door_server reaches it",
}
"""Parsers without a target of their own: who wrote what they read, or which target reaches them."""
