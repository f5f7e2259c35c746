"""Indicators keep to what a compiler of plain arithmetic can follow: one file runs live and in sweeps."""

import ast
import inspect
from textwrap import dedent
from typing import Any, get_type_hints

import msgspec
import pytest

from cockpit.core.registry import INDICATORS
from cockpit.indicators.catalogue import first_index, sample
from tests.indicators.samples import fresh

NOT_PLAIN = (
    ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda, ast.Try, ast.With, ast.Yield,
    ast.Dict, ast.Set, ast.FunctionDef, ast.JoinedStr, ast.Starred, ast.Import, ast.Raise, ast.NamedExpr,
)  # fmt: skip
FUNCTIONS = {"abs", "max", "min", "len", "float", "int", "range", "sqrt", "log", "exp", "floor"}
WINDOWS = {"list", "accumulate", "reversed"}
"""The windows of the first days build their tails with these; a compiler knows each of them by name."""
FOR_PEOPLE = {"history"}
"""Methods that no bar calls."""
SCALARS = (int, float, bool, list[float])


def reached(kind: type, found: dict[type, None]) -> dict[type, None]:
    """The class and all Structs that it holds."""
    found[kind] = None
    for hint in get_type_hints(kind).values():
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct) and hint not in found:
            reached(hint, found)
    return found


def methods(kind: type) -> list[ast.FunctionDef]:
    tree = ast.parse(dedent(inspect.getsource(kind))).body[0]
    assert isinstance(tree, ast.ClassDef)
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [node for node in found if not node.name.startswith("__") and node.name not in FOR_PEOPLE]


NAMES = sorted(name for name, plugin in INDICATORS.items() if "book" not in plugin.options["inputs"])


@pytest.mark.parametrize("name", NAMES)
def test_state_is_numbers_and_code_is_arithmetic(name: str) -> None:
    for kind in reached(type(fresh(name)), {}):
        for field, hint in get_type_hints(kind).items():
            plain = hint in SCALARS or (isinstance(hint, type) and issubclass(hint, msgspec.Struct))
            assert plain, f"{kind.__name__}.{field}: {hint}"
        for method in methods(kind):
            for node in ast.walk(ast.Module(method.body, [])):
                assert not isinstance(node, NOT_PLAIN), f"{kind.__name__}.{method.name}: {ast.unparse(node)}"
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    allowed = FUNCTIONS | WINDOWS if windowed(kind) else FUNCTIONS
                    assert node.func.id in allowed, f"{kind.__name__}.{method.name}: {ast.unparse(node)}"


def windowed(kind: type) -> bool:
    return kind.__module__.endswith(".window")


@pytest.mark.parametrize("name", NAMES)
def test_state_keeps_its_size_once_it_is_warm(name: str) -> None:
    """Nothing grows with the length of the stream."""
    made: Any = fresh(name)
    inputs = INDICATORS[name].options["inputs"]
    warm = first_index(INDICATORS[name], made)
    sizes = set()
    for index in range(warm + 1, warm + 400):
        made.update(*(sample(which, index) for which in inputs))
        if index > warm + 100:
            sizes.add(numbers(made))
    assert max(sizes) <= 2.1 * min(sizes) + 20


def numbers(made: Any) -> int:
    total = 0
    for value in msgspec.structs.asdict(made).values():
        if isinstance(value, list):
            total += len(value)
        elif isinstance(value, msgspec.Struct):
            total += numbers(value)
    return total
