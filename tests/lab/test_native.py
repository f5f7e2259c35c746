"""Machine code of small functions gives what Python gives, or is refused; what is kept on disk is checked."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("llvmlite")

from cockpit.lab.compiled.compose import functions_of
from cockpit.lab.native import objects
from cockpit.lab.native.codes import Cannot
from cockpit.lab.native.kinds import PLAIN, row_of
from cockpit.lab.native.lowering import Lowering

PROGRAM = """
STEPS = (3, 1, 4, 1, 5)


def whole(a: int, b: int) -> int:
    return a // b * 1000 + a % b


def chain(a: int, b: int, c: int) -> int:
    return 1 if a < b <= c else 2 if a in (b, c) else 3


def either(a: int, b: int) -> int:
    return (a or b) + 10 * (a and b) + 100 * (not a)


def widened(a: int, b: int) -> int:
    x = a
    for i in range(3):
        x = x / 2 if i == 1 else x + 1
    return int(x * 8)


def turns(a: int, b: int) -> int:
    total, i = 0, 0
    while True:
        i += 1
        if i > 40:
            break
        if i % 3 == a % 3:
            continue
        for k in range(i % 5, 5):
            total += STEPS[k] * i
    return total - b


def pair(x: float, y: float) -> tuple[float, float]:
    return (y, x) if x > y else (x, y)


def sorted_difference(a: int, b: int) -> int:
    low, high = pair(a / 7, b / 7)
    low, high = high, low
    return int(abs(low - high) * 64.0) + max(a, b, 3) - min(a, b)


def root(x: float) -> float:
    if x < 0.0:
        raise ValueError
    return math_sqrt(x)


def caught(a: int, b: int) -> int:
    try:
        if a > b:
            return int(root(float(b)) * 16.0)
        return whole(a, b)
    except Exception:
        return -1


def floors(a: int, b: int) -> int:
    x = a / 3 + b / 5
    return floor(x) * 7 + ceil(-x) + int(x) + int(isnan(x)) + int(copysign(2.0, x))
""".replace("math_sqrt", "sqrt")
NAMES = {name: getattr(math, name) for name in ("sqrt", "floor", "ceil", "isnan", "copysign")}
TWO = ("whole", "either", "widened", "turns", "sorted_difference", "caught", "floors")


class Compiled:
    def __init__(self, text: str, doors: dict[str, int], **names: Any) -> None:
        lowering = Lowering("test", {**functions_of(text), **names})
        for name, count in doors.items():
            lowering.export(name, f"test_{name}", [PLAIN["int"]] * count)
        self._linked = objects.Linked(objects.assemble(str(lowering.module)))
        for name, count in doors.items():
            setattr(self, name, self._linked.door(f"test_{name}", ("int",) * count, KeyError))


@pytest.fixture(scope="module")
def native() -> Any:
    return Compiled(PROGRAM, {**dict.fromkeys(TWO, 2), "chain": 3})


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    names = dict(NAMES)
    exec(PROGRAM, names)
    return names


SMALL = st.integers(-40, 40)


@given(SMALL, SMALL, st.sampled_from(TWO))
def test_it_is_what_python_says(native: Any, plain: dict[str, Any], a: int, b: int, name: str) -> None:
    try:
        right = plain[name](a, b)
    except (ZeroDivisionError, ValueError) as error:
        with pytest.raises(type(error)):
            getattr(native, name)(a, b)
        return
    assert getattr(native, name)(a, b) == right


@given(SMALL, SMALL, SMALL)
def test_a_chain_of_comparisons(native: Any, plain: dict[str, Any], a: int, b: int, c: int) -> None:
    assert native.chain(a, b, c) == plain["chain"](a, b, c)


def test_rows_in_memory_are_read_and_written() -> None:
    import numpy as np

    form = [("n", "<i8"), ("small", "<i4"), ("ok", "?"), ("x", "<f8"), ("many", [("v", "<f8")], (4,))]
    text = """
def fill(at: int) -> int:
    r = row_at(at, Form)
    kept = held(r)
    for i in range(4):
        kept.many[i].v += i * kept.x
    kept.ok = kept.small < 0
    kept.small -= 1
    written(r, kept)
    return r.n + 1
"""
    rows = np.zeros(2, np.dtype(form))
    rows["n"], rows["small"], rows["x"] = 41, -3, 0.5
    native: Any = Compiled(text, {"fill": 1}, Form=row_of(form))
    assert native.fill(rows.ctypes.data) == 42
    assert rows[0]["many"]["v"].tolist() == [0.0, 0.5, 1.0, 1.5]
    assert (rows[0]["small"], rows[0]["ok"]) == (-4, True)
    assert rows[1]["many"]["v"].tolist() == [0.0] * 4
    assert (rows[1]["n"], rows[1]["small"], rows[1]["ok"]) == (41, -3, False)


@pytest.mark.parametrize(
    "body",
    [
        "return 'word'",
        "return [1]",
        "return a ** b",
        "return again(a, b)",
        "return len(a)",
        "x = a, b\n    x = 1\n    return x",
    ],
)
def test_what_has_no_meaning_is_refused(body: str) -> None:
    with pytest.raises(Cannot):
        Compiled(f"def again(a: int, b: int) -> int:\n    {body}\n", {"again": 2})


def test_a_torn_object_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "code.o"
    assert objects.read(path) is None
    objects.keep(path, b"machine code")
    assert objects.read(path) == b"machine code"
    path.write_bytes(path.read_bytes()[:-1])
    assert objects.read(path) is None
    assert list(tmp_path.iterdir()) == [path]
