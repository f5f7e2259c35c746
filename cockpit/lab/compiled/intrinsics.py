"""Python's own small operations, where a machine's differ: whole numbers that overflow, lists.

Composed into a strategy's module; here they are plain Python. A list of the strategy is a stretch ``at`` …
``at + room`` of one array ``F`` with ``n`` values in it.
"""

from __future__ import annotations

from math import ceil, exp, floor, log, sqrt
from typing import Any

from cockpit.lab.compiled.reasons import LIST_FULL
from cockpit.lab.compiled.records import Stop

MOST_INT = 9007199254740992
"""2 ** 53. Beyond it a whole number is no longer a float, and Python and the machine could differ."""


def int_add(a: int, b: int) -> int:
    r = a + b
    if r > MOST_INT or r < -MOST_INT:
        raise OverflowError
    return r


def int_sub(a: int, b: int) -> int:
    r = a - b
    if r > MOST_INT or r < -MOST_INT:
        raise OverflowError
    return r


def int_mul(a: int, b: int) -> int:
    if abs(float(a) * float(b)) > MOST_INT:
        raise OverflowError
    return a * b


def int_of(x: float) -> int:
    if not -MOST_INT < x < MOST_INT:
        raise OverflowError
    return int(x)


def py_sqrt(x: float) -> float:
    if x < 0.0:
        raise ValueError
    return sqrt(x)


def py_log(x: float) -> float:
    if not x > 0.0 and x == x:
        raise ValueError
    return log(x)


def py_exp(x: float) -> float:
    if x > 709.0:
        raise OverflowError
    return exp(x)


def py_floor(x: float) -> int:
    if not -MOST_INT < x < MOST_INT:
        raise OverflowError
    return int(floor(x))


def py_ceil(x: float) -> int:
    if not -MOST_INT < x < MOST_INT:
        raise OverflowError
    return int(ceil(x))


def py_round(x: float) -> int:
    if not -MOST_INT < x < MOST_INT:
        raise OverflowError
    whole = int(floor(x))
    rest = x - whole
    if rest > 0.5 or (rest == 0.5 and whole % 2 == 1):
        whole += 1
    return whole


def list_index(x: Any, i: int) -> int:
    if i < 0:
        i += x.n
    if i < 0 or i >= x.n:
        raise IndexError
    return int(x.at + i)


def list_get(F: Any, x: Any, i: int) -> float:
    return float(F[list_index(x, i)])


def list_set(F: Any, x: Any, i: int, value: float) -> None:
    F[list_index(x, i)] = value


def list_append(m: Any, F: Any, x: Any, value: float) -> None:
    if x.n == x.room:
        m.why = LIST_FULL
        raise Stop
    F[x.at + x.n] = value
    x.n += 1


def list_pop(F: Any, x: Any, i: int) -> float:
    at = list_index(x, i)
    value = float(F[at])
    for k in range(at, x.at + x.n - 1):
        F[k] = F[k + 1]
    x.n -= 1
    return value


def list_clear(x: Any) -> None:
    x.n = 0


def list_copy(m: Any, F: Any, x: Any, y: Any) -> None:
    if y.n > x.room:
        m.why = LIST_FULL
        raise Stop
    for k in range(y.n):
        F[x.at + k] = F[y.at + k]
    x.n = y.n


def tails_sum(m: Any, F: Any, x: Any, y: Any) -> None:
    list_copy(m, F, x, y)
    total = 0.0
    for k in range(y.n):
        value = F[y.at + y.n - 1 - k]
        total = total + value if k else value
        F[x.at + k] = total


def tails_max(m: Any, F: Any, x: Any, y: Any) -> None:
    list_copy(m, F, x, y)
    best = 0.0
    for k in range(y.n):
        value = F[y.at + y.n - 1 - k]
        best = value if k == 0 or value > best else best
        F[x.at + k] = best


def tails_min(m: Any, F: Any, x: Any, y: Any) -> None:
    list_copy(m, F, x, y)
    best = 0.0
    for k in range(y.n):
        value = F[y.at + y.n - 1 - k]
        best = value if k == 0 or value < best else best
        F[x.at + k] = best


def list_max(F: Any, x: Any) -> float:
    best = float(F[list_index(x, 0)])
    for k in range(1, x.n):
        if F[x.at + k] > best:
            best = float(F[x.at + k])
    return best


def list_min(F: Any, x: Any) -> float:
    best = float(F[list_index(x, 0)])
    for k in range(1, x.n):
        if F[x.at + k] < best:
            best = float(F[x.at + k])
    return best
