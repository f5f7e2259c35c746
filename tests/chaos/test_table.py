"""The table of disasters is true: every test that it names exists."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.chaos.table import TABLE


def test_every_row_names_tests_that_exist(repo: Path) -> None:
    assert len(TABLE) == 12
    for row in TABLE:
        assert row.tests, row.what
        for cited in row.tests:
            file, _, name = cited.partition("::")
            tree = ast.parse((repo / file).read_text("utf-8"))
            names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
            assert name in names, cited
