"""A file fits a head and a function fits a screen."""

import ast
from collections.abc import Iterator
from pathlib import Path

LONGEST_FILE = 400
LONGEST_FUNCTION = 60


def sources(repo: Path) -> Iterator[Path]:
    yield from sorted((repo / "cockpit").rglob("*.py"))


def test_no_file_is_too_long(repo: Path) -> None:
    lengths = {
        file.relative_to(repo).as_posix(): len(file.read_text("utf-8").splitlines()) for file in sources(repo)
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def functions(file: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{node.name}:{node.lineno}", (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_function_is_too_long(repo: Path) -> None:
    long = {
        f"{file.relative_to(repo).as_posix()} {name}": lines
        for file in sources(repo)
        for name, lines in functions(file)
        if lines > LONGEST_FUNCTION
    }
    assert long == {}
