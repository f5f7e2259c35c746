"""What no file of the package may do, however convenient: controls that no reader keeps in his head."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

UNPICKLERS = frozenset(("pickle", "marshal", "shelve", "joblib", "cloudpickle", "dill", "yaml"))
RUNNERS = frozenset(("eval", "exec", "__import__"))
CONSTANT = re.compile(r"[A-Z_]+")


def sources(repo: Path) -> Iterator[tuple[str, ast.Module]]:
    for file in sorted((repo / "cockpit").rglob("*.py")):
        yield file.relative_to(repo).as_posix(), ast.parse(file.read_text("utf-8"))


def unpickles(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in UNPICKLERS)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in UNPICKLERS:
            yield node.module
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RUNNERS:
            yield node.func.id


def test_nothing_unpickles_or_evaluates_data(repo: Path) -> None:
    found = {name: list(unpickles(tree)) for name, tree in sources(repo)}
    assert {name: calls for name, calls in found.items() if calls} == {}
    assert list(unpickles(ast.parse("import pickle\nfrom joblib import load\neval('1')"))) == [
        "pickle", "joblib", "eval",
    ]  # fmt: skip


def built(tree: ast.AST) -> Iterator[str]:
    """SQL texts into which a value is written: names of tables and columns come from our own constants."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr not in {"execute", "executemany", "executescript"} or not node.args:
            continue
        text = node.args[0]
        if isinstance(text, ast.BinOp) and isinstance(text.op, ast.Mod):
            yield ast.unparse(text)
        elif isinstance(text, ast.JoinedStr):
            values = [part.value for part in text.values if isinstance(part, ast.FormattedValue)]
            literal = "".join(part.value for part in text.values if isinstance(part, ast.Constant))
            if any("'" in literal or not own(value) for value in values):
                yield ast.unparse(text)


OURS = frozenset(
    [
        "names",
        "which",
        "synchronous",
        "number",
        "table",
        "marks",
        "values",
        "where",
        "order",
        "series",
        "tf",
        "kind",
        "sign",
        "time",
    ]
)
"""Names that hold column lists, a fixed clause, or a word of an enum in the store's own functions."""


def own(node: ast.AST) -> bool:
    words = [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]
    return all(CONSTANT.fullmatch(word) or word in OURS for word in words)


def test_sql_is_never_built_from_values(repo: Path) -> None:
    found = {name: list(built(tree)) for name, tree in sources(repo)}
    assert {name: texts for name, texts in found.items() if texts} == {}
    planted = "c.execute(f\"SELECT * FROM t WHERE cid = '{cid}'\"); c.execute('SELECT %s' % cid)"
    assert len(list(built(ast.parse(planted)))) == 2


def sends(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
            call = node.value.func
            if isinstance(call, ast.Attribute) and call.attr == "submit":
                yield node.lineno


def test_one_place_sends_orders(repo: Path) -> None:
    """``Venue.submit`` is awaited by the execution worker, and by a venue that stands before another."""
    found = {name for name, tree in sources(repo) if list(sends(tree))}
    assert {name for name in found if not name.startswith("cockpit/adapters/")} == {
        "cockpit/workers/execution.py"
    }
